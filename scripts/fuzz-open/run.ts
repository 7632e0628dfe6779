import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from '../../lib/testing/tools.js';
import type { Line, Task } from './child.js';
import type { Mutant } from './mutants.js';

/** How the opening of one mutant ended. */
export interface Outcome {
  readonly mutant: Mutant;
  /** `refused`, `opened`, …; `died` or `hung` with the step in which it did. */
  readonly outcome: string;
  readonly text: string;
}

/** Mutants for one child. Each stays loaded, and makes the next `open` a little dearer. */
const BATCH = 100;
/** A mutant that takes longer hangs. */
const PATIENCE_MILLISECONDS = 2000;

/** Bundles the child into one file, which starts in a third of the time that TypeScript takes. */
export function bundleChild(folder: string): string {
  const output = join(folder, 'child.js');
  const options = ['--bundle', '--packages=external', '--platform=node', '--target=node20', '--format=cjs'];
  const input = join(__dirname, 'child.ts');
  execFileSync(join(ROOT, 'node_modules/.bin/esbuild'), [
    input,
    ...options,
    '--log-level=error',
    `--outfile=${output}`,
  ]);
  return output;
}

/**
 * Opens all mutants, in children that each open many. One that dies takes nothing else with it: it is tried again alone, and what is
 * behind it goes on in another child. With `opener` a library that needs the mutant is opened. What dies only after others, which may have written into the process, is told apart.
 */
export async function openAll(
  child: string,
  folder: string,
  paths: readonly string[],
  mutants: readonly Mutant[],
  { atOnce, opener }: { readonly atOnce: number; readonly opener?: string | undefined },
): Promise<Outcome[]> {
  const numbered = mutants.map((mutant, index) => [index, mutant] as const);
  const batches: (typeof numbered)[] = [];
  for (let at = 0; at < numbered.length; at += BATCH) batches.push(numbered.slice(at, at + BATCH));
  const outcomes: Outcome[] = [];
  const worker = async (): Promise<void> => {
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
      outcomes.push(
        ...(await openBatch(child, {
          folder,
          paths,
          mutants: batch,
          ...(opener === undefined ? {} : { opener }),
        })),
      );
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return outcomes;
}

async function openBatch(child: string, task: Task): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let rest = task.mutants;
  while (rest.length > 0) {
    const { end, lines } = await runChild(child, { ...task, mutants: rest });
    const done = new Map<number, { outcome: string; text: string }>();
    for (const line of lines) if ('outcome' in line) done.set(line.index, line);
    for (const [index, mutant] of rest) {
      const result = done.get(index);
      if (result !== undefined) outcomes.push({ mutant, outcome: result.outcome, text: result.text });
    }
    if (end === undefined) return outcomes;
    const last = lines.at(-1);
    const at = rest.findIndex(([index]) => index === last?.index);
    const culprit = rest[at];
    if (last === undefined || culprit === undefined) throw new Error(`a child did not start: ${end}`);
    if (rest.length === 1) {
      const stage = 'stage' in last ? last.stage : 'exit';
      if (stage === 'exit') outcomes.pop();
      return [...outcomes, { mutant: culprit[1], outcome: `died in ${stage}`, text: end }];
    }
    if ('outcome' in last) {
      // All were opened, and one of them dies at exit: which?
      if (at !== rest.length - 1) throw new Error(`a child ended early: ${end}`);
      const opened = rest.filter(([index]) => done.get(index)?.outcome.startsWith('opened') === true);
      for (const one of opened) {
        const [alone] = await openBatch(child, { ...task, mutants: [one] });
        if (alone?.outcome.startsWith('died') !== true) continue;
        outcomes.splice(
          outcomes.findIndex((o) => o.mutant === one[1]),
          1,
          alone,
        );
      }
      return outcomes;
    }
    const [alone] = await openBatch(child, { ...task, mutants: [culprit] });
    if (alone === undefined) throw new Error('a child said nothing');
    const survived = !alone.outcome.startsWith('died');
    outcomes.push(
      survived ? { ...alone, outcome: 'died after others', text: `${end} in ${last.stage}` } : alone,
    );
    rest = rest.slice(at + 1);
  }
  return outcomes;
}

let tasks = 0;

function runChild(child: string, task: Task): Promise<{ end: string | undefined; lines: Line[] }> {
  const file = join(task.folder, `task-${process.pid}-${tasks++}.json`);
  writeFileSync(file, JSON.stringify(task));
  return new Promise((resolve, reject) => {
    const running = spawn(process.execPath, [child, file], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let hung = false;
    const giveUp = (): void => {
      hung = true;
      running.kill('SIGKILL');
    };
    // The first line comes when Node and the child's code are loaded.
    let timer = setTimeout(giveUp, 10_000);
    running.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      clearTimeout(timer);
      timer = setTimeout(giveUp, PATIENCE_MILLISECONDS);
    });
    let stderr = '';
    running.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    running.once('error', reject);
    running.once('close', (code, signal) => {
      clearTimeout(timer);
      const complete = output.slice(0, output.lastIndexOf('\n') + 1);
      // A line may be one that the mutant itself has written, or a part of one.
      const lines = complete
        .split('\n')
        .filter((l) => l.startsWith('{'))
        .map((l) => JSON.parse(l) as Line);
      const bad = `${signal ?? `exit ${String(code)}`} ${stderr.trim().slice(0, 300)}`;
      resolve({ end: hung ? 'hung' : code === 0 ? undefined : bad, lines });
    });
  });
}

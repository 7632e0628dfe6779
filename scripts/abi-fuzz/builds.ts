import { execFile, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { ROOT } from '../../lib/testing/tools.js';
import { cFiles } from './c-text.js';
import type { Outcome } from './outcome.js';
import type { Task } from './child.js';
import type { Signature } from './signature.js';

export interface Build {
  readonly compiler: string;
  /** `O0`, `O2`. */
  readonly level: string;
}

export function nameOfBuild({ compiler, level }: Build): string {
  return `${compiler} -${level}`;
}

const execute = promisify(execFile);

/** Writes the C text of a batch to a folder, which all builds share. */
export function writeBatch(folder: string, signatures: readonly Signature[]): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(cFiles(signatures))) writeFileSync(join(folder, name), text);
}

/** Compiles a batch and returns the library's path. */
export async function compileBatch(folder: string, { compiler, level }: Build): Promise<string> {
  const library = `${compiler.replaceAll('/', '-')}-${level}.so`;
  const flags = ['-g', `-${level}`, '-shared', '-fPIC', '-fsigned-char', '-w', '-o', library];
  await execute(compiler, [...flags, 'callee.c', 'caller.c'], { cwd: folder });
  return join(folder, library);
}

/** Bundles the child into one file, which starts in a third of the time that TypeScript takes. */
export async function bundleChild(folder: string): Promise<string> {
  const output = join(folder, 'child.js');
  await execute(join(ROOT, 'node_modules/.bin/esbuild'), [
    join(__dirname, 'child.ts'),
    '--bundle',
    '--packages=external',
    '--platform=node',
    '--target=node20',
    '--format=cjs',
    '--log-level=error',
    `--outfile=${output}`,
  ]);
  return output;
}

/**
 * Runs a task in children: in one, unless functions crash it. What is behind a crash goes on in another. `node`: the words of the command that runs them, this
 * Node or an emulator with another.
 */
export async function runTask(
  node: readonly string[],
  child: string,
  task: Task,
  signatures: readonly Signature[],
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let rest = task.indices;
  while (rest.length > 0) {
    const { end, stderr } = await runToEnd(node, child, { ...task, indices: rest });
    const lines = readFileSync(task.log, 'utf8').split('\n').filter(Boolean);
    const entries = lines.map((line) => JSON.parse(line) as number | 'called' | Outcome | null);
    outcomes.push(...entries.filter((entry) => typeof entry === 'object' && entry !== null));
    const last = entries.at(-1);
    if (last === null && end === 'exit 0') break;
    // Also a child that ends badly after its last call: that one is the nearest.
    const at = entries.findLast((entry) => typeof entry === 'number') ?? rest[0] ?? 0;
    const exotic = signatures.find((s) => s.index === at)?.exotic ?? false;
    const kind = typeof last === 'number' ? 'oracle' : 'crashed';
    outcomes.push({ index: at, exotic, kind, reason: end, details: stderr.split('\n').filter(Boolean) });
    rest = rest.slice(rest.indexOf(at) + 1);
  }
  return outcomes;
}

/** What a child may take; more is as bad as a crash. */
const TIMEOUT_MILLISECONDS = 120_000;

function runToEnd(
  [command = process.execPath, ...words]: readonly string[],
  child: string,
  task: Task,
): Promise<{ end: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    writeFileSync(task.log, '');
    const running = spawn(command, [...words, child, JSON.stringify(task)], {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: TIMEOUT_MILLISECONDS,
      killSignal: 'SIGKILL',
    });
    let stderr = '';
    running.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    running.once('error', reject);
    running.once('close', (code, signal) => {
      resolve({ end: signal ?? `exit ${String(code)}`, stderr });
    });
  });
}

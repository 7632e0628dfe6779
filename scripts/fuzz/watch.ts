import { spawn } from 'node:child_process';
import { openSync, readSync, closeSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import type { Line, Task } from './child.js';

export interface Failure {
  readonly target: string;
  readonly index: number;
  readonly reason: string;
}

export interface Outcome {
  readonly cases: number;
  readonly slowest: number;
  readonly failures: readonly Failure[];
}

/** A case that takes longer never ends, in milliseconds. */
const HANG = 20_000;
const POLL = 500;
/** Bytes of V8's heap, in MiB: a case that wants more ends the child. */
const HEAP = 320;

/** Runs the cases of a task in a child; in further ones, what is behind a case that ended the child. */
export async function watch(task: Task): Promise<Outcome> {
  const failures: Failure[] = [];
  let [cases, slowest, first] = [0, 0, task.first];
  while (first < task.end) {
    const { lines, end, last } = await runChild({ ...task, first });
    let done = false;
    for (const line of lines) {
      if ('failed' in line) failures.push({ target: task.target, index: line.failed, reason: line.reason });
      else {
        done = true;
        cases += line.done;
        slowest = Math.max(slowest, line.slowest);
      }
    }
    if (done || last === undefined) {
      if (!done) failures.push({ target: task.target, index: first, reason: end });
      break;
    }
    failures.push({ target: task.target, index: last, reason: end });
    cases += last + 1 - first;
    first = last + 1;
    if (failures.length >= 10) break;
  }
  return { cases, slowest, failures };
}

interface Ended {
  readonly lines: readonly Line[];
  readonly end: string;
  /** The case that it was in. */
  readonly last: number | undefined;
}

function runChild(task: Task): Promise<Ended> {
  writeFileSync(task.state, Buffer.alloc(8, 0xff));
  return new Promise((resolve, reject) => {
    const loader = ['--require', require.resolve('tsx/cjs'), '--expose-gc', `--max-old-space-size=${HEAP}`];
    const child = spawn(process.execPath, [...loader, join(__dirname, 'child.ts'), JSON.stringify(task)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ELF_PLUGIN_CACHE: '' },
    });
    const lines: Line[] = [];
    let [stderr, before, since, hangs] = ['', -2, Date.now(), false];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line) as Line));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const poll = setInterval(() => {
      const now = caseIn(task.state);
      if (now !== before) [before, since] = [now, Date.now()];
      else if (now >= 0 && Date.now() - since > HANG) {
        hangs = true;
        child.kill('SIGKILL');
      }
    }, POLL);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearInterval(poll);
      const last = caseIn(task.state);
      const how = hangs
        ? `it takes longer than ${HANG / 1000} s`
        : `the process ended: ${signal ?? `exit ${String(code)}`}`;
      resolve({ lines, end: `${how}\n${stderr.slice(-1500)}`, last: last < 0 ? undefined : last });
    });
  });
}

/** The number of the case that runs; -1 before the first. */
function caseIn(state: string): number {
  const bytes = Buffer.alloc(8);
  const file = openSync(state, 'r');
  readSync(file, bytes, 0, 8, 0);
  closeSync(file);
  return Number(bytes.readBigInt64LE());
}

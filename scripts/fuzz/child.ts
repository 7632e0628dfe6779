import { openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';

import { Random } from '../abi-fuzz/random.js';
import { TARGETS } from './targets/index.js';

/** What a child is asked to do. */
export interface Task {
  readonly target: string;
  readonly seed: number;
  /** The number of the first case, and of the one behind the last. */
  readonly first: number;
  readonly end: number;
  /** Milliseconds since 1970 at which no further case is begun. */
  readonly deadline: number;
  /** The file that always has the number of the case that runs, in 8 bytes. */
  readonly state: string;
}

/** What a child prints, a line of JSON each; `done` is the last. */
export type Line =
  | { readonly failed: number; readonly reason: string }
  | { readonly done: number; readonly milliseconds: number; readonly slowest: number };

/** What a case may take, in milliseconds and bytes (docs/security.md). */
export const LIMIT_MILLISECONDS = 2000;
const LIMIT_BYTES = 256 << 20;
/** A child that found so many goes no further. */
const MAX_FAILURES = 10;

/** Tells the targets of one seed apart. */
function streamOf(target: string, index: number): number {
  return Buffer.from(target).reduce((hash, byte) => Math.imul(hash, 31) + byte, 0) + index;
}

async function main(): Promise<void> {
  const { target: name, seed, first, end, deadline, state } = JSON.parse(process.argv[2] ?? '') as Task;
  const target = TARGETS.find((t) => t.name === name);
  if (target === undefined) throw new Error(`no target ${name}`);
  const run = target.prepare();
  const file = openSync(state, 'r+');
  const number = new BigInt64Array(1);
  const start = performance.now();
  const atRest = process.memoryUsage.rss();
  let [slowest, failures, index] = [0, 0, first];

  /** Why a case fails; undefined if it does not. */
  const attempt = async (): Promise<string | undefined> => {
    const before = performance.now();
    try {
      const result = run(new Random(seed, streamOf(name, index)));
      if (result instanceof Promise) await result;
    } catch (error) {
      return error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    const took = performance.now() - before;
    if (took > LIMIT_MILLISECONDS) return `it took ${Math.round(took)} ms`;
    slowest = Math.max(slowest, took);
    return undefined;
  };
  /** Bytes that the case takes at its peak, by itself. */
  const alone = async (): Promise<number> => {
    for (let round = 0; round < 3; round++) globalThis.gc?.();
    writeFileSync('/proc/self/clear_refs', '5');
    const before = process.memoryUsage.rss();
    await attempt();
    const [, peak] = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'latin1')) ?? [];
    return Number(peak) * 1024 - before;
  };

  for (; index < end && Date.now() < deadline && failures < MAX_FAILURES; index++) {
    number[0] = BigInt(index);
    writeSync(file, number, 0, 8, 0);
    let reason = await attempt();
    // What else runs on the machine slows a case down, but hardly the same one again.
    if (reason?.startsWith('it took') === true) reason = await attempt();
    // What others have left is there as well, until it is collected.
    if (reason === undefined && process.memoryUsage.rss() - atRest > LIMIT_BYTES) {
      const bytes = await alone();
      if (bytes > LIMIT_BYTES) reason = `it took ${bytes >> 20} MiB`;
    }
    if (reason === undefined) continue;
    failures++;
    print({ failed: index, reason });
  }
  print({ done: index - first, milliseconds: performance.now() - start, slowest });
  process.exit();
}

function print(line: Line): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

void main();

import koffi from 'koffi';

import { type Loop, measure, type Samples, STEP } from '../measure.js';
import { type Operation, type OperationName, OPERATIONS } from '../operations.js';
import { elfPlugin } from './elf-plugin.js';
import { NEW_PEERS, PEERS } from './index.js';
import type { Files } from './peer.js';

/** What a worker prints, as JSON: for each piece of work the samples of all, by name, or why there are none. */
export type Results = Partial<Record<OperationName, Record<string, Samples | string>>>;

/** What `run` below takes, as JSON. */
export interface Order extends Files {
  readonly peers: readonly string[];
  readonly operations: readonly OperationName[];
}

/** Measures this project and peers in this process, which main.ts starts with the Node that has all of them. */
async function run({ peers, operations, ...files }: Order): Promise<Results> {
  const look = koffi.load(files.library).func('double look(int)') as unknown as (which: number) => number;
  const all = [...PEERS, ...NEW_PEERS].filter(({ name }) => peers.includes(name));
  const ways = [elfPlugin, ...all].map((peer) => {
    try {
      return { name: peer.name, loops: peer.open(files) };
    } catch (error) {
      const why = `not installed: ${String(error).split('\n')[0] ?? ''}`;
      return { name: peer.name, loops: Object.fromEntries(operations.map((name) => [name, why])) };
    }
  });
  const results: Results = {};
  for (const name of operations) {
    const loops: Record<string, Loop> = {};
    const missing: Record<string, string> = {};
    for (const way of ways) {
      const loop = (way.loops as Partial<Record<OperationName, Loop | string>>)[name];
      if (typeof loop === 'string') missing[way.name] = loop;
      else if (loop !== undefined) loops[way.name] = loop;
    }
    for (const [who, loop] of Object.entries(loops)) check(who, OPERATIONS[name], loop, look);
    results[name] = { ...missing, ...(await measure(loops)) };
  }
  return results;
}

/** That the work is done: by what the loop returns, and what C sees. */
function check(who: string, operation: Operation, loop: Loop, look: (which: number) => number): void {
  const { work, returns, seen } = operation;
  // Not a number of rounds that one of before would leave the same in memory.
  const times = 3 * STEP;
  if (seen !== undefined) loop(STEP);
  const result = loop(times);
  const expected = returns?.(times);
  if (expected !== undefined && result !== expected)
    throw new Error(`${work}, ${who}: ${String(result)} instead of ${expected}`);
  if (seen === undefined) return;
  const [which, value] = seen;
  if (look(which) !== value(times))
    throw new Error(`${work}, ${who}: C sees ${look(which)} instead of ${value(times)}`);
}

void run(JSON.parse(process.argv[2] ?? '') as Order).then((results) => {
  console.log(JSON.stringify(results));
});

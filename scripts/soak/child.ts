// Run by soak.ts: child.ts LIBRARY KIND CALLS. Prints by how many MiB the process has grown.
import { open } from '../../lib/index.js';
import { KINDS, type Call } from './kinds.js';

/** Calls between two looks at the event loop, where what was collected is given back. */
const TURN = 10_000;

async function run(call: Call, calls: number): Promise<void> {
  for (let done = 0; done < calls; done += TURN) {
    const pending: unknown[] = [];
    for (let i = 0; i < TURN; i++) {
      const result = call(i);
      if (result instanceof Promise) pending.push(result);
    }
    await Promise.all(pending);
    await new Promise(setImmediate);
  }
}

/** MiB that the process has when all garbage is collected. */
async function resident(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return process.memoryUsage().rss / 2 ** 20;
}

async function main(): Promise<void> {
  const [library = '', kind = '', calls] = process.argv.slice(2);
  const make = KINDS[kind];
  if (make === undefined) throw new Error(`there is no kind ${kind}`);
  const call = make(open(library));
  await run(call, Number(calls) / 2);
  const before = await resident();
  await run(call, Number(calls) / 2);
  console.log((await resident()) - before);
}

void main();

// Run by soak.ts: child.ts LIBRARY KIND CALLS SECONDS. Makes calls until there were so many or the time is over, and prints as JSON what the process had on the way.
import { readdirSync, readFileSync } from 'node:fs';

import { koffi } from '../../lib/ffi/koffi.js';
import { open } from '../../lib/index.js';
import { KINDS, type Call } from './kinds.js';

/** What a process holds when all garbage is collected. */
export interface Held {
  readonly calls: number;
  readonly milliseconds: number;
  /** Resident memory. */
  readonly bytes: number;
  /** Open files. */
  readonly descriptors: number;
  /** Mapped regions. */
  readonly mappings: number;
  /** What keeps Node's event loop alive. */
  readonly handles: number;
  /** koffi's callback slots in use. */
  readonly callbacks: number;
}

/** Calls between two looks at the event loop, where what was collected is given back. */
const TURN = 2000;
/** However little time there is: with fewer the heap has not found its size, and all would seem to grow. */
const LEAST_CALLS = 200_000;
/** Samples after the first half, in which the heap finds its size. */
const SAMPLES = 8;

async function turn(call: Call): Promise<void> {
  const pending: unknown[] = [];
  for (let i = 0; i < TURN; i++) {
    const result = call(i);
    if (result instanceof Promise) pending.push(result);
  }
  await Promise.all(pending);
  await new Promise(setImmediate);
}

async function held(calls: number, milliseconds: number): Promise<Held> {
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return {
    calls,
    milliseconds,
    bytes: process.memoryUsage.rss(),
    descriptors: readdirSync('/proc/self/fd').length,
    mappings: readFileSync('/proc/self/maps', 'latin1').split('\n').length,
    handles: process.getActiveResourcesInfo().length,
    callbacks: koffi.stats().callbacks,
  };
}

async function main(): Promise<void> {
  const [library = '', kind = '', calls, seconds] = process.argv.slice(2);
  const make = KINDS[kind];
  if (make === undefined) throw new Error(`there is no kind ${kind}`);
  const call = make(open(library));
  const [mostCalls, mostMilliseconds] = [Number(calls), Number(seconds) * 1000];
  const samples: Held[] = [];
  let done = 0;
  // Without what the samples take.
  let elapsed = 0;
  for (let progress = 0; progress < 1;) {
    const start = performance.now();
    await turn(call);
    elapsed += performance.now() - start;
    done += TURN;
    const byTime = Math.min(elapsed / mostMilliseconds, done / LEAST_CALLS);
    progress = Math.min(1, Math.max(done / mostCalls, byTime));
    if (progress >= 0.5 + (samples.length * 0.5) / SAMPLES) samples.push(await held(done, elapsed));
  }
  console.log(JSON.stringify(samples));
}

if (require.main === module) void main();

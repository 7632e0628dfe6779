import { writeSync } from 'node:fs';
import { inspect } from 'node:util';
import { isMainThread } from 'node:worker_threads';

import { koffiError, libc } from '../koffi.js';
import { cCalls } from '../mapping.js';
import { pass, type BoundCall } from './bind.js';
import { endFrame, type Frame } from './passing.js';
import { pending } from '../state.js';
import type { CallOwner } from './relay.js';
import { uncaughtException, watchUncaught } from './uncaught.js';

/** What an asynchronous call holds until it is over: C may still read its arguments. */
class AsyncCall implements CallOwner {
  failed: { readonly error: unknown } | undefined;
  readonly #given: readonly unknown[];
  readonly #ends: (() => void)[] = [];

  constructor(given: readonly unknown[]) {
    this.#given = given;
  }

  lend(callback: Parameters<CallOwner['lend']>[0]): void {
    this.#ends.push(callback.lend(this));
  }

  /** The call is over. How many arguments it had: to ask keeps them until now. */
  end(): number {
    for (const end of this.#ends) end();
    pending.delete(this);
    return this.#given.length;
  }
}

/** How many calls koffi is given at a time. It has memory for 4,096 (256 where somebody else has set it up), and calls back need some of it. */
const MOST = 200;

/** Calls that wait for their turn. */
const waiting: (() => void)[] = [];
let underWay = 0;

/**
 * Calls C in a thread of its own; arguments are taken now. What a callback throws rejects the promise, as does a wrong argument. koffi runs such calls in
 * libuv's pool, four at a time unless UV_THREADPOOL_SIZE says more.
 */
export async function callAsync(
  { raw, parameters, fromC }: BoundCall,
  args: readonly unknown[],
): Promise<unknown> {
  const owner = new AsyncCall(args);
  const frame: Frame = { lent: undefined, owner };
  let hasTurn = false;
  try {
    const passed = parameters.map((p, i) => pass(args[i], p, frame));
    if (pending.size === 0) exitLast();
    pending.add(owner);
    await turn();
    hasTurn = true;
    const returned = await new Promise<unknown>((resolve, reject) => {
      raw.async(...passed, (error: unknown, value: unknown) => {
        if (error === null) resolve(value);
        else reject(koffiError(error));
      });
    });
    if (owner.failed !== undefined) throw owner.failed.error;
    return fromC === undefined ? returned : fromC(returned, frame.lent);
  } finally {
    cCalls.made++;
    owner.end();
    endFrame(frame);
    if (hasTurn) next();
  }
}

function turn(): Promise<void> | undefined {
  if (underWay < MOST) {
    underWay++;
    return undefined;
  }
  return new Promise((resolve) => {
    waiting.push(resolve);
  });
}

/** The turn of one that is over goes to the first that waits. */
function next(): void {
  const first = waiting.shift();
  if (first === undefined) underWay--;
  else first();
}

const flushAll = libc('int fflush(void *stream)') as (stream: null) => number;
const exitNow = libc('void _exit(int status)') as (status: number) => void;

/** The process ends though C still calls back: Node would wait for the thread, and the thread for the callback to run. */
function endProcess(code: number): void {
  if (pending.size === 0) return;
  const uncaught = uncaughtException();
  if (uncaught !== undefined) writeSync(2, `${inspect(uncaught.error)}\n\nNode.js ${process.version}\n`);
  flushAll(null);
  exitNow(code);
}

/** The listeners that others have set up by now run first. */
function exitLast(): void {
  if (!isMainThread) return;
  watchUncaught();
  process.off('exit', endProcess);
  process.on('exit', endProcess);
}

import { typeError } from '../errors.js';
import { int32Over } from './foreign.js';
import { libc } from './koffi.js';
import { describe } from './values/check.js';

/** What the calls of this thread and the callbacks that run in them know of each other. */
export const state: {
  /** How many calls of C are running in this thread, one within a callback of the other. A callback that runs in none comes from another thread. */
  active: number;
  /** How many callbacks are running, one called by what the other called. */
  running: number;
  /** What a callback has thrown since C was called last; the call throws it when C has returned. */
  failed: { readonly error: unknown } | undefined;
  /** The `errno` that the last call left. */
  errno: number;
} = { active: 0, running: 0, failed: undefined, errno: 0 };

/** What takes the exceptions of a callback that runs in no call of this thread: C calls it from another one. */
export interface Owner {
  /** Undefined as long as no callback of the owner has thrown; from then on they return zero unrun. */
  failed: { readonly error: unknown } | undefined;
}

/** The asynchronous calls of this thread that are under way. */
export const pending = new Set<Owner>();

/** Throws what a callback of the call that has just returned has thrown. */
export function throwFailure(): never {
  const { error } = state.failed ?? {};
  state.failed = undefined;
  throw error;
}

const errnoLocation = libc('void *__errno_location(void)') as () => bigint;

let cell: Record<number, number> | undefined;

/** This thread's `errno` itself (LSB "__errno_location"; musl has the same). */
export function errnoCell(): Record<number, number> {
  return (cell ??= int32Over(errnoLocation()));
}

/**
 * The `errno` that the last synchronous call of a plugin's function in this thread left, which nothing that happened since has changed. With `value`: what the
 * next one finds, for functions like `strtol` that say only by `errno` that they have failed. Returns the one from before.
 *
 * @example
 * errno(0);
 * if (open_file('/nowhere') < 0) console.log(errno()); // 2, ENOENT
 */
export function errno(value?: number): number {
  const { errno: before } = state;
  if (value !== undefined) {
    if (!Number.isInteger(value))
      throw typeError('ERR_INVALID_ARG_TYPE', `errno: expected an integer, got ${describe(value)}`);
    state.errno = value | 0;
  }
  return before;
}

import { koffi, libc } from './koffi.js';

/**
 * Mutexes of C memory that survive their owner: when a thread ends with one locked, the kernel marks it and the next
 * locker is told (pthread_mutexattr_setrobust(3); get_robust_list(2)). koffi's synchronous calls run on the calling thread, on a
 * stack of koffi's but with the thread's own registers for thread-local data, where glibc and musl keep that list.
 */

/** Room for a `pthread_mutex_t`: 40 bytes on x86-64, 48 on AArch64. */
export const MUTEX_SIZE = 64;

/**
 * `locked`; `orphaned`: locked, but its last owner ended without unlocking; `mine`: this thread has it already;
 * `busy`: another thread has it still.
 */
export type LockResult = 'locked' | 'orphaned' | 'mine' | 'busy';

// The same numbers in glibc and musl, on every Linux.
const PTHREAD_MUTEX_ERRORCHECK = 2;
const PTHREAD_MUTEX_ROBUST = 1;

const attrInit = libc('int pthread_mutexattr_init(void *attr)') as (attr: Uint8Array) => number;
const attrSetType = libc('int pthread_mutexattr_settype(void *attr, int type)') as (
  attr: Uint8Array,
  type: number,
) => number;
const attrSetRobust = libc('int pthread_mutexattr_setrobust(void *attr, int robust)') as (
  attr: Uint8Array,
  robust: number,
) => number;
const mutexInit = libc('int pthread_mutex_init(void *mutex, const void *attr)') as (
  mutex: bigint,
  attr: Uint8Array,
) => number;
const mutexTimedLock = libc('int pthread_mutex_timedlock(void *mutex, const void *deadline)') as (
  mutex: bigint,
  deadline: BigInt64Array,
) => number;
const mutexConsistent = libc('int pthread_mutex_consistent(void *mutex)') as (mutex: bigint) => number;
const mutexUnlock = libc('int pthread_mutex_unlock(void *mutex)') as (mutex: bigint) => number;

/** struct timespec { time_t tv_sec; long tv_nsec; } */
const deadline = new BigInt64Array(2);

/** Makes a mutex in `MUTEX_SIZE` bytes at `mutex`. */
export function initMutex(mutex: bigint): void {
  const attr = new Uint8Array(64);
  check('pthread_mutexattr_init', attrInit(attr));
  check('pthread_mutexattr_settype', attrSetType(attr, PTHREAD_MUTEX_ERRORCHECK));
  check('pthread_mutexattr_setrobust', attrSetRobust(attr, PTHREAD_MUTEX_ROBUST));
  check('pthread_mutex_init', mutexInit(mutex, attr));
}

/**
 * Locks a mutex, waiting for it at most `milliseconds`: not at all for 0. A worker that is to be terminated ends
 * only between two calls, so waits are short. POSIX measures this deadline by the clock of the day.
 */
export function lockMutex(mutex: bigint, milliseconds: number): LockResult {
  const until = milliseconds === 0 ? 0 : Date.now() + milliseconds;
  deadline[0] = BigInt(Math.floor(until / 1000));
  deadline[1] = BigInt(until % 1000) * 1_000_000n;
  const result = mutexTimedLock(mutex, deadline);
  switch (result) {
    case 0:
      return 'locked';
    case koffi.os.errno['EOWNERDEAD']:
      // Without this, unlocking makes the mutex unusable for ever.
      check('pthread_mutex_consistent', mutexConsistent(mutex));
      return 'orphaned';
    case koffi.os.errno['EDEADLK']:
      return 'mine';
    case koffi.os.errno['ETIMEDOUT']:
      return 'busy';
    default:
      throw failed('pthread_mutex_timedlock', result);
  }
}

export function unlockMutex(mutex: bigint): void {
  check('pthread_mutex_unlock', mutexUnlock(mutex));
}

function check(name: string, result: number): void {
  if (result !== 0) throw failed(name, result);
}

function failed(name: string, result: number): Error {
  const code = Object.entries(koffi.os.errno).find(([, number]) => number === result)?.[0];
  return new Error(`${name}: ${code ?? `error ${result}`}`);
}

import koffi from 'koffi';

/**
 * koffi's stacks are 2 MiB for synchronous calls and 128 KiB for asynchronous ones, which real C overflows.
 * koffi takes the setting once, before anybody in this thread has loaded a library with it; then its own stay.
 */
try {
  koffi.config({ sync_stack_size: 8 << 20, async_stack_size: 4 << 20, max_async_calls: 4096 });
} catch {
  // Another user of koffi was first: its stacks are the ones we get.
}

export { koffi };

/** A C function as koffi gives it. */
export type RawFunction = ((...args: unknown[]) => unknown) & {
  async: (...args: unknown[]) => void;
};

let libcHandle: koffi.LibraryHandle | undefined;

/**
 * A function of libc, by its C prototype: `libc<[bigint], void>('void free(void *)')`. It is bound at its first call,
 * so that importing this package loads nothing.
 */
export function libc<A extends unknown[], R>(prototype: string): (...args: A) => R {
  let bound: ((...args: A) => R) | undefined;
  return (...args) => {
    bound ??= (libcHandle ??= koffi.load(null)).func(prototype) as unknown as (...args: A) => R;
    return bound(...args);
  };
}

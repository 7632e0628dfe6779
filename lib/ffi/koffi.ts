import koffi, { type LibraryHandle } from 'koffi';

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

let libcHandle: LibraryHandle | undefined;

/**
 * A function of libc, by its C prototype: `libc('void free(void *)') as (p: bigint) => void`. It is bound at its first
 * call, so that importing this package loads nothing.
 */
export function libc(prototype: string): (...args: never[]) => unknown {
  let bound: ((...args: never[]) => unknown) | undefined;
  return (...args) => {
    bound ??= (libcHandle ??= koffi.load(null)).func(prototype);
    return bound(...args);
  };
}

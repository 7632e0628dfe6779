import type { default as koffiDefault, LibraryHandle } from 'koffi';

import { messageOf, PluginError } from '../errors.js';

type Koffi = typeof koffiDefault;

/** Why koffi can't be used: it has no native part for this machine, or that is not allowed to be loaded. */
export let koffiFailure: unknown;

/** Reading files needs no koffi, so that this package can be imported wherever Node runs. */
function loadKoffi(): Koffi {
  try {
    return require('koffi') as Koffi;
  } catch (error) {
    koffiFailure = error;
    return new Proxy({} as Koffi, {
      get() {
        throw notImplemented();
      },
    });
  }
}

const koffi = loadKoffi();

/** What Go says where it has no plugins (plugin_stubs.go), and why, where that is koffi. */
export function notImplemented(path?: string): PluginError {
  const why =
    koffiFailure === undefined ? '' : `\n  koffi: ${messageOf(koffiFailure).split('\n', 1)[0] ?? ''}`;
  return new PluginError('ERR_PLUGIN_OPEN', `plugin: not implemented${why}`, {
    ...(path === undefined ? {} : { path }),
    ...(koffiFailure === undefined ? {} : { cause: koffiFailure }),
  });
}

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

const unbound: (() => void)[] = [];

/**
 * A function of libc, by its C prototype: `libc('void free(void *)') as (p: bigint) => void`. It is bound at its first
 * call, so that importing this package loads nothing.
 */
export function libc(prototype: string): (...args: never[]) => unknown {
  let bound: ((...args: never[]) => unknown) | undefined;
  const bind = (): ((...args: never[]) => unknown) =>
    (bound ??= (libcHandle ??= koffi.load(null)).func(prototype) as (...args: never[]) => unknown);
  unbound.push(bind);
  return (...args) => (bound ?? bind())(...args);
}

/** Binds what is not bound yet: that asks the linker, which is not to be asked while it is busy. */
export function bindLibc(): void {
  for (const bind of unbound.splice(0)) bind();
}

/** What koffi has thrown as an error of this realm: to Jest's tests koffi's own are no `Error`. */
export function koffiError(error: unknown): Error {
  const message = messageOf(error);
  if (message.includes('non-registered callback')) {
    const why = 'C has called a JavaScript function after the call that it was passed to';
    return new PluginError(
      'ERR_PLUGIN_BAD_ADDRESS',
      `${why}: pass a callback(fn, type), which lives until it is disposed`,
    );
  }
  return error instanceof Error ? error : new PluginError('ERR_PLUGIN_UNSUPPORTED', message);
}

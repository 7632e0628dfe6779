import { writeSync } from 'node:fs';

import { koffi, libc } from './koffi.js';
import { loadedHandle } from './linker.js';

const memfdCreate = libc('int memfd_create(const char *name, unsigned int flags)') as (
  name: string,
  flags: number,
) => number;
const close = libc('int close(int fd)') as (fd: number) => number;

/** Flags of `memfd_create` (linux/memfd.h). */
const MFD = { CLOEXEC: 1, NOEXEC_SEAL: 8 } as const;

/**
 * A file that lies in memory only, for `dlopen`: nothing is left of it on any disk, whatever becomes of the process. It is not closed by `fs`, which warns
 * in a worker that it has not opened it.
 */
export class MemoryFile implements Disposable {
  /** A name by which the linker has not loaded anything. */
  readonly path: string;
  readonly #fd: number;

  /** Throws an `Error` where the system gives no such files. `name` shows in `/proc/self/maps`. */
  constructor(name: string, bytes: Uint8Array) {
    // Linux before 6.3 does not know the second flag, and later ones may be told to insist on it (sysctl vm.memfd_noexec).
    this.#fd = memfdCreate(name, MFD.CLOEXEC | MFD.NOEXEC_SEAL);
    if (this.#fd < 0) this.#fd = memfdCreate(name, MFD.CLOEXEC);
    if (this.#fd < 0) throw new Error(`memfd_create: error ${koffi.errno()}`);
    writeSync(this.#fd, bytes);
    this.path = this.#unusedName();
  }

  [Symbol.dispose](): void {
    close(this.#fd);
  }

  /**
   * glibc knows what it has loaded by the name, too: where the descriptor's number was used before, an older object would be taken for this one. As long
   * as this file is open no other can have its number, so that no other thread takes the name meanwhile.
   */
  #unusedName(): string {
    let path = `/proc/self/fd/${this.#fd}`;
    while (loadedHandle(path) !== undefined) path = path.replace('fd/', 'fd//');
    return path;
  }
}

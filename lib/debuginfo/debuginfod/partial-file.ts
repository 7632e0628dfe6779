import { randomBytes } from 'node:crypto';
import { mkdtempSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cachePath, makeFolder } from './cache.js';

/** A file that is in its place. */
export interface StoredFile {
  readonly path: string;
  /** Whether it is no entry of the cache, which could not be written, but alone in a folder that whoever asked for it removes. */
  readonly temporary: boolean;
}

/**
 * A file while it is being fetched. It stands beside its place under a name of its own and is renamed when it is whole, so that of several
 * clients each sees no file or a complete one.
 */
export class PartialFile {
  readonly path: string;
  /** Where it will be. */
  readonly #target: string;
  readonly #temporary: boolean;
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle, path: string, target: string, temporary: boolean) {
    this.#handle = handle;
    this.path = path;
    this.#target = target;
    this.#temporary = temporary;
  }

  /** In the cache or, if that can't be written, in a new folder among the system's temporary files. Throws the system's error if there is no room in either. */
  static async create(cache: string, buildId: string): Promise<PartialFile> {
    const target = cachePath(cache, buildId);
    // A second time because another client, cleaning the cache, can remove the folder that was just made.
    for (let attempt = 0; attempt < 2; attempt++) {
      const path = `${target}.${randomBytes(4).toString('hex')}`;
      try {
        makeFolder(cache, buildId);
        return new PartialFile(await open(path, 'wx', 0o600), path, target, false);
      } catch {
        continue;
      }
    }
    const path = join(mkdtempSync(join(tmpdir(), 'elf-plugin-debuginfod-')), 'debuginfo');
    return new PartialFile(await open(path, 'wx', 0o600), path, path, true);
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#handle.writeFile(bytes);
  }

  /** Puts it in its place. `modified` is when the server's file last was. Throws the system's error. */
  async commit(modified: Date): Promise<StoredFile> {
    // As in elfutils' cache: not to be changed by accident. The time of access is when it was last of use.
    await this.#handle.utimes(new Date(), modified);
    await this.#handle.chmod(0o400);
    await this.#handle.close();
    if (this.path !== this.#target) renameSync(this.path, this.#target);
    return { path: this.#target, temporary: this.#temporary };
  }

  /** Takes it away, and its folder if nothing else is in it. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    rmSync(this.path, { force: true });
    try {
      rmdirSync(dirname(this.path));
    } catch {
      // Another client's files are in it.
    }
  }
}

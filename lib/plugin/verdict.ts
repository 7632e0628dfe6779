import { fileIdentity } from '../bytes/file-identity.js';
import { Remembered } from '../debuginfo/disk-cache/remembered.js';
import { iterateObjects, linkMap, loadedHandle } from '../ffi/linker.js';
import { loadedBuildId } from './identity.js';
import { isOfMainProgram } from './main-program.js';
import type { Newcomers } from './newcomers.js';

/** What is compared, and how: to be another number whenever libraries that were alike so far may then differ. */
const RULES = 1;

/**
 * That a comparison of versions found no difference, as the cache on disk remembers it. It says of which files that is so, and which libraries in the
 * process took part: each is looked at again, and if one is another, nothing is remembered. A difference never is: it is shown with its place.
 */
export class Verdict {
  readonly #remembered: Remembered;
  /** By the name by which they are needed: libraries that are in the process. */
  readonly #loaded = new Map<string, string>();
  #isLasting = true;

  /** `deep`: whether the newcomers are to be bound to themselves before the main program. Files are looked at now, before they are read. */
  constructor({ library, dependencies }: Newcomers, deep: boolean) {
    const files = dependencies.map(({ name, path }) => `${name} ${this.#stateOf(path)}`);
    const self = `${library.buildId ?? ''} ${this.#stateOf(library.path)}`;
    const subject = [`elf-plugin versions ${RULES}`, deep ? 'deep' : 'plain', self, ...files, ''].join('\n');
    this.#remembered = new Remembered('versions', subject);
  }

  /** Whether a process before this one found these libraries alike. */
  get isKnown(): boolean {
    const lines = this.#isLasting ? this.#remembered.read()?.toString().split('\n').slice(0, -1) : undefined;
    if (lines === undefined) return false;
    return lines.every((line) => {
      const space = line.indexOf(' ');
      return loadedState(line.slice(0, space)) === line.slice(space + 1);
    });
  }

  /** Has to be told before a library is read that is in the process, by the name by which it is needed. */
  takes(name: string): void {
    const state = this.#isLasting ? loadedState(name) : undefined;
    if (state === undefined) this.spoil();
    else this.#loaded.set(name, state);
  }

  /** What was found depends on more than the files and libraries that are written down. */
  spoil(): void {
    this.#isLasting = false;
  }

  /** Has the cache remember it. */
  keep(): void {
    if (this.#isLasting)
      this.#remembered.write(Buffer.from(Array.from(this.#loaded, (line) => `${line.join(' ')}\n`).join('')));
  }

  #stateOf(path: string | undefined): string {
    if (path === undefined) return 'is nowhere';
    const state = fileIdentity(path);
    if (state === undefined) this.spoil();
    return state ?? '';
  }
}

/** What a library in the process is: that of the main program, or a file that is what was loaded. Undefined if that can't be told. */
function loadedState(name: string): string | undefined {
  const handle = loadedHandle(name);
  if (handle === undefined) return 'is not loaded';
  const { base, name: path } = linkMap(handle);
  if (isOfMainProgram(base)) return 'came with the main program';
  const object = iterateObjects().find((o) => o.base === base);
  const id = object && loadedBuildId(object);
  const state = fileIdentity(path);
  return id === undefined || state === undefined ? undefined : `${id} ${state}`;
}

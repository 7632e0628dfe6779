import { basename } from 'node:path';

import { LayoutComparison, type LayoutDifference } from '../ctypes/layout-difference.js';
import { orUndefined } from '../errors.js';
import { iterateObjects, linkMap, loadedHandle, mainSymbolAddress, rangeOf } from '../ffi/linker.js';
import { imports, type Import } from '../library/imports.js';
import { Library } from '../library/library.js';
import { fileState } from './file.js';
import { isStale } from './identity.js';
import { isOfMainProgram } from './main-program.js';
import type { Newcomers } from './newcomers.js';
import { Refusal } from './refusal.js';
import type { Verdict } from './verdict.js';

/** A library that another one needs, and whether a symbol of that name is taken from it, not from what comes before it in the search. */
interface Provider {
  readonly library: Library;
  provides(symbol: string): boolean;
}

interface Mismatch {
  /** Was compiled with another version of `provider`. */
  readonly user: Library;
  readonly provider: Library;
  readonly symbol: Import;
  readonly difference: LayoutDifference;
}

/** What was refused, by path: as in Go that is remembered, until one of the files is another one. */
const refused = new Map<string, { reason: string; files: ReadonlyMap<string, string | undefined> }>();

/**
 * Refuses a library that was compiled with other layouts of types than a library that it needs has, and likewise for those that come with it: what
 * Go finds by the hashes of packages. Compared are libraries whose own files hold types; what came with the main program (libc) is not read. `deep`:
 * they are to be bound to themselves before the main program. `openedAs`: a library by its handle, if this thread has opened it. `verdict` is told what
 * was found, if it is that there is no difference.
 */
export function checkVersions(
  { library, dependencies }: Newcomers,
  deep: boolean,
  openedAs: (handle: bigint) => Library | undefined,
  verdict: Verdict,
): void {
  const before = refused.get(library.path);
  if (before !== undefined && [...before.files].every(([path, state]) => stateOf(path) === state)) {
    throw new Refusal(before.reason, { code: 'ERR_PLUGIN_VERSION', previous: true });
  }
  using files = new TypedLibraries(verdict);
  const newcomers = new Map(dependencies.map(({ name, path }) => [name, path]));
  const providerOf = (name: string): Provider | undefined => {
    if (!newcomers.has(name)) {
      verdict.takes(name);
      return loadedProvider(name, deep, openedAs, files);
    }
    const found = files.at(newcomers.get(name));
    return found && { library: found, provides: (s) => deep || mainSymbolAddress(s) === undefined };
  };
  const users = [
    hasTypes(library) ? files.involve(library) : undefined,
    ...dependencies.map(({ path }) => files.at(path)),
  ];
  for (const user of users) {
    const isBound = (symbol: string): boolean => user !== library && library.find(symbol) !== undefined;
    for (const name of user?.needed ?? []) {
      const mismatch = user && findMismatch(user, providerOf(name), isBound, verdict);
      if (mismatch !== undefined) throw refusal(library, mismatch);
    }
  }
  verdict.keep();
}

/** A library that is in the process, unless it came with the main program, or its file is no longer what was loaded. */
function loadedProvider(
  name: string,
  deep: boolean,
  openedAs: (handle: bigint) => Library | undefined,
  files: TypedLibraries,
): Provider | undefined {
  const handle = loadedHandle(name);
  if (handle === undefined) return undefined;
  const { base, name: path } = linkMap(handle);
  if (isOfMainProgram(base)) return undefined;
  const object = iterateObjects().find((o) => o.base === base);
  if (object === undefined) return undefined;
  const opened = openedAs(handle);
  const library = opened ?? files.at(path);
  if (library === undefined || !hasTypes(library)) return undefined;
  files.involve(library);
  if (opened === undefined && isStale(library, object)) return undefined;
  const { start, end } = rangeOf(object);
  return {
    library,
    provides(symbol) {
      const address = deep ? undefined : mainSymbolAddress(symbol);
      return address === undefined || (address >= start && address < end);
    },
  };
}

/** `isBound`: whether a symbol is taken from the library that is opened, which comes before all that it needs. */
function findMismatch(
  user: Library,
  provider: Provider | undefined,
  isBound: (symbol: string) => boolean,
  verdict: Verdict,
): Mismatch | undefined {
  if (provider === undefined) return undefined;
  const comparison = new LayoutComparison();
  const { library } = provider;
  // Corrupt debug info ends the comparison: it is told when a type of it is used.
  return orUndefined(() => {
    for (const symbol of imports(user, library, (type) => comparison.wants(type))) {
      if (symbol.theirs === undefined || isBound(symbol.name)) continue;
      if (!provider.provides(symbol.name)) {
        // In another process the main program may not have it.
        verdict.spoil();
        continue;
      }
      const difference = comparison.compare(symbol.ours.type, symbol.theirs);
      if (difference !== undefined) return { user, provider: library, symbol, difference };
    }
    return undefined;
  });
}

/** Types that are elsewhere would have to be looked for, or fetched, at each open. */
function hasTypes({ file }: Library): boolean {
  const sections = orUndefined(() => file.sections) ?? [];
  return sections.some(({ name }) => name === '.debug_info' || name === '.zdebug_info' || name === '.ctf');
}

/** Sections of a file whose types are in others too: what dwz moved, and what skeleton units stand for (`DW_FORM.addrx`). */
const ELSEWHERE: readonly string[] = ['.gnu_debugaltlink', '.debug_sup', '.debug_addr'];

/** Libraries whose own files hold types, by path, while they are compared. */
class TypedLibraries {
  readonly #opened = new Map<string, Library | undefined>();
  readonly #verdict: Verdict;

  constructor(verdict: Verdict) {
    this.#verdict = verdict;
  }

  at(path: string | undefined): Library | undefined {
    if (path === undefined) return undefined;
    if (!this.#opened.has(path)) this.#opened.set(path, this.#open(path));
    return this.#opened.get(path);
  }

  /** `library`, whose types are compared: also in files that it leads to, which may come and go. */
  involve(library: Library): Library {
    if (library.file.sections.some(({ name }) => ELSEWHERE.includes(name))) this.#verdict.spoil();
    return library;
  }

  #open(path: string): Library | undefined {
    try {
      const library = Library.open(path);
      if (hasTypes(library)) return this.involve(library);
      library.file.close();
    } catch {
      // What can't be read: `dlopen` will say so, or has not needed it. The next process may be luckier.
      this.#verdict.spoil();
    }
    return undefined;
  }

  [Symbol.dispose](): void {
    for (const library of this.#opened.values()) library?.file.close();
  }
}

/** Undefined for a file that is gone. */
function stateOf(path: string): string | undefined {
  try {
    return fileState(path);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function refusal(opened: Library, { user, provider, symbol, difference }: Mismatch): Refusal {
  const reason = `plugin was built with a different version of library ${provider.soname ?? basename(provider.path)}`;
  const paths = [opened.path, user.path, provider.path];
  refused.set(opened.path, { reason, files: new Map(paths.map((path) => [path, stateOf(path)])) });
  const { type, part, ours, theirs } = difference;
  const subject = part === undefined ? type : `${type}: ${part}`;
  const lines = [
    `${subject} is ${ours} in ${user.path}, and ${theirs} in ${provider.path}`,
    `${user === opened ? 'it' : user.path} uses it by way of ${symbol.name}${placeOf(symbol)}`,
    `compile ${basename(user.path)} again with the headers of this ${basename(provider.path)}; versionCheck: false opens it as it is`,
  ];
  return new Refusal(reason, { code: 'ERR_PLUGIN_VERSION', lines });
}

/** ` (point.h:7)`: where the user's compiler saw the declaration. */
function placeOf({ ours }: Import): string {
  const file = orUndefined(() => ours.declFile);
  if (file === undefined) return '';
  return ` (${basename(file)}${ours.declLine === undefined ? '' : `:${ours.declLine}`})`;
}

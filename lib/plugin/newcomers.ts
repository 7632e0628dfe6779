import { FileSource } from '../bytes/source.js';
import { neededClosure, type Dependency } from '../elf/closure.js';
import { ElfFile } from '../elf/file.js';
import { preflight } from '../elf/preflight.js';
import { checkNeededVersions } from '../elf/preflight/versions.js';
import { LibrarySearch } from '../elf/search.js';
import { STT } from '../elf/constants.js';
import { DynamicSymbols, type ElfSymbol } from '../elf/symbol.js';
import { FormatError } from '../errors.js';
import { iterateObjects, loadedHandle, mainSymbolAddress, rangeOf } from '../ffi/linker.js';
import type { Library } from '../library/library.js';
import { fileState } from './file.js';

/** What a `dlopen` of one library would bring into the process: itself, and what it needs that is not loaded yet. */
export interface Newcomers {
  readonly library: Library;
  readonly dependencies: readonly Dependency[];
  /** The files of the dependencies as they were when they were looked at, by their paths: `fileState`. */
  readonly seen: ReadonlyMap<string, string>;
}

export function findNewcomers(library: Library): Newcomers {
  const search = new LibrarySearch();
  const dependencies = neededClosure(library.file, { search, isLoaded });
  const paths = dependencies.flatMap(({ path }) => (path === undefined ? [] : [path]));
  return { library, dependencies, seen: new Map(paths.map((path) => [path, fileState(path)])) };
}

/** A library that is needed and must not be mapped, and why: a truncated one would kill the process. */
export function preflightDependencies({
  library,
  dependencies,
}: Newcomers): { path: string; reason: string } | undefined {
  // The linker maps all before it looks at the versions that each needs.
  const willBeLoaded = (name: string): boolean => isLoaded(name) || dependencies.some((d) => d.name === name);
  const reason = checkNeededVersions(library.file, willBeLoaded);
  if (reason !== undefined) return { path: library.path, reason };
  for (const { name, path, requestedBy } of dependencies) {
    if (path === undefined) continue;
    if (isSanitizer(name)) return { path: requestedBy, reason: needsSanitizer(name) };
    const reason = preflightFile(path, willBeLoaded);
    if (reason !== undefined) return { path, reason: `${reason}\nit is needed by ${requestedBy}` };
  }
  return undefined;
}

/** Whether a library is in the process by that name. */
function isLoaded(name: string): boolean {
  return loadedHandle(name) !== undefined;
}

function preflightFile(path: string, willBeLoaded: (name: string) => boolean): string | undefined {
  const source = new FileSource(path);
  try {
    return preflight(source) ?? checkNeededVersions(new ElfFile(source), willBeLoaded);
  } finally {
    source.close();
  }
}

/**
 * Whether what is new has to be bound to itself: a function of it is also exported by the main program, which would get its calls. Deep binding
 * would hide the copies of libc's variables that the main program has made and that are the live ones (`environ`, `stdout`: psABI x86-64 "Copy
 * Relocations"), so it is left where one of them is used. Under a sanitizer deep binding ends the process
 * (compiler-rt, sanitizer_linux.cpp).
 */
export function needsDeepBinding({ library, dependencies }: Newcomers): boolean {
  const objects = iterateObjects();
  const [program] = objects;
  if (program === undefined || objects.some((o) => isSanitizer(o.name))) return false;
  const { start, end } = rangeOf(program);
  const inMainProgram = (name: string): boolean => {
    const address = mainSymbolAddress(name);
    return address !== undefined && address >= start && address < end;
  };
  const isHidden = (s: ElfSymbol): boolean => s.type !== STT.FUNC && inMainProgram(s.name);
  const clashes = (s: ElfSymbol): boolean => s.type === STT.FUNC && inMainProgram(s.name);
  if (anyTable(library, dependencies, (table) => some(table.imported(), isHidden))) return false;
  return anyTable(library, dependencies, (table) => some(table.exported(), clashes));
}

/** Whether `test` holds for the symbols of the library or of what comes with it, which is not opened before it is its turn. */
function anyTable(
  library: Library,
  dependencies: readonly Dependency[],
  test: (table: DynamicSymbols) => boolean,
): boolean {
  if (test(library.symbols)) return true;
  return dependencies.some(({ path }) => {
    using file = path === undefined ? undefined : openOrUndefined(path);
    return file !== undefined && test(DynamicSymbols.of(file));
  });
}

function some<T>(items: Iterable<T>, test: (item: T) => boolean): boolean {
  for (const item of items) if (test(item)) return true;
  return false;
}

/** Whether a library is the runtime of a sanitizer, which has to be there before everything else. */
function isSanitizer(name: string): boolean {
  return /(?:^|\/)(?:lib(?:hwa|[almt])san\.so|libclang_rt\.(?:hwa|[almt])san)/.test(name);
}

/** Loaded late it ends the process ("runtime does not come first in initial library list": compiler-rt, asan_linux.cpp). */
function needsSanitizer(name: string): string {
  const file = name.replace(/\.so.*/, '.so');
  return `compiled with a sanitizer, whose runtime ${name} has to be loaded first\nstart node with LD_PRELOAD=$(gcc -print-file-name=${file})`;
}

function openOrUndefined(path: string): ElfFile | undefined {
  try {
    return ElfFile.open(path);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

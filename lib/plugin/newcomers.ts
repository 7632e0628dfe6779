import { statSync } from 'node:fs';

import { FileSource } from '../bytes/source.js';
import { neededClosure, type Dependency } from '../elf/closure.js';
import { preflight } from '../elf/preflight.js';
import { checkNeededVersions } from '../elf/preflight/versions.js';
import { LibrarySearch } from '../elf/search.js';
import { STT } from '../elf/constants.js';
import { readDynamic } from '../elf/dynamic.js';
import { DynamicSymbols, type ElfSymbol } from '../elf/symbol.js';
import { linkMap, loadedHandle, mainSymbolAddress, symbolOf } from '../ffi/linker.js';
import type { Library } from '../library/library.js';
import { fileState } from './file.js';
import { isOfMainProgram, startupObjects } from './main-program.js';
import { preflightOnce } from './soundness.js';

/** What a `dlopen` of one library would bring into the process: itself, and what it needs that is not loaded yet, whose files are open until `closeDependencies`. */
export interface Newcomers {
  readonly library: Library;
  readonly dependencies: readonly Dependency[];
  /** The files of the dependencies as they were when they were looked at, by their paths: `fileState`. */
  readonly seen: ReadonlyMap<string, string>;
}

export function findNewcomers(library: Library): Newcomers {
  const search = new LibrarySearch();
  const dependencies = neededClosure(library.file, { search, isLoaded, keepOpen: true });
  const paths = dependencies.flatMap(({ path }) => (path === undefined ? [] : [path]));
  return { library, dependencies, seen: new Map(paths.map((path) => [path, fileState(path)])) };
}

export function closeDependencies({ dependencies }: Newcomers): void {
  for (const { file } of dependencies) file?.close();
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
  for (const { name, path, requestedBy, file } of dependencies) {
    if (path === undefined) continue;
    if (isSanitizer(name)) return { path: requestedBy, reason: needsSanitizer(name) };
    const reason =
      file === undefined ? whyNoElf(path) : (preflightOnce(file) ?? checkNeededVersions(file, willBeLoaded));
    if (reason !== undefined) return { path, reason: `${reason}\nit is needed by ${requestedBy}` };
  }
  return undefined;
}

/** Whether a library is in the process by that name or path. The linker opens a path, and would wait for a FIFO. */
function isLoaded(name: string): boolean {
  if (name.includes('/') && statSync(name, { throwIfNoEntry: false })?.isFile() !== true) return false;
  return loadedHandle(name) !== undefined;
}

function whyNoElf(path: string): string | undefined {
  const source = new FileSource(path);
  try {
    return preflight(source);
  } finally {
    source.close();
  }
}

/**
 * Whether what is new has to be bound to itself: a function of it, or one that it takes from a library which another plugin has brought, is also exported by the main
 * program, which would get its calls. Never where deep binding is not possible.
 */
export function needsDeepBinding(newcomers: Newcomers): boolean {
  const [program] = startupObjects();
  if (program === undefined || whyNotDeep() !== undefined) return false;
  const { start, end, filter } = program;
  const inMainProgram = ({ name }: ElfSymbol): boolean => {
    const address = mainSymbolAddress(name);
    return address !== undefined && address >= start && address < end;
  };
  // C++ variables that are one in the process (STB_GNU_UNIQUE) would become the main program's by being asked for; they are no functions.
  const clashes = (s: ElfSymbol): boolean =>
    (s.type === STT.FUNC || s.type === STT.GNU_IFUNC) && inMainProgram(s);
  const tables = tablesOf(newcomers);
  if (tables.some((table) => some(table.exported(filter), clashes))) return true;
  const handles = handlesOfOthers(newcomers);
  if (handles.length === 0) return false;
  // An import has no type where the linker of the library did not see the definition.
  const isTaken = (s: ElfSymbol): boolean =>
    (s.type === STT.FUNC || s.type === STT.NOTYPE) && isDefinedByOthers(handles, s.name) && inMainProgram(s);
  return tables.some((table) => some(table.imported(filter), isTaken));
}

/** Why deep binding is not possible in this process; undefined if it is. */
export function whyNotDeep(): string | undefined {
  // It ends the process: "incompatible with sanitizer runtime" (compiler-rt, sanitizer_linux.cpp). clang links the runtime into the program, gcc's is a library.
  const init = SANITIZER_INITS.find((name) => mainSymbolAddress(name) !== undefined);
  if (init === undefined) return undefined;
  return `the runtime of a sanitizer, of which ${init} is part, ends the process at deep binding`;
}

const SANITIZER_INITS = ['__asan_init', '__hwasan_init', '__tsan_init', '__msan_init', '__lsan_init'];

/** The libraries in memory that are needed here and did not come with the main program: other plugins have brought them. */
export function handlesOfOthers({ library, dependencies }: Newcomers): bigint[] {
  const handles = new Map<string, bigint | undefined>();
  const add = (needed: readonly string[]): void => {
    for (const name of needed) if (!handles.has(name)) handles.set(name, handleOfOther(name));
  };
  add(library.needed);
  for (const { file } of dependencies) if (file !== undefined) add(readDynamic(file)?.needed ?? []);
  return [...handles.values()].filter((handle) => handle !== undefined);
}

function handleOfOther(name: string): bigint | undefined {
  const handle = loadedHandle(name);
  return handle === undefined || isOfMainProgram(linkMap(handle).base) ? undefined : handle;
}

/** Whether one of `handles`, or what it needs, defines a symbol, and no library of the main program does. */
export function isDefinedByOthers(handles: readonly bigint[], name: string): boolean {
  return handles.some((handle) => {
    const address = symbolOf(handle, name);
    return (
      address !== undefined && !startupObjects().some(({ start, end }) => start <= address && address < end)
    );
  });
}

/** The tables of the library and of what comes with it. */
export function tablesOf({ library, dependencies }: Newcomers): DynamicSymbols[] {
  const files = dependencies.flatMap(({ file }) => file ?? []);
  return [library.symbols, ...files.map((file) => DynamicSymbols.of(file))];
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

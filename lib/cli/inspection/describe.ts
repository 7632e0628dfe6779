import { realpathSync } from 'node:fs';

import { FileSource } from '../../bytes/source.js';
import { neededClosure, type Dependency } from '../../elf/closure.js';
import { DF, DF_1, EM, ET, nameOf, PT, STT } from '../../elf/constants.js';
import { ElfFile } from '../../elf/file.js';
import { preflight } from '../../elf/preflight.js';
import { DynamicSymbols } from '../../elf/symbol.js';
import { FormatError } from '../../errors.js';
import { Library, type SymbolKind } from '../../library/library.js';
import type { TypeOptions } from '../../debuginfo/sources.js';
import { Progress } from '../terminal.js';
import { whyNotCallable } from './callable.js';

/** A library as `elf-plugin inspect` shows it. What is not known, or not there, is left out. */
export interface Description {
  /** The real path. */
  readonly path: string;
  readonly class: 32 | 64;
  readonly byteOrder: 'little' | 'big';
  /** `EM_X86_64`, `ET_DYN`. */
  readonly machine: string;
  readonly type: string;
  /** Of the file, in bytes. */
  readonly size: number;
  readonly soname?: string;
  readonly buildId?: string;
  readonly interpreter?: string;
  readonly rpath?: string;
  readonly runpath?: string;
  /** `NODELETE`, `BIND_NOW`. */
  readonly flags: readonly string[];
  /** What it needs itself (DT_NEEDED). */
  readonly needed: readonly Needed[];
  /** What those need in turn, in the order in which the linker maps it. */
  readonly indirect: readonly (Needed & { readonly requestedBy: string })[];
  readonly types: {
    readonly source?: string;
    /** What has no types, a line each, where there is no source. */
    readonly tried: readonly string[];
  };
  readonly symbols: {
    readonly exported: number;
    readonly typed: number;
    readonly kinds: Readonly<Partial<Record<SymbolKind, number>>>;
  };
  /** Functions that the running Node exports, too: without deep binding the library's own calls of them would be Node's. */
  readonly clashes: readonly string[];
  /** What `open` would say; undefined if nothing is known against it. */
  readonly refused?: readonly string[];
  /** The symbols that can be looked up, but not used, and why. */
  readonly unusable: readonly { readonly name: string; readonly kind: SymbolKind; readonly reason: string }[];
}

export interface Needed {
  readonly name: string;
  /** Undefined if it is not found. */
  readonly path: string | undefined;
}

/** Describes the library at `path` without loading it. Throws a `FormatError`, with glibc's words and ours, for what is no library at all. */
export function describeLibrary(path: string, options: TypeOptions): Description {
  const library = openOrExplain(path, options);
  const { file, dynamic } = library;
  const { header } = file;
  const dependencies = neededClosure(file);
  const isDirect = ({ requestedBy }: Dependency): boolean => requestedBy === file.path;
  const { kinds, typed, exported, unusable } = surveySymbols(library);
  const refused = whyNotOpened(library, dependencies);
  const optional = {
    soname: library.soname,
    buildId: library.buildId,
    interpreter: interpreterOf(file),
    rpath: dynamic?.rpath,
    runpath: dynamic?.runpath,
  };
  const { source, tried } = library.debugInfo;
  return {
    path: realpathSync(path),
    class: header.class,
    byteOrder: header.littleEndian ? 'little' : 'big',
    machine: `EM_${nameOf(EM, header.machine)}`,
    type: `ET_${nameOf(ET, header.type)}`,
    size: file.source.size,
    ...given(optional),
    flags: [...flagNames(DF, dynamic?.flags ?? 0), ...flagNames(DF_1, dynamic?.flags1 ?? 0)],
    needed: dependencies.filter(isDirect).map(({ name, path: at }) => ({ name, path: at })),
    indirect: dependencies
      .filter((d) => !isDirect(d))
      .map(({ name, path: at, requestedBy }) => ({ name, path: at, requestedBy })),
    types: source === undefined ? { tried: [...tried] } : { source, tried: [] },
    symbols: { exported, typed, kinds },
    clashes: clashesOf(library),
    ...(refused.length === 0 ? {} : { refused }),
    unusable,
  };
}

/** What has a value. */
function given<T extends Readonly<Record<string, string | undefined>>>(
  values: T,
): { [K in keyof T]?: string } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: string };
}

/** The library; for what has no ELF header, or tables that can't be read, an error that says what it is instead. */
function openOrExplain(path: string, options: TypeOptions): Library {
  try {
    return Library.open(path, options);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const source = new FileSource(path);
    try {
      const reason = preflight(source);
      if (reason === undefined) throw error;
      throw new Error(`${path}: ${reason.replaceAll('\n', '\n  ')}`);
    } finally {
      source.close();
    }
  }
}

function interpreterOf(file: ElfFile): string | undefined {
  const segment = file.programHeaders.find((p) => p.type === PT.INTERP);
  if (segment === undefined) return undefined;
  const bytes = file.dataAt(segment.address, segment.fileSize, 'PT_INTERP');
  return Buffer.from(bytes).toString('utf8').replace(/\0.*/s, '');
}

function flagNames(group: Readonly<Record<string, number>>, flags: number): string[] {
  return Object.entries(group).flatMap(([name, bit]) => ((flags & bit) === 0 ? [] : [name]));
}

/** What `open` refuses a library for, as far as its files say it. */
function whyNotOpened({ file, path }: Library, dependencies: readonly Dependency[]): string[] {
  const reasons: string[] = [];
  const own = preflight(file);
  if (own !== undefined) reasons.push(`${path}: ${own}`);
  for (const { name, path: at, requestedBy, tried } of dependencies) {
    if (at === undefined) {
      const places = tried.map((place) => `\n  ${place}`).join('');
      reasons.push(`${name} is needed by ${requestedBy} and not found; looked for in${places}`);
      continue;
    }
    const source = new FileSource(at);
    const reason = preflight(source);
    source.close();
    if (reason !== undefined) reasons.push(`${at}: ${reason}\nit is needed by ${requestedBy}`);
  }
  return reasons;
}

/** The functions that are also exported by the executable that runs. */
function clashesOf(library: Library): string[] {
  using node = ElfFile.open(process.execPath);
  if (node.identity === library.file.identity) return [];
  const program = DynamicSymbols.of(node);
  const names = new Set<string>();
  for (const { name, type } of library.symbols.exported())
    if (type === STT.FUNC && program.lookup(name)?.type === STT.FUNC) names.add(name);
  return [...names].sort();
}

function surveySymbols(library: Library): {
  kinds: Partial<Record<SymbolKind, number>>;
  typed: number;
  exported: number;
  unusable: { name: string; kind: SymbolKind; reason: string }[];
} {
  const all = [...library.symbols.exported()];
  const byAddress = all.toSorted((a, b) =>
    a.value < b.value ? -1 : a.value > b.value ? 1 : a.index - b.index,
  );
  const progress = new Progress('reading types', all.length);
  library.expect(all.length);
  const kinds: Partial<Record<SymbolKind, number>> = {};
  const unusable = [];
  let typed = 0;
  // By address, those of one source file come together: its debug info is read once.
  for (const [i, elf] of byAddress.entries()) {
    const { kind, type, reason } = library.typed(elf);
    kinds[kind] = (kinds[kind] ?? 0) + 1;
    if (type !== undefined) typed++;
    const why =
      type?.kind === 'function'
        ? whyNotCallable(type, library.file.header.machine)
        : type?.kind === 'unsupported'
          ? type.reason
          : type === undefined
            ? (reason ?? 'no source of types has it')
            : undefined;
    if (why !== undefined) unusable.push({ name: elf.name, kind, reason: why });
    progress.at(i + 1);
  }
  progress.end();
  unusable.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { kinds, typed, exported: all.length, unusable };
}

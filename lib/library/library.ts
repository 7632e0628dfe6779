import { isAbsolute, join, normalize } from 'node:path';

import { sizeOf } from '../ctypes/layout.js';
import { bare, copyOf, type CType } from '../ctypes/model.js';
import { print } from '../ctypes/print.js';
import type { SourceLocation, TypedSymbol } from '../ctypes/type-source.js';
import { DebugInfo } from '../debuginfo/debug-info.js';
import type { TypeOptions } from '../debuginfo/sources.js';
import { EM, PF, STT } from '../elf/constants.js';
import { readDynamic, type Dynamic } from '../elf/dynamic.js';
import { ElfFile } from '../elf/file.js';
import { libraryBuildId } from '../elf/note.js';
import { DynamicSymbols, type ElfSymbol } from '../elf/symbol.js';
import { FormatError, messageOf } from '../errors.js';
import type { Constants } from './constants.js';
import type { CxxNames, Overload } from './cxx-names.js';
import { conventionOf } from './language.js';

/** What a symbol is: `tls` a thread-local variable, `ifunc` a function whose code is chosen when it is loaded, `absolute` a number. */
export type SymbolKind = 'function' | 'ifunc' | 'variable' | 'tls' | 'absolute' | 'unknown';

/** A kind that debug info describes. */
type TypedKind = Exclude<SymbolKind, 'absolute' | 'unknown'>;

/** An exported symbol with its type, or why it has none. */
export interface LibrarySymbol {
  readonly elf: ElfSymbol;
  readonly kind: SymbolKind;
  /** A function's type or a variable's; undefined if it is not known. */
  readonly type: CType | undefined;
  /** Why `type` is undefined, a line or several. */
  readonly reason?: string;
}

/** Declarations that are remembered, with what was made for their types: a program has few, unless it makes them up. */
const MAX_PARSED = 1000;

/** One library on disk: what it exports, joined with its types. Nothing is loaded. */
export class Library {
  readonly path: string;
  readonly file: ElfFile;
  readonly dynamic: Dynamic | undefined;
  readonly symbols: DynamicSymbols;
  readonly #typed = new Map<number, LibrarySymbol>();
  /** What the debug info said of those that it knows. */
  readonly #described = new Map<number, TypedSymbol>();
  /** The paths of source files, by what the debug info says: the directory, and the file. */
  readonly #sourceFiles = new Map<string, Map<string, string>>();
  readonly #parsed = new Map<string, CType>();
  readonly #opaques = new Map<string, CType>();
  readonly #types: TypeOptions;
  #debugInfo: DebugInfo | undefined;
  #constants: Constants | undefined;
  #cxxNames: CxxNames | undefined;

  /** `path` is where it is for users, if that is not what `file` is called; `types` say where its types come from besides. */
  constructor(file: ElfFile, path: string = file.path, types: TypeOptions = {}) {
    this.path = path;
    this.file = file;
    this.#types = types;
    this.dynamic = readDynamic(file);
    this.symbols = DynamicSymbols.of(file);
  }

  /** Opens the file at `path`; throws a `FormatError` if it is no ELF file, the system's error if it can't be read. */
  static open(path: string, types?: TypeOptions): Library {
    return new Library(ElfFile.open(path), path, types);
  }

  /** The same library with types from elsewhere. Throws what is wrong with those that are given: see `givenFile` and `givenDeclarations`. */
  withTypes(types: TypeOptions): Library {
    const library = new Library(this.file, this.path, types);
    library.#debugInfo = new DebugInfo(library, types);
    return library;
  }

  /** In lower-case hex. */
  get buildId(): string | undefined {
    return libraryBuildId(this.file);
  }

  get soname(): string | undefined {
    return this.dynamic?.soname;
  }

  get needed(): readonly string[] {
    return this.dynamic?.needed ?? [];
  }

  get debugInfo(): DebugInfo {
    return (this.#debugInfo ??= new DebugInfo(this, this.#types));
  }

  /** The exported symbol of that name (`foo`, `foo@V1`); undefined if the library itself does not export it. */
  find(name: string): ElfSymbol | undefined {
    return this.symbols.lookup(name);
  }

  /** The names that `find` knows, each once, in the order of the symbol table. */
  exportedNames(): string[] {
    const names = new Set<string>();
    for (const { name } of this.symbols.exported()) {
      // Bytes that are no UTF-8 were replaced: no text is that name.
      if (!name.includes('\ufffd') || this.find(name) !== undefined) names.add(name);
    }
    return [...names];
  }

  /** The exported symbols that a name of C++ may mean, which is none of a symbol: `geo::area(double)`, `geo::area`. */
  overloads(name: string): readonly Overload[] {
    return this.cxxNames.find(name);
  }

  /** What the exported symbols are called in C++; read at the first look. */
  get cxxNames(): CxxNames {
    if (this.#cxxNames === undefined) {
      const { CxxNames } = require('./cxx-names.js') as typeof import('./cxx-names.js');
      this.#cxxNames = new CxxNames(Array.from(this.symbols.exported(), (s) => s.name));
    }
    return this.#cxxNames;
  }

  /** Says of how many symbols the types are going to be asked for: to find many at once takes less time than to search for each. */
  expect(count: number): void {
    this.debugInfo.expect(count);
  }

  /** `symbol` with its type, which is read now. */
  typed(symbol: ElfSymbol): LibrarySymbol {
    let typed = this.#typed.get(symbol.index);
    if (typed === undefined) this.#typed.set(symbol.index, (typed = this.#join(symbol)));
    return typed;
  }

  /** Whether a symbol is code. One of assembler does not say what it is, and is judged by where it lies. */
  isFunction(symbol: ElfSymbol): boolean {
    const kind = kindOf(symbol);
    if (kind !== 'unknown') return kind === 'function' || kind === 'ifunc';
    return this.isCode(symbol);
  }

  /** Whether a symbol lies where the machine may run it. */
  isCode(symbol: ElfSymbol): boolean {
    return ((this.file.segmentAt(symbol.value)?.flags ?? 0) & PF.X) !== 0;
  }

  /** Where a symbol is declared; undefined where its types come from what does not say (CTF, declarations), or says it in a way that can't be read. */
  declaredAt(symbol: ElfSymbol): SourceLocation | undefined {
    this.typed(symbol);
    try {
      const { declFile, declLine, compDir } = this.#described.get(symbol.index) ?? {};
      if (declFile === undefined || declLine === undefined || declLine === 0) return undefined;
      return { file: this.#sourceFile(declFile, compDir ?? ''), line: declLine };
    } catch (error) {
      if (error instanceof FormatError) return undefined;
      throw error;
    }
  }

  #sourceFile(file: string, directory: string): string {
    let paths = this.#sourceFiles.get(directory);
    if (paths === undefined) this.#sourceFiles.set(directory, (paths = new Map<string, string>()));
    let path = paths.get(file);
    if (path === undefined)
      paths.set(file, (path = isAbsolute(file) ? normalize(file) : join(directory, file)));
    return path;
  }

  /**
   * The type that a C declaration means, with the names of this library. A library without any debug info says nothing of structs and unions, so
   * that there they are opaque: enough for pointers to them.
   */
  parse(declaration: string): CType {
    let type = this.#parsed.get(declaration);
    if (type !== undefined) return type;
    const { parseType } = require('../ctypes/parse.js') as typeof import('../ctypes/parse.js');
    type = parseType(
      declaration,
      (keyword, name) => this.debugInfo.typeNamed(keyword, name),
      this.debugInfo.isFound ? undefined : (keyword, tag) => this.#opaque(keyword, tag),
    );
    if (this.#parsed.size >= MAX_PARSED) this.#parsed.clear();
    this.#parsed.set(declaration, type);
    return type;
  }

  /** The enumerators at file scope; read at the first look. Throws a `FormatError` on corrupt debug info. */
  get constants(): Constants {
    const { constantsOf } = require('./constants.js') as typeof import('./constants.js');
    return (this.#constants ??= constantsOf(this.debugInfo.constants(), this.path));
  }

  #opaque(keyword: 'struct' | 'union', tag: string): CType {
    const key = `${keyword} ${tag}`;
    let type = this.#opaques.get(key);
    if (type === undefined)
      this.#opaques.set(key, (type = { kind: keyword, tag, size: undefined, members: [] }));
    return type;
  }

  #join(elf: ElfSymbol): LibrarySymbol {
    const kind = kindOf(elf);
    if (kind === 'absolute')
      return { elf, kind, type: undefined, reason: 'it is a number (SHN_ABS), not a variable' };
    // Assembler writes symbols without a type: the debug info may know better.
    const candidates: readonly TypedKind[] = kind === 'unknown' ? ['function', 'variable'] : [kind];
    let reason: string | undefined;
    try {
      for (const candidate of candidates) {
        const address = this.#entryAddress(elf, candidate);
        const found = this.debugInfo.symbol({ name: elf.name, kind: candidate, address });
        if (!('reason' in found)) {
          this.#described.set(elf.index, found);
          return described(elf, candidate, found);
        }
        reason ??= found.reason;
      }
    } catch (error) {
      reason = messageOf(error);
    }
    return { elf, kind, type: undefined, ...(reason === undefined ? {} : { reason }) };
  }

  /** Where the debug info has a symbol: a function's address is not always that of its code. */
  #entryAddress(elf: ElfSymbol, kind: TypedKind): bigint | undefined {
    if (kind !== 'function' && kind !== 'ifunc') return elf.value;
    // 64-bit PowerPC's is that of a descriptor, in data (64-bit ELF V1 ABI §3.2.5): the relocated entry is not in the file.
    const segment = this.file.segmentAt(elf.value);
    if (segment !== undefined && (segment.flags & PF.X) === 0) return undefined;
    // Bit 0 marks Thumb code (AAELF32 §5.5.3).
    return this.file.header.machine === EM.ARM ? elf.value & ~1n : elf.value;
  }
}

/** A symbol by what the debug info knows of it. */
function described(elf: ElfSymbol, kind: TypedKind, { type, language }: TypedSymbol): LibrarySymbol {
  if (kind === 'variable' || kind === 'tls') return fitted(elf, kind, type);
  const convention = conventionOf(elf.name, language);
  if (convention === undefined || type.kind !== 'function') return { elf, kind, type };
  return { elf, kind, type: { ...copyOf(type), convention } };
}

/** What the ELF symbol's type says it is (gABI ch. 4 "Symbol Table"; STT_GNU_IFUNC, STT_TLS). */
export function kindOf(symbol: ElfSymbol): SymbolKind {
  if (symbol.absolute) return 'absolute';
  switch (symbol.type) {
    case STT.FUNC:
      return 'function';
    case STT.GNU_IFUNC:
      return 'ifunc';
    case STT.OBJECT:
    case STT.COMMON:
      return 'variable';
    case STT.TLS:
      return 'tls';
    default:
      return 'unknown';
  }
}

/**
 * A variable's type, checked against `st_size`: a free test of the debug info. An array whose length only the linker knows gets it from
 * there; a struct with a flexible array that was initialised may be larger than its type.
 */
function fitted(elf: ElfSymbol, kind: SymbolKind, type: CType): LibrarySymbol {
  const size = sizeOf(type);
  const t = bare(type);
  if (elf.size === 0 || size === elf.size) return { elf, kind, type };
  if (t.kind === 'array' && (size === undefined || elf.size < size)) {
    const element = sizeOf(t.element);
    if (element && elf.size % element === 0)
      return { elf, kind, type: { ...copyOf(t), length: elf.size / element } };
  }
  if (t.kind === 'struct' && size !== undefined && elf.size > size && endsFlexible(t))
    return { elf, kind, type };
  const found = size === undefined ? 'a type without a size' : `${size} bytes`;
  const reason = `its type would be ${print(type)}, ${found}, and the library has ${elf.size} bytes for it (st_size)`;
  return { elf, kind, type: undefined, reason };
}

function endsFlexible(record: Extract<CType, { kind: 'struct' | 'union' }>): boolean {
  const last = record.members.at(-1);
  if (last === undefined) return false;
  const t = bare(last.type);
  if (t.kind === 'array') return t.length === undefined || t.length === 0;
  return (t.kind === 'struct' || t.kind === 'union') && endsFlexible(t);
}

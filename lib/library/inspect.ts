import { statSync } from 'node:fs';

import { Type } from '../ctypes/type.js';
import type { ElfSymbol } from '../elf/symbol.js';
import { ET, EM, nameOf } from '../elf/constants.js';
import { FormatError, typeError } from '../errors.js';
import { Library, type SymbolKind } from './library.js';

/** One exported symbol, as listings show it. */
export interface SymbolInfo {
  /** As in the symbol table: that of C++ is mangled. */
  readonly name: string;
  /** What `lookup` gives for it, as far as the ELF file says. */
  readonly kind: SymbolKind;
  /** Its C type: a function's prototype, a variable's type. Undefined where it is not known; `reason` says why. */
  readonly type?: Type;
  /** Why its type is not known. */
  readonly reason?: string;
  /** `st_size`, in bytes. */
  readonly size: number;
  /** The version it is bound to, `GLIBC_2.34`, if it has one. */
  readonly version?: string;
}

/** One section of an ELF file. */
export interface SectionInfo {
  /** `.text`. */
  readonly name: string;
  /** The virtual address, 0 for what is not loaded. */
  readonly address: bigint;
  /** In bytes, as stored in the file. */
  readonly size: number;
}

/** What a library on disk is, without loading it. */
export interface LibraryInfo {
  /** The path that was given. */
  readonly path: string;
  /** The size of an address in bits (`EI_CLASS`). */
  readonly class: 32 | 64;
  /** The order of the bytes of a number (`EI_DATA`). */
  readonly littleEndian: boolean;
  /** `EM_X86_64`; a machine without a name here is a number. */
  readonly machine: string;
  /** `ET_DYN`. */
  readonly type: string;
  /** The build-id in lower-case hex; undefined if the linker wrote none. */
  readonly buildId: string | undefined;
  /** `DT_SONAME`. */
  readonly soname: string | undefined;
  /** `DT_NEEDED`: the libraries it needs, by name. */
  readonly needed: readonly string[];
  /** All of them, in the order of the file. */
  readonly sections: readonly SectionInfo[];
  /** Where the types come from; undefined if nowhere. */
  readonly typeSource: string | undefined;
  /** All that it exports, in the order of its symbol table. Types are read when this is first looked at. */
  readonly symbols: readonly SymbolInfo[];
}

/** See `inspect` in entry.ts. */
export function inspect(path: string): LibraryInfo {
  if (typeof path !== 'string')
    throw typeError('ERR_INVALID_ARG_TYPE', `inspect: expected a path, got a ${typeof path}`);
  if (statSync(path).isDirectory()) throw new FormatError(path, undefined, 'it is a directory');
  const library = Library.open(path);
  const { header } = library.file;
  let symbols: SymbolInfo[] | undefined;
  return {
    path,
    class: header.class,
    littleEndian: header.littleEndian,
    machine: `EM_${nameOf(EM, header.machine)}`,
    type: `ET_${nameOf(ET, header.type)}`,
    buildId: library.buildId,
    soname: library.soname,
    needed: library.needed,
    sections: library.file.sections.map(({ name, address, size }) => ({ name, address, size })),
    typeSource: library.debugInfo.source,
    get symbols() {
      if (symbols === undefined) {
        const exported = [...library.symbols.exported()];
        library.expect(exported.length);
        symbols = exported.map((s) => symbolInfo(library, s));
      }
      return symbols;
    },
  };
}

/** A symbol as listings show it; its type is read now. */
export function symbolInfo(library: Library, symbol: ElfSymbol): SymbolInfo {
  const { kind, type, reason } = library.typed(symbol);
  return {
    name: symbol.name,
    kind,
    size: symbol.size,
    ...(type === undefined ? {} : { type: Type.of(type) }),
    ...(reason === undefined ? {} : { reason }),
    ...(symbol.version === undefined ? {} : { version: symbol.version }),
  };
}

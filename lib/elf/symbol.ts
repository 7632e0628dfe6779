import { DT, SHN, STB, STT, STV, VER_NDX, VERSYM_HIDDEN } from './constants.js';
import { ElfCursor } from './cursor.js';
import { readDynamic, type Dynamic } from './dynamic.js';
import type { ElfFile } from './file.js';
import type { BloomFilter } from './gnu-hash.js';
import { readHash, type SymbolHash } from './hash.js';
import type { StringTable } from './string-table.js';
import { readVersionIndexes, readVersions, type SymbolVersions } from './version.js';

/** What an entry of a symbol table holds (gABI ch. 4 "Symbol Table"). */
export interface SymbolEntry {
  /** Where its name is in the string table. */
  readonly nameOffset: number;
  /** Its address before the library is moved to its load base, for TLS the offset in the TLS block; as it is if `absolute`. */
  readonly value: bigint;
  /** In bytes; 0 if it is not known. */
  readonly size: number;
  /** One of `STT`. */
  readonly type: number;
  /** One of `STB`. */
  readonly binding: number;
  /** One of `STV`. */
  readonly visibility: number;
  /** The number of its section, or one of `SHN`. */
  readonly shndx: number;
}

/** A symbol of the dynamic symbol table. */
export interface ElfSymbol extends Omit<SymbolEntry, 'nameOffset'> {
  readonly name: string;
  /** The name of its version, if it has one besides the base version. */
  readonly version?: string;
  /** Its version is not the default one: the linker takes it only for who asks for the version. */
  readonly hiddenVersion: boolean;
  readonly defined: boolean;
  /** Its value is no address (SHN_ABS). */
  readonly absolute: boolean;
  /** Its number in the dynamic symbol table. */
  readonly index: number;
}

const known = new WeakMap<ElfFile, DynamicSymbols>();

/**
 * The dynamic symbol table, found through PT_DYNAMIC as the dynamic linker finds it, so that it is there without section headers.
 *
 * @example
 * const symbols = DynamicSymbols.of(file);
 * symbols.lookup('fopen');            // the default version
 * symbols.lookup('memcpy@GLIBC_2.2.5'); // that version
 */
export class DynamicSymbols implements Iterable<ElfSymbol> {
  /** How many there are, the empty one at index 0 included. */
  readonly count: number;
  readonly #strings: StringTable | undefined;
  readonly #cursor: ElfCursor;
  readonly #hash: SymbolHash | undefined;
  readonly #versionIndex: ((symbol: number) => number) | undefined;
  readonly #readVersions: () => SymbolVersions | undefined;
  #versions: SymbolVersions | undefined;

  /** The symbols of `file`, whose tables are read once; one without PT_DYNAMIC has none. */
  static of(file: ElfFile): DynamicSymbols {
    let symbols = known.get(file);
    if (symbols === undefined) known.set(file, (symbols = new DynamicSymbols(file, readDynamic(file))));
    return symbols;
  }

  private constructor(file: ElfFile, dynamic: Dynamic | undefined) {
    const address = dynamic?.address(DT.SYMTAB);
    this.#hash = dynamic && readHash(file, dynamic);
    this.count = address === undefined ? 0 : (this.#hash?.count ?? countInSection(file, address));
    const size = this.count * symbolSize(file.header.class);
    const bytes = size === 0 ? new Uint8Array() : file.dataAt(address ?? 0n, size, 'DT_SYMTAB');
    this.#cursor = new ElfCursor(bytes, file.header, 'DT_SYMTAB');
    this.#readVersions = () => dynamic && readVersions(file, dynamic);
    if (dynamic === undefined || this.count === 0) return;
    this.#strings = dynamic.strings;
    this.#versionIndex = readVersionIndexes(file, dynamic, this.count);
  }

  /** The symbol with that number; a `FormatError` if there is none: such numbers come from other tables. */
  at(index: number): ElfSymbol {
    return this.#at(index, this.#name);
  }

  readonly #name = (offset: number): string => this.#strings?.at(offset) ?? '';

  #at(index: number, nameAt: (offset: number) => string): ElfSymbol {
    const cursor = this.#cursor;
    if (!(index >= 0 && index < this.count)) cursor.fail(`there is no symbol ${index}`, cursor.length);
    cursor.pos = index * symbolSize(cursor.class);
    // Not spread: this runs for every symbol of Node itself.
    const { nameOffset, value, size, type, binding, visibility, shndx } = readSymbol(cursor);
    const versionIndex = this.#versionIndex?.(index) ?? 0;
    const version = this.#versionNamed(versionIndex & ~VERSYM_HIDDEN);
    const symbol: ElfSymbol & { version?: string } = {
      name: nameAt(nameOffset),
      value,
      size,
      type,
      binding,
      visibility,
      shndx,
      hiddenVersion: (versionIndex & VERSYM_HIDDEN) !== 0,
      defined: shndx !== SHN.UNDEF,
      absolute: shndx === SHN.ABS,
      index,
    };
    if (version !== undefined) symbol.version = version;
    return symbol;
  }

  /** All symbols, without the empty one at index 0. */
  *[Symbol.iterator](): Generator<ElfSymbol> {
    const nameAt = this.#strings?.batch().at ?? this.#name;
    for (let i = 1; i < this.count; i++) yield this.#at(i, nameAt);
  }

  /** The symbols that the file offers to others, in the table's order; of them those whose names can be in the table that `filter` is of. */
  *exported(filter?: BloomFilter): Generator<ElfSymbol> {
    for (const symbol of this.#chosen(true, filter)) if (this.isExported(symbol)) yield symbol;
  }

  /** The symbols that the file wants from others; of them those whose names can be in the table that `filter` is of. */
  *imported(filter?: BloomFilter): Generator<ElfSymbol> {
    for (const symbol of this.#chosen(false, filter)) if (symbol.name !== '') yield symbol;
  }

  /** What is not wanted need not be decoded: `st_shndx` alone says what is defined, and the hash table has hashes of names. */
  *#chosen(defined: boolean, filter: BloomFilter | undefined): Generator<ElfSymbol> {
    const strings = this.#strings?.batch();
    const nameAt = strings?.at ?? this.#name;
    const hashes = filter && this.#hash?.hashes;
    const unhashed = hashes?.first ?? this.count;
    for (let i = 1; i < unhashed; i++) {
      if (this.#isDefined(i) !== defined) continue;
      if (
        filter === undefined ||
        strings === undefined ||
        filter.mayContain(strings.gnuHash(this.#nameOf(i)))
      )
        yield this.#at(i, nameAt);
    }
    if (filter === undefined || hashes === undefined) return;
    for (const number of filter.select(hashes.values)) {
      if (this.#isDefined(unhashed + number) === defined) yield this.#at(unhashed + number, nameAt);
    }
  }

  #isDefined(index: number): boolean {
    const cursor = this.#cursor;
    cursor.pos = index * symbolSize(cursor.class) + (cursor.class === 64 ? 6 : 14);
    return cursor.u16() !== SHN.UNDEF;
  }

  /** Where its name is in the string table. */
  #nameOf(index: number): number {
    this.#cursor.pos = index * symbolSize(this.#cursor.class);
    return this.#cursor.u32();
  }

  /** Whether others can use the symbol: defined, not local, not hidden, and not the mark of a version. */
  isExported(symbol: ElfSymbol): boolean {
    return (
      symbol.defined &&
      (symbol.binding === STB.GLOBAL || symbol.binding === STB.WEAK || symbol.binding === STB.GNU_UNIQUE) &&
      (symbol.visibility === STV.DEFAULT || symbol.visibility === STV.PROTECTED) &&
      symbol.name !== '' &&
      !this.#isVersionNode(symbol)
    );
  }

  /**
   * The exported symbol `foo`, or of one version: `foo@V1`, or `foo@@V2` if that is the default. The plain name finds the
   * default version, and the newest other one if there is none (glibc's `sys_errlist`, which dlsym does not find).
   */
  lookup(name: string): ElfSymbol | undefined {
    return this.#named(name) ?? this.#versioned(name);
  }

  #named(name: string): ElfSymbol | undefined {
    let newest: ElfSymbol | undefined;
    for (const symbol of this.#all(name)) {
      if (!symbol.hiddenVersion) return symbol;
      // Definitions are numbered in the order of the version script: the newest is the last.
      if (newest === undefined || this.#versionOf(symbol) > this.#versionOf(newest)) newest = symbol;
    }
    return newest;
  }

  #versioned(name: string): ElfSymbol | undefined {
    if (!name.includes('@')) return undefined;
    const [, base, at, version] = /^(.+?)(@@?)([^@]+)$/.exec(name) ?? [];
    if (base === undefined) return undefined;
    for (const symbol of this.#all(base)) {
      if (symbol.version === version && !(at === '@@' && symbol.hiddenVersion)) return symbol;
    }
    return undefined;
  }

  /** The exported symbols of one name. */
  *#all(name: string): Generator<ElfSymbol> {
    const bytes = Buffer.from(name);
    for (const index of this.#hash?.candidates(bytes) ?? this.#indexes()) {
      if (index >= this.count) continue;
      if (!this.#strings?.equals(this.#nameOf(index), bytes)) continue;
      const symbol = this.at(index);
      if (this.isExported(symbol)) yield symbol;
    }
  }

  *#indexes(): Generator<number> {
    for (let i = 1; i < this.count; i++) yield i;
  }

  #versionOf(symbol: ElfSymbol): number {
    return this.#versionIndex?.(symbol.index) ?? 0;
  }

  /** The name of a version; indexes up to that of the base version are none. */
  #versionNamed(index: number): string | undefined {
    return index <= VER_NDX.GLOBAL ? undefined : this.#allVersions?.byIndex.get(index)?.name;
  }

  #isVersionNode(symbol: ElfSymbol): boolean {
    if (!symbol.absolute || symbol.type !== STT.OBJECT || symbol.value !== 0n) return false;
    return this.#allVersions?.nodes.has(symbol.name) === true;
  }

  get #allVersions(): SymbolVersions | undefined {
    return (this.#versions ??= this.#readVersions());
  }
}

/** Reads the entry at the cursor. */
export function readSymbol(cursor: ElfCursor): SymbolEntry {
  const nameOffset = cursor.u32();
  const isWide = cursor.class === 64;
  let value = isWide ? 0n : cursor.address();
  let size = isWide ? 0 : cursor.offset();
  const info = cursor.u8();
  const other = cursor.u8();
  const shndx = cursor.u16();
  if (isWide) {
    value = cursor.address();
    size = cursor.offset();
  }
  return { nameOffset, value, size, type: info & 15, binding: info >> 4, visibility: other & 3, shndx };
}

/** Of an entry, in bytes. */
export function symbolSize(elfClass: 32 | 64): number {
  return elfClass === 64 ? 24 : 16;
}

/**
 * The number of symbols by the section headers. Needed where no hash table tells it: an executable without one, and a library
 * that exports nothing, whose DT_GNU_HASH is empty. Without section headers too, its imports stay unknown.
 */
function countInSection(file: ElfFile, address: bigint): number {
  const section = file.sections.find((s) => s.address === address && s.name === '.dynsym');
  return Math.floor((section?.size ?? 0) / symbolSize(file.header.class));
}

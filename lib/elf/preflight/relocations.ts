import { words } from '../../bytes/words.js';
import { DF, DT, PF, PT, SHN, STT } from '../constants.js';
import type { Dynamic } from '../dynamic.js';
import type { ElfFile } from '../file.js';
import { wordAt, wordLayout, type Image, type Span, type WordLayout } from './image.js';
import { damaged, hex } from './reason.js';
import { RELOCATION_TYPES, type RelocationTypes } from './relocation-types.js';
import { SymbolWords } from './symbols.js';

/** What the linker writes, where, and which symbol it takes for it (glibc elf/do-rel.h, sysdeps/x86_64/dl-machine.h). */
export function checkRelocations(file: ElfFile, dynamic: Dynamic, image: Image): string | undefined {
  const types = RELOCATION_TYPES[file.header.machine];
  return types && new Relocations(file, dynamic, image, types).check();
}

/** Functions that are called by their addresses in an array, which relocations put there. */
interface FunctionArray {
  readonly tag: 'PREINIT_ARRAY' | 'INIT_ARRAY' | 'FINI_ARRAY';
  readonly start: number;
  readonly end: number;
}

const ARRAYS = ['PREINIT_ARRAY', 'INIT_ARRAY', 'FINI_ARRAY'] as const;

class Relocations {
  readonly #file: ElfFile;
  readonly #dynamic: Dynamic;
  readonly #image: Image;
  readonly #types: RelocationTypes;
  readonly #layout: WordLayout;
  readonly #symbols: SymbolWords;
  readonly #symbolCount: number;
  /** Of an address, in bytes. */
  readonly #word: number;
  readonly #arrays: readonly FunctionArray[];
  /** Slots of these arrays that something puts an address into. */
  readonly #filled = new Set<number>();
  /** A byte for each word that is written, by its number from `#writtenStart` on. */
  readonly #written: Uint8Array;
  readonly #writtenStart: number;
  /** The writable segment with the most relocations: the last one. */
  readonly #writtenRegion: Span;
  /** From the first of these arrays to the end of the last. */
  readonly #arrayHull: readonly [start: number, end: number];
  /** The dynamic array, which the linker is reading meanwhile. */
  readonly #dynamicStart: number;
  readonly #dynamicEnd: number;
  readonly #hasTls: boolean;
  readonly #needsWrite: boolean;
  /** What the linker reads meanwhile and later, which text relocations could write over. */
  #tables: readonly Span[] | undefined;

  constructor(file: ElfFile, dynamic: Dynamic, image: Image, types: RelocationTypes) {
    this.#file = file;
    this.#dynamic = dynamic;
    this.#image = image;
    this.#types = types;
    this.#layout = wordLayout(file);
    this.#symbols = new SymbolWords(file, dynamic);
    this.#word = file.header.class / 8;
    this.#symbolCount = countOf(this.#symbols, dynamic, this.#word);
    this.#arrays = ARRAYS.flatMap((tag) => {
      const start = dynamic.number(DT[tag]);
      const size = dynamic.number(DT[`${tag}SZ`]) ?? 0;
      const end = (start ?? 0) + Math.floor(size / this.#word) * this.#word;
      return start === undefined ? [] : [{ tag, start, end }];
    });
    const { start, end } = image.writable;
    this.#writtenStart = start;
    this.#written = new Uint8Array(Math.max(0, Math.ceil((end - start) / this.#word)));
    this.#writtenRegion = image.lastWritable;
    this.#arrayHull = [
      Math.min(...this.#arrays.map((a) => a.start)),
      Math.max(0, ...this.#arrays.map((a) => a.end)),
    ];
    const segment = file.programHeaders.find((p) => p.type === PT.DYNAMIC);
    this.#dynamicStart = Number(segment?.address ?? 0n);
    this.#dynamicEnd = this.#dynamicStart + (segment?.fileSize ?? 0);
    this.#hasTls = file.programHeaders.some((p) => p.type === PT.TLS && p.memorySize > 0);
    const textRelocations = (dynamic.flags & DF.TEXTREL) !== 0 || dynamic.address(DT.TEXTREL) !== undefined;
    this.#needsWrite = !textRelocations;
  }

  check(): string | undefined {
    return (
      this.#checkTable('RELA', dynamicNumber(this.#dynamic, 'RELASZ')) ??
      this.#checkTable('JMPREL', dynamicNumber(this.#dynamic, 'PLTRELSZ')) ??
      this.#checkPacked() ??
      this.#checkArrays()
    );
  }

  /** A table of `Elf_Rela { r_offset, r_info, r_addend }`; these machines have no other. */
  #checkTable(tag: 'RELA' | 'JMPREL', size: number): string | undefined {
    const start = this.#dynamic.address(DT[tag]);
    if (start === undefined || size === 0) return undefined;
    const name = `DT_${tag}`;
    const { width, low } = this.#layout;
    if (size % (3 * this.#word) !== 0)
      return damaged(`${name} has ${size} bytes, which are no whole relocations`);
    const table = words(this.#file.dataAt(start, size, name), this.#file.header.littleEndian);
    // The linker takes the first ones for relative without a look, and insists that they are (`elf_machine_rela_relative`).
    const relative = tag === 'RELA' ? (this.#dynamic.number(DT.RELACOUNT) ?? 0) : 0;
    for (
      let i = this.#skipOrdinary(table, 0, relative), at;
      (at = i * 3 * width) < table.length;
      i = this.#skipOrdinary(table, i + 1, relative)
    ) {
      const info = table[at + width + low] ?? 0;
      const type = width === 2 ? info : info & 0xff;
      const symbol = width === 2 ? (table[at + width + 1 - low] ?? 0) : info >>> 8;
      const offset = wordAt(table, at, this.#layout);
      const reason =
        i < relative && type !== this.#types.RELATIVE
          ? 'is not relative, though it is counted as such'
          : this.#why(tag, type, symbol, offset, wordAt(table, at + 2 * width, this.#layout));
      if (reason !== undefined) return damaged(`${name}: relocation ${i}, of type ${type}, ${reason}`);
    }
    return undefined;
  }

  /**
   * The number of the first relocation from `first` on that is not evidently sound. Nearly all are: large libraries have a hundred thousand, of which each
   * takes some nanoseconds here. The first `relative` ones are counted as such.
   */
  #skipOrdinary(table: Uint32Array, first: number, relative: number): number {
    if (this.#layout.width === 1 || this.#layout.low !== 0) return first;
    const next = first < relative ? this.#skipRelative(table, first, relative) : first;
    return next < relative ? next : this.#skipSymbolic(table, next);
  }

  /** The same of relative ones: linkers sort them by their addresses, and beyond 4 GiB or not aligned is what takes longer. */
  #skipRelative(table: Uint32Array, first: number, count: number): number {
    const { RELATIVE } = this.#types;
    const { pages } = this.#image;
    const end = Math.min(count * 6, table.length);
    const { start, end: last } = this.#writtenRegion;
    let before = first === 0 ? start - 8 : (table[(first - 1) * 6] as number);
    // Up to where none is of the dynamic array, or of an array of functions.
    const special = [[this.#dynamicStart, this.#dynamicEnd] as const, this.#arrayHull];
    const ahead = special.filter(([, behind]) => behind > before + 8).map(([address]) => address);
    const limit = Math.min(last, ...ahead) - 8;
    const written = this.#written;
    const base = this.#writtenStart;
    let at = first * 6;
    for (; at < end; at += 6) {
      const offset = table[at] as number;
      if (offset < before + 8 || offset > limit || (offset & 7) !== 0 || table[at + 2] !== RELATIVE) break;
      if (table[at + 1] !== 0 || table[at + 3] !== 0 || table[at + 5] !== 0) break;
      if (pages[(table[at + 4] as number) >>> 12] !== 1) break;
      written[(offset - base) >>> 3] = 1;
      before = offset;
    }
    return at / 6;
  }

  #skipSymbolic(table: Uint32Array, first: number): number {
    const { RELATIVE, ABSOLUTE, GLOB_DAT, JUMP_SLOT } = this.#types;
    const [dynamicStart, dynamicEnd] = [this.#dynamicStart, this.#dynamicEnd];
    const written = this.#written;
    const symbols = this.#symbols;
    const { start, end } = this.#writtenRegion;
    const base = this.#writtenStart;
    const { whole, lastCode: code } = this.#image;
    const [low, high] = this.#arrayHull;
    const { pages } = this.#image;
    let i = first;
    for (let at = i * 6; at < table.length; i++, at += 6) {
      const type = table[at + 2];
      const offset = table[at] as number;
      // Beyond 4 GiB, or not aligned: it takes longer.
      if (table[at + 1] !== 0 || (offset & 7) !== 0) break;
      if (offset < start || offset + 8 > end) break;
      if (offset < dynamicEnd && offset + 8 > dynamicStart) break;
      if (offset < high && offset + 8 > low) break;
      if (type === RELATIVE) {
        const addend = table[at + 4] as number;
        if (table[at + 3] !== 0 || table[at + 5] !== 0) break;
        if (pages[addend >>> 12] !== 1) break;
      } else if (type === ABSOLUTE || type === GLOB_DAT) {
        if (!symbols.isIn(table[at + 3] as number, whole)) break;
      } else if (type !== JUMP_SLOT || !symbols.isIn(table[at + 3] as number, code)) {
        break;
      }
      const index = (offset - base) >>> 3;
      if (written[index] === 1) break;
      written[index] = 1;
    }
    return i;
  }

  /** What is wrong with one relocation. */
  #why(
    tag: 'RELA' | 'JMPREL',
    type: number,
    symbol: number,
    offset: number,
    addend: number,
  ): string | undefined {
    const { NONE, GLOB_DAT, JUMP_SLOT, RELATIVE, IRELATIVE, COPY, TLS, FOREIGN, sizes } = this.#types;
    // Where a linker has no use for one it writes zeros; what is not even an address is the middle of two others.
    if (type === NONE)
      return offset === 0 || this.#image.isInside(offset) ? undefined : `is of nothing, at ${hex(offset)}`;
    if (FOREIGN.has(type)) return 'is not for a library of 64 bits';
    const size = sizes.get(type) ?? this.#word;
    if (!this.#isTarget(offset, size)) return `writes to address ${hex(offset)}`;
    if (symbol >= this.#symbolCount && symbol > 0)
      return `is of symbol ${symbol}, and there are ${this.#symbolCount}`;
    if (!this.#mark(offset)) return `writes to address ${hex(offset)}, as another one does`;
    const isSlot = this.#isSlot(offset, size);
    if (isSlot) this.#filled.add(offset);
    if (type === RELATIVE || type === IRELATIVE) {
      if (symbol !== 0) return `has a symbol, ${symbol}`;
      const called = type === IRELATIVE || isSlot;
      if (called && !this.#symbols.inCode(addend, this.#image)) {
        return `is the address of a function, ${hex(addend)}, where there is no code`;
      }
      return this.#image.isInside(addend) ? undefined : `is an address in no segment, ${hex(addend)}`;
    }
    if (type === COPY) return 'copies a variable, as in a program';
    if (TLS.has(type))
      return this.#isThreadLocal(symbol) ? undefined : `is of symbol ${symbol}, which is not thread-local`;
    if (type === GLOB_DAT || type === JUMP_SLOT) {
      if (symbol === 0) return 'has no symbol';
      if (offset % this.#word !== 0) return `writes to address ${hex(offset)}, which is not aligned`;
      if (!this.#isHere(symbol)) return `is of symbol ${symbol}, which is in no segment`;
      if (type === JUMP_SLOT && !this.#isCallable(symbol))
        return `is of symbol ${symbol}, which is no function`;
      return undefined;
    }
    if (tag === 'JMPREL') return 'is not one for functions';
    if (!this.#isHere(symbol)) return `is of symbol ${symbol}, which is in no segment`;
    // What is narrower than an address is code's, and only a library with text relocations has that left.
    return size < this.#word && this.#needsWrite ? 'is not one for data' : undefined;
  }

  /** DT_RELR (gABI "Relative Relocation Table"): an address, then bitmaps of the words behind it. */
  #checkPacked(): string | undefined {
    const start = this.#dynamic.address(DT.RELR);
    const size = dynamicNumber(this.#dynamic, 'RELRSZ');
    if (start === undefined || size === 0) return undefined;
    const { littleEndian } = this.#file.header;
    const table = words(this.#file.dataAt(start, size, 'DT_RELR'), littleEndian);
    const word = this.#word;
    const { width, low } = this.#layout;
    const bits = word * 8 - 1;
    let where = NaN;
    for (let at = 0; at < table.length; at += width) {
      const lowest = table[at + low] ?? 0;
      if ((lowest & 1) === 0) {
        where = wordAt(table, at, this.#layout);
        const reason = this.#checkPackedWord(where);
        if (reason !== undefined) return reason;
        where += word;
        continue;
      }
      for (let half = 0; half < width; half++) {
        const map = half === 0 ? lowest : (table[at + 1 - low] ?? 0);
        for (let bit = half === 0 ? 1 : 0; bit < 32; bit++) {
          if (((map >>> bit) & 1) === 0) continue;
          const reason = this.#checkPackedWord(where + (half * 32 + bit - 1) * word);
          if (reason !== undefined) return reason;
        }
      }
      where += bits * word;
    }
    return undefined;
  }

  #checkPackedWord(address: number): string | undefined {
    if (!this.#isTarget(address, this.#word) || !this.#mark(address))
      return damaged(`DT_RELR: a relocation writes to address ${hex(address)}`);
    if (!this.#isSlot(address, this.#word)) return undefined;
    this.#filled.add(address);
    const bytes = this.#file.dataAt(BigInt(address), this.#word, 'DT_RELR');
    const target = wordAt(words(bytes, this.#file.header.littleEndian), 0, this.#layout);
    if (this.#symbols.inCode(target, this.#image)) return undefined;
    return damaged(`DT_RELR: a relocation is a function at address ${hex(target)}, where there is no code`);
  }

  /** A slot without a relocation would be called as it is in the file. */
  #checkArrays(): string | undefined {
    for (const { tag, start, end } of this.#arrays) {
      for (let slot = start; slot < end; slot += this.#word) {
        if (!this.#filled.has(slot))
          return damaged(`DT_${tag}: no relocation puts a function at ${hex(slot)}`);
      }
    }
    return undefined;
  }

  /** Whether the linker may write there. */
  #isTarget(address: number, size: number): boolean {
    if (address < this.#dynamicEnd && address + size > this.#dynamicStart) return false;
    if (this.#needsWrite) return this.#image.isWritable(address, size);
    this.#tables ??= tablesOf(this.#file, this.#dynamic, this.#symbolCount);
    if (this.#tables.some(({ start, end }) => address < end && address + size > start)) return false;
    return this.#image.has(address, size, PF.R | PF.W | PF.X);
  }

  #isSlot(address: number, size: number): boolean {
    for (const { start, end } of this.#arrays) if (address < end && address + size > start) return true;
    return false;
  }

  #isThreadLocal(symbol: number): boolean {
    if (symbol === 0 || symbol >= this.#symbols.count) return this.#hasTls;
    const { type, section } = this.#symbols.kind(symbol);
    return type === STT.TLS ? this.#hasTls || section === SHN.UNDEF : type === STT.SECTION && this.#hasTls;
  }

  /** Whether a symbol that is defined here is at an address that there is. */
  #isHere(symbol: number): boolean {
    if (symbol === 0 || symbol >= this.#symbols.count) return true;
    const { section, type } = this.#symbols.kind(symbol);
    const isAddress = section !== SHN.UNDEF && section !== SHN.ABS && type !== STT.TLS;
    return !isAddress || this.#image.isInside(this.#symbols.value(symbol));
  }

  /** Whether a symbol can be a function: of those that are defined here it is known where they are. */
  #isCallable(symbol: number): boolean {
    if (symbol >= this.#symbols.count) return true;
    const { section } = this.#symbols.kind(symbol);
    const isHere = section !== SHN.UNDEF && section !== SHN.ABS;
    return !isHere || this.#symbols.inCode(this.#symbols.value(symbol), this.#image);
  }

  /** Notes that the word there is written; false if it was already. Words across two others, in packed structs, are not noted. */
  #mark(address: number): boolean {
    const index = (address - this.#writtenStart) / this.#word;
    if (this.#written[index] === 1) return false;
    if (index < this.#written.length && Number.isInteger(index) && index >= 0) this.#written[index] = 1;
    return true;
  }
}

/** The program headers, and the tables of the linker, as far as their sizes are said. */
function tablesOf({ header, programHeaders }: ElfFile, dynamic: Dynamic, symbols: number): Span[] {
  const sizes = [
    ['SYMTAB', symbols * (header.class === 64 ? 24 : 16)],
    ['VERSYM', symbols * 2],
    ['GNU_HASH', 16],
    ['HASH', 8],
    ['STRTAB', dynamic.strings.size],
    ['RELA', dynamicNumber(dynamic, 'RELASZ')],
    ['RELR', dynamicNumber(dynamic, 'RELRSZ')],
    ['JMPREL', dynamicNumber(dynamic, 'PLTRELSZ')],
  ] as const;
  const first = programHeaders.find((p) => p.type === PT.LOAD && p.offset === 0);
  const headers = Number(first?.address ?? 0n);
  return [
    { start: headers, end: headers + header.phoff + header.phnum * header.phentsize },
    ...sizes.map(([tag, size]) => {
      const start = dynamic.number(DT[tag]) ?? 0;
      return { start, end: start === 0 ? 0 : start + size };
    }),
  ];
}

/** Without a table that tells the number of symbols there can be as many as fit in front of the strings, where linkers put them. */
function countOf(symbols: SymbolWords, dynamic: Dynamic, word: number): number {
  if (symbols.count > 0) return symbols.count;
  const table = dynamic.number(DT.SYMTAB) ?? 0;
  const strings = dynamic.number(DT.STRTAB) ?? 0;
  return Math.max(0, Math.floor((strings - table) / (word * 3)));
}

function dynamicNumber(dynamic: Dynamic, tag: 'RELASZ' | 'PLTRELSZ' | 'RELRSZ'): number {
  return dynamic.number(DT[tag]) ?? 0;
}

import { words } from '../../bytes/words.js';
import { DT, EM, PT, SHN, STB, STT, STV } from '../constants.js';
import type { Dynamic } from '../dynamic.js';
import type { ElfFile } from '../file.js';
import { DynamicSymbols, symbolSize } from '../symbol.js';
import { isCodeAddress } from './code-address.js';
import { wordAt, wordLayout, type Image, type Span, type WordLayout } from './image.js';
import { damaged, hex } from './reason.js';

/** The dynamic symbol table and the hash table that leads to it (glibc elf/dl-lookup.c). */
export function checkSymbols(file: ElfFile, dynamic: Dynamic, image: Image): string | undefined {
  const reason = checkHash(file, dynamic);
  if (reason !== undefined) return reason;
  const table = new SymbolWords(file, dynamic);
  if (!table.beginsWithNull) return damaged('symbol 0, which stands for none, is not all zeros');
  const names = dynamic.strings.size;
  const tls = file.programHeaders.find((p) => p.type === PT.TLS)?.memorySize ?? 0;
  for (
    let i = table.skipOrdinary(1, names, image);
    i < table.count;
    i = table.skipOrdinary(i + 1, names, image)
  ) {
    const name = table.name(i);
    if (name >= names && name > 0)
      return damaged(`symbol ${i}: its name is outside DT_STRTAB, at ${hex(name)}`);
    const { type, section, isLocal } = table.kind(i);
    if (section === SHN.UNDEF) {
      // The linker looks for it nowhere else, and takes it to be at address 0.
      if (isLocal && name > 0) {
        return damaged(
          `symbol ${nameOf(dynamic, name, i)} is not for other libraries, and not defined in this one`,
        );
      }
    } else if (section !== SHN.ABS) {
      const reason = whatIsMissing(table, i, type, tls, image);
      if (reason !== undefined) return damaged(`symbol ${nameOf(dynamic, name, i)}: ${reason}`);
    }
  }
  return undefined;
}

/** What is wrong with the value of a symbol that is defined. A variable can be one that is not loaded (Rust's metadata). */
function whatIsMissing(
  table: SymbolWords,
  index: number,
  type: number,
  tls: number,
  image: Image,
): string | undefined {
  if (type === STT.FUNC || type === STT.GNU_IFUNC) {
    const address = table.value(index);
    // Code can be in data, where it is made executable later; a resolver is called at once.
    if (type === STT.FUNC ? image.has(address, 1) : table.inCode(address, image)) return undefined;
    return `there is no code at address ${hex(address)}`;
  }
  if (type !== STT.TLS || table.value(index) + table.size(index) <= tls) return undefined;
  return `it is outside PT_TLS, at ${hex(table.value(index))}`;
}

/** The dynamic symbol table as words, for loops over all of it. */
export class SymbolWords {
  readonly count: number;
  readonly #words: Uint32Array;
  readonly #layout: WordLayout;
  readonly #littleEndian: boolean;
  readonly #hasCodeAddresses: boolean;
  /** Words in an entry. */
  readonly #entry: number;

  constructor(file: ElfFile, dynamic: Dynamic) {
    const { class: elfClass, littleEndian } = file.header;
    this.count = DynamicSymbols.of(file).count;
    const size = this.count * symbolSize(elfClass);
    const bytes =
      size === 0 ? new Uint8Array() : file.dataAt(dynamic.address(DT.SYMTAB) ?? 0n, size, 'DT_SYMTAB');
    this.#words = words(bytes, littleEndian);
    this.#layout = wordLayout(file);
    this.#littleEndian = littleEndian;
    this.#hasCodeAddresses = isCodeAddress(file);
    this.#entry = symbolSize(elfClass) / 4;
  }

  /**
   * The number of the first symbol from `first` on that is not evidently sound. Nearly all are: imported ones, and functions in the segment of the code.
   * `names` is the size of the string table.
   */
  skipOrdinary(first: number, names: number, image: Image): number {
    const table = this.#words;
    const { start, end } = image.lastCode;
    let i = first;
    if (this.#layout.width === 1 || !this.#littleEndian) return i;
    for (let at = i * 6; at < table.length; i++, at += 6) {
      const word = table[at + 1] as number;
      // GLOBAL or WEAK, of default visibility.
      const binding = (word >>> 4) & 15;
      if ((table[at] as number) >= names || (binding !== 1 && binding !== 2) || (word & 0x300) !== 0) break;
      const type = word & 15;
      if (word >>> 16 === 0 || type <= 1) continue;
      const address = table[at + 2] as number;
      if (type !== 2 || table[at + 3] !== 0 || address < start || address >= end) break;
    }
    return i;
  }

  /** gABI ch. 4 "Symbol Table": entry 0 is that of no symbol. Relocations without one have it, and the linker looks at its binding. */
  get beginsWithNull(): boolean {
    return this.#words.subarray(0, this.#entry).every((word) => word === 0);
  }

  /** Its offset in the string table. */
  name(index: number): number {
    return this.#words[index * this.#entry] ?? 0;
  }

  /** What it is; `isLocal` if it is not looked for in other libraries (glibc `dl_symbol_visibility_binds_local_p`), or not only there. */
  kind(index: number): { type: number; section: number; isLocal: boolean } {
    // Elf64_Sym { st_name; st_info, st_other, st_shndx; st_value; st_size }, Elf32_Sym { st_name; st_value; st_size; st_info, … }
    const word = this.#words[index * this.#entry + (this.#layout.width === 2 ? 1 : 3)] ?? 0;
    const info = this.#littleEndian ? word & 0xff : word >>> 24;
    const visibility = (this.#littleEndian ? word >>> 8 : word >>> 16) & 3;
    return {
      type: info & 15,
      section: this.#littleEndian ? word >>> 16 : word & 0xffff,
      isLocal: info >> 4 === STB.LOCAL || visibility !== STV.DEFAULT,
    };
  }

  /** Whether it is there, and another library's or in `span`. Written for loops in which a call is all that they can take. */
  isIn(index: number, span: Span): boolean {
    const at = index * this.#entry;
    const word = this.#words[at + 1];
    if (index <= 0 || index >= this.count || word === undefined) return false;
    if (word >>> 16 === 0) return true;
    // Beyond 4 GiB it takes longer: a sum of both halves would be a new object each time.
    const address = this.#words[at + 2] as number;
    return this.#words[at + 3] === 0 && address >= span.start && address < span.end;
  }

  value(index: number): number {
    return wordAt(this.#words, index * this.#entry + this.#layout.width, this.#layout);
  }

  size(index: number): number {
    return wordAt(this.#words, index * this.#entry + this.#layout.width * 2, this.#layout);
  }

  /** Whether a function can be at that address. */
  inCode(address: number, image: Image): boolean {
    return this.#hasCodeAddresses ? image.isCode(address) : image.has(address, 1);
  }
}

function nameOf(dynamic: Dynamic, offset: number, index: number): string {
  const name = dynamic.strings.at(offset);
  return name === '' ? String(index) : name;
}

function checkHash(file: ElfFile, dynamic: Dynamic): string | undefined {
  const gnu = dynamic.address(DT.GNU_HASH);
  if (gnu !== undefined) return checkGnuHash(file, gnu);
  const sysv = dynamic.address(DT.HASH);
  return sysv === undefined ? undefined : checkSysvHash(file, sysv);
}

/** That its chains end is found out when they are read, for the number of symbols (hash.ts). */
function checkGnuHash(file: ElfFile, address: bigint): string | undefined {
  const { littleEndian, class: bits } = file.header;
  const [bucketCount = 0, firstSymbol = 0, bloomCount = 0] = words(
    file.dataAt(address, 16, 'DT_GNU_HASH'),
    littleEndian,
  );
  // The filter is indexed with a mask (`l_gnu_bitmask_idxbits`).
  if (bucketCount > 0 && (bloomCount === 0 || (bloomCount & (bloomCount - 1)) !== 0)) {
    return damaged(`DT_GNU_HASH: its filter has ${bloomCount} words, which is no power of two`);
  }
  const start = 16 + bloomCount * (bits / 8);
  const table = file.dataAt(address, start + bucketCount * 4, 'DT_GNU_HASH').subarray(start);
  for (const first of words(table, littleEndian)) {
    if (first !== 0 && first < firstSymbol) {
      return damaged(`DT_GNU_HASH: a bucket begins with symbol ${first}, the table with ${firstSymbol}`);
    }
  }
  return undefined;
}

/** Each chain ends, and has symbols that exist: the linker follows it until 0. */
function checkSysvHash(file: ElfFile, address: bigint): string | undefined {
  const { littleEndian, machine, class: elfClass } = file.header;
  // Entries of 8 bytes: no host of ours.
  if (elfClass === 64 && (machine === EM.S390 || machine === EM.ALPHA)) return undefined;
  const [bucketCount = 0, symbolCount = 0] = words(file.dataAt(address, 8, 'DT_HASH'), littleEndian);
  const table = words(file.dataAt(address, 8 + (bucketCount + symbolCount) * 4, 'DT_HASH'), littleEndian);
  const seen = new Uint8Array(symbolCount);
  for (let bucket = 0; bucket < bucketCount; bucket++) {
    for (let next = table[2 + bucket] ?? 0; next !== 0; next = table[2 + bucketCount + next] ?? 0) {
      if (next >= symbolCount) return damaged(`DT_HASH: there is no symbol ${next}`);
      // A sound chain shares no symbol with another one, nor with itself.
      if (seen[next] === 1) return damaged(`DT_HASH: the chain of bucket ${bucket} has no end of its own`);
      seen[next] = 1;
    }
  }
  return undefined;
}

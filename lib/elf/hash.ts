import type { ByteSource } from '../bytes/source.js';
import { words } from '../bytes/words.js';
import { FormatError } from '../errors.js';
import { BloomFilter, gnuHash } from './gnu-hash.js';
import { DT, EM } from './constants.js';
import { ElfCursor } from './cursor.js';
import type { Dynamic } from './dynamic.js';
import type { ElfFile } from './file.js';

/** A hash table over the dynamic symbol table. */
export interface SymbolHash {
  /** How many symbols the symbol table has, as far as this table tells. */
  readonly count: number | undefined;
  /** Numbers of the symbols that can be the one of this name (in UTF-8), in the linker's order. */
  candidates(name: Uint8Array): Iterable<number>;
  /** The hashes (`gnuHash`) of the names of all symbols from number `first` on, but for their lowest bits; undefined if it has none. */
  readonly hashes: { readonly first: number; readonly values: Uint32Array } | undefined;
}

/** The hash table that the dynamic linker would use: DT_GNU_HASH before DT_HASH. */
export function readHash(file: ElfFile, dynamic: Dynamic): SymbolHash | undefined {
  const gnu = tableAt(file, dynamic.address(DT.GNU_HASH), 'DT_GNU_HASH');
  if (gnu) return new GnuHash(gnu, file);
  const sysv = tableAt(file, dynamic.address(DT.HASH), 'DT_HASH');
  return sysv && new SysvHash(sysv, file);
}

function tableAt(file: ElfFile, address: bigint | undefined, name: string): ByteSource | undefined {
  if (address === undefined) return undefined;
  const table = file.mapped(address, name);
  if (table === undefined) {
    throw new FormatError(name, undefined, `address 0x${address.toString(16)} is not in the file`);
  }
  return table;
}

/** DT_HASH (gABI ch. 5 "Hash Table"): the number of buckets, the number of symbols, buckets, a chain over all symbols. */
class SysvHash implements SymbolHash {
  readonly count: number;
  readonly hashes = undefined;
  readonly #buckets: readonly number[];
  readonly #chain: readonly number[];

  constructor(table: ByteSource, file: ElfFile) {
    // The two machines whose 64-bit ABI has entries of 8 bytes (glibc: Elf_Symndx of alpha and s390x).
    const { machine } = file.header;
    const wide = file.header.class === 64 && (machine === EM.S390 || machine === EM.ALPHA);
    const width = wide ? 8 : 4;
    const wordsAt = (from: number, count: number): number[] => {
      const bytes = table.read(from * width, count * width);
      const cursor = new ElfCursor(bytes, file.header, table.name, from * width);
      return Array.from({ length: count }, () => (wide ? cursor.offset64() : cursor.u32()));
    };
    const [buckets = 0, symbols = 0] = wordsAt(0, 2);
    this.count = symbols;
    this.#buckets = wordsAt(2, buckets);
    this.#chain = wordsAt(2 + buckets, symbols);
  }

  *candidates(name: Uint8Array): Generator<number> {
    const bucket = sysvHash(name) % this.#buckets.length;
    // A sound chain is shorter than the table; a corrupt one may be a circle.
    let next = this.#buckets[bucket] ?? 0;
    for (let step = 0; next !== 0 && step < this.count; step++) {
      yield next;
      next = this.#chain[next] ?? 0;
    }
  }
}

/** How many bytes of the chain are read at a time while looking for its end. */
const CHUNK = 4096;

/**
 * DT_GNU_HASH (no written standard; glibc elf/dl-lookup.c, binutils bfd/elflink.c): the number of buckets, the first symbol in
 * the table, the size of the Bloom filter in words and its shift; the filter; the buckets; a hash for each symbol, whose lowest
 * bit says that it is the last of its bucket.
 */
class GnuHash implements SymbolHash {
  readonly count: number | undefined;
  readonly #table: ByteSource;
  readonly #file: ElfFile;
  readonly #firstSymbol: number;
  readonly #filter: BloomFilter;
  readonly #bucketCount: number;
  readonly #buckets: ElfCursor;
  /** Where the hashes of the symbols begin, in bytes of the table. */
  readonly #chainStart: number;

  constructor(table: ByteSource, file: ElfFile) {
    this.#table = table;
    this.#file = file;
    const head = this.#cursor(0, 16);
    this.#bucketCount = head.u32();
    this.#firstSymbol = head.u32();
    const filterSize = head.u32() * (file.header.class / 8);
    const shift = head.u32();
    this.#filter = new BloomFilter(table.read(16, filterSize), shift, file.header);
    this.#buckets = this.#cursor(16 + filterSize, this.#bucketCount * 4);
    this.#chainStart = 16 + filterSize + this.#buckets.length;
    this.count = this.#countSymbols();
  }

  *candidates(name: Uint8Array): Generator<number> {
    const hash = gnuHash(name);
    if (!this.#filter.mayContain(hash)) return;
    const first = this.#bucketCount === 0 ? 0 : this.#bucket(hash % this.#bucketCount);
    // An empty bucket is 0. Symbols before the first one are not in the table.
    if (first < this.#firstSymbol || first === 0) return;
    for (const [index, other] of this.#chainFrom(first)) {
      if ((other | 1) === (hash | 1)) yield index;
    }
  }

  get hashes(): SymbolHash['hashes'] {
    if (this.count === undefined) return undefined;
    const first = this.#firstSymbol;
    const bytes = this.#table.read(this.#chainStart, (this.count - first) * 4);
    return { first, values: words(bytes, this.#file.header.littleEndian) };
  }

  #bucket(index: number): number {
    this.#buckets.pos = index * 4;
    return this.#buckets.u32();
  }

  /** The table does not say how many symbols there are: the bucket with the highest start has the last one. */
  #countSymbols(): number | undefined {
    let last = 0;
    this.#buckets.pos = 0;
    for (const start of this.#buckets.u32s(this.#bucketCount)) if (start > last) last = start;
    // Nothing is hashed: the symbols that are imported are not counted here.
    if (last < this.#firstSymbol || last === 0) return undefined;
    let count = last;
    for (const [index] of this.#chainFrom(last)) count = index + 1;
    return count;
  }

  /** Symbols and their hashes, from one to the end of its bucket. The table's end bounds it. */
  *#chainFrom(first: number): Generator<[index: number, hash: number]> {
    let index = first;
    for (;;) {
      const offset = this.#chainStart + (index - this.#firstSymbol) * 4;
      const length = Math.max(4, Math.min(CHUNK, (this.#table.size - offset) & ~3));
      const cursor = this.#cursor(offset, length);
      while (!cursor.atEnd) {
        const hash = cursor.u32();
        yield [index++, hash];
        if (hash & 1) return;
      }
    }
  }

  #cursor(offset: number, length: number): ElfCursor {
    return new ElfCursor(this.#table.read(offset, length), this.#file.header, this.#table.name, offset);
  }
}

/** The hash of DT_HASH, and of version names (gABI ch. 5 "Hash Table"). */
export function sysvHash(name: Uint8Array): number {
  let hash = 0;
  for (const byte of name) {
    hash = ((hash << 4) + byte) >>> 0;
    const high = hash & 0xf0000000;
    hash = (hash ^ (high >>> 24)) & ~high;
  }
  return hash >>> 0;
}

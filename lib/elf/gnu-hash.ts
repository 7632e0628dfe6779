import { words } from '../bytes/words.js';

/**
 * The filter of a DT_GNU_HASH, which tells of nearly all names that are not in the table that they are not, by two bits of one word
 * (glibc elf/dl-lookup.c `do_lookup_x`).
 */
export class BloomFilter {
  /** The words; of 64-bit ones the halves. */
  readonly #table: Uint32Array;
  /** Of a word: 5 for 32, 6 for 64. */
  readonly #log2Bits: number;
  /** In words. */
  readonly #size: number;
  readonly #shift: number;
  /** 1 if the higher half of a word comes first. */
  readonly #flip: number;

  /** `bytes`: the words, which are as wide as an address; `shift` is that of the table's header. */
  constructor(bytes: Uint8Array, shift: number, encoding: { class: 32 | 64; littleEndian: boolean }) {
    this.#table = words(bytes, encoding.littleEndian);
    this.#log2Bits = encoding.class === 64 ? 6 : 5;
    this.#size = bytes.length / (encoding.class / 8);
    this.#shift = shift;
    this.#flip = encoding.class === 64 && !encoding.littleEndian ? 1 : 0;
  }

  /** Whether a name with that hash (`gnuHash`) can be in the table. */
  mayContain(hash: number): boolean {
    if (this.#size === 0) return true;
    const word = (hash >>> this.#log2Bits) % this.#size;
    return this.#has(word, hash) && this.#has(word, this.#shift < 32 ? hash >>> this.#shift : 0);
  }

  /**
   * Which of another table's hashes can be of names that are in this one, by their numbers. The lowest bits of `hashes` are not part of them. Calls nothing in its
   * loop, since that runs once, on code that is not compiled yet.
   */
  select(hashes: Uint32Array): number[] {
    const [table, size, log2Bits, shift, flip] = [
      this.#table,
      this.#size,
      this.#log2Bits,
      this.#shift,
      this.#flip,
    ];
    const all = size === 0 || shift === 0 || shift > 31;
    const mask = (1 << log2Bits) - 1;
    const selected: number[] = [];
    for (let i = 0; i < hashes.length; i++) {
      const hash = hashes[i] as number;
      if (!all) {
        const start = ((hash >>> log2Bits) % size) << (log2Bits - 5);
        const other = (hash >>> shift) & mask;
        if ((((table[start + ((other >>> 5) ^ flip)] as number) >>> (other & 31)) & 1) === 0) continue;
        const first = hash & mask;
        if ((((table[start + ((first >>> 5) ^ flip)] as number) >>> (first & 30)) & 3) === 0) continue;
      }
      selected.push(i);
    }
    return selected;
  }

  #has(word: number, hash: number): boolean {
    const bit = hash & ((1 << this.#log2Bits) - 1);
    const half = this.#table[(word << (this.#log2Bits - 5)) + ((bit >>> 5) ^ this.#flip)] as number;
    return ((half >>> (bit & 31)) & 1) === 1;
  }
}

/** The hash of DT_GNU_HASH, Bernstein's with 33, of the bytes from `start` to `end`. */
export function gnuHash(name: Uint8Array, start = 0, end = name.length): number {
  let hash = 5381;
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 33) + (name[i] as number)) >>> 0;
  return hash;
}

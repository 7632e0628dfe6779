import { FormatError } from '../../errors.js';

/** Where the highest set bit of a positive number is, from 0. */
export function highestBit(value: number): number {
  return 31 - Math.clz32(value);
}

/**
 * A bitstream of zstd, which is read from its end: the last byte's highest set bit says where it begins (RFC 8878 §4.1). What is read behind its other
 * end is 0, as the format asks for.
 */
export class BackwardBits {
  /** Bits that are left; negative once more were read than there are. */
  left: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, name: string) {
    const last = bytes.at(-1);
    if (!last) throw new FormatError(name, undefined, 'a zstd bitstream without an end');
    this.#bytes = bytes;
    this.left = bytes.length * 8 - 8 + highestBit(last);
  }

  /** At most 31 bits. */
  read(count: number): number {
    if (count === 0) return 0;
    if (count > 16) {
      const high = this.read(count - 16);
      return high * 65536 + this.read(16);
    }
    this.left -= count;
    return this.at(this.left, count);
  }

  /** `count` bits, at most 16, from a place that may be before the first. */
  at(place: number, count: number): number {
    const bytes = this.#bytes;
    if (place < 0) {
      const missing = Math.min(-place, count);
      return missing === count ? 0 : this.at(0, count - missing) << missing;
    }
    const at = place >> 3;
    const three = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
    return (three >> (place & 7)) & ((1 << count) - 1);
  }
}

import type { ElfEncoding } from '../elf/cursor.js';

/** Numbers in, bytes out; the opposite of `ElfCursor`. */
export class Bytes {
  readonly #encoding: ElfEncoding;
  readonly #bytes: number[] = [];

  constructor(encoding: ElfEncoding) {
    this.#encoding = encoding;
  }

  get length(): number {
    return this.#bytes.length;
  }

  u8(...values: number[]): this {
    return this.#numbers(values, 1);
  }

  u16(...values: number[]): this {
    return this.#numbers(values, 2);
  }

  u32(...values: number[]): this {
    return this.#numbers(values, 4);
  }

  /** As wide as the class. */
  word(...values: (number | bigint)[]): this {
    return this.#numbers(values, this.#encoding.class / 8);
  }

  raw(bytes: Iterable<number>): this {
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }

  string(text: string): this {
    return this.raw(Buffer.from(text)).u8(0);
  }

  align(to: number): this {
    while (this.length % to) this.u8(0);
    return this;
  }

  done(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  #numbers(values: readonly (number | bigint)[], width: number): this {
    for (const value of values) {
      for (let i = 0; i < width; i++) {
        const at = this.#encoding.littleEndian ? i : width - 1 - i;
        this.#bytes.push(Number((BigInt(value) >> BigInt(8 * at)) & 0xffn));
      }
    }
    return this;
  }
}

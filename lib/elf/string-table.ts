import { FormatError } from '../errors.js';

/** NUL-terminated strings found by their offset (gABI ch. 4 "String Table"). */
export class StringTable {
  readonly #subject: string;
  readonly #bytes: Buffer;

  constructor(subject: string, bytes: Uint8Array) {
    this.#subject = subject;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The string at `offset`, decoded as UTF-8. */
  at(offset: number): string {
    return this.#bytes.toString('utf8', offset, this.#end(offset));
  }

  /** Whether the string at `offset` has these very bytes. Cheaper than decoding it. */
  equals(offset: number, bytes: Uint8Array): boolean {
    const end = this.#end(offset);
    return end - offset === bytes.length && this.#bytes.compare(bytes, 0, bytes.length, offset, end) === 0;
  }

  #end(offset: number): number {
    if (offset >= this.#bytes.length) {
      throw new FormatError(
        this.#subject,
        offset,
        `the string table ends at 0x${this.#bytes.length.toString(16)}`,
      );
    }
    const end = this.#bytes.indexOf(0, offset);
    if (end < 0) throw new FormatError(this.#subject, offset, 'string without an end');
    return end;
  }
}

import { FormatError } from '../errors.js';

/** Texts share their ends, and the same one is named more than once: together, those of a table have less than so many times its bytes. */
const MAX_SHARING = 16;
/** What those of any table may have together. */
const MIN_ROOM = 1 << 16;

/** NUL-terminated strings found by their offset (gABI ch. 4 "String Table"). */
export class StringTable {
  readonly #subject: string;
  readonly #bytes: Buffer;

  constructor(subject: string, bytes: Uint8Array) {
    this.#subject = subject;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** In bytes. */
  get size(): number {
    return this.#bytes.length;
  }

  /** Whether the last string has an end, and so all of them. */
  get isEnded(): boolean {
    return this.#bytes.at(-1) === 0;
  }

  /** The string at `offset`, decoded as UTF-8. */
  at(offset: number): string {
    return this.#bytes.toString('utf8', offset, this.#end(offset));
  }

  /** As `at`, for who reads the strings of a whole table: a damaged one has them overlap, so that they have no end together. */
  batch(): (offset: number) => string {
    let left = Math.max(this.#bytes.length * MAX_SHARING, MIN_ROOM);
    return (offset) => {
      const end = this.#end(offset);
      left -= end - offset;
      if (left < 0) throw new FormatError(this.#subject, offset, 'the strings overlap too often');
      return this.#bytes.toString('utf8', offset, end);
    };
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

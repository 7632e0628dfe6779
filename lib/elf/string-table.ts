import { FormatError } from '../errors.js';
import { gnuHash } from './gnu-hash.js';

/** Texts share their ends, and the same one is named more than once: together, those of a table have less than so many times its bytes. */
const MAX_SHARING = 16;
/** What those of any table may have together. */
const MIN_ROOM = 1 << 16;

/** The strings of a table, each of which is asked for a few times at most. */
export interface StringBatch {
  /** The string at `offset`, decoded as UTF-8. */
  readonly at: (offset: number) => string;
  /** Its hash, without decoding it. */
  readonly gnuHash: (offset: number) => number;
}

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

  /** For who reads the strings of a whole table: a damaged one has them overlap, so that they have no end together. */
  batch(): StringBatch {
    let left = Math.max(this.#bytes.length * MAX_SHARING, MIN_ROOM);
    const endOf = (offset: number): number => {
      const end = this.#end(offset);
      left -= end - offset;
      if (left < 0) throw new FormatError(this.#subject, offset, 'the strings overlap too often');
      return end;
    };
    return {
      at: (offset) => this.#bytes.toString('utf8', offset, endOf(offset)),
      gnuHash: (offset) => gnuHash(this.#bytes, offset, endOf(offset)),
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

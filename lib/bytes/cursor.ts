import { FormatError } from '../errors.js';

const utf8 = new TextDecoder();
/** Characters of a string for which a call of the decoder takes longer than a loop. */
const SHORT = 6;
/** Whether this machine is. */
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * Reads numbers from bytes, one after the other. Reading past the end is a `FormatError` that names `subject`
 * and the place, which counts from `base` (where `bytes` starts within the subject).
 */
export class ByteCursor {
  readonly subject: string;
  readonly littleEndian: boolean;
  readonly base: number;
  /** The next byte to read, from the start of `bytes`. */
  pos = 0;
  /** All of the bytes, for loops in which a call for each would count. Not to be written to. */
  readonly data: Uint8Array;
  readonly view: DataView;

  constructor(bytes: Uint8Array, littleEndian: boolean, subject: string, base = 0) {
    this.data = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.littleEndian = littleEndian;
    this.subject = subject;
    this.base = base;
  }

  get length(): number {
    return this.data.length;
  }

  get atEnd(): boolean {
    return this.pos >= this.data.length;
  }

  u8(): number {
    // Most of what is read: without a call.
    const byte = this.data[this.pos];
    if (byte === undefined) return this.fail('1 bytes wanted, 0 are left');
    this.pos++;
    return byte;
  }

  u16(): number {
    return this.view.getUint16(this.#advance(2), this.littleEndian);
  }

  u24(): number {
    const at = this.#advance(3);
    const [a, b, c] = [this.view.getUint8(at), this.view.getUint8(at + 1), this.view.getUint8(at + 2)];
    return this.littleEndian ? a | (b << 8) | (c << 16) : (a << 16) | (b << 8) | c;
  }

  u32(): number {
    return this.view.getUint32(this.#advance(4), this.littleEndian);
  }

  /** `count` numbers of 32 bits. */
  u32s(count: number): Uint32Array {
    const stored = this.bytes(4 * count);
    const numbers = new Uint32Array(count);
    const bytes = Buffer.from(numbers.buffer);
    bytes.set(stored);
    if (this.littleEndian !== LITTLE_ENDIAN) bytes.swap32();
    return numbers;
  }

  /** An address or any other 64-bit number whose high bits count. */
  u64(): bigint {
    return this.view.getBigUint64(this.#advance(8), this.littleEndian);
  }

  /** As `u64`, as a number: past 2⁵³ near enough. */
  u64Near(): number {
    const at = this.#advance(8);
    const high = this.view.getUint32(this.littleEndian ? at + 4 : at, this.littleEndian);
    const low = this.view.getUint32(this.littleEndian ? at : at + 4, this.littleEndian);
    return high * 2 ** 32 + low;
  }

  /** A 64-bit offset or size as a number; one past 2⁵³ can't be one and is a `FormatError`. */
  offset64(): number {
    const at = this.#advance(8);
    // Not as a bigint, which takes ten times as long.
    const high = this.view.getUint32(this.littleEndian ? at + 4 : at, this.littleEndian);
    const low = this.view.getUint32(this.littleEndian ? at : at + 4, this.littleEndian);
    if (high >= 2 ** 21) {
      const value = this.view.getBigUint64(at, this.littleEndian);
      this.fail(`offset 0x${value.toString(16)} is too large`, at);
    }
    return high * 2 ** 32 + low;
  }

  /** An unsigned LEB128 number (DWARF v5 §7.6); past 2⁵³ it loses precision, as only corrupt or 64-bit constants do. */
  uleb(): number {
    const first = this.data[this.pos];
    if (first !== undefined && first < 0x80) {
      this.pos++;
      return first;
    }
    let byte = this.u8();
    let value = byte & 0x7f;
    for (let scale = 0x80; ; scale *= 0x80) {
      byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      if (scale > 2 ** 70) this.fail('LEB128 number longer than 11 bytes');
    }
  }

  /** Moves behind a LEB128 number. */
  skipLeb(): void {
    while (this.u8() >= 0x80);
  }

  /** A signed LEB128 number, exact. */
  sleb(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 80n; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return byte & 0x40 ? value - (1n << (shift + 7n)) : value;
    }
    return this.fail('LEB128 number longer than 11 bytes');
  }

  /** An unsigned LEB128 number, exact. */
  ulebBig(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 80n; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return this.fail('LEB128 number longer than 11 bytes');
  }

  /** A NUL-terminated string. */
  cstring(): string {
    const start = this.pos;
    const short = shortString(this.data, start);
    if (short !== undefined) {
      this.pos = start + short.length + 1;
      return short;
    }
    const end = this.data.indexOf(0, start);
    if (end < 0) this.fail('string without an end', start);
    this.pos = end + 1;
    return utf8.decode(this.data.subarray(start, end));
  }

  /** Skips a NUL-terminated string. */
  skipCString(): void {
    const end = this.data.indexOf(0, this.pos);
    if (end < 0) this.fail('string without an end');
    this.pos = end + 1;
  }

  bytes(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.data.subarray(at, at + length);
  }

  skip(length: number): void {
    this.#advance(length);
  }

  /** Throws a `FormatError` about the byte at `pos` (the current one unless told otherwise). */
  fail(reason: string, pos: number = this.pos): never {
    throw new FormatError(this.subject, this.base + pos, reason);
  }

  #advance(length: number): number {
    const at = this.pos;
    if (!(length >= 0) || at + length > this.data.length) {
      this.fail(`${length} bytes wanted, ${this.data.length - at} are left`);
    }
    this.pos = at + length;
    return at;
  }
}

/** The NUL-terminated string at `start` if it is a short one of ASCII. */
function shortString(bytes: Uint8Array, start: number): string | undefined {
  let text = '';
  for (let at = start; at <= start + SHORT; at++) {
    const byte = bytes[at];
    if (byte === 0) return text;
    if (byte === undefined || byte >= 0x80) return undefined;
    text += String.fromCharCode(byte);
  }
  return undefined;
}

import { ByteCursor } from '../cursor.js';
import { MAX_BLOCK, readLiterals, type HuffmanTable } from './literals.js';
import { readSequences, type Tables } from './sequences.js';

const MAGIC = 0xfd2fb528;

/** A skippable frame has one of sixteen magic numbers from here (RFC 8878 §3.1.2). */
const SKIPPABLE = 0x184d2a50;

/**
 * The content of zstd frames (RFC 8878), at most `size` bytes in all, for a Node that has no zstd: before 22.15. The package fzstd was tried: its version
 * 0.1.1 is wrong for several frames in one buffer, which mold writes, and 22 bytes can keep it busy for minutes. Here both sizes bound the work.
 * Checksums are not compared; what writes ELF files leaves them out.
 */
export function decompressZstd(data: Uint8Array, size: number, name: string): Uint8Array {
  const cursor = new ByteCursor(data, true, name);
  const out = new Uint8Array(size);
  let at = 0;
  while (!cursor.atEnd) {
    const start = cursor.pos;
    const magic = cursor.u32();
    if ((magic & ~15) >>> 0 === SKIPPABLE) cursor.skip(cursor.u32());
    else if (magic === MAGIC) at = new Frame(cursor, out, at).decode();
    else cursor.fail('not zstd data', start);
  }
  return out.subarray(0, at);
}

/** One frame. Blocks share its history of content, tables and offsets. */
class Frame {
  readonly #cursor: ByteCursor;
  readonly #out: Uint8Array;
  /** Where its content begins: nothing before it may be copied. */
  readonly #start: number;
  #at: number;
  #huffman: HuffmanTable | undefined;
  #tables: Tables | undefined;
  /** The offsets used last. */
  #first = 1;
  #second = 4;
  #third = 8;

  constructor(cursor: ByteCursor, out: Uint8Array, at: number) {
    this.#cursor = cursor;
    this.#out = out;
    this.#start = at;
    this.#at = at;
  }

  /** Gives where the content ends. */
  decode(): number {
    const cursor = this.#cursor;
    const { size, hasChecksum } = frameHeader(cursor);
    while (!this.#block());
    if (hasChecksum) cursor.skip(4);
    const found = this.#at - this.#start;
    if (size !== undefined && size !== found) cursor.fail(`a frame of ${found} bytes that says ${size}`);
    return this.#at;
  }

  /** RFC 8878 §3.1.1.2. Gives whether it was the last one. */
  #block(): boolean {
    const cursor = this.#cursor;
    const header = cursor.u24();
    const [type, size] = [(header >> 1) & 3, header >> 3];
    if (size > MAX_BLOCK) cursor.fail('too large a block');
    if (type === 0) this.#copy(cursor.bytes(size), 0, size);
    else if (type === 1) this.#copy(new Uint8Array(size).fill(cursor.u8()), 0, size);
    else if (type === 2) this.#compressed(size);
    else cursor.fail('an unknown kind of block');
    return (header & 1) !== 0;
  }

  #compressed(size: number): void {
    const cursor = new ByteCursor(this.#cursor.bytes(size), true, this.#cursor.subject);
    const { bytes, table } = readLiterals(cursor, this.#huffman);
    this.#huffman = table;
    let used = 0;
    this.#tables = readSequences(cursor, size, this.#tables, (literals, match, value) => {
      if (used + literals > bytes.length) cursor.fail('more literals than there are');
      this.#copy(bytes, used, literals);
      used += literals;
      this.#match(match, this.#offset(value, literals));
    });
    this.#copy(bytes, used, bytes.length - used);
  }

  #copy(from: Uint8Array, at: number, length: number): void {
    const out = this.#out;
    const to = this.#at;
    if (to + length > out.length) this.#tooMuch();
    // Most are of a few bytes, for which a call costs more than they do.
    if (length > 32) out.set(from.subarray(at, at + length), to);
    else for (let i = 0; i < length; i++) out[to + i] = from[at + i] ?? 0;
    this.#at = to + length;
  }

  #match(length: number, offset: number): void {
    const out = this.#out;
    if (!(offset > 0 && offset <= this.#at - this.#start)) this.#cursor.fail(`a match ${offset} bytes back`);
    const to = this.#at;
    if (to + length > out.length) this.#tooMuch();
    if (offset >= length && length > 32) out.copyWithin(to, to - offset, to - offset + length);
    // One by one: what is copied may be what was just written.
    else for (let i = to; i < to + length; i++) out[i] = out[i - offset] ?? 0;
    this.#at += length;
  }

  /** These three have the values 1 to 3; without literals these mean the next one (RFC 8878 §3.1.1.5). */
  #offset(value: number, literals: number): number {
    const which = literals === 0 ? value + 1 : value;
    if (value > 3) return this.#remember(value - 3, this.#second);
    if (which === 1) return this.#first;
    if (which === 2) return this.#remember(this.#second, this.#third);
    return this.#remember(which === 3 ? this.#third : this.#first - 1, this.#second);
  }

  #remember(offset: number, third: number): number {
    this.#third = third;
    this.#second = this.#first;
    this.#first = offset;
    return offset;
  }

  #tooMuch(): never {
    return this.#cursor.fail(`more than the ${this.#out.length} bytes that were announced`);
  }
}

/** RFC 8878 §3.1.1.1. */
function frameHeader(cursor: ByteCursor): { size: number | undefined; hasChecksum: boolean } {
  const descriptor = cursor.u8();
  const isSingleSegment = (descriptor & 0x20) !== 0;
  if ((descriptor & 8) !== 0) cursor.fail('an unknown kind of zstd frame');
  if ((descriptor & 3) !== 0) cursor.fail('a zstd frame with a dictionary');
  // Window_Descriptor: all of the content is kept here.
  if (!isSingleSegment) cursor.skip(1);
  return { size: contentSize(cursor, descriptor >> 6, isSingleSegment), hasChecksum: (descriptor & 4) !== 0 };
}

/** RFC 8878 §3.1.1.1.4. */
function contentSize(cursor: ByteCursor, flag: number, isSingleSegment: boolean): number | undefined {
  if (flag === 1) return cursor.u16() + 256;
  if (flag === 2) return cursor.u32();
  if (flag === 3) return cursor.offset64();
  return isSingleSegment ? cursor.u8() : undefined;
}

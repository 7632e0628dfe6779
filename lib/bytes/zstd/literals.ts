import type { ByteCursor } from '../cursor.js';
import { BackwardBits, highestBit } from './bits.js';
import { FseState, readFseTable } from './fse.js';

/** Of a block's content, in bytes (RFC 8878 §3.1.1.2.4). */
export const MAX_BLOCK = 1 << 17;

/** A table for Huffman codes: what the next `maxBits` bits begin with (RFC 8878 §4.2). */
export interface HuffmanTable {
  readonly maxBits: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
}

/** What a block copies as it is, and the table that the next block may use again. */
export interface Literals {
  readonly bytes: Uint8Array;
  readonly table: HuffmanTable | undefined;
}

/** Reads the literals section at the cursor (RFC 8878 §3.1.1.3.1). `table` is that of the block before. */
export function readLiterals(cursor: ByteCursor, table: HuffmanTable | undefined): Literals {
  const start = cursor.pos;
  const first = cursor.u8();
  const [type, format] = [first & 3, (first >> 2) & 3];
  if (type < 2) {
    const size =
      format === 1
        ? cursor.u8() * 16 + (first >> 4)
        : format === 3
          ? cursor.u16() * 16 + (first >> 4)
          : first >> 3;
    if (size > MAX_BLOCK) cursor.fail('too many literals', start);
    return { bytes: type === 0 ? cursor.bytes(size) : new Uint8Array(size).fill(cursor.u8()), table };
  }
  // Two sizes of 10, 14 or 18 bits behind the first four bits.
  const width = format < 2 ? 10 : format === 2 ? 14 : 18;
  const rest = cursor.bytes(format < 2 ? 2 : format + 1).reduceRight((sum, byte) => sum * 256 + byte, 0);
  const both = rest * 16 + (first >> 4);
  const size = both % 2 ** width;
  if (size > MAX_BLOCK) cursor.fail('too many literals', start);
  const end = Math.floor(both / 2 ** width) + cursor.pos;
  const used = type === 2 ? readTable(cursor) : (table ?? cursor.fail('literals without a table', start));
  const bytes = new Uint8Array(size);
  const data = cursor.bytes(end - cursor.pos);
  if (format === 0) decode(data, used, bytes, cursor);
  else decodeFour(data, used, bytes, cursor);
  return { bytes, table: used };
}

/** Three of the four streams say their length in front of them, and have a quarter of the literals, rounded up. */
function decodeFour(data: Uint8Array, table: HuffmanTable, out: Uint8Array, cursor: ByteCursor): void {
  if (data.length < 6) cursor.fail('literals that are cut off');
  const quarter = (out.length + 3) >> 2;
  let at = 6;
  for (let i = 0; i < 4; i++) {
    const length = i === 3 ? data.length - at : (data[2 * i] ?? 0) + (data[2 * i + 1] ?? 0) * 256;
    const part = out.subarray(quarter * i, i === 3 ? out.length : quarter * (i + 1));
    decode(data.subarray(at, at + length), table, part, cursor);
    at += length;
  }
}

function decode(
  data: Uint8Array,
  { maxBits, symbols, bits }: HuffmanTable,
  out: Uint8Array,
  cursor: ByteCursor,
): void {
  const stream = new BackwardBits(data, cursor.subject);
  let { left } = stream;
  for (let i = 0; i < out.length; i++) {
    const code = stream.at(left - maxBits, maxBits);
    out[i] = symbols[code] ?? 0;
    left -= bits[code] ?? 0;
  }
  if (left !== 0) cursor.fail('literals that do not end where they say');
}

/** Reads a tree description (RFC 8878 §4.2.1). */
function readTable(cursor: ByteCursor): HuffmanTable {
  const start = cursor.pos;
  const header = cursor.u8();
  const weights = header < 128 ? compressedWeights(cursor, header) : plainWeights(cursor, header - 127);
  const sum = weights.reduce((total, weight) => total + ((1 << weight) >> 1), 0);
  const maxBits = sum === 0 ? 99 : highestBit(sum) + 1;
  // The last weight is not written: it completes a power of two.
  const rest = (1 << maxBits) - sum;
  if (maxBits > 11 || (rest & (rest - 1)) !== 0) cursor.fail('a Huffman tree that is not complete', start);
  weights.push(highestBit(rest) + 1);
  const [symbols, bits] = [new Uint8Array(1 << maxBits), new Uint8Array(1 << maxBits)];
  let at = 0;
  // The codes of the rarest symbols come first.
  for (let weight = 1; weight <= maxBits; weight++) {
    weights.forEach((w, symbol) => {
      if (w !== weight) return;
      const end = at + (1 << (weight - 1));
      symbols.fill(symbol, at, end);
      bits.fill(maxBits + 1 - weight, at, end);
      at = end;
    });
  }
  return { maxBits, symbols, bits };
}

function plainWeights(cursor: ByteCursor, count: number): number[] {
  const bytes = cursor.bytes((count + 1) >> 1);
  return Array.from({ length: count }, (_, i) => ((bytes[i >> 1] ?? 0) >> (i % 2 === 0 ? 4 : 0)) & 15);
}

/** Two states take turns until the bits are used up (RFC 8878 §4.2.1.2). */
function compressedWeights(cursor: ByteCursor, length: number): number[] {
  const end = cursor.pos + length;
  const table = readFseTable(cursor, 6, 255);
  const stream = new BackwardBits(cursor.bytes(end - cursor.pos), cursor.subject);
  let [current, other] = [new FseState(table, stream), new FseState(table, stream)];
  const weights: number[] = [];
  // A state that takes no bits would go on for ever.
  while (stream.left >= 0 && weights.length < 256) {
    weights.push(current.symbol);
    current.next();
    [current, other] = [other, current];
  }
  weights.push(current.symbol);
  if (weights.length > 255) cursor.fail('a Huffman tree of too many symbols');
  return weights;
}

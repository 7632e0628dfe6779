import { FormatError } from '../errors.js';
import { ByteCursor } from './cursor.js';
import { LzmaDecoder } from './lzma.js';

/** The most that is decompressed, in bytes: seven of the data can be two million. The symbols of the largest libraries are a third of it. */
const MAX_SIZE = 1 << 26;

/** The filter that every .xz file ends with (xz file format §5.3.1). The others prepare machine code, and are hardly used. */
const LZMA2 = 0x21;

/** Sizes of the checks behind a block, by type, in bytes (xz file format §2.1.1.2). */
const CHECK_SIZES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];

/** A part of LZMA2 data. */
interface Chunk {
  readonly control: number;
  readonly properties: number | undefined;
  readonly data: Uint8Array;
  /** Decompressed, in bytes. */
  readonly size: number;
}

/**
 * What .xz data holds (https://tukaani.org/xz/xz-file-format.txt), of the first stream. Its checksums are not compared: who needs to know that
 * nothing was changed has to look elsewhere.
 */
export function decompressXz(data: Uint8Array, name: string): Uint8Array {
  const cursor = new ByteCursor(data, true, name);
  const checkSize = streamHeader(cursor);
  const blocks: Chunk[][] = [];
  while (!isIndex(cursor)) {
    const start = cursor.pos;
    blockHeader(cursor);
    blocks.push(chunksOf(cursor));
    cursor.skip(-(cursor.pos - start) & 3);
    cursor.skip(checkSize);
  }
  const size = blocks.flat().reduce((sum, chunk) => sum + chunk.size, 0);
  if (size > MAX_SIZE) throw new FormatError(name, undefined, `${size} uncompressed bytes are too many`);
  const out = new Uint8Array(size);
  const decoder = new LzmaDecoder(out, name);
  for (const chunks of blocks) decode(chunks, decoder, cursor);
  return out;
}

/** §2.1.1; gives the size of the check behind each block. */
function streamHeader(cursor: ByteCursor): number {
  // FD "7zXZ" 00, and a byte of the flags that is always 0.
  if (cursor.u32() !== 0x587a37fd || cursor.u24() !== 0x00005a) cursor.fail('not .xz data', 0);
  const size = CHECK_SIZES[cursor.u8()] ?? cursor.fail('an unknown kind of check');
  cursor.skip(4); // CRC32
  return size;
}

/** Whether the blocks end here: the index begins with a 0 in the place of a block header's size (§4.1). */
function isIndex(cursor: ByteCursor): boolean {
  const first = cursor.u8();
  cursor.pos--;
  return first === 0;
}

/** §3.1. */
function blockHeader(cursor: ByteCursor): void {
  const start = cursor.pos;
  const end = start + (cursor.u8() + 1) * 4;
  const flags = cursor.u8();
  if ((flags & 0x40) !== 0) cursor.uleb(); // Compressed Size
  if ((flags & 0x80) !== 0) cursor.uleb(); // Uncompressed Size
  const filter = cursor.uleb();
  if ((flags & 3) !== 0 || filter !== LZMA2) cursor.fail('.xz data with another filter than LZMA2', start);
  cursor.pos = end;
}

/** The chunks up to the end of the data, which is a 0 (§5.3.1 and xz-embedded's xz_dec_lzma2.c, which describes what the format leaves open). */
function chunksOf(cursor: ByteCursor): Chunk[] {
  const chunks: Chunk[] = [];
  for (;;) {
    const control = cursor.u8();
    if (control === 0) return chunks;
    if (control > 2 && control < 0x80) cursor.fail(`an LZMA2 chunk of kind ${control}`);
    const isPlain = control < 0x80;
    const size = (isPlain ? 0 : (control & 0x1f) << 16) + bigEndian16(cursor) + 1;
    const length = isPlain ? size : bigEndian16(cursor) + 1;
    const properties = control >= 0xc0 ? cursor.u8() : undefined;
    chunks.push({ control, properties, data: cursor.bytes(length), size });
  }
}

/** LZMA2's numbers are the only ones in this order. */
function bigEndian16(cursor: ByteCursor): number {
  return cursor.u8() * 256 + cursor.u8();
}

/** A chunk's control byte: 1 and 2 are not compressed, 1 resets the dictionary; else bits 5 and 6: 3 resets it, 2 has properties, 1 resets the state. */
function decode(chunks: readonly Chunk[], decoder: LzmaDecoder, cursor: ByteCursor): void {
  let [needsDictionary, needsProperties, needsState] = [true, true, true];
  for (const { control, properties, data, size } of chunks) {
    if (control === 1 || control >= 0xe0) {
      decoder.resetDictionary();
      needsDictionary = false;
    }
    if (properties !== undefined) {
      decoder.setProperties(properties);
      needsProperties = false;
    }
    if (control >= 0xa0) {
      decoder.resetState();
      needsState = false;
    }
    if (needsDictionary) cursor.fail('LZMA2 data that does not begin with a new dictionary');
    if (control < 0x80) {
      decoder.copy(data);
      // The properties that it had are kept (xz_dec_lzma2.c: "need_props" only with the dictionary).
    } else if (needsProperties || needsState) {
      cursor.fail('LZMA2 data without properties');
    } else {
      decoder.decode(data, size);
    }
  }
}

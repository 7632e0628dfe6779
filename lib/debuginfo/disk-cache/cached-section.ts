import { type ByteSource, checkRange, type FileSource, PAGE } from '../../bytes/source.js';

/** Loaded by any reader: Node takes 1 ms for it. The CRC of a block takes 6 µs. */
const zlib = (): typeof import('node:zlib') => process.getBuiltinModule('node:zlib');

/*
 * An entry of the cache that holds a section, decompressed:
 *
 *   the content
 *   the CRC-32 of each block of it, 4 bytes each
 *   the key: a text that says of what it is the content
 *   the content's size, 8 bytes
 *   the CRC-32 of all that follows the content
 *
 * Numbers are little-endian. The content comes first, so that its blocks are the pages that a `FileSource` keeps.
 */

/** Bytes of a block: what has to be read, and checked, for one byte of it. */
export const BLOCK = PAGE;
/** The size and the last CRC. */
const TAIL = 12;

/** What follows the content. */
export function trailer(content: Uint8Array, key: string): Uint8Array {
  const text = Buffer.from(key);
  const blocks = Math.ceil(content.length / BLOCK);
  const bytes = Buffer.alloc(blocks * 4 + text.length + TAIL);
  for (let i = 0; i < blocks; i++) {
    bytes.writeUInt32LE(zlib().crc32(content.subarray(i * BLOCK, (i + 1) * BLOCK)), i * 4);
  }
  text.copy(bytes, blocks * 4);
  bytes.writeBigUInt64LE(BigInt(content.length), bytes.length - TAIL);
  bytes.writeUInt32LE(zlib().crc32(bytes.subarray(0, -4)), bytes.length - 4);
  return bytes;
}

/** A block that is not what was written. */
class CorruptBlock extends Error {}

/** A section in an entry of the cache. Each block is checked when it is first read; from one that is corrupt on, `rebuild` gives the content. */
export class CachedSection implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #file: FileSource;
  readonly #crcs: DataView;
  /** By block: whether it was checked. */
  readonly #sound: Uint8Array;
  readonly #rebuild: () => ByteSource;
  #rebuilt: ByteSource | undefined;

  private constructor(
    name: string,
    size: number,
    file: FileSource,
    crcs: Uint8Array,
    rebuild: () => ByteSource,
  ) {
    this.name = name;
    this.size = size;
    this.#file = file;
    this.#crcs = new DataView(crcs.buffer, crcs.byteOffset, crcs.length);
    this.#sound = new Uint8Array(crcs.length / 4);
    this.#rebuild = rebuild;
  }

  /** The section called `name` in an entry, unless that is not what `key` says or not sound; `file` is then the caller's. */
  static read(
    name: string,
    file: FileSource,
    key: string,
    rebuild: () => ByteSource,
  ): CachedSection | undefined {
    const text = Buffer.from(key);
    if (file.size < text.length + TAIL) return undefined;
    const tail = Buffer.from(file.read(file.size - TAIL, TAIL));
    const size = Number(tail.readBigUInt64LE());
    const crcBytes = Math.ceil(size / BLOCK) * 4;
    if (file.size !== size + crcBytes + text.length + TAIL) return undefined;
    const bytes = Buffer.from(file.read(size, file.size - size));
    if (zlib().crc32(bytes.subarray(0, -4)) !== bytes.readUInt32LE(bytes.length - 4)) return undefined;
    if (!bytes.subarray(crcBytes, -TAIL).equals(text)) return undefined;
    return new CachedSection(name, size, file, bytes.subarray(0, crcBytes), rebuild);
  }

  read(offset: number, length: number): Uint8Array {
    // The file goes on behind the section.
    checkRange(this, offset, length);
    if (this.#rebuilt === undefined) {
      try {
        return this.#read(offset, length);
      } catch {
        // Corrupt, cut off, or no longer readable.
        this.#rebuilt = this.#rebuild();
      }
    }
    return this.#rebuilt.read(offset, length);
  }

  #read(offset: number, length: number): Uint8Array {
    const end = offset + length;
    const first = Math.floor(offset / BLOCK);
    const last = Math.floor(Math.max(end - 1, offset) / BLOCK);
    let isSound = true;
    for (let i = first; i <= last; i++) isSound &&= this.#sound[i] === 1;
    if (isSound) return this.#file.read(offset, length);
    const start = first * BLOCK;
    const bytes = this.#file.read(start, Math.min((last + 1) * BLOCK, this.size) - start);
    for (let i = first; i <= last; i++) {
      const block = bytes.subarray((i - first) * BLOCK, (i - first + 1) * BLOCK);
      if (zlib().crc32(block) !== this.#crcs.getUint32(i * 4, true)) throw new CorruptBlock();
      this.#sound[i] = 1;
    }
    return bytes.subarray(offset - start, end - start);
  }

  close(): void {
    this.#file.close();
  }
}

import { readFileSync } from 'node:fs';

import { ByteCursor } from '../bytes/cursor.js';
import { FormatError } from '../errors.js';
import { currentHost } from './host.js';
import { StringTable } from './string-table.js';

/** A library that ldconfig found. */
export interface CacheEntry {
  /** Its soname: `libz.so.1`. */
  readonly name: string;
  readonly path: string;
  /** The kind of library and of machine, in ldconfig's own numbers. */
  readonly flags: number;
  /** Not 0 for a variant that only some processors run (a directory `glibc-hwcaps`). */
  readonly hwcap: bigint;
}

/** The size of an entry, in bytes. */
const ENTRY = 24;
const MAGIC = 'glibc-ld.so.cache1.1';
/** What ldconfig wrote before glibc 2.2, and puts before the new table with `-c compat`. */
const OLD_MAGIC = 'ld.so-1.7.0\0';

/** An `ld.so.cache` (glibc sysdeps/generic/dl-cache.h: struct cache_file_new, file_entry_new). */
export class LdCache {
  readonly #table: Buffer;
  readonly #entries: ByteCursor;
  readonly #strings: StringTable;

  constructor(bytes: Uint8Array) {
    const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const start = newTableAt(file);
    // Offsets of strings count from the new table's start.
    this.#table = file.subarray(start);
    if (this.#table.toString('latin1', 0, MAGIC.length) !== MAGIC || this.#table.length < 48) {
      throw new FormatError('ld.so.cache', start, 'not a cache of glibc 2.2 or later');
    }
    const littleEndian = endiannessOf((this.#table[28] ?? 0) & 3);
    const cursor = new ByteCursor(this.#table, littleEndian, 'ld.so.cache', start);
    cursor.skip(MAGIC.length);
    const count = cursor.u32();
    cursor.pos = 48;
    this.#entries = new ByteCursor(cursor.bytes(count * ENTRY), littleEndian, 'ld.so.cache', start + 48);
    this.#strings = new StringTable('ld.so.cache', this.#table);
  }

  /** Reads the file; undefined if there is none, as with musl. */
  static read(path = '/etc/ld.so.cache'): LdCache | undefined {
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(path);
    } catch {
      return undefined;
    }
    return new LdCache(bytes);
  }

  /** All entries, in ldconfig's order. */
  get entries(): CacheEntry[] {
    return Array.from({ length: this.#entries.length / ENTRY }, (_, i) => this.#at(i));
  }

  /** The entries of one name. The bytes are searched for it, which is much less work than decoding all. */
  find(name: string): CacheEntry[] {
    const offsets = new Set<number>();
    const wanted = Buffer.from(`${name}\0`);
    for (let at = this.#table.indexOf(wanted); at >= 0; at = this.#table.indexOf(wanted, at + 1))
      offsets.add(at);
    const found: CacheEntry[] = [];
    for (let i = 0; i < this.#entries.length / ENTRY; i++) {
      this.#entries.pos = i * ENTRY + 4;
      if (offsets.has(this.#entries.u32())) found.push(this.#at(i));
    }
    return found;
  }

  #at(index: number): CacheEntry {
    const cursor = this.#entries;
    cursor.pos = index * ENTRY;
    const [flags, key, value] = [cursor.u32(), cursor.u32(), cursor.u32()];
    cursor.skip(4); // the kernel it needs, unused since glibc 2.37
    return { name: this.#strings.at(key), path: this.#strings.at(value), flags, hwcap: cursor.u64() };
  }
}

function newTableAt(file: Buffer): number {
  if (file.toString('latin1', 0, OLD_MAGIC.length) !== OLD_MAGIC) return 0;
  const cursor = new ByteCursor(file, endiannessOf(0), 'ld.so.cache');
  cursor.skip(OLD_MAGIC.length);
  return Math.ceil((16 + cursor.u32() * 12) / 8) * 8;
}

/** cache_file_new.flags: not set before glibc 2.33, when the cache was the machine's own. */
function endiannessOf(flags: number): boolean {
  return flags === 0 ? currentHost().littleEndian : flags === 2;
}

import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';

import { ByteCursor } from '../bytes/cursor.js';
import { FormatError } from '../errors.js';
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

const MAGIC = 'glibc-ld.so.cache1.1';
/** What ldconfig wrote before glibc 2.2, and puts before the new table with `-c compat`. */
const OLD_MAGIC = 'ld.so-1.7.0\0';

/** Parses an `ld.so.cache` (glibc sysdeps/generic/dl-cache.h: struct cache_file_new, file_entry_new). */
export function parseLdCache(bytes: Uint8Array): CacheEntry[] {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = newTableAt(file);
  // Offsets of strings count from the new table's start.
  const table = file.subarray(start);
  if (table.toString('latin1', 0, MAGIC.length) !== MAGIC || table.length < 48) {
    throw new FormatError('ld.so.cache', start, 'not a cache of glibc 2.2 or later');
  }
  const littleEndian = endiannessOf((table[28] ?? 0) & 3);
  const cursor = new ByteCursor(table, littleEndian, 'ld.so.cache', start);
  cursor.skip(MAGIC.length);
  const count = cursor.u32();
  cursor.pos = 48;
  const entries = new ByteCursor(cursor.bytes(count * 24), littleEndian, 'ld.so.cache', start + 48);
  const strings = new StringTable('ld.so.cache', table);
  return Array.from({ length: count }, () => {
    const [flags, key, value] = [entries.u32(), entries.u32(), entries.u32()];
    entries.skip(4); // the kernel it needs, unused since glibc 2.37
    return { name: strings.at(key), path: strings.at(value), flags, hwcap: entries.u64() };
  });
}

/** Reads `path`; no entries if there is no such file, as with musl. */
export function readLdCache(path = '/etc/ld.so.cache'): CacheEntry[] {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch {
    return [];
  }
  return parseLdCache(bytes);
}

function newTableAt(file: Buffer): number {
  if (file.toString('latin1', 0, OLD_MAGIC.length) !== OLD_MAGIC) return 0;
  const cursor = new ByteCursor(file, endiannessOf(0), 'ld.so.cache');
  cursor.skip(OLD_MAGIC.length);
  return Math.ceil((16 + cursor.u32() * 12) / 8) * 8;
}

/** cache_file_new.flags: not set before glibc 2.33, when the cache was the machine's own. */
function endiannessOf(flags: number): boolean {
  return flags === 0 ? endianness() === 'LE' : flags === 2;
}

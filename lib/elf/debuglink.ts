import type { ByteSource } from '../bytes/source.js';
import { ElfCursor } from './cursor.js';
import type { ElfFile } from './file.js';

/** Where the debug info of a stripped file is, as `objcopy --add-gnu-debuglink` writes it. */
export interface DebugLink {
  /** A file name without a folder. */
  readonly name: string;
  /** Of the whole debug file, as `crc32` gives it. */
  readonly crc: number;
}

/** Bytes that are read at a time: debug files can be larger than memory. */
const CHUNK = 1 << 20;

/** Node takes 2 ms to load zlib. */
const zlib = (): typeof import('node:zlib') => process.getBuiltinModule('node:zlib');

/** What `.gnu_debuglink` says: a name, NUL bytes up to the next multiple of 4, the CRC (GDB manual, "Debugging Information in Separate Files"). */
export function debugLink(file: ElfFile): DebugLink | undefined {
  const section = file.section('.gnu_debuglink');
  if (section === undefined) return undefined;
  const cursor = new ElfCursor(section.read(0, section.size), file.header, section.name);
  const name = cursor.cstring();
  cursor.pos = Math.ceil(cursor.pos / 4) * 4;
  return { name, crc: cursor.u32() };
}

/** The CRC-32 of all bytes, which is zlib's. */
export function crc32(source: ByteSource): number {
  let crc = 0;
  for (let at = 0; at < source.size; at += CHUNK) {
    crc = zlib().crc32(source.read(at, Math.min(CHUNK, source.size - at)), crc);
  }
  return crc;
}

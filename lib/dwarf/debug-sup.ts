import { ByteCursor } from '../bytes/cursor.js';
import type { ByteSource } from '../bytes/source.js';

/** What connects a file and its supplementary file; both have it (DWARF v5 §7.3.6). */
export interface DebugSup {
  readonly isSupplementary: boolean;
  /** Of the supplementary file, relative to the folder of the file that says it; empty in the supplementary file itself. */
  readonly path: string;
  /** The same in both, in lower-case hex: dwz takes a SHA-1. */
  readonly checksum: string;
}

/** Reads a `.debug_sup`; throws a `FormatError` if it is none of version 5. */
export function readDebugSup(section: ByteSource, littleEndian: boolean): DebugSup {
  const cursor = new ByteCursor(section.read(0, section.size), littleEndian, section.name);
  const version = cursor.u16();
  if (version !== 5) cursor.fail(`version ${version}`, 0);
  const isSupplementary = cursor.u8() !== 0;
  const path = cursor.cstring();
  const checksum = Buffer.from(cursor.bytes(cursor.uleb())).toString('hex');
  return { isSupplementary, path, checksum };
}

import type { ByteSource } from '../bytes/source.js';
import { FormatError } from '../errors.js';
import { ElfCursor } from './cursor.js';
import type { ElfHeader } from './header.js';

/** A program header (gABI ch. 5 "Program Header"): a segment of the file, and where it is mapped. */
export interface ProgramHeader {
  /** One of `PT`. */
  readonly type: number;
  /** Bits of `PF`. */
  readonly flags: number;
  readonly offset: number;
  readonly address: bigint;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly align: bigint;
}

/** Reads `count` program headers. */
export function readProgramHeaders(source: ByteSource, header: ElfHeader, count: number): ProgramHeader[] {
  if (count === 0) return [];
  const size = header.class === 64 ? 56 : 32;
  if (header.phentsize !== size) {
    throw new FormatError('ELF header', undefined, `program headers of ${header.phentsize} bytes`);
  }
  const bytes = source.read(header.phoff, count * size);
  const cursor = new ElfCursor(bytes, header, 'program headers', header.phoff);
  return Array.from({ length: count }, () => parseProgramHeader(cursor));
}

function parseProgramHeader(cursor: ElfCursor): ProgramHeader {
  const type = cursor.u32();
  // Only the place of p_flags differs between the classes.
  let flags = cursor.class === 64 ? cursor.u32() : 0;
  const [offset, address] = [cursor.offset(), cursor.address()];
  cursor.address(); // p_paddr
  const [fileSize, memorySize] = [cursor.offset(), cursor.offset()];
  if (cursor.class === 32) flags = cursor.u32();
  return { type, flags, offset, address, fileSize, memorySize, align: cursor.address() };
}

import type { ByteSource } from '../bytes/source.js';
import { FormatError } from '../errors.js';
import { ELFCLASS, ELFDATA } from './constants.js';
import { ElfCursor, type ElfEncoding } from './cursor.js';

/** The ELF header (gABI ch. 4 "ELF Header"). Offsets and sizes are in bytes of the file. */
export interface ElfHeader extends ElfEncoding {
  readonly osabi: number;
  readonly abiVersion: number;
  readonly type: number;
  readonly machine: number;
  readonly flags: number;
  readonly entry: bigint;
  readonly phoff: number;
  readonly phentsize: number;
  /** As in the file: `PN_XNUM` means that the number is elsewhere. `ElfFile.programHeaders` has them all. */
  readonly phnum: number;
  readonly shoff: number;
  readonly shentsize: number;
  /** As in the file: 0 with a `shoff` means that the number is elsewhere. `ElfFile.sections` has them all. */
  readonly shnum: number;
  readonly shstrndx: number;
}

/** Size of the ELF header in bytes. */
export function headerSize(elfClass: 32 | 64): number {
  return elfClass === 64 ? 64 : 52;
}

/** Whether the bytes begin as every ELF file does. */
export function hasElfMagic(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

/** Reads the ELF header; a `FormatError` if the source is too short or not ELF. */
export function readHeader(source: ByteSource): ElfHeader {
  const ident = source.read(0, Math.min(16, source.size));
  if (!hasElfMagic(ident)) throw new FormatError(source.name, 0, 'not an ELF file');
  const encoding = parseEncoding(source, ident);
  const size = headerSize(encoding.class);
  if (source.size < size) throw new FormatError(source.name, source.size, 'the ELF header is cut off');
  const cursor = new ElfCursor(source.read(0, size), encoding, 'ELF header');
  cursor.skip(16);
  const [type, machine] = [cursor.u16(), cursor.u16()];
  cursor.skip(4); // e_version
  const [entry, phoff, shoff] = [cursor.address(), cursor.offset(), cursor.offset()];
  const flags = cursor.u32();
  cursor.skip(2); // e_ehsize
  return {
    ...encoding,
    osabi: ident[7] ?? 0,
    abiVersion: ident[8] ?? 0,
    type,
    machine,
    flags,
    entry,
    phoff,
    shoff,
    phentsize: cursor.u16(),
    phnum: cursor.u16(),
    shentsize: cursor.u16(),
    shnum: cursor.u16(),
    shstrndx: cursor.u16(),
  };
}

function parseEncoding(source: ByteSource, ident: Uint8Array): ElfEncoding {
  const [elfClass, data] = [ident[4], ident[5]];
  if (elfClass !== ELFCLASS[32] && elfClass !== ELFCLASS[64]) {
    throw new FormatError(source.name, 4, `unknown ELF class ${elfClass ?? 'beyond the end'}`);
  }
  if (data !== ELFDATA['2LSB'] && data !== ELFDATA['2MSB']) {
    throw new FormatError(source.name, 5, `unknown ELF data encoding ${data ?? 'beyond the end'}`);
  }
  return { class: elfClass === ELFCLASS[64] ? 64 : 32, littleEndian: data === ELFDATA['2LSB'] };
}

import type { ByteSource } from '../bytes/source.js';
import { FormatError } from '../errors.js';
import { SHN } from './constants.js';
import { ElfCursor } from './cursor.js';
import type { ElfHeader } from './header.js';
import { StringTable } from './string-table.js';

/** A section header (gABI ch. 4 "Sections"). */
export interface SectionHeader {
  readonly index: number;
  readonly name: string;
  /** One of `SHT`. */
  readonly type: number;
  /** Bits of `SHF`. */
  readonly flags: number;
  readonly address: bigint;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly align: number;
  readonly entrySize: number;
}

type NamelessSection = Omit<SectionHeader, 'index' | 'name'> & { readonly nameOffset: number };

/** The section header 0, which holds counts that do not fit into the ELF header (gABI ch. 4 "ELF Header"). */
export function readSection0(source: ByteSource, header: ElfHeader): NamelessSection | undefined {
  return header.shoff === 0 ? undefined : parseSection(tableCursor(source, header, 1));
}

/** Reads all section headers; none if the file has none. */
export function readSections(source: ByteSource, header: ElfHeader): SectionHeader[] {
  if (header.shoff === 0) return [];
  const first = parseSection(tableCursor(source, header, 1));
  const count = header.shnum === 0 ? first.size : header.shnum;
  const cursor = tableCursor(source, header, count);
  const nameless = Array.from({ length: count }, () => parseSection(cursor));
  const names = nameless[header.shstrndx === SHN.XINDEX ? first.link : header.shstrndx];
  const table = names && new StringTable('section names', source.read(names.offset, names.size));
  const nameAt = table?.batch().at;
  return nameless.map(({ nameOffset, ...section }, index) => ({
    index,
    name: nameOffset === 0 ? '' : (nameAt?.(nameOffset) ?? ''),
    ...section,
  }));
}

function tableCursor(source: ByteSource, header: ElfHeader, count: number): ElfCursor {
  const size = header.class === 64 ? 64 : 40;
  if (header.shentsize !== size) {
    throw new FormatError('ELF header', undefined, `section headers of ${header.shentsize} bytes`);
  }
  return new ElfCursor(source.read(header.shoff, count * size), header, 'section headers', header.shoff);
}

function parseSection(cursor: ElfCursor): NamelessSection {
  return {
    nameOffset: cursor.u32(),
    type: cursor.u32(),
    flags: cursor.offset(),
    address: cursor.address(),
    offset: cursor.offset(),
    size: cursor.offset(),
    link: cursor.u32(),
    info: cursor.u32(),
    align: cursor.offset(),
    entrySize: cursor.offset(),
  };
}

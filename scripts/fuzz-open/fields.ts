import { DT, PT } from '../../lib/elf/constants.js';
import { readDynamic } from '../../lib/elf/dynamic.js';
import { ElfFile } from '../../lib/elf/file.js';
import type { ProgramHeader } from '../../lib/elf/segment.js';
import { DynamicSymbols } from '../../lib/elf/symbol.js';

/** A number in a library: where it is in the file, its width in bytes, and what it is. */
export interface Field {
  readonly kind: string;
  readonly name: string;
  readonly at: number;
  readonly width: 1 | 2 | 4 | 8;
}

type Layout = readonly (readonly [name: string, at: number, width: Field['width']])[];

// gABI ch. 4 and 5; all libraries here are of 64 bits.
const HEADER: Layout = [
  ['EI_MAG', 0, 4],
  ['EI_CLASS', 4, 1],
  ['EI_DATA', 5, 1],
  ['EI_VERSION', 6, 1],
  ['EI_OSABI', 7, 1],
  ['EI_ABIVERSION', 8, 1],
  ['EI_PAD', 9, 1],
  ['e_type', 16, 2],
  ['e_machine', 18, 2],
  ['e_version', 20, 4],
  ['e_entry', 24, 8],
  ['e_phoff', 32, 8],
  ['e_shoff', 40, 8],
  ['e_flags', 48, 4],
  ['e_ehsize', 52, 2],
  ['e_phentsize', 54, 2],
  ['e_phnum', 56, 2],
  ['e_shentsize', 58, 2],
  ['e_shnum', 60, 2],
  ['e_shstrndx', 62, 2],
];
const PROGRAM_HEADER: Layout = [
  ['p_type', 0, 4],
  ['p_flags', 4, 4],
  ['p_offset', 8, 8],
  ['p_vaddr', 16, 8],
  ['p_paddr', 24, 8],
  ['p_filesz', 32, 8],
  ['p_memsz', 40, 8],
  ['p_align', 48, 8],
];
const DYNAMIC: Layout = [
  ['d_tag', 0, 8],
  ['d_val', 8, 8],
];
const RELOCATION: Layout = [
  ['r_offset', 0, 8],
  ['r_type', 8, 4],
  ['r_symbol', 12, 4],
  ['r_addend', 16, 8],
];
const SYMBOL: Layout = [
  ['st_name', 0, 4],
  ['st_info', 4, 1],
  ['st_other', 5, 1],
  ['st_shndx', 6, 2],
  ['st_value', 8, 8],
  ['st_size', 16, 8],
];

/** Everything in `file` that a dynamic linker takes as a number. */
export function fieldsOf(file: ElfFile): Field[] {
  const fields: Field[] = [];
  const add = (kind: string, layout: Layout, start: number, count: number, size: number): void => {
    for (let i = 0; i < count; i++) {
      for (const [name, at, width] of layout) {
        fields.push({ kind, name: count === 1 ? name : `${name}[${i}]`, at: start + i * size + at, width });
      }
    }
  };
  const word = (kind: string, start: number, size: number, width: 2 | 4 | 8): void => {
    add(kind, [[kind, 0, width]], start, Math.floor(size / width), width);
  };
  const { phoff, phnum } = file.header;
  add('ELF header', HEADER, 0, 1, 64);
  add('program header', PROGRAM_HEADER, phoff, phnum, 56);
  for (const segment of file.programHeaders) {
    if (segment.type === PT.DYNAMIC) fields.push(...dynamicFields(file, segment));
    if (segment.type === PT.NOTE) word('notes', segment.offset, segment.fileSize, 4);
  }
  const dynamic = readDynamic(file);
  if (dynamic === undefined) return fields;
  const { count } = DynamicSymbols.of(file);
  const size = (tag: keyof typeof DT): number => dynamic.number(DT[tag]) ?? 0;
  const table = (tag: keyof typeof DT): number | undefined => {
    const address = dynamic.address(DT[tag]);
    const segment = address === undefined ? undefined : file.segmentAt(address);
    return segment && segment.offset + Number((address ?? 0n) - segment.address);
  };
  const symbols = table('SYMTAB');
  if (symbols !== undefined) add('symbols', SYMBOL, symbols, count, 24);
  for (const [tag, sizeTag] of [
    ['RELA', 'RELASZ'],
    ['JMPREL', 'PLTRELSZ'],
  ] as const) {
    const at = table(tag);
    if (at !== undefined) add('relocations', RELOCATION, at, size(sizeTag) / 24, 24);
  }
  const tables = [
    ['RELR', 'packed relocations', size('RELRSZ'), 8],
    ['INIT_ARRAY', 'functions called', size('INIT_ARRAYSZ'), 8],
    ['FINI_ARRAY', 'functions called', size('FINI_ARRAYSZ'), 8],
    ['GNU_HASH', 'hash table', gnuHashSize(file, table('GNU_HASH'), count), 4],
    ['HASH', 'hash table', 8 + count * 4, 4],
    ['VERSYM', 'versions', count * 2, 2],
    ['VERNEED', 'versions', size('VERNEEDNUM') * 16 + 16, 2],
    ['VERDEF', 'versions', size('VERDEFNUM') * 28, 2],
    ['PLTGOT', 'global offset table', 64, 8],
  ] as const;
  for (const [tag, kind, bytes, width] of tables) {
    const at = table(tag);
    if (at !== undefined) word(kind, at, bytes, width);
  }
  return fields.filter((f) => f.at + f.width <= file.source.size);
}

/** Each with the name of its entry, as it was: `d_val[14] of DT_PLTRELSZ`. */
function dynamicFields(file: ElfFile, { offset, fileSize }: ProgramHeader): Field[] {
  const bytes = Buffer.from(file.source.read(offset, fileSize));
  const names = new Map(Object.entries(DT).map(([name, tag]) => [BigInt(tag), name]));
  return Array.from({ length: fileSize / 16 }, (_, i) => i).flatMap((i) =>
    DYNAMIC.map(([name, at, width]) => {
      const tag = names.get(bytes.readBigUInt64LE(i * 16)) ?? '';
      return { kind: 'dynamic array', name: `${name}[${i}] of DT_${tag}`, at: offset + i * 16 + at, width };
    }),
  );
}

/** Four words, the filter, the buckets, and a word for each symbol that is in it. */
function gnuHashSize(file: ElfFile, at: number | undefined, count: number): number {
  if (at === undefined) return 0;
  const bytes = Buffer.from(file.source.read(at, 16));
  const [buckets, first, filter] = [bytes.readUInt32LE(0), bytes.readUInt32LE(4), bytes.readUInt32LE(8)];
  return 16 + filter * 8 + buckets * 4 + (count - first) * 4;
}

import { DT, EM, ET, PF, PN_XNUM, PT, SHN, SHT, STB, STT, STV, VERSYM_HIDDEN } from '../elf/constants.js';
import type { ElfEncoding } from '../elf/cursor.js';
import { gnuHash } from '../elf/gnu-hash.js';
import { sysvHash } from '../elf/hash.js';
import { Bytes } from './elf-bytes.js';

export interface SymbolSpec {
  name: string;
  value?: bigint;
  size?: number;
  type?: number;
  binding?: number;
  visibility?: number;
  /** `SHN.UNDEF` for an import; a defined symbol's is `SHN.ABS` or any section's. */
  shndx?: number;
  version?: string;
  hidden?: boolean;
}

export interface SegmentSpec {
  type: number;
  flags: number;
  offset: number;
  address: bigint;
  fileSize: number;
  memorySize: number;
  align: bigint;
}

export interface SectionSpec {
  name: string;
  type?: number;
  flags?: number;
  data: Uint8Array;
  align?: number;
  /** A section that is mapped has its address in the dynamic array under this tag. */
  tag?: number;
}

export interface ElfSpec {
  class?: 32 | 64;
  littleEndian?: boolean;
  type?: number;
  machine?: number;
  osabi?: number;
  abiVersion?: number;
  /** Bytes to put into the finished ELF header, by their offset. */
  patch?: Readonly<Record<number, number>>;
  needed?: readonly string[];
  soname?: string;
  rpath?: string;
  runpath?: string;
  /** Further entries of the dynamic array. */
  dynamic?: readonly (readonly [tag: number, value: number])[];
  symbols?: readonly SymbolSpec[];
  hash?: readonly ('gnu' | 'sysv')[];
  /** Versions that the file defines, oldest first. */
  versions?: readonly string[];
  /** Versions that it needs, by library. */
  neededVersions?: Readonly<Record<string, readonly string[]>>;
  relocations?: readonly { offset: number; type: number; symbol?: string; addend?: number }[];
  /** The contents of the note segment, built by `note()`. */
  notes?: Uint8Array;
  noteAlign?: number;
  sections?: readonly SectionSpec[];
  sectionHeaders?: boolean;
  /** Keeps the numbers of sections and segments in section 0, as files with more than 65,000 of them do. */
  extendedNumbering?: boolean;
  /** Changes the program headers before they are written. */
  segments?: (segments: SegmentSpec[]) => SegmentSpec[];
}

/** Room for program headers. */
const MAX_SEGMENTS = 8;

/**
 * Builds an ELF file: a shared object for x86-64 unless told otherwise, in one segment whose addresses are its offsets,
 * with what a dynamic linker asks for. An `ET.REL` gets sections only.
 */
export function writeElf(spec: ElfSpec = {}): Buffer {
  return new ElfWriter(spec).write();
}

/** A note, padded to `align` bytes. */
export function note(
  owner: string,
  type: number,
  data: Uint8Array,
  { littleEndian = true, align = 4 }: { littleEndian?: boolean; align?: number } = {},
): Uint8Array {
  const out = new Bytes({ class: 64, littleEndian });
  out.u32(owner.length + 1, data.length, type).string(owner);
  out.align(align).raw(data).align(align);
  return out.done();
}

interface PlacedSection extends SectionSpec {
  offset: number;
}

class ElfWriter {
  readonly #spec: ElfSpec;
  readonly #encoding: ElfEncoding;
  readonly #isRel: boolean;
  readonly #strings = new Map<string, number>([['', 0]]);
  readonly #stringBytes: Bytes;
  readonly #symbols: SymbolSpec[];
  readonly #gnuBuckets: number;
  readonly #placed: PlacedSection[] = [];
  #end: number;

  constructor(spec: ElfSpec) {
    this.#spec = spec;
    this.#encoding = { class: spec.class ?? 64, littleEndian: spec.littleEndian ?? true };
    this.#isRel = spec.type === ET.REL;
    this.#stringBytes = this.#new().u8(0);
    const symbols = [...(spec.symbols ?? [])];
    this.#gnuBuckets = Math.max(1, Math.ceil(symbols.length / 2));
    this.#symbols = symbols.sort((a, b) => this.#order(a) - this.#order(b));
    this.#end = headerSize(this.#encoding) + MAX_SEGMENTS * segmentSize(this.#encoding);
  }

  write(): Buffer {
    for (const section of this.#sections()) this.#place(section);
    const segments = this.#segments();
    const headers = this.#spec.sectionHeaders === false ? undefined : this.#sectionHeaders(segments.length);
    const out = Buffer.alloc(this.#end + (headers?.bytes.length ?? 0));
    out.set(this.#header(segments.length, headers), 0);
    out.set(this.#segmentTable(segments), headerSize(this.#encoding));
    for (const { offset, data } of this.#placed) out.set(data, offset);
    if (headers) out.set(headers.bytes, headers.offset);
    for (const [at, byte] of Object.entries(this.#spec.patch ?? {})) out[Number(at)] = byte;
    return out;
  }

  #new(): Bytes {
    return new Bytes(this.#encoding);
  }

  /** DT_GNU_HASH wants symbols that are not in it first, the others by bucket. */
  #order(symbol: SymbolSpec): number {
    if (symbol.shndx === SHN.UNDEF) return -1;
    return gnuHash(Buffer.from(symbol.name)) % this.#gnuBuckets;
  }

  #stringOffset(text: string): number {
    let offset = this.#strings.get(text);
    if (offset === undefined) {
      offset = this.#stringBytes.length;
      this.#stringBytes.string(text);
      this.#strings.set(text, offset);
    }
    return offset;
  }

  #sections(): SectionSpec[] {
    const { notes, sections = [], relocations = [], hash = ['gnu'] } = this.#spec;
    const noteSection = notes
      ? [{ name: '.note', type: SHT.NOTE, data: notes, align: this.#spec.noteAlign ?? 4 }]
      : [];
    if (this.#isRel) return [...noteSection, ...sections];
    const versioned = this.#versionTables();
    return [
      ...noteSection,
      ...sections,
      { name: '.dynsym', type: SHT.DYNSYM, data: this.#symbolTable(), tag: DT.SYMTAB },
      ...hash.map((kind) =>
        kind === 'gnu'
          ? { name: '.gnu.hash', type: SHT.GNU_HASH, data: this.#gnuHash(), tag: DT.GNU_HASH }
          : { name: '.hash', type: SHT.HASH, data: this.#sysvHash(), tag: DT.HASH },
      ),
      ...versioned,
      ...(relocations.length === 0 ? [] : [this.#relocationTable()]),
    ];
  }

  #place(section: SectionSpec): PlacedSection {
    this.#end = Math.ceil(this.#end / 16) * 16;
    const placed = { ...section, offset: this.#end };
    this.#placed.push(placed);
    this.#end += section.data.length;
    return placed;
  }

  #symbolTable(): Uint8Array {
    const wide = this.#encoding.class === 64;
    const out = this.#new().raw(new Uint8Array(symbolSize(this.#encoding)));
    for (const symbol of this.#symbols) {
      const { value = 0x40n, size = 0, type = STT.FUNC, binding = STB.GLOBAL } = symbol;
      const { shndx = 1, visibility = STV.DEFAULT } = symbol;
      out.u32(this.#stringOffset(symbol.name));
      if (!wide) out.word(value, size);
      out.u8((binding << 4) | type, visibility).u16(shndx);
      if (wide) out.word(value, size);
    }
    return out.done();
  }

  #sysvHash(): Uint8Array {
    const buckets = [0, 0];
    const chain = Array<number>(this.#symbols.length + 1).fill(0);
    this.#symbols.forEach(({ name }, i) => {
      const bucket = sysvHash(Buffer.from(name)) % buckets.length;
      chain[i + 1] = buckets[bucket] ?? 0;
      buckets[bucket] = i + 1;
    });
    const { class: bits } = this.#encoding;
    const wide = bits === 64 && (this.#spec.machine === EM.S390 || this.#spec.machine === EM.ALPHA);
    const table = [buckets.length, chain.length, ...buckets, ...chain];
    return wide
      ? this.#new()
          .word(...table)
          .done()
      : this.#new()
          .u32(...table)
          .done();
  }

  #gnuHash(): Uint8Array {
    const first = this.#symbols.filter((s) => s.shndx === SHN.UNDEF).length + 1;
    const hashes = this.#symbols.slice(first - 1).map((s) => gnuHash(Buffer.from(s.name)));
    const bucketOf = (hash: number | undefined): number => (hash ?? -1) % this.#gnuBuckets;
    const buckets = Array<number>(this.#gnuBuckets).fill(0);
    hashes.forEach((hash, i) => (buckets[bucketOf(hash)] ||= first + i));
    const shift = 6;
    const bits = this.#encoding.class;
    const bloom = hashes.reduce(
      (b, h) => b | (1n << BigInt(h % bits)) | (1n << BigInt((h >>> shift) % bits)),
      0n,
    );
    const out = this.#new().u32(buckets.length, first, 1, shift).word(bloom);
    out.u32(...buckets);
    hashes.forEach((hash, i) => {
      const isLast = i === hashes.length - 1 || bucketOf(hashes[i + 1]) !== bucketOf(hash);
      out.u32(isLast ? (hash | 1) >>> 0 : (hash & ~1) >>> 0);
    });
    return out.done();
  }

  #versionTables(): SectionSpec[] {
    const { versions = [], neededVersions = {}, soname = 'base' } = this.#spec;
    const indexes = new Map<string, number>();
    const definitions = this.#new();
    [soname, ...versions].forEach((name, i) => {
      if (i > 0) indexes.set(name, i + 1);
      const next = i === versions.length ? 0 : 28;
      definitions.u16(1, i === 0 ? 1 : 0, i + 1, 1);
      definitions.u32(sysvHash(Buffer.from(name)), 20, next, this.#stringOffset(name), 0);
    });
    const needs = this.#new();
    const libraries = Object.entries(neededVersions);
    libraries.forEach(([library, names], i) => {
      const next = i === libraries.length - 1 ? 0 : 16 + 16 * names.length;
      needs.u16(1, names.length).u32(this.#stringOffset(library), 16, next);
      names.forEach((name, j) => {
        const index = indexes.size + 2;
        indexes.set(name, index);
        needs.u32(sysvHash(Buffer.from(name))).u16(0, index);
        needs.u32(this.#stringOffset(name), j === names.length - 1 ? 0 : 16);
      });
    });
    if (indexes.size === 0) return [];
    const versym = this.#new().u16(0);
    for (const { version, hidden } of this.#symbols) {
      versym.u16((version === undefined ? 1 : (indexes.get(version) ?? 1)) | (hidden ? VERSYM_HIDDEN : 0));
    }
    const table = (name: string, type: number, tag: number, data: Bytes): SectionSpec[] =>
      data.length > 0 ? [{ name, type, tag, data: data.done() }] : [];
    return [
      ...table('.gnu.version', SHT.GNU_versym, DT.VERSYM, versym),
      ...(versions.length > 0 ? table('.gnu.version_d', SHT.GNU_verdef, DT.VERDEF, definitions) : []),
      ...table('.gnu.version_r', SHT.GNU_verneed, DT.VERNEED, needs),
    ];
  }

  #relocationTable(): SectionSpec {
    const out = this.#new();
    for (const { offset, type, symbol, addend = 0 } of this.#spec.relocations ?? []) {
      const index = this.#symbols.findIndex((s) => s.name === symbol) + 1;
      const shift = this.#encoding.class === 64 ? 32n : 8n;
      out.word(offset, (BigInt(index) << shift) | BigInt(type), addend);
    }
    return { name: '.rela.dyn', type: SHT.RELA, data: out.done(), tag: DT.RELA };
  }

  /** The dynamic array and its strings, placed last: it holds the addresses of everything else. */
  #placeDynamic(): PlacedSection {
    const { soname, rpath, runpath, needed = [], neededVersions = {}, versions = [] } = this.#spec;
    const out = this.#new();
    const entry = (tag: number, value: number): unknown => out.word(tag, value);
    const string = (tag: number, text: string | undefined): unknown =>
      text !== undefined && entry(tag, this.#stringOffset(text));
    for (const name of needed) string(DT.NEEDED, name);
    string(DT.SONAME, soname);
    string(DT.RPATH, rpath);
    string(DT.RUNPATH, runpath);
    const strings = this.#place({ name: '.dynstr', type: SHT.STRTAB, data: this.#stringBytes.done() });
    entry(DT.STRTAB, strings.offset);
    entry(DT.STRSZ, strings.data.length);
    entry(DT.SYMENT, symbolSize(this.#encoding));
    for (const { tag, offset, data } of this.#placed) {
      if (tag !== undefined) entry(tag, offset);
      if (tag === DT.RELA) {
        entry(DT.RELASZ, data.length);
        entry(DT.RELAENT, this.#encoding.class === 64 ? 24 : 12);
      }
      if (tag === DT.VERDEF) entry(DT.VERDEFNUM, versions.length + 1);
      if (tag === DT.VERNEED) entry(DT.VERNEEDNUM, Object.keys(neededVersions).length);
    }
    for (const [tag, value] of this.#spec.dynamic ?? []) entry(tag, value);
    entry(DT.NULL, 0);
    return this.#place({ name: '.dynamic', type: SHT.DYNAMIC, data: out.done() });
  }

  #segments(): SegmentSpec[] {
    if (this.#isRel) return [];
    const notes = this.#placed.find((s) => s.type === SHT.NOTE);
    const dynamic = this.#placeDynamic();
    const part = (type: number, section: PlacedSection, align: number): SegmentSpec => ({
      type,
      flags: PF.R,
      offset: section.offset,
      address: BigInt(section.offset),
      fileSize: section.data.length,
      memorySize: section.data.length,
      align: BigInt(align),
    });
    const all = { name: '', data: new Uint8Array(this.#end), offset: 0 };
    const segments = [
      { ...part(PT.LOAD, all, 0x1000), flags: PF.R | PF.W },
      part(PT.DYNAMIC, dynamic, 8),
      ...(notes ? [part(PT.NOTE, notes, this.#spec.noteAlign ?? 4)] : []),
    ];
    return this.#spec.segments?.(segments) ?? segments;
  }

  #segmentTable(segments: readonly SegmentSpec[]): Uint8Array {
    const out = this.#new();
    for (const s of segments) {
      out.u32(s.type);
      if (this.#encoding.class === 64) out.u32(s.flags);
      out.word(s.offset, s.address, s.address, s.fileSize, s.memorySize);
      if (this.#encoding.class === 32) out.u32(s.flags);
      out.word(s.align);
    }
    return out.done();
  }

  /** Section 0, the placed ones, and the section of their names. */
  #sectionHeaders(segmentCount: number): { bytes: Uint8Array; count: number; offset: number } {
    const names = this.#new().u8(0);
    const nameOffset = (name: string): number => names.string(name).length - name.length - 1;
    const nameOffsets = [...this.#placed.map((s) => s.name), '.shstrtab'].map(nameOffset);
    this.#place({ name: '.shstrtab', type: SHT.STRTAB, data: names.done() });
    const count = this.#placed.length + 1;
    const extended = this.#spec.extendedNumbering === true;
    const out = this.#new();
    out.u32(0, SHT.NULL).word(0, 0, 0, extended ? count : 0);
    out.u32(...(extended ? [count - 1, segmentCount] : [0, 0])).word(0, 0);
    this.#placed.forEach((section, i) => {
      const { type = SHT.PROGBITS, flags = 0, align = 1, tag, offset, data } = section;
      out.u32(nameOffsets[i] ?? 0, type).word(flags, tag === undefined ? 0 : offset, offset, data.length);
      out.u32(0, 0).word(align, 0);
    });
    return { bytes: out.done(), count, offset: this.#end };
  }

  #header(segments: number, sections: { count: number; offset: number } | undefined): Uint8Array {
    const { class: elfClass, littleEndian } = this.#encoding;
    const { type = ET.DYN, machine = EM.X86_64, osabi = 0, abiVersion = 0, extendedNumbering } = this.#spec;
    const out = this.#new();
    out.raw([0x7f, 0x45, 0x4c, 0x46, elfClass / 32, littleEndian ? 1 : 2, 1, osabi, abiVersion]).align(16);
    out
      .u16(type, machine)
      .u32(1)
      .word(0, segments === 0 ? 0 : headerSize(this.#encoding), sections?.offset ?? 0);
    out.u32(0).u16(headerSize(this.#encoding), segmentSize(this.#encoding));
    const shentsize = elfClass === 64 ? 64 : 40;
    const count = sections?.count ?? 0;
    out.u16(
      ...(extendedNumbering
        ? [PN_XNUM, shentsize, 0, SHN.XINDEX]
        : [segments, shentsize, count, Math.max(0, count - 1)]),
    );
    return out.done();
  }
}

function headerSize(encoding: ElfEncoding): number {
  return encoding.class === 64 ? 64 : 52;
}

function segmentSize(encoding: ElfEncoding): number {
  return encoding.class === 64 ? 56 : 32;
}

function symbolSize(encoding: ElfEncoding): number {
  return encoding.class === 64 ? 24 : 16;
}

import { BufferSource, FileSource, SourceSlice, type ByteSource } from '../bytes/source.js';
import { FormatError } from '../errors.js';
import type { Grant } from './compression.js';
import { PN_XNUM, PT, SHF, SHT } from './constants.js';
import { readHeader, type ElfHeader } from './header.js';
import { readSection0, readSections, type SectionHeader } from './section.js';
import { readProgramHeaders, type ProgramHeader } from './segment.js';

/** Bytes that the sections of a file may become together: a compiler's become three to six times as many. */
const MAX_RATIO = 12;
/** What those of any file may become, however small it is. */
const MIN_ROOM = 1 << 27;

/** Most files have no compressed sections. */
const compression = () => require('./compression.js') as typeof import('./compression.js');

/**
 * An ELF file of either class and byte order. Opening one reads its header; everything else is read when it is asked for.
 * What contradicts the format is a `FormatError`, thrown by whatever needs it.
 *
 * @example
 * using file = ElfFile.open('/lib/x86_64-linux-gnu/libz.so.1');
 * file.section('.debug_info'); // its bytes, decompressed, or undefined
 */
export class ElfFile {
  readonly source: ByteSource;
  readonly header: ElfHeader;
  #programHeaders: readonly ProgramHeader[] | undefined;
  #sections: readonly SectionHeader[] | undefined;
  #lastSegment: ProgramHeader | undefined;
  readonly #contents = new Map<string, ByteSource | undefined>();
  readonly #closed: { close(): void }[] = [];
  #decompressed = 0;

  constructor(source: ByteSource) {
    this.source = source;
    this.header = readHeader(source);
  }

  /** Opens `path`; throws the system's error if it can't be read. */
  static open(path: string): ElfFile {
    const source = new FileSource(path);
    try {
      return new ElfFile(source);
    } catch (error) {
      source.close();
      throw error;
    }
  }

  /** Closes the file, if this is one. What has been read stays usable. */
  close(): void {
    if (this.source instanceof FileSource) this.source.close();
    for (const other of this.#closed.splice(0)) other.close();
  }

  /** Has `other`, which was opened for this file's sake, closed with it. */
  closeAlso(other: { close(): void }): void {
    this.#closed.push(other);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The path it was opened by. */
  get path(): string {
    return this.source.name;
  }

  /** Device and inode, `2049:131`; undefined for bytes in memory. */
  get identity(): string | undefined {
    return this.source instanceof FileSource ? this.source.identity : undefined;
  }

  /** Inode, size and time of modification; undefined for bytes in memory. */
  get state(): string | undefined {
    return this.source instanceof FileSource ? this.source.state : undefined;
  }

  get programHeaders(): readonly ProgramHeader[] {
    const { phnum } = this.header;
    return (this.#programHeaders ??= readProgramHeaders(
      this.source,
      this.header,
      phnum === PN_XNUM ? (readSection0(this.source, this.header)?.info ?? phnum) : phnum,
    ));
  }

  /** All section headers, section 0 included; empty for a file without them. */
  get sections(): readonly SectionHeader[] {
    return (this.#sections ??= readSections(this.source, this.header));
  }

  /**
   * The bytes of the section called `name`, decompressed; undefined if there is none, or none in the file (SHT_NOBITS).
   * `.debug_info` also finds a `.zdebug_info`.
   */
  section(name: string): ByteSource | undefined {
    if (this.#contents.has(name)) return this.#contents.get(name);
    const contents = this.#read(name) ?? (name.startsWith('.debug_') ? this.#readZdebug(name) : undefined);
    this.#contents.set(name, contents);
    return contents;
  }

  /** The bytes of one section as they are in the file. */
  rawSection(section: SectionHeader): ByteSource {
    const { name, offset, size } = section;
    if (offset + size > this.source.size) {
      throw new FormatError(name, undefined, `ends beyond the file: offset ${offset}, size ${size}`);
    }
    return new SourceSlice(name, this.source, offset, size);
  }

  /** The bytes of one section, decompressed. */
  contents(section: SectionHeader): ByteSource {
    const { name } = section;
    const raw = this.rawSection(section);
    if (!(section.flags & SHF.COMPRESSED)) return raw;
    return new BufferSource(
      name,
      compression().decompressSection(name, raw.read(0, raw.size), this.header, this.#grant),
    );
  }

  /** The PT_LOAD segment that maps `address`. */
  segmentAt(address: bigint): ProgramHeader | undefined {
    // As a rule the next address is in the same one.
    const last = this.#lastSegment;
    if (last !== undefined && maps(last, address)) return last;
    return (this.#lastSegment = this.programHeaders.find((p) => p.type === PT.LOAD && maps(p, address)));
  }

  /** The file's bytes from what is mapped at `address` to the end of its segment; undefined if nothing is. */
  mapped(address: bigint, name: string): ByteSource | undefined {
    const segment = this.segmentAt(address);
    if (segment === undefined) return undefined;
    const start = Number(address - segment.address);
    const end = Math.min(segment.fileSize, this.source.size - segment.offset);
    return start < end ? new SourceSlice(name, this.source, segment.offset + start, end - start) : undefined;
  }

  /** `size` bytes of what is mapped at `address`. They must be in the file: memory past it (.bss) is not. */
  dataAt(address: bigint, size: number, name = 'memory image'): Uint8Array {
    const source = this.mapped(address, name);
    if (source === undefined) {
      throw new FormatError(name, undefined, `address 0x${address.toString(16)} is not in the file`);
    }
    return source.read(0, size);
  }

  #find(name: string): SectionHeader | undefined {
    return this.sections.find((s) => s.name === name && s.type !== SHT.NOBITS);
  }

  #read(name: string): ByteSource | undefined {
    const section = this.#find(name);
    return section && this.contents(section);
  }

  /** Ends what would take memory without end: zlib's data may become a thousand times as large. */
  readonly #grant: Grant = (name, size) => {
    const most = Math.max(MIN_ROOM, this.source.size * MAX_RATIO);
    if (this.#decompressed + size > most) {
      const reason = `${size} uncompressed bytes: the sections of such a file may become ${most} together`;
      throw new FormatError(name, 0, reason);
    }
    this.#decompressed += size;
  };

  #readZdebug(name: string): ByteSource | undefined {
    const section = this.#find(name.replace('.', '.z'));
    if (section === undefined) return undefined;
    const raw = this.rawSection(section);
    return new BufferSource(
      name,
      compression().decompressZdebug(section.name, raw.read(0, raw.size), this.#grant),
    );
  }
}

function maps({ address: start, memorySize }: ProgramHeader, address: bigint): boolean {
  return start <= address && address - start < memorySize;
}

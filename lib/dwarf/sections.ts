import { ByteCursor } from '../bytes/cursor.js';
import type { ByteSource } from '../bytes/source.js';
import { FormatError } from '../errors.js';

/** The debug sections of a file, by name and already decompressed. Every one may be absent. */
export interface DwarfSections {
  readonly littleEndian: boolean;
  /** Of the machine, in bytes: 4 or 8. Each unit also states its own. */
  readonly addressSize: number;
  /** What a 16-byte `long double` is on this machine: the x87's 80 bits unless told otherwise. */
  readonly longDouble?: 'x87' | 'binary128';
  section(name: string): ByteSource | undefined;
  /**
   * The supplementary file, to which dwz moved what this file shares with others (DWARF v5 §7.3.6). Called at the first reference to it; throws a
   * `MissingFileError` if it can't be had. Absent where the file names none.
   */
  readonly supplementary?: (() => DwarfSections) | undefined;
  /**
   * The files in which the entries of a skeleton unit may be (DWARF v5 §7.3.5), the likeliest first, by the name and the directory that the compiler
   * wrote down. Which one is right is told by what is in it.
   */
  readonly split?: (name: string, directory: string | undefined) => Iterable<SplitCandidate>;
  /** The package of split files that belongs to this one (DWARF v5 §7.3.5.3); undefined if there is none. */
  readonly package?: () => SplitCandidate | undefined;
}

/** A file that may hold split units: its sections, or why it can't be read. */
export interface SplitCandidate {
  readonly path: string;
  readonly sections: DwarfSections | string;
}

/** What is asked for is in another file, which is not there or not the right one. */
export class MissingFileError extends FormatError {
  /** `reason`: which file is wanted, and what was found instead. */
  constructor(reason: string) {
    super('.debug_info', undefined, reason);
    this.message = reason;
  }
}

/**
 * Parses something at `offset` whose length is known only when it has been parsed: `parse` gets `window` bytes,
 * and eight times as many if they did not suffice. Positions of the cursor count from `offset`.
 */
export function parseAt<T>(
  source: ByteSource,
  offset: number,
  littleEndian: boolean,
  window: number,
  parse: (cursor: ByteCursor) => T,
): T {
  if (offset >= source.size) throw new FormatError(source.name, offset, 'behind the end of the section');
  for (let length = window; ; length *= 8) {
    const size = Math.min(length, source.size - offset);
    const cursor = new ByteCursor(source.read(offset, size), littleEndian, source.name, offset);
    try {
      return parse(cursor);
    } catch (error) {
      if (!(error instanceof FormatError) || size === source.size - offset) throw error;
    }
  }
}

/** Bytes of a section that are searched at a time. */
const WINDOW = 1 << 20;

/** Where `needle` occurs in a section. */
export function* occurrences(section: ByteSource, needle: Buffer): Generator<number> {
  for (let start = 0; start < section.size; start += WINDOW) {
    // Windows overlap by a needle less one byte, so that none is missed and none found twice.
    const bytes = section.read(start, Math.min(WINDOW + needle.length - 1, section.size - start));
    const window = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = window.indexOf(needle); at >= 0; at = window.indexOf(needle, at + 1)) yield start + at;
  }
}

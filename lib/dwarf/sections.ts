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
  /** Where the package of split files is that belongs to this one (DWARF v5 §7.3.5.3). */
  readonly package?: () => SplitCandidate;
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

/** Bytes of a section that are searched at a time: what a processor's own cache holds. */
const WINDOW = 1 << 18;
/** Up to here Node looks for the first byte with memchr(3), at 10 GB/s; longer needles take a search of its own, at a tenth of that. */
const PROBE = 3;

/** Where any of the needles occurs in a section; in order, as far as windows go. */
export function* occurrences(section: ByteSource, ...needles: readonly Uint8Array[]): Generator<number> {
  const longest = Math.max(...needles.map((needle) => needle.length));
  const scratch = new Uint8Array(Math.min(WINDOW + longest, section.size));
  for (let start = 0; start < section.size; start += WINDOW) {
    const available = Math.min(WINDOW + longest, section.size - start);
    const bytes = section.read(start, available, scratch);
    const window = Buffer.from(bytes.buffer, bytes.byteOffset, available);
    for (const needle of needles) {
      // Windows overlap by a needle less one byte, so that none is missed and none found twice.
      const end = Math.min(WINDOW + needle.length - 1, available);
      for (const at of occurrencesIn(window.subarray(0, end), needle)) yield start + at;
    }
  }
}

/** Where `needle` occurs in these bytes. */
export function* occurrencesIn(bytes: Buffer, needle: Uint8Array): Generator<number> {
  const from = rarest(needle);
  const probe = needle.subarray(from, from + PROBE);
  const last = bytes.length - needle.length;
  for (let found = bytes.indexOf(probe, from); found >= 0; found = bytes.indexOf(probe, found + 1)) {
    const at = found - from;
    if (at > last) return;
    if (needle.length <= PROBE || bytes.compare(needle, 0, needle.length, at, at + needle.length) === 0)
      yield at;
  }
}

/** Where the part of `needle` starts that is looked for: at the largest byte, since DWARF is full of small ones. */
function rarest(needle: Uint8Array): number {
  let best = 0;
  for (let i = 1; i + PROBE <= needle.length; i++) if ((needle[i] ?? 0) > (needle[best] ?? 0)) best = i;
  return best;
}

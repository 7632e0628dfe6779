import { PF, PT } from '../constants.js';
import type { ElfFile } from '../file.js';

/** Addresses from `start` to `end`. They are numbers, which compare fast: `checkSegments` has refused those that are not exact. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Bytes of the smallest page that Linux has: the linker itself compares with the real one. */
export const PAGE = 4096;

/** A PT_LOAD segment. */
interface Region extends Span {
  /** The end of what comes from the file. */
  readonly fileEnd: number;
  readonly flags: number;
}

const NOWHERE = { start: 0, fileEnd: 0, end: 0 } as const;

/** What a library will be in memory, before it is moved to its load base: which addresses there are, and what may be done with them. */
export class Image {
  /** From the first segment to the end of the last. */
  readonly whole: Span;
  readonly #regions: readonly Region[];
  #pages: Uint8Array | undefined;
  /** Often the next question is about the same segment. */
  #last: Region | undefined;

  constructor(file: ElfFile) {
    this.#regions = file.programHeaders
      .filter((p) => p.type === PT.LOAD)
      .map(({ address, fileSize, memorySize, flags }) => {
        const start = Number(address);
        return { start, fileEnd: start + fileSize, end: start + memorySize, flags };
      });
    this.whole = { start: this.#regions[0]?.start ?? 0, end: this.#regions.at(-1)?.end ?? 0 };
  }

  /** Whether all of it is memory of one segment that has one of the permissions `flags`, if some are asked for. */
  has(address: number, size: number, flags = PF.R | PF.W | PF.X): boolean {
    const region = this.#regionAt(address);
    return region !== undefined && address + size <= region.end && (region.flags & flags) !== 0;
  }

  /** Whether all of it is in the file, and can be read. What can be written can be read, too, on every machine that Linux runs on. */
  isReadable(address: number, size: number): boolean {
    return this.has(address, size, PF.R | PF.W) && address + size <= (this.#last?.fileEnd ?? 0);
  }

  isWritable(address: number, size: number): boolean {
    return this.has(address, size, PF.W);
  }

  /** Whether it lies in a segment, or at the end of one. */
  isInside(address: number): boolean {
    return this.#regionAt(address) !== undefined;
  }

  /**
   * A byte for each page of the image, 1 if it is memory: what is mapped is mapped in pages (gABI "Program Header"), and the end of a segment is an
   * address that programs take (`_end`). For loops over relocations, which a call for each would double; of an image beyond 4 GiB it has none.
   */
  get pages(): Uint8Array {
    if (this.#pages !== undefined) return this.#pages;
    const pages = new Uint8Array(this.whole.end < 2 ** 32 ? Math.floor(this.whole.end / PAGE) + 1 : 0);
    for (const { start, end } of this.#regions)
      pages.fill(1, Math.floor(start / PAGE), Math.floor(end / PAGE) + 1);
    return (this.#pages = pages);
  }

  /** The last segment that is writable; an empty one if none is. */
  get lastWritable(): Span {
    return this.#regions.findLast((r) => (r.flags & PF.W) !== 0) ?? NOWHERE;
  }

  /** The code of the last segment that has some, which is all in the file; an empty one if there is none. */
  get lastCode(): Span {
    const { start, fileEnd } = this.#regions.findLast((r) => (r.flags & PF.X) !== 0) ?? NOWHERE;
    return { start, end: fileEnd };
  }

  /** From the first to the last byte of the file that is mapped writable: where relocations write. */
  get writable(): Span {
    const regions = this.#regions.filter((r) => (r.flags & PF.W) !== 0);
    return {
      start: regions[0]?.start ?? 0,
      end: Math.max(0, ...regions.map((r) => r.fileEnd)),
    };
  }

  /** What is executable and not in the file is zeros. */
  isCode(address: number): boolean {
    return this.has(address, 1, PF.X) && address < (this.#last?.fileEnd ?? 0);
  }

  /** Segments do not overlap. An address at the end of one (`_end`) belongs to it where no other one begins there. */
  #regionAt(address: number): Region | undefined {
    const last = this.#last;
    if (last !== undefined && address >= last.start && address < last.end) return last;
    let found: Region | undefined;
    for (const region of this.#regions) if (address >= region.start && address <= region.end) found = region;
    return (this.#last = found);
  }
}

/** How the words of a table make addresses, which are two words in a 64-bit file. */
export interface WordLayout {
  /** Words in an address. */
  readonly width: 1 | 2;
  /** Which word of an address is the low one. */
  readonly low: 0 | 1;
}

export function wordLayout({ header }: ElfFile): WordLayout {
  return { width: header.class === 64 ? 2 : 1, low: header.class === 64 && !header.littleEndian ? 1 : 0 };
}

/** The address, or the number as wide as one, whose first word is number `at`. One that is not exact is no address anyway. */
export function wordAt(table: Uint32Array, at: number, { width, low }: WordLayout): number {
  if (width === 1) return table[at] ?? 0;
  return (table[at + 1 - low] ?? 0) * 2 ** 32 + (table[at + low] ?? 0);
}

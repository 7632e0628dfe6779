import { DF, DF_1, DT, PT } from './constants.js';
import { ElfCursor } from './cursor.js';
import type { ElfFile } from './file.js';
import { StringTable } from './string-table.js';

export interface DynamicEntry {
  /** One of `DT`. */
  readonly tag: number;
  /** A number or an address, depending on the tag. */
  readonly value: bigint;
}

/** The dynamic array (gABI ch. 5 "Dynamic Section"), found through PT_DYNAMIC as the dynamic linker finds it. */
export class Dynamic {
  /** Without the DT_NULL that ends it. */
  readonly entries: readonly DynamicEntry[];
  /** Whether there was a DT_NULL. */
  readonly isEnded: boolean;
  readonly #file: ElfFile;
  #strings: StringTable | undefined;

  constructor(file: ElfFile, entries: readonly DynamicEntry[], isEnded: boolean) {
    this.#file = file;
    this.entries = entries;
    this.isEnded = isEnded;
  }

  /** The value of an entry: an address, or a number that is wanted as one. Of several the last one, as for the linkers of glibc and musl. */
  address(tag: number): bigint | undefined {
    return this.entries.findLast((e) => e.tag === tag)?.value;
  }

  /** The value of an entry that counts or measures something. */
  number(tag: number): number | undefined {
    const value = this.address(tag);
    return value === undefined ? undefined : Number(value);
  }

  /** DT_STRTAB, which holds the names of needed libraries, symbols and versions. */
  get strings(): StringTable {
    if (this.#strings === undefined) {
      const address = this.address(DT.STRTAB);
      const size = this.number(DT.STRSZ) ?? 0;
      const bytes = address === undefined ? new Uint8Array() : this.#file.dataAt(address, size, 'DT_STRTAB');
      this.#strings = new StringTable('DT_STRTAB', bytes);
    }
    return this.#strings;
  }

  /** The libraries it needs, in their order. */
  get needed(): string[] {
    const entries = this.entries.filter((e) => e.tag === DT.NEEDED);
    if (entries.length === 0) return [];
    const nameAt = this.strings.batch().at;
    return entries.map((e) => nameAt(Number(e.value)));
  }

  get soname(): string | undefined {
    return this.#string(DT.SONAME);
  }

  /** Where its needed libraries are looked for before LD_LIBRARY_PATH; counts only where there is no `runpath`. */
  get rpath(): string | undefined {
    return this.#string(DT.RPATH);
  }

  /** Where its needed libraries are looked for after LD_LIBRARY_PATH. */
  get runpath(): string | undefined {
    return this.#string(DT.RUNPATH);
  }

  /** Bits of `DF`. */
  get flags(): number {
    return this.number(DT.FLAGS) ?? 0;
  }

  /** Whether all its functions are bound when it is loaded, whoever loads it. */
  get bindsNow(): boolean {
    const flags = (this.flags & DF.BIND_NOW) !== 0 || (this.flags1 & DF_1.NOW) !== 0;
    return flags || this.address(DT.BIND_NOW) !== undefined;
  }

  /** Bits of `DF_1`. */
  get flags1(): number {
    return this.number(DT.FLAGS_1) ?? 0;
  }

  #string(tag: number): string | undefined {
    const offset = this.number(tag);
    return offset === undefined ? undefined : this.strings.at(offset);
  }
}

const known = new WeakMap<ElfFile, Dynamic>();

/** The dynamic array, read once; undefined for a file that has none: a static executable, a relocatable object. */
export function readDynamic(file: ElfFile): Dynamic | undefined {
  const dynamic = known.get(file) ?? parseDynamic(file);
  if (dynamic !== undefined) known.set(file, dynamic);
  return dynamic;
}

function parseDynamic(file: ElfFile): Dynamic | undefined {
  const segment = file.programHeaders.find((p) => p.type === PT.DYNAMIC);
  if (segment === undefined || segment.fileSize === 0) return undefined;
  const bytes = file.dataAt(segment.address, segment.fileSize, 'PT_DYNAMIC');
  const cursor = new ElfCursor(bytes, file.header, 'PT_DYNAMIC');
  const entries: DynamicEntry[] = [];
  while (!cursor.atEnd) {
    const tag = Number(cursor.address());
    if (tag === DT.NULL) return new Dynamic(file, entries, true);
    entries.push({ tag, value: cursor.address() });
  }
  return new Dynamic(file, entries, false);
}

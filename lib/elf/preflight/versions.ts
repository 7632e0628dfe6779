import { FormatError } from '../../errors.js';
import { DT, VERSYM_HIDDEN } from '../constants.js';
import { readDynamic, type Dynamic } from '../dynamic.js';
import type { ElfFile } from '../file.js';
import { DynamicSymbols } from '../symbol.js';
import { damaged } from './reason.js';

/** Version indexes have 15 bits: a table with more records is corrupt. */
const MAX_RECORDS = 0x8000;

/**
 * The version tables (glibc elf/dl-version.c `_dl_check_map_versions`), which the linker follows from record to record by their distances,
 * whatever DT_VERNEEDNUM and DT_VERDEFNUM say.
 */
export function checkVersions(file: ElfFile, dynamic: Dynamic): string | undefined {
  if (dynamic.address(DT.VERSYM) === undefined) return undefined;
  const tables = new VersionTables(file, dynamic);
  tables.checkDefinitions();
  tables.checkNeeds();
  return checkIndexes(file, dynamic, tables.highest);
}

/**
 * Why the linker would end the process over versions of libraries that are not there: it takes for granted that it has loaded each that DT_VERNEED
 * names ("Assertion `needed != NULL' failed"), by whomever it is needed. `isThere` tells that of a name as DT_NEEDED has it.
 */
export function checkNeededVersions(file: ElfFile, isThere: (name: string) => boolean): string | undefined {
  const dynamic = readDynamic(file);
  if (dynamic?.address(DT.VERSYM) === undefined) return undefined;
  for (const library of new VersionTables(file, dynamic).checkNeeds()) {
    if (!dynamic.needed.includes(library) && !isThere(library)) {
      return damaged(`it needs versions of ${library}, which is not among the libraries that it needs`);
    }
  }
  return undefined;
}

/** The index of each symbol, which the linker takes for one of its table of versions. */
function checkIndexes(file: ElfFile, dynamic: Dynamic, highest: number): string | undefined {
  const { count } = DynamicSymbols.of(file);
  const bytes = file.dataAt(dynamic.address(DT.VERSYM) ?? 0n, count * 2, 'DT_VERSYM');
  const low = file.header.littleEndian ? 0 : 1;
  for (let i = 0; i < count; i++) {
    const word = (bytes[2 * i + low] ?? 0) | ((bytes[2 * i + 1 - low] ?? 0) << 8);
    const index = word & ~VERSYM_HIDDEN;
    if (index > highest) return damaged(`symbol ${i} has version ${index}, and the last one is ${highest}`);
  }
  return undefined;
}

class VersionTables {
  /** The highest index that a record has; none without records. */
  highest = 0;
  readonly #file: ElfFile;
  readonly #dynamic: Dynamic;
  #records = 0;

  constructor(file: ElfFile, dynamic: Dynamic) {
    this.#file = file;
    this.#dynamic = dynamic;
  }

  checkDefinitions(): void {
    for (const at of this.#walk(DT.VERDEF, 0, 20, 16)) {
      // Verdef { vd_version, vd_flags, vd_ndx, vd_cnt, vd_hash, vd_aux, vd_next }
      const record = this.#read(DT.VERDEF, at, 20);
      this.#count(record.getUint16(4, this.#littleEndian));
      const name = this.#read(DT.VERDEF, at + record.getUint32(12, this.#littleEndian), 8);
      this.#nameAt(name.getUint32(0, this.#littleEndian));
    }
  }

  /** The libraries whose versions are needed. */
  checkNeeds(): string[] {
    const libraries: string[] = [];
    for (const at of this.#walk(DT.VERNEED, 0, 16, 12)) {
      // Verneed { vn_version, vn_cnt, vn_file, vn_aux, vn_next }
      const record = this.#read(DT.VERNEED, at, 16);
      libraries.push(this.#nameAt(record.getUint32(4, this.#littleEndian)));
      for (const aux of this.#walk(DT.VERNEED, at + record.getUint32(8, this.#littleEndian), 16, 12)) {
        // Vernaux { vna_hash, vna_flags, vna_other, vna_name, vna_next }
        const version = this.#read(DT.VERNEED, aux, 16);
        this.#count(version.getUint16(6, this.#littleEndian));
        this.#nameAt(version.getUint32(8, this.#littleEndian));
      }
    }
    return libraries;
  }

  get #littleEndian(): boolean {
    return this.#file.header.littleEndian;
  }

  #count(index: number): void {
    this.highest = Math.max(this.highest, index & ~VERSYM_HIDDEN);
  }

  /** Where the records of a list are, in the table; each has the distance to the next one at `next`, the last one 0. */
  *#walk(tag: number, start: number, size: number, next: number): Generator<number> {
    if (this.#dynamic.address(tag) === undefined) return;
    for (let at = start; ;) {
      if (++this.#records > MAX_RECORDS) {
        throw new FormatError('symbol versions', undefined, `more than ${MAX_RECORDS} records`);
      }
      yield at;
      const distance = this.#read(tag, at, size).getUint32(next, this.#littleEndian);
      if (distance === 0) return;
      at += distance;
    }
  }

  #read(tag: number, at: number, size: number): DataView {
    const name = tag === DT.VERDEF ? 'DT_VERDEF' : 'DT_VERNEED';
    const address = (this.#dynamic.address(tag) ?? 0n) + BigInt(at);
    const bytes = this.#file.dataAt(address, size, name);
    return new DataView(bytes.buffer, bytes.byteOffset, size);
  }

  #nameAt(offset: number): string {
    return this.#dynamic.strings.at(offset);
  }
}

import type { ByteCursor } from '../bytes/cursor.js';
import { type ByteSource, readCString } from '../bytes/source.js';
import { readConstant, readOffset, skipForm, type Encoding } from './form.js';
import type { LookupTable } from './lookup-tables.js';

/** DWARF v5 §6.1.1.4.8 */
const DW_IDX_compile_unit = 1;
const DW_IDX_type_unit = 2;

/** One name index of the section: where its tables start. */
interface Index {
  readonly encoding: Encoding;
  readonly unitCount: number;
  readonly units: number;
  readonly buckets: number;
  readonly bucketCount: number;
  readonly nameCount: number;
  readonly hashes: number;
  readonly names: number;
  readonly abbrevs: ReadonlyMap<number, readonly { index: number; form: number }[]>;
  readonly pool: number;
}

/** `.debug_names` (DWARF v5 §6.1.1): one index for each unit as clang writes it, one of them all of gdb and of newer linkers. */
export class DebugNames implements LookupTable {
  readonly #cursor: ByteCursor;
  readonly #strings: ByteSource;
  readonly #indexes: Index[] = [];

  constructor(cursor: ByteCursor, strings: ByteSource) {
    this.#cursor = cursor;
    this.#strings = strings;
    while (!cursor.atEnd) this.#indexes.push(readIndex(cursor));
  }

  unitsNaming(name: string): number[] {
    const hash = hashOf(name);
    return this.#indexes.flatMap((index) => this.#inIndex(index, name, hash));
  }

  unitsAt(): number[] {
    return [];
  }

  #inIndex(index: Index, name: string, hash: number): number[] {
    const { bucketCount, nameCount, encoding } = index;
    const cursor = this.#cursor;
    const bucket = bucketCount === 0 ? 0 : hash % bucketCount;
    // Names are counted from 1; 0 is an empty bucket. Without buckets there are no hashes either.
    const first = bucketCount === 0 ? 1 : this.#u32(index.buckets, bucket);
    if (first === 0) return [];
    for (let i = first - 1; i < nameCount; i++) {
      if (bucketCount > 0) {
        const its = this.#u32(index.hashes, i);
        if (its % bucketCount !== bucket) return [];
        if (its !== hash) continue;
      }
      cursor.pos = index.names + i * encoding.offsetSize;
      if (readCString(this.#strings, readOffset(cursor, encoding.offsetSize)) !== name) continue;
      cursor.pos = index.names + (nameCount + i) * encoding.offsetSize;
      return this.#entryUnits(index, index.pool + readOffset(cursor, encoding.offsetSize));
    }
    return [];
  }

  /** The units of a name's entries, which a zero ends. */
  #entryUnits(index: Index, at: number): number[] {
    const cursor = this.#cursor;
    const units: number[] = [];
    cursor.pos = at;
    for (;;) {
      const code = cursor.uleb();
      if (code === 0) return units;
      const attributes = index.abbrevs.get(code) ?? cursor.fail(`unknown abbreviation ${code}`, at);
      let unit: number | undefined = 0;
      for (const { index: meaning, form } of attributes) {
        if (meaning === DW_IDX_compile_unit) unit = Number(readConstant(cursor, form, undefined) ?? 0n);
        else skipForm(cursor, form, index.encoding);
        if (meaning === DW_IDX_type_unit) unit = undefined;
      }
      if (unit === undefined || unit >= index.unitCount) continue;
      const next = cursor.pos;
      cursor.pos = index.units + unit * index.encoding.offsetSize;
      units.push(readOffset(cursor, index.encoding.offsetSize));
      cursor.pos = next;
    }
  }

  #u32(table: number, i: number): number {
    this.#cursor.pos = table + 4 * i;
    return this.#cursor.u32();
  }
}

/** Reads a header (DWARF v5 §6.1.1.4.1), and moves the cursor behind the index. */
function readIndex(cursor: ByteCursor): Index {
  const start = cursor.pos;
  let length = cursor.u32();
  const offsetSize = length === 0xffffffff ? 8 : 4;
  if (offsetSize === 8) length = cursor.offset64();
  const end = cursor.pos + length;
  if (end > cursor.length) cursor.fail(`index of ${length} bytes, the section ends before`, start);
  const version = cursor.u16();
  if (version !== 5) cursor.fail(`name index of version ${version}`, start);
  cursor.skip(2);
  const counts = Array.from({ length: 7 }, () => cursor.u32());
  const [unitCount = 0, localTypes = 0, foreignTypes = 0, bucketCount = 0, nameCount = 0] = counts;
  const [abbrevSize = 0, augmentation = 0] = counts.slice(5);
  cursor.skip(Math.ceil(augmentation / 4) * 4);
  const units = cursor.pos;
  const buckets = units + (unitCount + localTypes) * offsetSize + 8 * foreignTypes;
  const hashes = buckets + 4 * bucketCount;
  const names = hashes + (bucketCount > 0 ? 4 * nameCount : 0);
  const entries = names + nameCount * offsetSize;
  const abbrevsAt = entries + nameCount * offsetSize;
  const pool = abbrevsAt + abbrevSize;
  if (pool > end) cursor.fail('tables longer than the index', start);
  const abbrevs = new Map<number, { index: number; form: number }[]>();
  cursor.pos = abbrevsAt;
  for (let code = cursor.uleb(); code !== 0; code = cursor.uleb()) {
    cursor.uleb(); // the tag
    const attributes: { index: number; form: number }[] = [];
    for (;;) {
      const [index, form] = [cursor.uleb(), cursor.uleb()];
      if (index === 0 && form === 0) break;
      attributes.push({ index, form });
    }
    abbrevs.set(code, attributes);
  }
  cursor.pos = end;
  const encoding = { version: 5, offsetSize, addressSize: 8 } as const;
  return { encoding, unitCount, units, buckets, bucketCount, nameCount, hashes, names, abbrevs, pool };
}

/** The hash of DWARF v5 §7.33, of the name in lower case as far as it is ASCII: others are then not found here. */
function hashOf(name: string): number {
  let hash = 5381;
  for (const byte of Buffer.from(name)) {
    hash = (Math.imul(hash, 33) + (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte)) >>> 0;
  }
  return hash;
}

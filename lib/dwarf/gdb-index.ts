import { ByteCursor } from '../bytes/cursor.js';
import { type ByteSource, readCString } from '../bytes/source.js';
import type { LookupTable } from './lookup-tables.js';

/** Versions whose layout and hash are these; 9 has one more table, of what gdb starts with. */
const VERSIONS: readonly number[] = [7, 8, 9];

/** `.gdb_index` as gdb and lld write it (gdb manual, "Index Section Format"). Little-endian for every machine. Only what is asked for is read. */
export class GdbIndex implements LookupTable {
  readonly #section: ByteSource;
  readonly #units: number;
  readonly #unitCount: number;
  readonly #addresses: number;
  readonly #symbols: number;
  readonly #slots: number;
  readonly #constants: number;

  constructor(section: ByteSource) {
    this.#section = section;
    const header = this.#cursor(0, 28);
    const version = header.u32();
    if (!VERSIONS.includes(version)) header.fail(`.gdb_index of version ${version}`, 0);
    const [units = 0, typeUnits = 0, addresses = 0, symbols = 0, next = 0, last = 0] = Array.from(
      { length: 6 },
      () => header.u32(),
    );
    const constants = version >= 9 ? last : next;
    const isOrdered = units <= typeUnits && typeUnits <= addresses && addresses <= symbols;
    if (!isOrdered || symbols > next || next > constants) header.fail('tables out of order', 0);
    this.#units = units;
    this.#unitCount = (typeUnits - units) / 16;
    this.#addresses = addresses;
    this.#symbols = symbols;
    this.#slots = (next - symbols) / 8;
    this.#constants = constants;
  }

  unitsNaming(name: string): number[] {
    const slots = this.#slots;
    // A table of hashes, open, of a power of two.
    if (slots === 0 || (slots & (slots - 1)) !== 0) return [];
    const hash = hashOf(name);
    const step = ((hash * 17) & (slots - 1)) | 1;
    for (let i = 0, slot = hash & (slots - 1); i < slots; i++, slot = (slot + step) & (slots - 1)) {
      const cursor = this.#cursor(this.#symbols + 8 * slot, 8);
      const [text, units] = [cursor.u32(), cursor.u32()];
      if (text === 0 && units === 0) return [];
      if (readCString(this.#section, this.#constants + text) === name) return this.#vector(units);
    }
    return [];
  }

  unitsAt(address: number): number[] {
    const found: number[] = [];
    const cursor = this.#cursor(this.#addresses, this.#symbols - this.#addresses);
    while (cursor.pos + 20 <= cursor.length) {
      const [low, high, unit] = [cursor.offset64(), cursor.offset64(), cursor.u32()];
      if (low <= address && address < high) found.push(...this.#unitNumber(unit));
    }
    return found;
  }

  /** Which units a symbol is in: a count, then their numbers in the low 24 bits. */
  #vector(at: number): number[] {
    const count = this.#cursor(this.#constants + at, 4).u32();
    const cursor = this.#cursor(this.#constants + at + 4, 4 * count);
    const units: number[] = [];
    while (!cursor.atEnd) units.push(...this.#unitNumber(cursor.u32() & 0xffffff));
    return units;
  }

  /** The offset of a unit; none for a type unit, which is numbered behind the others. */
  #unitNumber(number: number): number[] {
    return number < this.#unitCount ? [this.#cursor(this.#units + 16 * number, 8).offset64()] : [];
  }

  #cursor(offset: number, length: number): ByteCursor {
    return new ByteCursor(this.#section.read(offset, length), true, this.#section.name, offset);
  }
}

/** gdb's `mapped_index_string_hash`. */
function hashOf(name: string): number {
  let hash = 0;
  for (const byte of Buffer.from(name)) hash = (Math.imul(hash, 67) + lower(byte) - 113) >>> 0;
  return hash;
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}

import { ByteCursor } from '../bytes/cursor.js';
import type { DebugFile } from './file.js';
import { readAddress, readOffset } from './form.js';
import { readRanges } from './ranges.js';
import type { Unit } from './unit.js';

/** Which unit describes the code at an address. Filled first, then asked. */
class AddressTable {
  #entries: { low: bigint; high: bigint; unit: number }[] = [];
  /** The highest end among an entry and all before it, so that a search backwards knows when to stop. */
  #highest: bigint[] | undefined;

  add(low: bigint, high: bigint, unit: number): void {
    this.#entries.push({ low, high, unit });
  }

  /** The offsets of the units, that which starts closest to the address first. */
  find(address: bigint): number[] {
    this.#highest ??= this.#sort();
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.low ?? 0n) <= address) low = middle + 1;
      else high = middle;
    }
    const units: number[] = [];
    for (let i = low - 1; i >= 0 && (this.#highest[i] ?? 0n) > address; i--) {
      const entry = this.#entries[i];
      if (entry !== undefined && entry.high > address && !units.includes(entry.unit)) units.push(entry.unit);
    }
    return units;
  }

  #sort(): bigint[] {
    this.#entries.sort((a, b) => (a.low < b.low ? -1 : a.low > b.low ? 1 : 0));
    let highest = 0n;
    return this.#entries.map((entry) => (highest = entry.high > highest ? entry.high : highest));
  }
}

/** The units that describe an address: by `.debug_aranges`, and for those it leaves out (all of clang's) by their own ranges. */
export class UnitsByAddress {
  readonly #file: DebugFile;
  #listed: AddressTable | undefined;
  readonly #covered = new Set<number>();
  #others: AddressTable | undefined;

  constructor(file: DebugFile) {
    this.#file = file;
  }

  /** Those that `.debug_aranges` names. */
  listed(address: bigint): Unit[] {
    this.#listed ??= this.#readAranges();
    return this.#listed.find(address).map((offset) => this.#file.unitAt(offset));
  }

  /** Those that it does not, by the ranges in each unit's own entry. */
  others(address: bigint): Unit[] {
    this.#listed ??= this.#readAranges();
    this.#others ??= this.#readRoots();
    return this.#others.find(address).map((offset) => this.#file.unitAt(offset));
  }

  /** DWARF v5 §6.1.2 */
  #readAranges(): AddressTable {
    const table = new AddressTable();
    const section = this.#file.section('.debug_aranges');
    if (section === undefined) return table;
    const { littleEndian } = this.#file;
    const cursor = new ByteCursor(section.read(0, section.size), littleEndian, section.name);
    while (!cursor.atEnd) {
      const start = cursor.pos;
      let length = cursor.u32();
      const offsetSize = length === 0xffffffff ? 8 : 4;
      if (offsetSize === 8) length = cursor.offset64();
      const end = cursor.pos + length;
      if (end > cursor.length) cursor.fail(`set of ${length} bytes, the section ends before`, start);
      cursor.skip(2);
      const unit = readOffset(cursor, offsetSize);
      const addressSize = cursor.u8();
      cursor.skip(1);
      // The pairs are aligned to their own size, counted from the start of the set.
      cursor.pos = start + Math.ceil((cursor.pos - start) / (2 * addressSize)) * 2 * addressSize;
      this.#covered.add(unit);
      while (cursor.pos + 2 * addressSize <= end) {
        const low = readAddress(cursor, addressSize);
        const size = readAddress(cursor, addressSize);
        if (size !== 0n) table.add(low, low + size, unit);
      }
      cursor.pos = end;
    }
    return table;
  }

  #readRoots(): AddressTable {
    const table = new AddressTable();
    for (const unit of this.#file.units) {
      if (this.#covered.has(unit.start) || unit.header.signature !== undefined) continue;
      const { ranges, lowPc, highPc } = unit.root;
      if (ranges !== undefined) {
        for (const { low, high } of readRanges(unit, ranges)) table.add(low, high, unit.start);
      } else if (lowPc !== undefined && highPc !== undefined) {
        table.add(lowPc, highPc, unit.start);
      }
    }
    return table;
  }
}

import { ByteCursor } from '../bytes/cursor.js';
import type { DebugFile } from './file.js';
import { readOffset } from './form.js';
import { readRanges } from './ranges.js';
import type { Unit } from './unit.js';

/** Which unit describes the code at an address. Filled first, then asked; 24 bytes an entry. Addresses are numbers here, and past 2⁵³ near enough. */
class AddressTable {
  #length = 0;
  #entries = new Float64Array(3 * 64);
  /** The highest end among an entry and all before it, so that a search backwards knows when to stop. */
  #highest: Float64Array | undefined;

  add(low: number, high: number, unit: number): void {
    const at = 3 * this.#length++;
    if (at === this.#entries.length) {
      const entries = new Float64Array(2 * at);
      entries.set(this.#entries);
      this.#entries = entries;
    }
    this.#entries[at] = low;
    this.#entries[at + 1] = high;
    this.#entries[at + 2] = unit;
  }

  /** The offsets of the units, that which starts closest to the address first. */
  find(address: number): number[] {
    this.#highest ??= this.#sort();
    const entries = this.#entries;
    let [low, high] = [0, this.#length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((entries[3 * middle] ?? 0) <= address) low = middle + 1;
      else high = middle;
    }
    const units: number[] = [];
    for (let i = low - 1; i >= 0 && (this.#highest[i] ?? 0) > address; i--) {
      const unit = entries[3 * i + 2] ?? 0;
      if ((entries[3 * i + 1] ?? 0) > address && !units.includes(unit)) units.push(unit);
    }
    return units;
  }

  #sort(): Float64Array {
    let isSorted = true;
    for (let i = 1; i < this.#length && isSorted; i++) isSorted = this.#low(i - 1) <= this.#low(i);
    // Linkers write the units' parts one behind the other, and as a rule their code as well.
    if (!isSorted) {
      const order = Uint32Array.from({ length: this.#length }, (_, i) => i);
      order.sort((a, b) => this.#low(a) - this.#low(b) || a - b);
      const entries = new Float64Array(3 * this.#length);
      order.forEach((from, i) => {
        entries.set(this.#entries.subarray(3 * from, 3 * from + 3), 3 * i);
      });
      this.#entries = entries;
    }
    let highest = 0;
    return Float64Array.from({ length: this.#length }, (_, i) => {
      highest = Math.max(highest, this.#entries[3 * i + 1] ?? 0);
      return highest;
    });
  }

  #low(i: number): number {
    return this.#entries[3 * i] ?? 0;
  }
}

/** The units that describe an address: by `.debug_aranges`, and for those it leaves out (all of clang's) by their own ranges. */
export class UnitsByAddress {
  readonly #file: DebugFile;
  #listed: AddressTable | undefined;
  readonly #covered = new Set<number>();
  #starts: Float64Array | undefined;
  #others: AddressTable | undefined;

  constructor(file: DebugFile) {
    this.#file = file;
  }

  /** Those that `.debug_aranges` names. */
  listed(address: bigint): Unit[] {
    this.#listed ??= this.#readAranges();
    return this.#listed.find(Number(address)).map((offset) => this.#file.unitAt(offset));
  }

  /** Those that it does not, by the ranges in each unit's own entry. */
  others(address: bigint): Unit[] {
    this.#listed ??= this.#readAranges();
    this.#others ??= this.#readRoots();
    return this.#others.find(Number(address)).map((offset) => this.#file.unitAt(offset));
  }

  /** The unit that an entry lies in, as `DebugFile.unitContaining`, but by hopping from the nearest unit that `.debug_aranges` names. */
  unitContaining(offset: number): Unit | undefined {
    this.#listed ??= this.#readAranges();
    this.#starts ??= Float64Array.from(this.#covered).sort();
    const starts = this.#starts;
    let [low, high] = [0, starts.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    const start = starts[low - 1];
    if (start === undefined) return this.#file.unitContaining(offset);
    for (let unit = this.#file.unitAt(start); ; unit = this.#file.unitAt(unit.end)) {
      if (offset < unit.end) return unit;
    }
  }

  /** DWARF v5 §6.1.2 */
  #readAranges(): AddressTable {
    const table = new AddressTable();
    const section = this.#file.section('.debug_aranges');
    if (section === undefined) return table;
    const { littleEndian } = this.#file;
    const bytes = section.read(0, section.size);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    // A number each: an address as a `bigint` takes ten times as long, and there is one for each unit at the least.
    const word = (at: number): number => {
      const [first, second] = [view.getUint32(at, littleEndian), view.getUint32(at + 4, littleEndian)];
      return littleEndian ? first + second * 2 ** 32 : first * 2 ** 32 + second;
    };
    const cursor = new ByteCursor(bytes, littleEndian, section.name);
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
      if (addressSize !== 8 && addressSize !== 4) cursor.fail(`addresses of ${addressSize} bytes`, start);
      cursor.skip(1);
      this.#covered.add(unit);
      // The pairs are aligned to their own size, counted from the start of the set.
      const pair = 2 * addressSize;
      for (let at = start + Math.ceil((cursor.pos - start) / pair) * pair; at + pair <= end; at += pair) {
        const low = addressSize === 8 ? word(at) : view.getUint32(at, littleEndian);
        const size = addressSize === 8 ? word(at + 8) : view.getUint32(at + 4, littleEndian);
        if (size !== 0) table.add(low, low + size, unit);
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
        for (const { low, high } of readRanges(unit, ranges))
          table.add(Number(low), Number(high), unit.start);
      } else if (lowPc !== undefined && highPc !== undefined) {
        table.add(Number(lowPc), Number(highPc), unit.start);
      }
    }
    return table;
  }
}

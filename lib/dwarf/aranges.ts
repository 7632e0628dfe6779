import { FormatError } from '../errors.js';
import { rangeDensity } from './density.js';
import type { DebugFile } from './file.js';
import { readRanges } from './ranges.js';
import type { Unit } from './unit.js';

/** Units that are taken to describe one address, once many were asked for. */
const MAX_FOUND = 1024;
/** Where the ranges of units are, until DWARF 4 and since. */
const RANGES: readonly string[] = ['.debug_ranges', '.debug_rnglists'];
/** Of a set, in 32-bit DWARF: what stands in front of its addresses, in bytes. */
const MIN_HEAD = 12;
/** Searches of a table that is not sorted yet: that takes as long as some hundred of them. */
const UNSORTED_SEARCHES = 64;

/** Which unit describes the code at an address. Filled first, then asked; 24 bytes an entry. Addresses are numbers here, and past 2⁵³ near enough. */
class AddressTable {
  #length = 0;
  #entries = new Float64Array(3 * 64);
  #searches = 0;
  /** The highest end among an entry and all before it, so that a search backwards knows when to stop; once the entries are sorted. */
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
    const found = this.#searches++ < UNSORTED_SEARCHES ? this.#scan(address) : this.#search(address);
    const units = found.map((at) => this.#entries[at + 2] ?? 0);
    return units.length < 2 ? units : [...new Set(units)];
  }

  /** Where the entries of an address are, by looking at each. */
  #scan(address: number): number[] {
    const entries = this.#entries;
    const found: number[] = [];
    for (let at = 0, end = 3 * this.#length; at < end; at += 3) {
      if ((entries[at] ?? 0) <= address && (entries[at + 1] ?? 0) > address) found.push(at);
    }
    return found.sort((a, b) => (entries[b] ?? 0) - (entries[a] ?? 0) || b - a);
  }

  #search(address: number): number[] {
    this.#highest ??= this.#sort();
    const entries = this.#entries;
    let [low, high] = [0, this.#length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((entries[3 * middle] ?? 0) <= address) low = middle + 1;
      else high = middle;
    }
    const found: number[] = [];
    for (let i = low - 1; i >= 0 && (this.#highest[i] ?? 0) > address; i--) {
      if ((entries[3 * i + 1] ?? 0) > address && found.push(3 * i) >= MAX_FOUND) break;
    }
    return found;
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
  /** The offsets of the units that it names. */
  readonly #covered: number[] = [];
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
    // There is a set for each unit: through a cursor, with addresses as bigints, they would take several times as long.
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const [low, high] = littleEndian ? [0, 4] : [4, 0];
    const fail = (at: number, reason: string): never => {
      throw new FormatError(section.name, at, reason);
    };
    const word = (at: number): number =>
      view.getUint32(at + low, littleEndian) + view.getUint32(at + high, littleEndian) * 2 ** 32;
    for (let start = 0; start < bytes.length;) {
      if (start + MIN_HEAD > bytes.length) fail(start, 'the section ends within the head of a set');
      let at = start + 4;
      let length = view.getUint32(start, littleEndian);
      const is64 = length === 0xffffffff;
      if (is64) {
        if (start + MIN_HEAD + 12 > bytes.length) fail(start, 'the section ends within the head of a set');
        length = word(at);
        at += 8;
      }
      const end = at + length;
      if (end > bytes.length) fail(start, `set of ${length} bytes, the section ends before`);
      const unit = is64 ? word(at + 2) : view.getUint32(at + 2, littleEndian);
      at += is64 ? 10 : 6;
      const addressSize = view.getUint8(at);
      if (addressSize !== 8 && addressSize !== 4) fail(start, `addresses of ${addressSize} bytes`);
      this.#covered.push(unit);
      // The pairs are aligned to their own size, counted from the start of the set.
      const pair = 2 * addressSize;
      for (at = start + Math.ceil((at + 2 - start) / pair) * pair; at + pair <= end; at += pair) {
        const first = addressSize === 8 ? word(at) : view.getUint32(at, littleEndian);
        const size = addressSize === 8 ? word(at + 8) : view.getUint32(at + 4, littleEndian);
        if (size !== 0) table.add(first, first + size, unit);
      }
      start = end;
    }
    return table;
  }

  #readRoots(): AddressTable {
    const table = new AddressTable();
    const covered = new Set(this.#covered);
    const sizes = RANGES.map((name) => this.#file.section(name)?.size ?? 0);
    const density = rangeDensity(Math.max(...sizes));
    for (const unit of this.#file.units) {
      if (covered.has(unit.start) || unit.header.signature !== undefined) continue;
      const { ranges, lowPc, highPc } = unit.root;
      if (ranges !== undefined) {
        for (const { low, high } of readRanges(unit, ranges, density))
          table.add(Number(low), Number(high), unit.start);
      } else if (lowPc !== undefined && highPc !== undefined) {
        table.add(Number(lowPc), Number(highPc), unit.start);
      }
    }
    return table;
  }
}

import type { DebugFile } from './file.js';
import { occurrences } from './sections.js';
import type { Unit } from './unit.js';

/** Bytes in front of a part's addresses (DWARF v5 §7.27) of 32-bit DWARF. */
const HEADER = 8;

/** The units whose part of `.debug_addr` (DWARF v5 §7.27) has an address. clang has a function's address only there, and most of a variable's. */
export class AddressTables {
  readonly #file: DebugFile;
  #bases: readonly number[] | undefined;

  constructor(file: DebugFile) {
    this.#file = file;
  }

  /** `address`: as it is stored. May name units that use it for something else. */
  *unitsWith(address: Uint8Array): Generator<Unit> {
    const section = this.#file.section('.debug_addr');
    if (section === undefined) return;
    for (const at of occurrences(section, address)) {
      const likely = this.#likelyUnit(at);
      if (likely === undefined) yield* unitsAtBase(this.#file, at);
      else yield likely;
    }
  }

  /** The unit that has as many in front of it as its part has: compilers and linkers write both in one order. Every unit's own entry would tell, at ten times the cost. */
  #likelyUnit(at: number): Unit | undefined {
    this.#bases ??= this.#readBases();
    let [low, high] = [0, this.#bases.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#bases[middle] ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    const { units } = this.#file;
    const unit = units.length === this.#bases.length ? units[low - 1] : undefined;
    return unit !== undefined && unit.root.addrBase === this.#bases[low - 1] ? unit : undefined;
  }

  /** Where the addresses of each part start. None for a section that is not made of such parts, as before DWARF 5. */
  #readBases(): number[] {
    const section = this.#file.section('.debug_addr');
    const bases: number[] = [];
    if (section === undefined) return bases;
    const { littleEndian } = this.#file;
    const bytes = section.read(0, section.size);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let start = 0; start + HEADER <= bytes.length;) {
      const length = view.getUint32(start, littleEndian);
      // 64-bit DWARF is written for debug info of 4 GB.
      if (length >= 0xfffffff0 || length < HEADER - 4) return [];
      bases.push(start + HEADER);
      start += 4 + length;
    }
    return bases;
  }
}

/** The units of the nearest base in front of `at`. */
function unitsAtBase(file: DebugFile, at: number): Unit[] {
  let base = -1;
  let units: Unit[] = [];
  for (const unit of file.units) {
    const own = unit.root.addrBase;
    if (own === undefined || own > at || own < base) continue;
    if (own > base) units = [];
    base = own;
    units.push(unit);
  }
  return units;
}

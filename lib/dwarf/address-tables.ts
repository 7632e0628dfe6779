import type { DebugFile } from './file.js';
import { occurrences } from './sections.js';
import type { Unit } from './unit.js';

/** Bytes in front of a part's addresses (DWARF v5 §7.27) of 32-bit DWARF. */
const HEADER = 8;

/** The units whose part of `.debug_addr` (DWARF v5 §7.27) has an address. clang has a function's address only there, and most of a variable's. */
export class AddressTables {
  readonly #file: DebugFile;
  #bases: readonly number[] | undefined;
  #byBase: UnitsByBase | undefined;

  constructor(file: DebugFile) {
    this.#file = file;
  }

  /** `address`: as it is stored. May name units that use it for something else. */
  *unitsWith(address: Uint8Array): Generator<Unit> {
    const section = this.#file.section('.debug_addr');
    if (section === undefined) return;
    // An address may be there a hundred thousand times.
    const seen = new Set<Unit | readonly Unit[]>();
    for (const at of occurrences(section, address)) {
      const found = this.#likelyUnit(at) ?? this.#unitsAtBase(at);
      if (seen.has(found)) continue;
      seen.add(found);
      if (found instanceof Array) yield* found;
      else yield found;
    }
  }

  /** The unit that has as many in front of it as its part has: compilers and linkers write both in one order. Every unit's own entry would tell, at ten times the cost. */
  #likelyUnit(at: number): Unit | undefined {
    this.#bases ??= this.#readBases();
    const low = countUpTo(this.#bases, at);
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

  /** The units of the nearest base in front of `at`. */
  #unitsAtBase(at: number): readonly Unit[] {
    this.#byBase ??= readUnitsByBase(this.#file);
    const { starts, units } = this.#byBase;
    return units.get(starts[countUpTo(starts, at) - 1] ?? -1) ?? NONE;
  }
}

const NONE: readonly Unit[] = [];

/** Units by their bases, and these in order. */
interface UnitsByBase {
  readonly starts: Float64Array;
  readonly units: ReadonlyMap<number, readonly Unit[]>;
}

function readUnitsByBase(file: DebugFile): UnitsByBase {
  const units = new Map<number, Unit[]>();
  for (const unit of file.units) {
    const { addrBase } = unit.root;
    if (addrBase === undefined) continue;
    const known = units.get(addrBase);
    if (known === undefined) units.set(addrBase, [unit]);
    else known.push(unit);
  }
  return { starts: Float64Array.from(units.keys()).sort(), units };
}

/** How many of some numbers in order are no greater than `limit`. */
function countUpTo(numbers: ArrayLike<number>, limit: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? 0) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

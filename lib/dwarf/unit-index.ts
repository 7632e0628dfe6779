import { DW_AT, DW_TAG } from './constants.js';
import { entryDensity, type Density } from './density.js';
import { Die } from './die.js';
import { addressesOf } from './location.js';
import type { Unit } from './unit.js';
import { walkTop } from './walk.js';

/** One of these is in every unit that describes any type. */
export const TYPES: readonly number[] = [DW_TAG.base_type, DW_TAG.pointer_type, DW_TAG.structure_type];

/** What a unit defines, by address: the positions of its entries. Made in one walk, and kept. */
export class UnitIndex {
  readonly #unit: Unit;
  readonly #functions = new Map<bigint, number[]>();
  readonly #variables = new Map<bigint, number[]>();
  /** False for a unit of `-g1`, and for one of nothing but functions without parameters and results. */
  readonly hasTypes: boolean;

  constructor(unit: Unit) {
    this.#unit = unit;
    let hasTypes = false;
    const density = entryDensity(unit.end - unit.start);
    walkTop(unit, [DW_TAG.subprogram, DW_TAG.variable, ...TYPES], (abbrev, pos) => {
      if (!TYPES.includes(abbrev.tag)) density.count();
      if (abbrev.tag === DW_TAG.subprogram) {
        if (abbrev.has(DW_AT.low_pc) || abbrev.has(DW_AT.ranges))
          this.#add(this.#functions, new Die(unit, pos), density);
      } else if (abbrev.tag === DW_TAG.variable) {
        if (abbrev.has(DW_AT.location)) this.#add(this.#variables, new Die(unit, pos), density);
      } else hasTypes = true;
    });
    this.hasTypes = hasTypes;
  }

  functions(address: bigint): Die[] {
    return this.#dies(this.#functions, address);
  }

  variables(address: bigint): Die[] {
    return this.#dies(this.#variables, address);
  }

  #dies(map: Map<bigint, number[]>, address: bigint): Die[] {
    return (map.get(address) ?? []).map((pos) => new Die(this.#unit, pos));
  }

  #add(map: Map<bigint, number[]>, die: Die, density: Density): void {
    for (const address of addressesOf(die, density)) {
      const at = map.get(address);
      if (at === undefined) map.set(address, [die.pos]);
      else if (at.at(-1) !== die.pos) at.push(die.pos);
    }
  }
}

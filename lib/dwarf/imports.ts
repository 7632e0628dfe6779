import { DW_AT, DW_TAG } from './constants.js';
import { entryDensity, type Density } from './density.js';
import { Die } from './die.js';
import type { DebugFile } from './file.js';
import type { Unit } from './unit.js';
import { walkTop } from './walk.js';

/** Partial units that import each other, one in another. */
const MAX_CHAIN = 100;

/**
 * Which units import which partial ones (`DW_TAG.imported_unit`, DWARF v5 §3.2.5), in a file that went through dwz and in its supplementary file.
 * One walk over all units, made when an entry of a partial unit was found by its name.
 */
export class Imports {
  /** Per partial unit, the first that imports it. */
  readonly #importers = new Map<Unit, Unit>();
  /** Those of the supplementary file that belong to this one: others are there as well, of other libraries. */
  readonly supplementaryUnits: readonly Unit[];

  constructor(file: DebugFile) {
    const density = entryDensity();
    for (const unit of file.units) this.#scan(unit, density);
    const reached: Unit[] = [];
    for (const unit of this.#importers.keys()) {
      // What is imported here is put behind the others, and comes up later.
      if (unit.file === file) continue;
      reached.push(unit);
      this.#scan(unit, density);
    }
    this.supplementaryUnits = reached;
  }

  /** A unit that uses what is in a partial one, and says its language; the partial one itself if none does. */
  userOf(partial: Unit): Unit {
    let user = partial;
    for (let links = 0; links < MAX_CHAIN && user.isPartial; links++) {
      const importer = this.#importers.get(user);
      if (importer === undefined) return partial;
      user = importer;
    }
    return user;
  }

  #scan(unit: Unit, density: Density): void {
    density.allow(unit.end - unit.start);
    walkTop(unit, [DW_TAG.imported_unit], (_, pos) => {
      density.count();
      const root = new Die(unit, pos, unit).reference(DW_AT.import);
      if (root instanceof Die && !this.#importers.has(root.unit)) this.#importers.set(root.unit, unit);
    });
  }
}

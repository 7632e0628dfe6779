import type { DebugFile } from './file.js';
import { occurrences } from './sections.js';
import type { Unit } from './unit.js';
import { addressBytes, locationBytes } from './unit-search.js';

/**
 * The units in which a variable at `address` may have its entry. No table lists the addresses of data, but the location
 * `DW_OP.addr ADDRESS` is a byte string that a native search finds at more than 1 GB/s; DWARF 5 of clang has
 * `DW_OP.addrx` instead, and the address in the unit's part of `.debug_addr`. May name units that have no such variable.
 */
export function* unitsWithVariable(file: DebugFile, addressSize: number, address: bigint): Generator<Unit> {
  const bytes = addressBytes(address, addressSize, file.littleEndian);
  const seen = new Set<Unit>();
  const info = file.section('.debug_info');
  if (info !== undefined) {
    for (const at of occurrences(info, locationBytes(bytes))) {
      const unit = file.unitContaining(at);
      if (unit !== undefined && !seen.has(unit)) yield unit;
      if (unit !== undefined) seen.add(unit);
    }
  }
  const addresses = file.section('.debug_addr');
  if (addresses === undefined) return;
  for (const at of occurrences(addresses, bytes)) {
    for (const unit of unitsAtAddrBase(file, at)) {
      if (!seen.has(unit)) yield unit;
      seen.add(unit);
    }
  }
}

/** The units whose part of `.debug_addr` holds offset `at`: those of the nearest base in front of it. */
function unitsAtAddrBase(file: DebugFile, at: number): Unit[] {
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

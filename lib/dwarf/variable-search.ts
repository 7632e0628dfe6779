import type { ByteSource } from '../bytes/source.js';
import type { AddressTables } from './address-tables.js';
import type { UnitsByAddress } from './aranges.js';
import type { DataMap } from './data-map.js';
import type { DebugFile } from './file.js';
import { occurrences } from './sections.js';
import type { Unit } from './unit.js';
import { addressBytes, locationBytes } from './unit-search.js';

/** Few libraries are so large, and from few are so many variables taken. */
const dataProbe = () => require('./data-probe.js') as typeof import('./data-probe.js');
const dataMap = () => require('./data-map.js') as typeof import('./data-map.js');

/** Variables that are searched for one by one, at 3 ms for 10 MB; then all of them are, in one search that takes ten times as long. */
const MAX_SEARCHES = 8;
/** Bytes of `.debug_info` from which on a guess where to look saves more than it costs. */
const LARGE = 1 << 25;

/**
 * The units in which a variable at an address may have its entry. No table lists the addresses of data, but the location
 * `DW_OP.addr ADDRESS` is a byte string that a native search finds at 3 GB/s; DWARF 5 of clang has
 * `DW_OP.addrx` instead, and the address in the unit's part of `.debug_addr`. May name units that have no such variable.
 */
export class VariableSearch {
  readonly #file: DebugFile;
  readonly #addressSize: number;
  readonly #byAddress: UnitsByAddress;
  readonly #addressTables: AddressTables;
  #searches = 0;
  #map: DataMap | undefined;

  constructor(file: DebugFile, addressSize: number, byAddress: UnitsByAddress, addressTables: AddressTables) {
    this.#file = file;
    this.#addressSize = addressSize;
    this.#byAddress = byAddress;
    this.#addressTables = addressTables;
  }

  *units(address: bigint): Generator<Unit> {
    const seen = new Set<Unit>();
    for (const unit of this.#candidates(address)) {
      if (unit !== undefined && !seen.has(unit)) yield unit;
      if (unit !== undefined) seen.add(unit);
    }
  }

  *#candidates(address: bigint): Generator<Unit | undefined> {
    const info = this.#file.section('.debug_info');
    const bytes = addressBytes(address, this.#addressSize, this.#file.littleEndian);
    if (info !== undefined) {
      for (const at of this.#places(info, bytes, address)) yield this.#byAddress.unitContaining(at);
    }
    yield* this.#addressTables.unitsWith(bytes);
  }

  /** Where in `.debug_info` the location stands. */
  *#places(info: ByteSource, bytes: Buffer, address: bigint): Generator<number> {
    const location = locationBytes(bytes);
    if (this.#searches++ < MAX_SEARCHES) {
      if (info.size >= LARGE) yield* dataProbe().likelyPlaces(info, location, this.#file.littleEndian);
      yield* occurrences(info, location);
      return;
    }
    this.#map ??= new (dataMap().DataMap)(info, location.length, this.#file.littleEndian);
    yield* this.#map.places(address);
  }
}

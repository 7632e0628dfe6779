import type { ByteSource } from '../bytes/source.js';
import { DW_OP } from './constants.js';
import { occurrences } from './sections.js';

/**
 * Every address of data that `.debug_info` names, with the places where it does: what looks like the location `DW_OP.addr ADDRESS` is taken for one.
 * One native search, and 32 bytes for each.
 */
export class DataMap {
  /** Sorted by address. */
  readonly #addresses: Float64Array;
  readonly #places: Float64Array;

  /** `length`: bytes of a location, its own length included. */
  constructor(info: ByteSource, length: number, littleEndian: boolean) {
    const found: { address: number; place: number }[] = [];
    const size = length - 2;
    const head = Uint8Array.of(length - 1, DW_OP.addr);
    for (const place of occurrences(info, head)) {
      if (place + length > info.size) continue;
      const bytes = info.read(place + 2, size);
      found.push({ address: addressAt(bytes, 0, size, littleEndian), place });
    }
    found.sort((a, b) => a.address - b.address || a.place - b.place);
    this.#addresses = Float64Array.from(found, ({ address }) => address);
    this.#places = Float64Array.from(found, ({ place }) => place);
  }

  *places(address: bigint): Generator<number> {
    const wanted = Number(address);
    const addresses = this.#addresses;
    let [low, high] = [0, addresses.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((addresses[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    for (; addresses[low] === wanted; low++) yield this.#places[low] ?? 0;
  }
}

/** The address at `pos`; past 2⁵³, where no data are, not exact. */
export function addressAt(bytes: Uint8Array, pos: number, size: number, littleEndian: boolean): number {
  let address = 0;
  for (let i = 0; i < size; i++) {
    address = address * 256 + (bytes[pos + (littleEndian ? size - 1 - i : i)] ?? 0);
  }
  return address;
}

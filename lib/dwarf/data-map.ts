import type { ByteSource } from '../bytes/source.js';
import { DW_OP } from './constants.js';

/** Bytes of `.debug_info` that are looked through at a time: what a processor's own cache holds. */
const WINDOW = 1 << 18;

/**
 * Every address of data that `.debug_info` names, with the places where it does: what looks like the location `DW_OP.addr ADDRESS` is taken for one.
 * One native search.
 */
export class DataMap {
  readonly #places = new Map<number, number[]>();

  /** `length`: bytes of a location, its own length included. */
  constructor(info: ByteSource, length: number, littleEndian: boolean) {
    const size = length - 2;
    const head = Uint8Array.of(length - 1, DW_OP.addr);
    const scratch = new Uint8Array(Math.min(WINDOW + length, info.size));
    for (let start = 0; start < info.size; start += WINDOW) {
      const bytes = info.read(start, Math.min(WINDOW + length - 1, info.size - start), scratch);
      const window = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let at = window.indexOf(head); at >= 0 && at < WINDOW; at = window.indexOf(head, at + 1)) {
        if (at + length > window.length) break;
        const address = addressAt(window, at + 2, size, littleEndian);
        const known = this.#places.get(address);
        if (known === undefined) this.#places.set(address, [start + at]);
        else known.push(start + at);
      }
    }
  }

  places(address: bigint): Iterable<number> {
    return this.#places.get(Number(address)) ?? [];
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

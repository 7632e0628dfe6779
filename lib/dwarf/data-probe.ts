import type { ByteSource } from '../bytes/source.js';
import { addressAt } from './data-map.js';
import { occurrencesIn } from './sections.js';

/** Bytes of `.debug_info` that are looked at in one place: several units. */
const WINDOW = 1 << 17;
/** Windows that are looked at first, at equal distances; and those that follow the trail. */
const SAMPLES = 24;
const STEPS = 24;

/**
 * Where a location stands in a large `.debug_info`, if it is where one would look for it. Linkers write the debug info of the
 * object files in the order in which they write their data: other variables' addresses tell which way to go. Finds nothing where the order
 * is another one; whoever must know searches the whole section then.
 */
export function* likelyPlaces(
  info: ByteSource,
  location: Uint8Array,
  littleEndian: boolean,
): Generator<number> {
  const size = location.length - 2;
  const wanted = addressAt(location, 2, size, littleEndian);
  const scratch = new Uint8Array(WINDOW);
  const looked = new Set<number>();
  /** The nearest address on either side that was seen, and where. */
  let below = { address: -Infinity, place: 0 };
  let above = { address: Infinity, place: info.size };

  const look = function* (around: number): Generator<number> {
    const window = Math.min(Math.max(Math.floor(around / WINDOW), 0), Math.ceil(info.size / WINDOW) - 1);
    if (looked.has(window)) return;
    looked.add(window);
    const start = window * WINDOW;
    const bytes = info.read(start, Math.min(WINDOW, info.size - start), scratch);
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (const at of occurrencesIn(buffer, location.subarray(0, 2))) {
      if (at + location.length > buffer.length) break;
      const address = addressAt(buffer, at + 2, size, littleEndian);
      const place = start + at;
      if (address === wanted) yield place;
      else if (address < wanted && address > below.address) below = { address, place };
      else if (address > wanted && address < above.address) above = { address, place };
    }
  };

  for (let i = 0; i < SAMPLES; i++) yield* look(((i + 0.5) / SAMPLES) * info.size);
  for (let step = 0; step < STEPS; step++) {
    const share = (wanted - below.address) / (above.address - below.address);
    const middle = below.place + (above.place - below.place) * (Number.isFinite(share) ? share : 0.5);
    const before = looked.size;
    yield* look(middle);
    if (looked.size > before) continue;
    // The trail ends beside what was seen last: a unit may lie across the edge of a window.
    yield* look(below.place + WINDOW);
    yield* look(above.place - WINDOW);
    if (looked.size === before) return;
  }
}

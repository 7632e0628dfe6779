import { arrayPlaceOf } from './array.js';
import { copyOf } from './codec.js';
import { Pointer } from './pointer.js';
import { isRecordView, placeOf } from './record.js';

/** See `snapshot` in entry.ts. */
export function snapshot(value: unknown): unknown {
  if (isRecordView(value)) {
    const { block, offset, shape } = placeOf(value);
    return Object.fromEntries(
      shape.plain.map(({ name, at, codec }) => [name, copyOf(codec, block, offset + at)]),
    );
  }
  if (arrayPlaceOf(value) !== undefined) return Array.from(value as ArrayLike<unknown>, snapshot);
  return value;
}

/** Whether two snapshots say the same: pointers by address, NaN equal to itself, a typed array as the array it could be. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  // 0 and -0 are different bits of a float, but the same integer; bigint and number say the same of a 64-bit one.
  if (typeof a === 'bigint' || typeof b === 'bigint')
    return typeof a !== 'object' && typeof b !== 'object' && a == b;
  if (a instanceof Pointer) return b instanceof Pointer && a.equals(b);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === 0 && b === 0;
  const x = snapshot(a) as Record<string, unknown>;
  const y = snapshot(b) as Record<string, unknown>;
  const keys = Object.keys(x);
  return keys.length === Object.keys(y).length && keys.every((k) => sameValue(x[k], y[k]));
}

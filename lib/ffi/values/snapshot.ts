import { rangeError, typeError } from '../../errors.js';
import { arrayPlaceOf } from './array.js';
import { describe, isPlain } from './check.js';
import { copyOf } from './codec.js';
import { Pointer } from './pointer.js';
import { isRecordView, placeOf } from './record.js';

/** What `snapshot` makes of 64-bit and 128-bit integers that are read as bigints. */
export interface SnapshotOptions {
  /** `string` for decimal digits, `number` for a number, and a `RangeError` where that would not be exact. Left out, they stay bigints. */
  readonly bigint?: 'string' | 'number';
}

/** See `snapshot` in entry.ts. */
export function snapshot(value: unknown, options: SnapshotOptions = {}): unknown {
  const copied = plainCopy(value);
  if (options.bigint === undefined) return copied;
  const convert = CONVERSIONS.get(options.bigint);
  if (convert !== undefined) return withoutBigints(copied, convert);
  const given = describe(options.bigint);
  throw typeError('ERR_INVALID_ARG_VALUE', `snapshot: bigint is 'string' or 'number', not ${given}`);
}

const CONVERSIONS = new Map<unknown, (value: bigint) => unknown>([
  ['string', String],
  ['number', exactNumber],
]);

function plainCopy(value: unknown): unknown {
  if (isRecordView(value)) {
    const { block, offset, shape } = placeOf(value);
    return Object.fromEntries(
      shape.plain.map(({ name, at, codec }) => [name, copyOf(codec, block, offset + at)]),
    );
  }
  if (arrayPlaceOf(value) !== undefined) return Array.from(value as ArrayLike<unknown>, plainCopy);
  return value;
}

/** `copy` with what `convert` makes of each bigint in it. What is no plain object or array, a pointer say, stays as it is. */
function withoutBigints(copy: unknown, convert: (value: bigint) => unknown): unknown {
  if (typeof copy === 'bigint') return convert(copy);
  if (Array.isArray(copy)) return copy.map((item: unknown) => withoutBigints(item, convert));
  if (!isPlain(copy)) return copy;
  return Object.fromEntries(
    Object.entries(copy).map(([name, item]) => [name, withoutBigints(item, convert)]),
  );
}

function exactNumber(value: bigint): number {
  if (BigInt.asIntN(54, value) === value && value > -(2n ** 53n)) return Number(value);
  throw rangeError(`snapshot: ${String(value)} is no exact number: ask for { bigint: 'string' }`);
}

/** Whether two snapshots say the same: pointers by address, NaN equal to itself, a typed array as the array it could be. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  // 0 and -0 are different bits of a float, but the same integer; bigint and number say the same of a 64-bit one.
  if (typeof a === 'bigint' || typeof b === 'bigint')
    return typeof a !== 'object' && typeof b !== 'object' && a == b;
  if (a instanceof Pointer) return b instanceof Pointer && a.equals(b);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === 0 && b === 0;
  const x = plainCopy(a) as Record<string, unknown>;
  const y = plainCopy(b) as Record<string, unknown>;
  const keys = Object.keys(x);
  return keys.length === Object.keys(y).length && keys.every((k) => sameValue(x[k], y[k]));
}

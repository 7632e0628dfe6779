import type { Eightbyte } from '../abi/classify.js';
import { bytesOf, type KoffiType } from './koffi-types.js';

/*
 * Eight bytes of a value as koffi passes them in one register: integers as `int64`, floats as `double`. The engine knows only one NaN
 * (v8::Number::New), and two floats may look like another one: what is not a double comes, and if need be goes, as the bytes it is.
 */

/** Two floats that koffi takes and gives as their bytes, and that the ABI has in one SSE register. */
export function floats(): KoffiType {
  return bytesOf('float', 2);
}

/** The type of an eightbyte that says all its bits. */
export function exactType({ class: of, isDouble }: Eightbyte): KoffiType {
  if (of === 'INTEGER') return 'int64';
  return isDouble === true ? 'double' : floats();
}

/** The type of an eightbyte that says all its bits unless they look like a NaN. */
export function fastType({ class: of }: Eightbyte): KoffiType {
  return of === 'INTEGER' ? 'int64' : 'double';
}

/** Puts what koffi gave for an eightbyte into `data`. */
export function store(data: DataView, offset: number, { class: of }: Eightbyte, raw: unknown): void {
  if (typeof raw === 'bigint') data.setBigInt64(offset, raw, true);
  else if (typeof raw !== 'number') copy(data, offset, (raw as { bytes: Float32Array }).bytes);
  else if (of === 'SSE') data.setFloat64(offset, raw, true);
  else {
    data.setUint32(offset, raw >>> 0, true);
    data.setInt32(offset + 4, Math.floor(raw / 2 ** 32), true);
  }
}

function copy(data: DataView, offset: number, { buffer, byteOffset, byteLength }: Float32Array): void {
  new Uint8Array(data.buffer, data.byteOffset + offset, byteLength).set(
    new Uint8Array(buffer, byteOffset, byteLength),
  );
}

/** Whether an eightbyte goes as `fastType`: it is no NaN that is more than that. */
export function isFast(data: DataView, offset: number, { class: of, isDouble }: Eightbyte): boolean {
  return of !== 'SSE' || isDouble === true || !Number.isNaN(data.getFloat64(offset, true));
}

/** The eightbyte at `offset` as an argument of its `fastType`: a number, or a bigint where that is not exact. */
export function loadFast(data: DataView, offset: number, { class: of }: Eightbyte): number | bigint {
  if (of === 'SSE') return data.getFloat64(offset, true);
  const high = data.getInt32(offset + 4, true);
  // Within 2^52, which is within what a number has exactly.
  if (high >= -0x100000 && high < 0x100000) return high * 2 ** 32 + data.getUint32(offset, true);
  return data.getBigInt64(offset, true);
}

/** The same of its `exactType`. */
export function loadExact(data: DataView, offset: number, eightbyte: Eightbyte): unknown {
  if (eightbyte.class === 'INTEGER' || eightbyte.isDouble === true) return loadFast(data, offset, eightbyte);
  return { bytes: new Uint8Array(data.buffer, data.byteOffset + offset, 8) };
}

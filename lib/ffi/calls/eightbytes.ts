import type { Eightbyte } from '../abi/classify.js';
import { koffi } from '../koffi.js';

/** A type as koffi takes it: a name, or an anonymous type. */
export type KoffiType = string | ReturnType<typeof koffi.struct>;

/*
 * Eight bytes of a value as koffi passes them in one register: integers as `int64`, floats as `double`. A double comes back from the engine
 * as it went in unless it is NaN, of which it knows only one (v8::Number::New): two floats come back as what their bytes are.
 */

let twoFloats: KoffiType | undefined;

/** Two floats that koffi gives as a Float32Array, and that the ABI has in one SSE register. */
function floats(): KoffiType {
  return (twoFloats ??= koffi.struct({ bytes: koffi.array('float', 2) }));
}

/** The type that an eightbyte comes from C as. */
export function incoming({ class: of, top }: Eightbyte): KoffiType {
  if (of === 'INTEGER') return 'int64';
  return top === 'binary64' ? 'double' : floats();
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

/** The eightbyte at `offset` as an argument: a number, or a bigint where that is not exact. */
export function load(data: DataView, offset: number, eightbyte: Eightbyte): number | bigint {
  if (eightbyte.class === 'SSE') return loadFloats(data, offset, eightbyte);
  const high = data.getInt32(offset + 4, true);
  // Within 2^52, which is within what a number has exactly.
  if (high >= -0x100000 && high < 0x100000) return high * 2 ** 32 + data.getUint32(offset, true);
  return data.getBigInt64(offset, true);
}

/** What is NaN as a double may be two floats, the higher of which is a NaN with a payload: it becomes the NaN of numbers, and the lower stays. */
function loadFloats(data: DataView, offset: number, { top }: Eightbyte): number {
  const number = data.getFloat64(offset, true);
  if (!Number.isNaN(number) || top === 'binary64') return number;
  if (top === 'binary16')
    data.setUint16(offset + 6, (data.getUint16(offset + 6, true) & 0x8000) | 0x7e00, true);
  else data.setUint32(offset + 4, ((data.getUint32(offset + 4, true) & 0x80000000) | 0x7fc00000) >>> 0, true);
  return data.getFloat64(offset, true);
}

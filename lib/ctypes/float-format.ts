import type { FloatFormat } from './model.js';

/** The formats that no DataView reads, as bits: least significant byte first, as many as `bytes`. */
interface Layout {
  readonly bytes: number;
  readonly exponentBits: number;
  readonly fractionBits: number;
  /** The x87 writes the leading 1 of a normal number into bit 63; IEEE 754 leaves it out. */
  readonly explicitOne: boolean;
}

/** IEEE 754-2008 §3.6, Table 3.5; Intel SDM vol. 1 §4.2.2 for the x87. */
const LAYOUTS: Readonly<Record<Exclude<FloatFormat, 'binary32' | 'binary64'>, Layout>> = {
  binary16: { bytes: 2, exponentBits: 5, fractionBits: 10, explicitOne: false },
  binary128: { bytes: 16, exponentBits: 15, fractionBits: 112, explicitOne: false },
  x87: { bytes: 10, exponentBits: 15, fractionBits: 63, explicitOne: true },
};

export type WideFormat = keyof typeof LAYOUTS;

/** A floating-point number taken apart. Finite ones are `sign` × `significand` × 2^`exponent`; the others have no exponent, and NaN a significand that is not 0. */
export interface FloatParts {
  readonly sign: 1 | -1;
  readonly significand: bigint;
  readonly exponent: number | undefined;
}

/** The number at `offset`, exactly. */
export function floatParts(format: WideFormat, data: DataView, offset: number): FloatParts {
  const { bytes, exponentBits, fractionBits, explicitOne } = LAYOUTS[format];
  const bits = readBits(data, offset, bytes);
  const oneBits = explicitOne ? 1n : 0n;
  const fraction = bits & ((1n << BigInt(fractionBits)) - 1n);
  const exponent = Number((bits >> (BigInt(fractionBits) + oneBits)) & ((1n << BigInt(exponentBits)) - 1n));
  const sign = bits >> BigInt(fractionBits + exponentBits + Number(oneBits)) ? -1 : 1;
  const greatest = 2 ** exponentBits - 1;
  const bias = 2 ** (exponentBits - 1) - 1;
  if (exponent === greatest) return { sign, significand: fraction, exponent: undefined };
  const one = explicitOne ? (bits >> BigInt(fractionBits)) & 1n : exponent === 0 ? 0n : 1n;
  const significand = (one << BigInt(fractionBits)) | fraction;
  return { sign, significand, exponent: Math.max(exponent, 1) - bias - fractionBits };
}

/** The number at `offset`, rounded to a double (to nearest, ties to even, as C's conversion does). */
export function readFloat(format: WideFormat, data: DataView, offset: number): number {
  const { sign, significand, exponent } = floatParts(format, data, offset);
  if (exponent === undefined) return significand === 0n ? sign * Infinity : NaN;
  return sign * scale(significand, exponent);
}

/** Stores a double. binary16 rounds to nearest, ties to even; the wider formats hold every double exactly. */
export function writeFloat(format: WideFormat, data: DataView, offset: number, value: number): void {
  const { bytes, exponentBits, fractionBits, explicitOne } = LAYOUTS[format];
  const oneBits = explicitOne ? 1 : 0;
  const greatest = 2 ** exponentBits - 1;
  const bias = 2 ** (exponentBits - 1) - 1;
  const sign = value < 0 || Object.is(value, -0) ? 1n : 0n;
  const magnitude = Math.abs(value);
  let exponent = 0;
  let significand = 0n;
  if (Number.isNaN(value)) {
    exponent = greatest;
    significand = 3n << BigInt(fractionBits - 1);
  } else if (magnitude === Infinity) {
    exponent = greatest;
    significand = 1n << BigInt(fractionBits);
  } else if (magnitude !== 0) {
    const parts = decompose(magnitude);
    exponent = Math.max(parts.exponent + bias, 1);
    significand = round(parts.significand, fractionBits - 52 - (exponent - bias - parts.exponent));
    if (significand >> BigInt(fractionBits + 1)) {
      significand >>= 1n;
      exponent++;
    }
    // Too small for a leading 1: a subnormal number has exponent 0.
    if (significand >> BigInt(fractionBits) === 0n) exponent = 0;
    if (exponent >= greatest) {
      exponent = greatest;
      significand = 1n << BigInt(fractionBits);
    }
  }
  const stored = explicitOne ? significand : significand & ((1n << BigInt(fractionBits)) - 1n);
  const top = (sign << BigInt(exponentBits)) | BigInt(exponent);
  writeBits(data, offset, bytes, (top << BigInt(fractionBits + oneBits)) | stored);
}

/** A positive double as `significand` × 2^(exponent - 52), with 53 bits unless it is subnormal: then fewer are brought up to 53. */
function decompose(value: number): { significand: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  let exponent = Number(bits >> 52n) - 1023;
  let significand = bits & ((1n << 52n) - 1n);
  if (exponent > -1023) return { significand: significand | (1n << 52n), exponent };
  exponent = -1022;
  for (; significand >> 52n === 0n; exponent--) significand <<= 1n;
  return { significand, exponent };
}

/** `significand` × 2^shift as an integer, to nearest, ties to even. */
function round(significand: bigint, shift: number): bigint {
  if (shift >= 0) return significand << BigInt(shift);
  const drop = BigInt(-shift);
  const kept = significand >> drop;
  const rest = significand - (kept << drop);
  const half = 1n << (drop - 1n);
  return rest > half || (rest === half && (kept & 1n) === 1n) ? kept + 1n : kept;
}

/** `significand` × 2^exponent as a double, rounded once. */
function scale(significand: bigint, exponent: number): number {
  if (significand === 0n) return 0;
  const length = significand.toString(2).length;
  // A double has 53 bits, fewer below 2^-1022: round to what there is, then scale exactly.
  const room = Math.min(53, 1074 + exponent + length);
  if (room < 0) return 0;
  const drop = Math.max(length - room, 0);
  const rounded = Number(round(significand, -drop));
  const power = exponent + drop;
  // 2^power itself may be out of range where the product is not: two factors reach every double.
  const first = Math.max(-1000, Math.min(1000, power));
  return rounded * 2 ** first * 2 ** (power - first);
}

function readBits(data: DataView, offset: number, bytes: number): bigint {
  let bits = 0n;
  for (let i = bytes - 1; i >= 0; i--) bits = (bits << 8n) | BigInt(data.getUint8(offset + i));
  return bits;
}

function writeBits(data: DataView, offset: number, bytes: number, bits: bigint): void {
  for (let i = 0; i < bytes; i++) data.setUint8(offset + i, Number((bits >> BigInt(8 * i)) & 0xffn));
}

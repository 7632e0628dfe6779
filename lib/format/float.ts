import { floatParts, readFloat, writeFloat } from '../ctypes/float-format.js';
import type { FloatFormat } from '../ctypes/model.js';

/** What ends a constant of a type that is wider than double (C17 §6.4.4.2p4, TS 18661-3 §8). */
const SUFFIXES = { x87: 'L', binary128: 'f128' } as const;

/**
 * The number at `offset` as C writes it: the shortest text that a C compiler reads as this very number, where the text is assigned to its type. So a
 * float prints as `0.1`, and a long double that is no double as `0.1L`.
 */
export function formatFloat(format: FloatFormat, data: DataView, offset: number): string {
  switch (format) {
    case 'binary64':
      return constant(data.getFloat64(offset, true), isNegative(data, offset + 7));
    case 'binary32':
      return shortest(data.getFloat32(offset, true), Math.fround, isNegative(data, offset + 3));
    case 'binary16':
      return shortest(readFloat(format, data, offset), toHalf, isNegative(data, offset + 1));
    default:
      return wide(format, data, offset);
  }
}

function isNegative(data: DataView, offset: number): boolean {
  return data.getUint8(offset) >= 0x80;
}

/** A double as a C constant. `negative` counts for NaN, which has a sign in memory only. */
function constant(value: number, negative: boolean): string {
  if (Number.isNaN(value)) return negative ? '-NAN' : 'NAN';
  if (!Number.isFinite(value)) return negative ? '-INFINITY' : 'INFINITY';
  // `-0` is an integer in C, and positive. So is a row of digits, and one that is too long is cut.
  if (value === 0) return negative ? '-0.0' : '0';
  return Math.abs(value) < 1e17 ? String(value) : value.toExponential();
}

/** The value with the fewest digits that `round` takes to `value`: C, too, reads a double and rounds that. */
function shortest(value: number, round: (value: number) => number, negative: boolean): string {
  if (Number.isFinite(value)) {
    for (let digits = 1; digits < 17; digits++) {
      const text = Number(value.toPrecision(digits));
      if (round(text) === value) return constant(text, negative);
    }
  }
  return constant(value, negative);
}

function toHalf(value: number): number {
  const scratch = new DataView(new ArrayBuffer(2));
  writeFloat('binary16', scratch, 0, value);
  return readFloat('binary16', scratch, 0);
}

function wide(format: keyof typeof SUFFIXES, data: DataView, offset: number): string {
  const { sign, significand, exponent } = floatParts(format, data, offset);
  const value = readFloat(format, data, offset);
  if (exponent === undefined || significand === 0n) return constant(value, sign < 0);
  if (isDouble(format, value, data, offset)) return constant(value, sign < 0);
  return `${sign < 0 ? '-' : ''}${shortestDecimal(significand, exponent)}${SUFFIXES[format]}`;
}

/** Whether the number is `value` exactly. */
function isDouble(format: keyof typeof SUFFIXES, value: number, data: DataView, offset: number): boolean {
  const scratch = new DataView(new ArrayBuffer(16));
  writeFloat(format, scratch, 0, value);
  const bytes = format === 'x87' ? 10 : 16;
  for (let i = 0; i < bytes; i++) if (scratch.getUint8(i) !== data.getUint8(offset + i)) return false;
  return true;
}

/** The fewest digits that are nearer to `significand` × 2^`exponent` than to any other number with as many bits. */
function shortestDecimal(significand: bigint, exponent: number): string {
  const numerator = exponent < 0 ? significand : significand << BigInt(exponent);
  const denominator = exponent < 0 ? 1n << BigInt(-exponent) : 1n;
  const log2 = significand.toString(2).length - 1 + exponent;
  let power = Math.floor(log2 * Math.log10(2));
  if (ratioAtLeast(numerator, denominator, power + 1)) power++;
  // The next number below a power of two is only half as far.
  const isPower = (significand & (significand - 1n)) === 0n;
  for (let digits = 1; ; digits++) {
    const shift = power + 1 - digits;
    const [top, bottom] =
      shift < 0 ? [scaled(numerator, -shift), denominator] : [numerator, scaled(denominator, shift)];
    const decimal = (2n * top + bottom) / (2n * bottom);
    const away = decimal * bottom - top;
    const distance = (away < 0n ? -away : away) * (isPower ? 4n : 2n);
    if (distance * significand < top) return decimalText(decimal, shift);
  }
}

/** Whether `numerator` / `denominator` is 10^`power` or more. */
function ratioAtLeast(numerator: bigint, denominator: bigint, power: number): boolean {
  return power < 0 ? scaled(numerator, -power) >= denominator : numerator >= scaled(denominator, power);
}

/** `value` × 10^`power`. */
function scaled(value: bigint, power: number): bigint {
  return value * 10n ** BigInt(power);
}

/** `digits` × 10^`shift`, with an exponent where JavaScript's numbers have one too. */
function decimalText(digits: bigint, shift: number): string {
  const text = String(digits);
  const power = text.length - 1 + shift;
  if (power < -6 || power >= 17) {
    const fraction = text.length > 1 ? `.${text.slice(1)}` : '';
    return `${text.charAt(0)}${fraction}e${power < 0 ? '' : '+'}${power}`;
  }
  if (power < 0) return `0.${'0'.repeat(-power - 1)}${text}`;
  const whole = text.slice(0, power + 1).padEnd(power + 1, '0');
  return `${whole}.${text.slice(power + 1) || '0'}`;
}

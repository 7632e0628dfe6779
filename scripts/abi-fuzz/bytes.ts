import type { FloatType, Place, Type, Value } from './model.js';

/** The address that a `Place` has in the loaded library. */
export type AddressOf = (place: Place) => bigint;

/** The bytes of a scalar, or of an array of them without gaps, as x86-64 has them in memory (psABI §3.1.2). */
export function bytesOf(type: Type, value: Value, addressOf: AddressOf): number[] {
  switch (type.kind) {
    case 'integer':
    case 'enum':
      return little(BigInt(value as number | bigint), type.size);
    case 'bool':
      return [value === true ? 1 : 0];
    case 'float':
      return floating(type.size, value as number);
    case 'complex': {
      const { re, im } = value as { re: number; im: number };
      return [...floating(type.part.size, re), ...floating(type.part.size, im)];
    }
    case 'pointer':
    case 'function':
      return little(value === null ? 0n : addressOf(value as Place), 8);
    case 'array':
    case 'vector': {
      if (typeof value === 'string') {
        const bytes = Buffer.from(value);
        return Array.from({ length: type.length }, (_, i) => bytes[i] ?? 0);
      }
      return (value as Value[]).flatMap((item) => bytesOf(type.element, item, addressOf));
    }
    case 'struct':
    case 'union':
      throw new Error(`${type.c} has gaps`);
  }
}

function little(value: bigint, size: number): number[] {
  return Array.from({ length: size }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

function floating(size: FloatType['size'], value: number): number[] {
  if (size === 2) return little(half(value), 2);
  if (size === 10) return little(extended(value), 10);
  const view = new DataView(new ArrayBuffer(size));
  if (size === 4) view.setFloat32(0, value, true);
  else view.setFloat64(0, value, true);
  return Array.from(new Uint8Array(view.buffer));
}

/** IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction. For numbers that it holds exactly. */
function half(value: number): bigint {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000n : 0n;
  const magnitude = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00n;
  if (magnitude === Infinity) return sign | 0x7c00n;
  const exponent = Math.max(Math.floor(Math.log2(magnitude)), -14);
  // Subnormal numbers have the exponent of the least normal one, without its leading bit.
  const fraction = BigInt((magnitude / 2 ** exponent) * 1024);
  return sign | (magnitude < 2 ** -14 ? fraction : (BigInt(exponent + 15) << 10n) + (fraction - 1024n));
}

/** The x87 format: a sign, 15 bits of exponent, 64 of significand, whose leading bit is there. */
function extended(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const sign = (bits >> 63n) << 79n;
  if (Number.isNaN(value)) return (0x7fffn << 64n) | (3n << 62n);
  if (value === 0) return sign;
  if (Math.abs(value) === Infinity) return sign | (0x7fffn << 64n) | (1n << 63n);
  const field = (bits >> 52n) & 0x7ffn;
  let exponent = field === 0n ? 1n : field;
  let significand = (bits & (2n ** 52n - 1n)) | (field === 0n ? 0n : 2n ** 52n);
  significand <<= 11n;
  for (; significand < 2n ** 63n; exponent--) significand <<= 1n;
  return sign | ((exponent - 1023n + 16383n) << 64n) | significand;
}

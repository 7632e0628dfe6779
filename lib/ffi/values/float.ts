import type { CType, FloatFormat } from '../../ctypes/model.js';
import { typeError } from '../../errors.js';
import type { Block } from '../block.js';
import { describe, wrongKind } from './check.js';
import type { Codec } from './codec.js';
import { machineOf } from './machine.js';

/** Bytes from one part of a complex number to the next: the x87's ten fill sixteen (psABI x86-64 §3.1.2). */
const STRIDE: Readonly<Record<FloatFormat, number>> = {
  binary16: 2,
  binary32: 4,
  binary64: 8,
  binary128: 16,
  x87: 16,
};

export function floatCheck(type: CType): (value: unknown, what: string) => number {
  return (value, what) => {
    if (typeof value === 'number') return value;
    throw wrongKind(what, type, 'a number', value);
  };
}

/** The codec of a floating-point type. A number is rounded to the format, as C's conversion from double does. */
export function floatCodec(type: CType, size: number, format: FloatFormat): Codec {
  const check = floatCheck(type);
  const access = floatAccess(format);
  const machine = machineOf(type);
  return {
    type,
    size,
    ...(machine === undefined ? {} : { machine }),
    read: (block, offset) => access.get(block.data, offset),
    write: (block, offset, value, what) => {
      access.set(block.data, offset, check(value, what));
    },
  };
}

export interface Complex {
  re: number;
  im: number;
}

/** The codec of a `_Complex` type: two floats, the real part first (C17 §6.2.5p13). */
export function complexCodec(type: CType, size: number, format: FloatFormat): Codec {
  const access = floatAccess(format);
  const read = ({ data }: Block, offset: number): Complex => ({
    re: access.get(data, offset),
    im: access.get(data, offset + STRIDE[format]),
  });
  return {
    type,
    size,
    read,
    write: ({ data }, offset, value, what) => {
      const { re, im } = complexParts(type, value, what);
      access.set(data, offset, re);
      access.set(data, offset + STRIDE[format], im);
    },
  };
}

function complexParts(type: CType, value: unknown, what: string): Complex {
  if (typeof value !== 'object' || value === null) throw wrongKind(what, type, 'an object { re, im }', value);
  const { re, im, ...others } = value as Record<string, unknown>;
  const [other] = Object.keys(others);
  if (typeof re === 'number' && typeof im === 'number' && other === undefined) return { re, im };
  const found =
    other === undefined ? `re is ${describe(re)}, im is ${describe(im)}` : `there is also ${other}`;
  throw typeError('ERR_INVALID_ARG_TYPE', `${what}: expected { re, im } with two numbers, ${found}`);
}

interface FloatAccess {
  readonly get: (data: DataView, offset: number) => number;
  readonly set: (data: DataView, offset: number, value: number) => void;
}

function floatAccess(format: FloatFormat): FloatAccess {
  if (format === 'binary32') return { get: (d, o) => d.getFloat32(o, true), set: setFloat32 };
  if (format === 'binary64') return { get: (d, o) => d.getFloat64(o, true), set: setFloat64 };
  const { readFloat, writeFloat } =
    require('../../ctypes/float-format.js') as typeof import('../../ctypes/float-format.js');
  return {
    get: (data, offset) => readFloat(format, data, offset),
    set: (data, offset, value) => {
      writeFloat(format, data, offset, value);
    },
  };
}

function setFloat32(data: DataView, offset: number, value: number): void {
  data.setFloat32(offset, value, true);
}

function setFloat64(data: DataView, offset: number, value: number): void {
  data.setFloat64(offset, value, true);
}

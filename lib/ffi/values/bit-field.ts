import { bare, type CType } from '../../ctypes/model.js';
import type { Block } from '../block.js';
import { wrongKind } from './check.js';
import type { Codec, Values } from './codec.js';
import { bigintCheck, fromBigInt, limits, numberCheck } from './integer.js';

/**
 * The codec of a bit-field of `width` bits that starts at bit `shift` (0 to 7) of the byte it is read at. Only the bytes that hold the
 * field are touched, as the memory model asks (C17 §3.14p3), and the neighbours' bits in them keep their values.
 */
export function bitFieldCodec(type: CType, shift: number, width: number, values: Values): Codec {
  const size = Math.ceil((shift + width) / 8);
  const mask = (1n << BigInt(width)) - 1n;
  const t = bare(type);
  const signed = (t.kind === 'int' || t.kind === 'enum') && t.signed;
  const load = (block: Block, offset: number): bigint => {
    let bits = 0n;
    for (let i = size - 1; i >= 0; i--) bits = (bits << 8n) | BigInt(block.data.getUint8(offset + i));
    const field = (bits >> BigInt(shift)) & mask;
    return signed ? BigInt.asIntN(width, field) : field;
  };
  const encode = encoder(type, width, signed);
  const wide = (t.kind === 'int' || t.kind === 'enum') && t.size === 8;
  return {
    type,
    size,
    read: (block, offset) => {
      const field = load(block, offset);
      if (t.kind === 'bool') return field !== 0n;
      return wide ? fromBigInt(field, values.int64, 'bit-field') : Number(field);
    },
    write: ({ data }, offset, value, what) => {
      const field = encode(value, what) << BigInt(shift);
      const others = ~(mask << BigInt(shift));
      for (let i = 0; i < size; i++) {
        const byte = BigInt(data.getUint8(offset + i));
        const part = 8n * BigInt(i);
        data.setUint8(offset + i, Number(((byte & (others >> part)) | (field >> part)) & 0xffn));
      }
    },
  };
}

/** A value as the field's bits, checked against the field's own width rather than its type's. */
function encoder(type: CType, width: number, signed: boolean): (value: unknown, what: string) => bigint {
  const t = bare(type);
  if (t.kind === 'bool') {
    return (value, what) => {
      if (typeof value === 'boolean') return value ? 1n : 0n;
      throw wrongKind(what, type, 'a boolean', value);
    };
  }
  const names = new Map(t.kind === 'enum' ? t.enumerators.map((e) => [e.name, e.value]) : []);
  const { least, most } = limits(width, signed);
  const number = numberCheck(type, Number(least), Number(most));
  const check =
    width <= 32 && !(t.kind === 'int' && t.size === 8)
      ? (value: unknown, what: string) => BigInt(number(value, what))
      : bigintCheck(type, width, signed);
  return (value, what) => {
    const named = typeof value === 'string' ? names.get(value) : undefined;
    return BigInt.asUintN(width, named ?? check(value, what));
  };
}

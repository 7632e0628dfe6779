import { readBits } from '../../ctypes/bits.js';
import { bare, type BareType, type CType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { wrongKind } from './check.js';
import type { Codec, Values } from './codec.js';
import { bigintCheck, fromBigInt, limits, numberCheck, withEnumerators } from './integer.js';

/**
 * The codec of a bit-field of `width` bits that starts at bit `shift` (0 to 7) of the byte it is read at. Only the bytes that hold the
 * field are touched, as the memory model asks (C17 §3.14p3), and the neighbours' bits in them keep their values.
 */
export function bitFieldCodec(type: CType, shift: number, width: number, values: Values): Codec {
  const size = Math.ceil((shift + width) / 8);
  const t = bare(type);
  const signed = (t.kind === 'int' || t.kind === 'enum') && t.signed;
  const encode = encoder(type, width, signed);
  const wide = isWide(t);
  // As everywhere, 128 bits are bigints.
  const int64 = t.kind === 'int' && t.size > 8 ? 'bigint' : values.int64;
  const nameless = (): string => `${print(type)} : ${width}`;
  return {
    type,
    size,
    ...(wide && int64 === 'number' ? { inexact: true as const } : {}),
    read: ({ data }, offset, where = nameless) => {
      const field = readBits(data, offset, shift, width, signed);
      if (t.kind === 'bool') return field !== 0n;
      return wide ? fromBigInt(field, int64, where) : Number(field);
    },
    write: ({ data }, offset, value, what) => {
      const field = encode(value, what) << BigInt(shift);
      const others = ~(((1n << BigInt(width)) - 1n) << BigInt(shift));
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
  const { least, most } = limits(width, signed);
  const check = isWide(t) ? bigintCheck(type, width, signed) : numberCheck(type, Number(least), Number(most));
  const encode = t.kind === 'enum' ? withEnumerators(type, t, check) : check;
  return (value, what) => BigInt.asUintN(width, BigInt(encode(value, what)));
}

/** Whether the field is a bigint, as its type is. */
function isWide(t: BareType): boolean {
  return (t.kind === 'int' || t.kind === 'enum') && (t.size ?? 0) >= 8;
}

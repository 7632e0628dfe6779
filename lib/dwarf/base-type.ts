import type { CType, FloatFormat, UnsupportedType } from '../ctypes/model.js';
import { DW_AT, DW_ATE, DW_END, nameOf } from './constants.js';
import type { Die } from './die.js';

/** A type that is not represented, and why. */
export function unsupported(name: string, reason: string, size?: number): UnsupportedType {
  return { kind: 'unsupported', name, size, reason };
}

/** Why gcc's `scalar_storage_order` has no value. */
export const OTHER_ORDER = 'stored in the other byte order';

/** `DW_TAG.base_type` (DWARF v5 §5.1): by size and encoding, never by name, except where only the name differs. */
export function readBaseType(die: Die): CType {
  const name = die.string(DW_AT.name) ?? '';
  const size = die.number(DW_AT.byte_size) ?? 0;
  const encoding = die.number(DW_AT.encoding);
  if (encoding === undefined) return unsupported(name, 'the base type has no encoding', size);
  const bits = die.number(DW_AT.bit_size);
  if (bits !== undefined && bits !== size * 8) {
    return unsupported(name, `an integer of ${bits} bits in ${size} bytes`, size);
  }
  const order = die.number(DW_AT.endianity) ?? DW_END.default;
  if (order !== DW_END.default && (order === DW_END.little) !== die.unit.file.littleEndian) {
    return unsupported(name, OTHER_ORDER, size);
  }
  switch (encoding) {
    case DW_ATE.boolean:
      return { kind: 'bool', name, size };
    case DW_ATE.signed:
    case DW_ATE.unsigned:
    case DW_ATE.UTF:
    case DW_ATE.UCS:
    case DW_ATE.ASCII:
      return integer(name, size, encoding === DW_ATE.signed, false);
    case DW_ATE.signed_char:
    case DW_ATE.unsigned_char:
      // `char` holds text; `signed char` and `unsigned char` are encoded the same and hold numbers.
      return integer(name, size, encoding === DW_ATE.signed_char, name === 'char');
    case DW_ATE.float: {
      const format = floatFormat(name, size, die.unit.file.longDouble);
      return format === undefined
        ? unsupported(name, `an unknown floating-point format of ${size} bytes`, size)
        : { kind: 'float', name, size, format };
    }
    case DW_ATE.complex_float:
      return complex(name, size, die.unit.file.longDouble);
    default:
      return unsupported(name, `encoded as ${nameOf(DW_ATE, encoding)}`, size);
  }
}

function integer(name: string, size: number, signed: boolean, text: boolean): CType {
  // clang writes no bit_size, and clang 14 no `(37)` either: 8 bytes of which 27 bits mean nothing (psABI x86-64 §3.1.2).
  if (/\b_(Bit|Ext)Int\b/.test(name))
    return unsupported(name, 'an integer of which not every bit counts', size);
  if (![1, 2, 4, 8, 16].includes(size)) return unsupported(name, `an integer of ${size} bytes`, size);
  return { kind: 'int', name, size, signed, text };
}

function complex(name: string, size: number, longDouble: 'x87' | 'binary128'): CType {
  // clang calls every complex type that.
  const isNameless = name === 'complex' && size === 32;
  const format = isNameless ? undefined : floatFormat(name, size / 2, longDouble);
  if (format === undefined) return unsupported(name, `an unknown complex format of ${size} bytes`, size);
  return { kind: 'complex', name: complexName(format, size, name), size, format };
}

/** `double _Complex`, where gcc's name is `complex double` and clang's `complex`: neither is C. */
function complexName(format: FloatFormat, size: number, name: string): string {
  switch (size) {
    case 8:
      return 'float _Complex';
    case 16:
      return 'double _Complex';
    case 32:
      return name.includes('long double') ? 'long double _Complex' : '_Float128 _Complex';
    default:
      return format === 'binary16' ? '_Float16 _Complex' : name;
  }
}

/**
 * Types that are the x87's where there is one, though `_Float128` has the same size and encoding: C's, gcc's `__float80`,
 * Fortran's, Ada's and D's.
 */
const LONG_DOUBLE = /long double|_Float64x|__float80|\bkind=10\b|long_long_float|^real$/;

function floatFormat(name: string, size: number, longDouble: 'x87' | 'binary128'): FloatFormat | undefined {
  switch (size) {
    case 2:
      // bfloat16 has the range of binary32 in two bytes.
      return /bf(loat)?16/.test(name) ? undefined : 'binary16';
    case 4:
      return 'binary32';
    case 8:
      return 'binary64';
    case 12:
      // psABI i386 §2.1.1: the x87's format is 12 bytes there.
      return 'x87';
    case 16:
      if (name.includes('ibm128')) return undefined;
      return LONG_DOUBLE.test(name) ? longDouble : 'binary128';
    default:
      return undefined;
  }
}

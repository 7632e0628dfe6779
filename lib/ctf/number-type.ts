import { type CType, type FloatFormat, type UnsupportedType, VOID } from '../ctypes/model.js';
import { CTF_FP, CTF_INT } from './constants.js';
import type { CtfType } from './dictionary.js';

/** A type that is not represented, and why. */
export function unsupported(name: string, reason: string, size?: number): UnsupportedType {
  return { kind: 'unsupported', name, size, reason };
}

interface Encoding {
  readonly format: number;
  readonly bits: number;
}

/** What follows a number type (`CTF_INT_DATA`, `CTF_FP_DATA`); its middle, an offset in bits, is of compilers that had no slices. */
function encodingOf({ dictionary, pos }: CtfType): Encoding {
  const data = dictionary.at(pos).u32();
  return { format: data >>> 24, bits: data & 0xffff };
}

/** `CTF_K_INTEGER`. gcc has no other type without a size than `void`. */
export function readIntegerType(type: CtfType): CType {
  const { size, name = '' } = type;
  const { format, bits } = encodingOf(type);
  if (size === 0) return VOID;
  if (bits !== size * 8) return unsupported(name, `an integer of ${bits} bits in ${size} bytes`, size);
  if ((format & CTF_INT.VARARGS) !== 0) return unsupported(name, 'not a type of C', size);
  if ((format & CTF_INT.BOOL) !== 0) return { kind: 'bool', name, size };
  if (![1, 2, 4, 8, 16].includes(size)) return unsupported(name, `an integer of ${size} bytes`, size);
  // `char` holds text; `signed char` and `unsigned char` are encoded the same and hold numbers.
  return { kind: 'int', name, size, signed: (format & CTF_INT.SIGNED) !== 0, text: name === 'char' };
}

/** `CTF_K_FLOAT`. */
export function readFloatType(type: CtfType, longDouble: 'x87' | 'binary128'): CType {
  const { size, name = '' } = type;
  const { format, bits } = encodingOf(type);
  const isComplex = format >= CTF_FP.CPLX && format <= CTF_FP.LDCPLX;
  const number = floatFormat(format, name, isComplex ? size / 2 : size, longDouble);
  if (number === undefined || bits !== size * 8) {
    return unsupported(name, `a floating-point format of CTF, ${format}, that is not known`, size);
  }
  if (!isComplex) return { kind: 'float', name, size, format: number };
  // gcc's `complex double` is no C.
  return { kind: 'complex', name: `${name.replace(/^complex /, '')} _Complex`, size, format: number };
}

/** Formats that are told apart by their names: `long double` and `_Float128` have the same size and number. */
const LONG_DOUBLE: readonly string[] = ['long double', '_Float64x', '__float80'];
const FLOAT128: readonly string[] = ['_Float128', '__float128'];

function floatFormat(
  format: number,
  name: string,
  size: number,
  longDouble: 'x87' | 'binary128',
): FloatFormat | undefined {
  switch (format) {
    case CTF_FP.SINGLE:
    case CTF_FP.CPLX:
      return size === 4 ? 'binary32' : undefined;
    case CTF_FP.DOUBLE:
    case CTF_FP.DCPLX:
      return size === 8 ? 'binary64' : undefined;
    case CTF_FP.LDOUBLE:
    case CTF_FP.LDCPLX: {
      const base = name.replace(/^complex /, '');
      if (size !== 16) return undefined;
      return LONG_DOUBLE.includes(base) ? longDouble : FLOAT128.includes(base) ? 'binary128' : undefined;
    }
    default:
      return undefined;
  }
}

import type { ArrayType, CType } from '../ctypes/model.js';
import { unsupported } from './base-type.js';
import { DW_AT, DW_TAG, defaultLowerBound, isFortran } from './constants.js';
import type { Die } from './die.js';
import type { TypeReader } from './types.js';

/** More than any language allows; Fortran stops at 15. */
const MAX_DIMENSIONS = 64;

/** `DW_TAG.array_type` (DWARF v5 §5.5): a child for each dimension, the outermost first. */
export function readArrayType(reader: TypeReader, die: Die): CType {
  if (die.has(DW_AT.byte_stride) || die.has(DW_AT.bit_stride)) {
    return unsupported('array', 'its elements do not lie one behind the other');
  }
  const lengths = die
    .children()
    .filter((child) => child.tag === DW_TAG.subrange_type || child.tag === DW_TAG.enumeration_type)
    .map(subrangeLength);
  if (lengths.length > MAX_DIMENSIONS) {
    die.unit.cursor.fail(`array of ${lengths.length} dimensions`, die.pos);
  }
  // Fortran's first index is the one that runs fastest: C has its dimensions the other way round (Fortran 2018 §18.3.5).
  if (isFortran(die.language)) lengths.reverse();
  const vector = die.flag(DW_AT.GNU_vector);
  const last = new InnermostArray(reader, die, lengths.pop(), vector);
  return lengths.reduceRight<ArrayType>(
    (element, length) => ({ kind: 'array', element, length, vector }),
    last,
  );
}

/** An array of what is no dimension of the same array. */
class InnermostArray implements ArrayType {
  readonly kind = 'array';
  readonly length: number | undefined;
  readonly vector: boolean;
  readonly #reader: TypeReader;
  readonly #die: Die;
  #element: CType | undefined;

  constructor(reader: TypeReader, die: Die, length: number | undefined, vector: boolean) {
    this.#reader = reader;
    this.#die = die;
    this.length = length;
    this.vector = vector;
  }

  get element(): CType {
    return (this.#element ??= this.#reader.target(this.#die));
  }
}

/** `DW_TAG.string_type` (DWARF v5 §5.11), Fortran's `character`: one is C's `char`, more are an array without a NUL. */
export function readStringType(die: Die): CType {
  const length = die.number(DW_AT.byte_size);
  const CHAR: CType = { kind: 'int', name: 'char', size: 1, signed: true, text: true };
  if (length === 1) return CHAR;
  if (length === undefined || die.has(DW_AT.string_length))
    return unsupported('character(*)', 'its length is decided when the program runs');
  return { kind: 'array', element: CHAR, length, vector: false };
}

/** Undefined for `[]`, and for a bound that is computed when the program runs (C's variable length arrays). */
function subrangeLength(die: Die): number | undefined {
  const count = die.constant(DW_AT.count);
  if (count !== undefined) return asLength(die, count);
  const upper = die.constant(DW_AT.upper_bound);
  if (upper === undefined) return undefined;
  const lower = die.constant(DW_AT.lower_bound) ?? BigInt(defaultLowerBound(die.language));
  return asLength(die, upperBound(upper) - lower + 1n);
}

/** `[0]` has the bound -1, which clang writes as 8 bytes of ones and old gcc as 4. */
function upperBound(bound: bigint): bigint {
  return bound === 0xffffffffffffffffn || bound === 0xffffffffn ? -1n : bound;
}

function asLength(die: Die, length: bigint): number {
  if (length < 0n || length > BigInt(Number.MAX_SAFE_INTEGER)) {
    return die.unit.cursor.fail(`array of ${String(length)} elements`, die.pos);
  }
  return Number(length);
}

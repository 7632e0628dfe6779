import { bare, type CType, type EnumType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { rangeError } from '../../errors.js';
import { badValue, outOfRange, wrongKind } from './check.js';
import type { Codec } from './codec.js';
import { integerMachine, MACHINES } from './machine.js';

/** The least and the greatest value of an integer of `bits` bits. */
export function limits(bits: number, signed: boolean): { least: bigint; most: bigint } {
  const b = BigInt(bits);
  return signed
    ? { least: -(1n << (b - 1n)), most: (1n << (b - 1n)) - 1n }
    : { least: 0n, most: (1n << b) - 1n };
}

/** A check for integers that a number holds exactly: an integral number within `least` and `most`. */
export function numberCheck(
  type: CType,
  least: number,
  most: number,
): (value: unknown, what: string) => number {
  return (value, what) => {
    if (typeof value === 'number' && value >= least && value <= most && Number.isInteger(value)) return value;
    if (typeof value !== 'number') throw wrongKind(what, type, 'a number', value);
    if (Number.isInteger(value)) throw outOfRange(what, type, least, most, value);
    if (Math.abs(value) === Infinity) throw outOfRange(what, type, least, most, value);
    throw badValue(what, type, 'not an integer', value);
  };
}

/** A check for 64-bit and wider integers: a bigint, or a number that is a safe integer. */
export function bigintCheck(
  type: CType,
  bits: number,
  signed: boolean,
): (value: unknown, what: string) => bigint {
  const { least, most } = limits(bits, signed);
  return (value, what) => {
    const big = typeof value === 'bigint' ? value : safeBigInt(type, value, what);
    if (big < least || big > most) throw outOfRange(what, type, least, most, value);
    return big;
  };
}

function safeBigInt(type: CType, value: unknown, what: string): bigint {
  if (typeof value !== 'number') throw wrongKind(what, type, 'a bigint or an integral number', value);
  if (Number.isSafeInteger(value)) return BigInt(value);
  if (Number.isInteger(value))
    throw badValue(what, type, 'numbers past 2**53 are not exact, give a bigint', value);
  throw badValue(what, type, 'not an integer', value);
}

/** As bigint, or as a number where the user asked for that: then an inexact one is an error, which names the place. */
export function fromBigInt(
  value: bigint,
  int64: 'bigint' | 'number',
  what: string | (() => string),
): bigint | number {
  if (int64 === 'bigint') return value;
  if (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER))
    return Number(value);
  throw rangeError(
    `${typeof what === 'string' ? what : what()}: ${String(value)} is not exact as a number: open the plugin with int64: 'bigint'`,
  );
}

/** `check`, with the names of the enum's enumerators for its values. */
export function withEnumerators(
  type: CType,
  of: EnumType,
  check: (value: unknown, what: string) => number | bigint,
): (value: unknown, what: string) => number | bigint {
  const values = new Map(of.enumerators.map((e) => [e.name, e.value]));
  return (value, what) => {
    if (typeof value !== 'string') return check(value, what);
    const named = values.get(value);
    if (named === undefined)
      throw badValue(what, type, `its enumerators are ${listed([...values.keys()])}`, value);
    return check(of.size === 8 ? named : Number(named), what);
  };
}

function listed(names: string[]): string {
  return names.length > 8 ? `${names.slice(0, 8).join(', ')}, …` : names.join(', ');
}

/** The codec of an integer or enum of `size` bytes, 1 to 16. */
export function integerCodec(type: CType, size: number, signed: boolean, int64: 'bigint' | 'number'): Codec {
  const machine = integerMachine(size, signed);
  if (machine === undefined) return codec128(type, signed);
  const { get, set } = MACHINES[machine];
  const check = integerCheck(type, size, signed);
  const write: Codec['write'] = (block, offset, value, what) => {
    set(block.data, offset, check(value, what) as never);
  };
  if (size < 8) return { type, size, machine, write, read: (block, offset) => get(block.data, offset) };
  if (int64 === 'bigint')
    return { type, size, machine, write, read: (block, offset) => get(block.data, offset) };
  const nameless = (): string => print(type);
  return {
    type,
    size,
    write,
    inexact: true,
    read: (block, offset, where = nameless) => fromBigInt(get(block.data, offset) as bigint, int64, where),
  };
}

/** The check for an integer or enum of `size` bytes, up to 8. It gives a bigint for 8, a number below. */
export function integerCheck(
  type: CType,
  size: number,
  signed: boolean,
): (value: unknown, what: string) => number | bigint {
  const t = bare(type);
  const { least, most } = limits(size * 8, signed);
  const check =
    size < 8 ? numberCheck(type, Number(least), Number(most)) : bigintCheck(type, size * 8, signed);
  return t.kind === 'enum' ? withEnumerators(type, t, check) : check;
}

function codec128(type: CType, signed: boolean): Codec {
  const check = bigintCheck(type, 128, signed);
  return {
    type,
    size: 16,
    read: ({ data }, offset) => {
      const high = signed ? data.getBigInt64(offset + 8, true) : data.getBigUint64(offset + 8, true);
      return (high << 64n) | data.getBigUint64(offset, true);
    },
    write: ({ data }, offset, value, what) => {
      const big = check(value, what);
      data.setBigUint64(offset, BigInt.asUintN(64, big), true);
      data.setBigUint64(offset + 8, BigInt.asUintN(64, big >> 64n), true);
    },
  };
}

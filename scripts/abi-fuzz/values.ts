import { sizeOf } from './layout.js';
import {
  type EnumType,
  type FloatType,
  type IntegerType,
  isBig,
  isChar,
  type Member,
  type Type,
  type Value,
} from './model.js';
import type { Random } from './random.js';

/** The bytes of `arena`, into which pointers point, and how many functions `target0`, `target1`, … there are. */
export const ARENA = 4096;
export const TARGETS = 3;

/** A random value of `type`: the edges of its range often, and what a conversion would spoil. */
export function randomValue(type: Type, random: Random): Value {
  switch (type.kind) {
    case 'integer':
      return numeric(type, integerValue(type, random));
    case 'enum':
      return numeric(type, random.pick(type.values));
    case 'bool':
      return random.chance(0.5);
    case 'float':
      return floatValue(type, random);
    case 'complex':
      return { re: floatValue(type.part, random), im: floatValue(type.part, random) };
    case 'pointer':
      return random.chance(0.1) ? null : { place: 'arena', index: random.below(ARENA - 4) };
    case 'function':
      return random.chance(0.1) ? null : { place: 'target', index: random.below(TARGETS) };
    case 'array':
      if (isChar(type.element)) return text(type.length, random);
      return Array.from({ length: type.length }, () => randomValue(type.element, random));
    case 'vector':
      return Array.from({ length: type.length }, () => randomValue(type.element, random));
    case 'struct':
    case 'union': {
      const named = type.members.filter((m) => m.name !== '');
      const given = type.kind === 'union' && named.length > 0 ? [chosenMember(named, random)] : named;
      return Object.fromEntries(
        given.map(({ name, type: t, bits }) => [
          name,
          bits === undefined ? randomValue(t, random) : bitFieldValue(t, bits, random),
        ]),
      );
    }
  }
}

/** The member by which a union is given: one with bytes in it, if there is one. */
function chosenMember(members: readonly Member[], random: Random): Member {
  const solid = members.filter((m) => sizeOf(m.type) > 0);
  return random.pick(solid.length > 0 ? solid : members);
}

/** An integer as JavaScript has it for that type. */
export function numeric(type: IntegerType | EnumType, value: bigint): number | bigint {
  return isBig(type) ? value : Number(value);
}

function integerValue({ size, signed }: IntegerType, random: Random): bigint {
  return bitsValue(size * 8, signed, random);
}

function bitFieldValue(type: Type, bits: number, random: Random): Value {
  if (type.kind !== 'integer') return random.chance(0.5);
  return numeric(type, bitsValue(bits, type.signed, random));
}

/** An integer of that many bits. */
function bitsValue(bits: number, signed: boolean, random: Random): bigint {
  const fit = (n: bigint): bigint => (signed ? BigInt.asIntN(bits, n) : BigInt.asUintN(bits, n));
  const highest = 1n << BigInt(bits - 1);
  if (random.chance(0.3)) return fit(random.pick([0n, 1n, -1n, highest, highest - 1n, 0x80n, 0xff7fn]));
  const words = Array.from({ length: Math.ceil(bits / 32) }, () => BigInt(random.bits()));
  return fit(words.reduce((all, word) => (all << 32n) | word, 0n));
}

const EDGES: Readonly<Record<FloatType['size'], readonly number[]>> = {
  2: [65504, -65504, 2 ** -24, 2 ** -14, 0.333251953125, 1.5],
  4: [Math.fround(0.1), 3.4028234663852886e38, 2 ** -149, -(2 ** -126), 16777215, -1.5],
  8: [0.1, Number.MAX_VALUE, Number.MIN_VALUE, -(2 ** -1022), 2 ** 53, -1.5],
  10: [0.1, Number.MAX_VALUE, Number.MIN_VALUE, -(2 ** -1022), 2 ** 53, -1.5],
};

/** A number that the format holds exactly. */
export function floatValue({ size }: FloatType, random: Random): number {
  if (random.chance(0.2)) return random.pick([0, -0, Infinity, -Infinity, NaN]);
  if (random.chance(0.3) || size === 2) return random.pick(EDGES[size]);
  if (random.chance(0.3)) return random.between(-1000, 1000);
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, random.bits());
  view.setUint32(4, random.bits());
  const value = size === 4 ? view.getFloat32(0) : view.getFloat64(0);
  // JavaScript need not keep the other bits of a NaN (ECMA-262 §6.1.6.1).
  return Number.isNaN(value) ? NaN : value;
}

const LETTERS = ['a', 'Z', '7', '~', 'é'];

/** Text of at most `length` bytes of UTF-8, often all of them: C arrays need no NUL. */
function text(length: number, random: Random): string {
  let result = '';
  for (let i = random.chance(0.5) ? length : random.below(length + 1); i > 0; i--) {
    const longer = result + random.pick(LETTERS);
    if (Buffer.byteLength(longer) <= length) result = longer;
  }
  return result;
}

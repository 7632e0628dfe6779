import { type Complex, declare, isBig, memberValue, type Type, type Value } from './model.js';
import type { Parameter, Result, Signature } from './signature.js';
import { LONG_LONG } from './types.js';

/** A scalar, or an array of them without gaps, that C copies out; with the value that it has. Padding is nowhere among them. */
export interface Leaf {
  /** The C expression. */
  readonly expression: string;
  readonly type: Type;
  readonly value: Value;
  /** Bytes. */
  readonly size: number;
  /** The C type of a temporary through which it goes, where its address can't be taken or its value is to be converted. */
  readonly through?: string;
}

/** What the callee records: its parameters, the variadic arguments, and what the callback returned. */
export function recordedLeaves({ parameters, variadic = [], callback }: Signature): Leaf[] {
  const passed = [...parameters, ...variadic].flatMap(parameterLeaves);
  return callback === undefined ? passed : [...passed, ...resultLeaves(callback.result)];
}

/** What `r` has in it where a function of that result was called. */
export function resultLeaves({ type, value }: Result): Leaf[] {
  return type === undefined ? [] : valueLeaves(type, value, 'r');
}

function parameterLeaves({ type, value, name }: Parameter): Leaf[] {
  return valueLeaves(type, value, name);
}

/**
 * An integer of less than 64 bits that was passed on its own is recorded a second time, converted to 64: compilers take the bits above it in its
 * register for its extension (clang to 32 bits, though psABI x86-64 §3.2.3 does not say that they are).
 */
function valueLeaves(type: Type, value: Value, expression: string): Leaf[] {
  const leaves = leavesOf(type, value, expression);
  const small = type.kind === 'bool' || ((type.kind === 'integer' || type.kind === 'enum') && !isBig(type));
  if (!small) return leaves;
  return [
    ...leaves,
    { expression, type: LONG_LONG, value: BigInt(value as number | boolean), size: 8, through: 'long long' },
  ];
}

function leavesOf(type: Type, value: Value, expression: string): Leaf[] {
  const size = solidSize(type);
  if (size !== undefined) return [{ expression, type, value, size }];
  switch (type.kind) {
    case 'float':
      return [{ expression, type, value, size: type.size }];
    case 'complex': {
      const { re, im } = value as Complex;
      const { part } = type;
      return [
        { expression: `__real__ ${expression}`, type: part, value: re, size: part.size, through: part.c },
        { expression: `__imag__ ${expression}`, type: part, value: im, size: part.size, through: part.c },
      ];
    }
    case 'array':
      return (value as Value[]).flatMap((item, i) => leavesOf(type.element, item, `${expression}[${i}]`));
    case 'struct':
    case 'union':
      return type.members.flatMap((member) => {
        const item = memberValue(value, member.name);
        if (item === undefined) return [];
        const leaves = leavesOf(member.type, item, `${expression}.${member.name}`);
        if (member.bits === undefined) return leaves;
        return leaves.map((leaf) => ({ ...leaf, through: declare(member.type, '') }));
      });
    default:
      throw new Error(`${type.c} is one leaf`);
  }
}

/** The bytes of a type that has neither padding nor bit-fields in it, as far as that is plain. */
function solidSize(type: Type): number | undefined {
  switch (type.kind) {
    case 'array':
    case 'vector': {
      const element = solidSize(type.element);
      return element === undefined ? undefined : type.length * element;
    }
    case 'float':
      return type.size === 10 ? undefined : type.size;
    case 'complex':
      return type.part.size === 10 ? undefined : 2 * type.part.size;
    case 'integer':
    case 'enum':
      return type.size;
    case 'bool':
      return 1;
    case 'pointer':
    case 'function':
      return 8;
    case 'struct':
    case 'union':
      return undefined;
  }
}

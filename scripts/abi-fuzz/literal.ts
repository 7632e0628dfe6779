import { type FloatType, isChar, memberValue, type Place, type Type, type Value } from './model.js';

/** A value as a C constant expression, such as an initialiser takes; what has parts in braces. */
export function literal(type: Type, value: Value): string {
  switch (type.kind) {
    case 'integer':
      return type.size === 16 ? wide(type.c, value as bigint) : `(${type.c})${decimal(value as number)}`;
    case 'enum':
      return `(${type.c})${decimal(value as number)}`;
    case 'bool':
      return value === true ? '1' : '0';
    case 'float':
      return floating(type, value as number);
    case 'complex': {
      const { re, im } = value as { re: number; im: number };
      return `__builtin_complex(${floating(type.part, re)}, ${floating(type.part, im)})`;
    }
    case 'pointer':
      return value === null ? `(${type.c})0` : `(${type.c})&arena[${(value as Place).index}]`;
    case 'function':
      return value === null ? `(${type.c})0` : `target${(value as Place).index}`;
    case 'array':
    case 'vector':
      if (type.kind === 'array' && isChar(type.element)) return quoted(value as string);
      return `{ ${(value as Value[]).map((item) => literal(type.element, item)).join(', ')} }`;
    case 'struct':
    case 'union': {
      const fields = type.members.flatMap((m) => {
        const item = memberValue(value, m.name);
        return item === undefined ? [] : [`.${m.name} = ${literal(m.type, item)}`];
      });
      return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
    }
  }
}

/** The least value of a type has no literal: `-9223372036854775808` is the negation of what does not fit. */
function decimal(value: number | bigint): string {
  const n = BigInt(value);
  if (n === -(2n ** 63n)) return '(-9223372036854775807LL - 1)';
  return n < 0n ? `(${n}LL)` : `${n}${n < 2n ** 63n ? 'LL' : 'ULL'}`;
}

/** C has no literals of 128 bits. */
function wide(c: string, value: bigint): string {
  const bits = BigInt.asUintN(128, value);
  const half = (n: bigint): string => `0x${BigInt.asUintN(64, n).toString(16)}ULL`;
  return `(${c})((unsigned __int128)${half(bits >> 64n)} << 64 | ${half(bits)})`;
}

const NAN: Readonly<Record<FloatType['size'], string>> = {
  2: '(_Float16)__builtin_nanf("")',
  4: '__builtin_nanf("")',
  8: '__builtin_nan("")',
  10: '__builtin_nanl("")',
};

/** JavaScript's shortest digits name one double, which every format here that is given it holds exactly. */
function floating({ c, size }: FloatType, value: number): string {
  if (Number.isNaN(value)) return NAN[size];
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const magnitude = Math.abs(value);
  if (magnitude === Infinity) return `(${c})${sign}__builtin_inf()`;
  const digits = String(magnitude);
  return `(${c})${sign}${/[.e]/.test(digits) ? digits : `${digits}.0`}`;
}

/** Bytes past ASCII in octal: an escape of at most three digits ends where the next letter begins. */
function quoted(text: string): string {
  const letters = Array.from(Buffer.from(text), (byte) =>
    byte < 0x80 ? String.fromCharCode(byte) : `\\${byte.toString(8)}`,
  );
  return `"${letters.join('')}"`;
}

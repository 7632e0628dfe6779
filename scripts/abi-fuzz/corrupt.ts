import { memberValue, type Type, type Value } from './model.js';
import { Random } from './random.js';
import type { Result, Signature } from './signature.js';
import { numeric, randomValue } from './values.js';

/**
 * The signature with one value changed that JavaScript passes or returns or, if it passes none, the result that is expected: a call that must be
 * found to be wrong. Undefined where there is no value at all.
 */
export function corrupted(signature: Signature): Signature | undefined {
  const random = new Random(signature.index, 1);
  const { parameters, callback, result } = signature;
  for (const parameter of fromAnywhere(parameters, random)) {
    const value = otherValue(parameter.type, parameter.value, random);
    if (value === undefined) continue;
    return {
      ...signature,
      parameters: parameters.with(parameters.indexOf(parameter), { ...parameter, value }),
    };
  }
  if (callback !== undefined) {
    const answer = otherResult(callback.result, random);
    if (answer !== undefined) return { ...signature, callback: { ...callback, result: answer } };
  }
  const other = otherResult(result, random);
  return other && { ...signature, result: other };
}

function otherResult({ type, value }: Result, random: Random): Result | undefined {
  const other = type && otherValue(type, value, random);
  return other === undefined ? undefined : { type, value: other };
}

/** The items in order, from a random one on and round. */
function fromAnywhere<T>(items: readonly T[], random: Random): T[] {
  const start = random.below(items.length);
  return [...items.slice(start), ...items.slice(0, start)];
}

/** Another value of `type`, different from `value` in one scalar; undefined where there is none to change. */
function otherValue(type: Type, value: Value, random: Random): Value | undefined {
  switch (type.kind) {
    case 'array':
    case 'vector': {
      // Text is as good as any other value to be given anew.
      if (typeof value === 'string') return value === 'x' ? 'y' : 'x';
      const items = value as readonly Value[];
      const at = random.below(items.length);
      const other = otherValue(type.element, items[at] ?? null, random);
      return other === undefined ? undefined : items.with(at, other);
    }
    case 'struct':
    case 'union': {
      for (const { name, type: t, bits } of fromAnywhere(type.members, random)) {
        const old = memberValue(value, name);
        if (old === undefined) continue;
        const other = bits === undefined ? otherValue(t, old, random) : flipped(t, old);
        if (other !== undefined) return { ...(value as object), [name]: other };
      }
      return undefined;
    }
    default: {
      for (;;) {
        const other = randomValue(type, random);
        if (!same(other, value)) return other;
      }
    }
  }
}

function same(a: Value, b: Value): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b);
  return Object.entries(a).every(([key, item]) => Object.is(item, memberValue(b, key)));
}

/** Another value of a bit-field, in the range of every width. */
function flipped(type: Type, value: Value): Value {
  if (type.kind !== 'integer') return value !== true;
  const other = value === 0 || value === 0n ? (type.signed ? -1n : 1n) : 0n;
  return numeric(type, other);
}

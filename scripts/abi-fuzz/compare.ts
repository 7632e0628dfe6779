import { inspect } from 'node:util';

import type { AddressOf } from './bytes.js';
import { sizeOf } from './layout.js';
import { isChar, memberValue, type Place, type Type, type Value } from './model.js';

/**
 * What differs between the value that C had and what JavaScript got for it, in words; undefined if nothing does. Of a union the member that C gave
 * is looked at.
 */
export function difference(
  type: Type,
  expected: Value,
  actual: unknown,
  where: string,
  addressOf: AddressOf,
): string | undefined {
  const differs = (): string => `${where}: expected ${show(expected)}, got ${show(actual)}`;
  switch (type.kind) {
    case 'pointer':
    case 'function': {
      const address = expected === null ? null : addressOf(expected as Place);
      return address === addressIn(actual) ? undefined : differs();
    }
    case 'complex':
      return partsDiffer(['re', 'im'], () => type.part);
    case 'array':
    case 'vector': {
      if (type.kind === 'array' && isChar(type.element))
        return Object.is(expected, actual) ? undefined : differs();
      if (lengthOf(actual) !== type.length) return differs();
      return partsDiffer(
        Array.from({ length: type.length }, (_, i) => String(i)),
        () => type.element,
      );
    }
    case 'struct':
    case 'union': {
      // A copy leaves out what has no size.
      const given = type.members.filter(
        (m) => memberValue(expected, m.name) !== undefined && sizeOf(m.type) > 0,
      );
      if (typeof actual !== 'object' || actual === null) return differs();
      // What is by value is a copy: a plain object, which has its fields itself.
      const missing = given.find((m) => !Object.hasOwn(actual, m.name));
      if (missing !== undefined) return `${where}: ${missing.name} is missing in ${show(actual)}`;
      const types = new Map(given.map((m) => [m.name, m.type]));
      return partsDiffer([...types.keys()], (name) => types.get(name) ?? type);
    }
    default:
      return Object.is(expected, actual) ? undefined : differs();
  }

  function partsDiffer(names: readonly string[], typeOf: (name: string) => Type): string | undefined {
    if (typeof actual !== 'object' || actual === null) return differs();
    for (const name of names) {
      const part = memberValue(expected, name) ?? null;
      const got = (actual as Record<string, unknown>)[name];
      const found = difference(typeOf(name), part, got, `${where}.${name}`, addressOf);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** The address of a `Pointer` or a looked-up function, null for null. */
function addressIn(value: unknown): unknown {
  if (value === null) return null;
  const hasAddress = typeof value === 'object' || typeof value === 'function';
  return hasAddress ? (value as { address?: unknown }).address : undefined;
}

function lengthOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? (value as { length?: unknown }).length : undefined;
}

export function show(value: unknown): string {
  return inspect(value, { depth: 8, breakLength: Infinity, compact: true, maxArrayLength: 64 });
}

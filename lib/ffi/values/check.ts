import { isQualified, bare, type CType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { typeError, rangeError } from '../../errors.js';
import type { Block } from '../block.js';

/** A value as messages show it: short, and of a kind one recognises. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `the string ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`;
    case 'number':
      return `the number ${Object.is(value, -0) ? '-0' : String(value)}`;
    case 'bigint':
      return `the bigint ${String(value)}n`;
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'symbol':
      return 'a symbol';
    case 'function':
      return value.name === '' ? 'a function' : `the function ${value.name}`;
    default:
      break;
  }
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const constructor = (value as { constructor?: { name?: unknown } }).constructor?.name;
  return typeof constructor === 'string' && constructor !== 'Object'
    ? `an instance of ${constructor}`
    : 'an object';
}

/** Whether a value is an object of nothing but its own properties, as a literal makes one. */
export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A value of the wrong kind. `wanted` reads behind "expected": `a number`, `null or a Pointer`. */
export function wrongKind(what: string, type: CType, wanted: string, value: unknown): TypeError {
  return typeError(
    'ERR_INVALID_ARG_TYPE',
    `${what}: expected ${wanted} for ${print(type)}, got ${describe(value)}`,
  );
}

/** The right kind of value, but none of this type. */
export function badValue(what: string, type: CType, reason: string, value: unknown): TypeError {
  return typeError('ERR_INVALID_ARG_VALUE', `${what}: ${describe(value)} is no ${print(type)}: ${reason}`);
}

export function outOfRange(
  what: string,
  type: CType,
  least: number | bigint,
  most: number | bigint,
  value: unknown,
): RangeError {
  return rangeError(
    `${what}: ${describe(value)} is out of range for ${print(type)} (${String(least)} to ${String(most)})`,
  );
}

/** Throws unless `what`, of type `type`, may be assigned to where it stands in `block`. `constant` is `isConst(type)`. */
export function assignable(what: string, type: CType, constant: boolean, block: Block): void {
  if (constant)
    throw typeError('ERR_READ_ONLY', `${what}: ${print(type)} ${whatIsConst(type)}: it can't be assigned to`);
  if (!block.writable) {
    const reason = 'it lies in memory that is mapped read-only';
    throw typeError('ERR_READ_ONLY', `${what}: ${print(type)} can't be assigned to: ${reason}`);
  }
}

/** Why `isConst(type)`. */
function whatIsConst(type: CType): string {
  if (isQualified(type, 'const')) return 'is const';
  const t = bare(type);
  if (t.kind === 'array') return whatIsConst(t.element);
  const member = 'members' in t ? t.members.find((m) => isConst(m.type)) : undefined;
  if (member === undefined) return 'is const';
  return member.name === undefined ? whatIsConst(member.type) : `has the const member ${member.name}`;
}

/** Whether C forbids an assignment to `type`: it is const, or a struct or union with a const member (C17 §6.3.2.1p1). */
export function isConst(type: CType): boolean {
  if (isQualified(type, 'const')) return true;
  const t = bare(type);
  if (t.kind === 'array') return isConst(t.element);
  return (t.kind === 'struct' || t.kind === 'union') && t.members.some((m) => isConst(m.type));
}

/** An index, a length, a count; `what` is who takes it. */
export function integer(value: number, what: string): number {
  if (Number.isSafeInteger(value)) return value;
  throw typeError('ERR_INVALID_ARG_TYPE', `${what}: expected an integer, got ${describe(value)}`);
}

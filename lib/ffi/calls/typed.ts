import { bare, type BareType, type CType, type FunctionType } from '../../ctypes/model.js';
import { parseType } from '../../ctypes/parse.js';
import { print } from '../../ctypes/print.js';
import { Type } from '../../ctypes/type.js';
import { rangeError, typeError } from '../../errors.js';
import { describe } from '../values/check.js';
import type { CFunction, Values } from '../values/codec.js';
import { createValues } from '../values/factory.js';
import { ownerOf } from '../values/owner.js';
import { Pointer } from '../values/pointer.js';
import { Callback, lastingCallback } from './callback.js';
import { CValue } from './c-value.js';
import { createCallables, functionAddress } from './function.js';
import type { JsFunction } from './relay.js';
import { sourceOf } from './source.js';

/** The values of types that belong to no plugin. */
let plain: Values | undefined;

function plainValues(): Values {
  return (plain ??= createValues({
    int64: 'bigint',
    parse: (declaration) => parseType(declaration, () => undefined),
    callable: createCallables(),
    functionAddress,
  }));
}

function resolve(type: string | Type, what: string): { type: CType; values: Values } {
  if (typeof type === 'string') return { type: plainValues().parse(type), values: plainValues() };
  if (!(type instanceof Type))
    throw typeError('ERR_INVALID_ARG_TYPE', `${what}: expected a C type, got ${describe(type)}`);
  return { type: type.ctype, values: ownerOf(type) ?? plainValues() };
}

/** See `callback` in entry.ts. */
export function callback(fn: (...args: never[]) => unknown, type: string | Type): Callback {
  if (typeof fn !== 'function')
    throw typeError('ERR_INVALID_ARG_TYPE', `callback: expected a function, got ${describe(fn)}`);
  const given = resolve(type, 'callback');
  const target = functionIn(given.type);
  if (target === undefined)
    throw typeError('ERR_INVALID_ARG_VALUE', `callback: ${print(given.type)} is no type of a function`);
  return lastingCallback(target, fn as JsFunction, given.values);
}

/** The function type that `type` is, or a pointer to. */
function functionIn(type: CType): FunctionType | undefined {
  const t = bare(type);
  if (t.kind === 'function') return t;
  const target = t.kind === 'pointer' ? bare(t.target) : undefined;
  return target?.kind === 'function' ? target : undefined;
}

/** See `cast` in entry.ts. */
export function cast(type: string | Type, value: unknown): CValue | Pointer | CFunction | null {
  const to = resolve(type, 'cast');
  const t = bare(to.type);
  const from = value instanceof CValue ? value.value : value;
  if (t.kind === 'pointer') {
    const address = addressIn(from, to.type);
    const target = bare(t.target);
    if (target.kind === 'function') return to.values.callable(target, address);
    if (from instanceof Pointer) return from.cast(Type.of(to.type));
    return to.values.pointer(t.target, address);
  }
  if (t.kind === 'int' || t.kind === 'enum') {
    const size = t.size ?? 4;
    return new CValue(to.type, wrapped(from, to.type, size * 8, t.signed), to.values);
  }
  if (t.kind === 'array' && !t.vector)
    throw typeError(
      'ERR_INVALID_ARG_VALUE',
      `cast: C has no cast to an array, ${print(to.type)}: cast to a pointer to its elements`,
    );
  const cValue = new CValue(to.type, converted(from, t, to.type), to.values);
  cValue.check();
  return cValue;
}

/** A number as a float or `_Bool` of C (C17 §6.3.1.2, §6.3.1.4, §6.3.1.5); any other value as it is. */
function converted(value: unknown, to: BareType, type: CType): unknown {
  if (to.kind === 'bool') {
    if (typeof value === 'boolean') return value;
    if (typeof value === 'number' || typeof value === 'bigint') return value != 0;
    if (value === null || value instanceof Pointer) return value !== null;
    throw typeError(
      'ERR_INVALID_ARG_TYPE',
      `cast: expected a number for ${print(type)}, got ${describe(value)}`,
    );
  }
  if (to.kind !== 'float') return value;
  const number = typeof value === 'bigint' || typeof value === 'boolean' ? Number(value) : value;
  return to.format === 'binary32' && typeof number === 'number' ? Math.fround(number) : number;
}

/** The address that a pointer type gets. */
function addressIn(value: unknown, type: CType): bigint {
  if (value === null) return 0n;
  if (value instanceof Pointer || value instanceof Callback) return value.address;
  const source = sourceOf(value);
  if (source !== undefined) return source.address;
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value)))
    return BigInt.asUintN(64, BigInt(value));
  throw typeError(
    'ERR_INVALID_ARG_TYPE',
    `cast: expected a Pointer, an address or null for ${print(type)}, got ${describe(value)}`,
  );
}

/** A number as an integer of C: a fraction is cut off, what does not fit wraps (C17 §6.3.1.3, §6.3.1.4). */
function wrapped(value: unknown, type: CType, bits: number, signed: boolean): bigint {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'number' && !Number.isFinite(value))
    throw rangeError(`cast: ${value} is no value of ${print(type)}`);
  if (typeof value !== 'bigint' && typeof value !== 'number')
    throw typeError(
      'ERR_INVALID_ARG_TYPE',
      `cast: expected a number for ${print(type)}, got ${describe(value)}`,
    );
  const whole = typeof value === 'number' ? BigInt(Math.trunc(value)) : value;
  return signed ? BigInt.asIntN(bits, whole) : BigInt.asUintN(bits, whole);
}

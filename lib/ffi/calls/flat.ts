import { namedMembers } from '../../ctypes/layout.js';
import { bare, type Compiler, type CType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { classify, type Eightbyte } from '../abi/classify.js';
import { isPlain } from '../values/check.js';
import type { Values } from '../values/codec.js';
import { fromBigInt, limits } from '../values/integer.js';
import { machineOf, MACHINES, type Machine, type MachineAccess } from '../values/machine.js';
import { exactType, store } from './eightbytes.js';
import { pairOf, type KoffiType } from './koffi-types.js';
import type { Passing, Returning } from './passing.js';

/*
 * A shorter way for the structs that most functions take and return: fields that are integers and doubles, in one or two registers. Their values go to koffi
 * and come from it without memory between, in a third of the time. What is not a plain object with exactly these fields takes the ordinary way.
 */

interface Field {
  readonly name: string;
  /** In bytes, in its eightbyte. */
  readonly at: number;
  /** Reads it from its eightbyte. */
  readonly load: MachineAccess['get'];
  readonly size: number;
  readonly isDouble: boolean;
  readonly signed: boolean;
}

/** A register, and the fields that are in it. */
interface Part {
  readonly eightbyte: Eightbyte;
  readonly fields: readonly Field[];
}

/** The registers of a struct that goes this way; undefined for any other type. */
export function flatParts(type: CType, compiler: Compiler | undefined): readonly Part[] | undefined {
  const record = bare(type);
  if (record.kind !== 'struct') return undefined;
  const passed = classify(type, compiler);
  if ('refused' in passed || passed.where !== 'registers') return undefined;
  const parts = passed.eightbytes.map((eightbyte) => ({ eightbyte, fields: [] as Field[] }));
  const members = namedMembers(record.members);
  let end = 0;
  for (const { name, type: fieldType, offset, bitSize } of members) {
    const machine = machineOf(fieldType);
    if (machine === undefined || machine === 'float32' || bitSize !== undefined) return undefined;
    // An anonymous union's members lie in one place; a property of that name is none of an object's own.
    if (offset < end || name === '__proto__') return undefined;
    const field = fieldOf(machine, name, offset % 8);
    parts[Math.floor(offset / 8)]?.fields.push(field);
    end = offset + field.size;
  }
  return parts.every((p) => p.fields.length > 0) ? parts : undefined;
}

function fieldOf(machine: Machine, name: string, at: number): Field {
  const { array, get } = MACHINES[machine];
  return {
    name,
    at,
    load: get,
    size: array.BYTES_PER_ELEMENT,
    isDouble: machine === 'float64',
    signed: machine.startsWith('int'),
  };
}

/** An argument that is its one or two eightbytes alone, as koffi takes them. */
export class FlatValue {
  readonly first: number | bigint;
  readonly second: number | bigint;
  readonly #parts: readonly Part[];

  constructor(parts: readonly Part[], first: number | bigint, second: number | bigint) {
    this.#parts = parts;
    this.first = first;
    this.second = second;
  }

  /** For the stack, where it goes when there are no registers left. */
  bytes(offset: number, length: number): Uint8Array {
    const data = new DataView(new ArrayBuffer(16));
    for (const [i, { eightbyte }] of this.#parts.entries())
      store(data, i * 8, eightbyte, i === 0 ? this.first : this.second);
    return new Uint8Array(data.buffer, offset, length);
  }
}

/** `ordinary`, but for a plain object with these fields. */
export function flatArgument(parts: readonly Part[], ordinary: Passing): Passing {
  const flatten = flattener(parts);
  if (flatten === undefined) return ordinary;
  const { recycle } = ordinary;
  return {
    ...ordinary,
    toC: (value, what, frame) =>
      (isPlain(value) ? flatten(value) : undefined) ?? ordinary.toC(value, what, frame),
    recycle: (passed) => {
      if (!(passed instanceof FlatValue)) recycle?.(passed);
    },
  };
}

/** How such a struct is returned; undefined if it has to go the ordinary way. */
export function flatResult(type: CType, parts: readonly Part[], values: Values): Returning | undefined {
  const fromC = gatherer(type, parts, values);
  if (fromC === undefined) return undefined;
  const [first, second] = parts.map((p) => exactType(p.eightbyte)) as [KoffiType, KoffiType | undefined];
  return { koffi: second === undefined ? first : pairOf(first, second), fromC };
}

/*
 * Both are code made for the fields at hand. One function that takes those of any struct by a list takes 1.4 times as long from the second struct on,
 * since V8 keeps the kinds of objects and values that it has seen for a place in the code.
 */

/** Gives the eightbytes of an object; undefined for one that has not exactly these fields, in their order and range. */
function flattener(parts: readonly Part[]): ((value: object) => FlatValue | undefined) | undefined {
  const fields = parts.flatMap((p) => p.fields);
  const variables = new Map(fields.map((field, i) => [field, `f${i}`]));
  const variable = (field: Field): string => variables.get(field) ?? '';
  const registers = parts.map(({ fields: [only, ...more], fields: all }) => {
    if (only?.isDouble === true) return variable(only);
    if (only?.size === 8 && more.length === 0) return `whole(${variable(only)})`;
    const half = (from: number): string =>
      all
        .filter(({ at }) => at >= from && at < from + 4)
        .map((field) => `${bits(field, variable(field))} << ${8 * (field.at - from)}`)
        .join(' | ') || '0';
    return `joined(${half(0)}, ${half(4)})`;
  });
  const keys = fields.map(
    ({ name }, i) => `case ${i}: if (key !== ${JSON.stringify(name)}) return undefined; break;`,
  );
  const reads = fields.map(
    (field) =>
      `const ${variable(field)} = value[${JSON.stringify(field.name)}]; if (!(${fits(field, variable(field))})) return undefined;`,
  );
  return made('value', { FlatValue, parts, joined, whole }, [
    'let count = 0;',
    `for (const key in value) switch (count++) { ${keys.join(' ')} default: return undefined; }`,
    `if (count !== ${fields.length}) return undefined;`,
    ...reads,
    `return new FlatValue(parts, ${registers[0] ?? '0'}, ${registers[1] ?? '0'});`,
  ]) as ReturnType<typeof flattener>;
}

/** What says that `x` fits into a field. */
function fits({ isDouble, size, signed }: Field, x: string): string {
  if (isDouble) return `typeof ${x} === 'number'`;
  // A comparison of bigints for greater or less takes five times as long.
  if (size === 8)
    return `typeof ${x} === 'bigint' && BigInt.as${signed ? 'Int' : 'Uint'}N(64, ${x}) === ${x}`;
  const { least, most } = limits(size * 8, signed);
  return `typeof ${x} === 'number' && ${x} >= ${least} && ${x} <= ${most} && Number.isInteger(${x})`;
}

/** The bits of `x`, which fits, in a field of less than 8 bytes. */
function bits({ size }: Field, x: string): string {
  return size === 4 ? x : `(${x} & ${size === 2 ? 0xffff : 0xff})`;
}

/** 64 bits as koffi takes them soonest. */
function whole(value: number | bigint): number | bigint {
  if (typeof value === 'number') return value;
  cell.setBigInt64(0, value, true);
  return joined(cell.getInt32(0, true), cell.getInt32(4, true));
}

/** Both halves of a signed integer of 64 bits: a number, or a bigint where that is not exact. */
function joined(low: number, high: number): number | bigint {
  // Within 2^52, which is within what a number has exactly.
  if (high >= -0x100000 && high < 0x100000) return high * 2 ** 32 + (low >>> 0);
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
}

/** Eight bytes of an integer, which are looked at in another way. */
const cell = new DataView(new ArrayBuffer(8));

/** Makes the object of what koffi returns: one eightbyte, or `a` and `b`. */
function gatherer(type: CType, parts: readonly Part[], values: Values): Returning['fromC'] | undefined {
  const scope: Record<string, unknown> = { cell, store };
  const lines = [parts.length === 1 ? 'const a = raw;' : 'const { a, b } = raw;'];
  const properties: string[] = [];
  for (const [i, { eightbyte, fields }] of parts.entries()) {
    const raw = i === 0 ? 'a' : 'b';
    scope[`eightbyte${i}`] = eightbyte;
    if (fields[0]?.size !== 8) lines.push(`store(cell, 0, eightbyte${i}, ${raw});`);
    for (const field of fields) {
      const nth = properties.length;
      let read = raw;
      if (field.size < 8) {
        scope[`load${nth}`] = field.load;
        read = `load${nth}(cell, ${field.at})`;
      } else if (!field.isDouble) {
        scope[`long${nth}`] = longOf(field, values, `${print(type)}.${field.name}`);
        read = `long${nth}(${raw})`;
      }
      lines.push(`const f${nth} = ${read};`);
      properties.push(`${JSON.stringify(field.name)}: f${nth}`);
    }
  }
  return made('raw', scope, [...lines, `return { ${properties.join(', ')} };`]) as ReturnType<
    typeof gatherer
  >;
}

/** A 64-bit field of what koffi gives as a signed integer. */
function longOf(
  { signed }: Field,
  { int64 }: Values,
  what: string,
): (raw: number | bigint) => number | bigint {
  return (raw) => {
    const value = typeof raw === 'bigint' ? raw : BigInt(raw);
    return fromBigInt(signed ? value : BigInt.asUintN(64, value), int64, what);
  };
}

/** The function of these parameters with these lines, over the names of `scope`; undefined in a program that allows no code from text (`node --disallow-code-generation-from-strings`). */
export function made(
  parameters: string,
  scope: Readonly<Record<string, unknown>>,
  lines: readonly string[],
): unknown {
  const code = `'use strict'; return (${parameters}) => {\n${lines.join('\n')}\n};`;
  try {
    // What comes from outside in it are names of fields, as JSON.
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    const make = new Function(...Object.keys(scope), code) as (...values: unknown[]) => unknown;
    return make(...Object.values(scope));
  } catch (error) {
    if ((error as Error).name === 'EvalError') return undefined;
    throw error;
  }
}

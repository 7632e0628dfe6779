import { namedMembers } from '../../ctypes/layout.js';
import { bare, type Compiler, type CType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { classify, type Eightbyte } from '../abi/classify.js';
import { isPlain } from '../values/check.js';
import type { Values } from '../values/codec.js';
import { fromBigInt, limits } from '../values/integer.js';
import { machineOf, MACHINES, type Machine, type MachineAccess } from '../values/machine.js';
import { exactType, store } from './eightbytes.js';
import { pairOf } from './koffi-types.js';
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
  /** The number of its eightbyte. */
  readonly part: number;
  /** Whether it is the last field there. */
  readonly isLast: boolean;
  readonly signed: boolean;
  /** An integer's range, if it has less than 8 bytes. */
  readonly least: number;
  readonly most: number;
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
  for (const [i, { name, type: fieldType, offset, bitSize }] of members.entries()) {
    const machine = machineOf(fieldType);
    const part = Math.floor(offset / 8);
    if (machine === undefined || machine === 'float32' || bitSize !== undefined) return undefined;
    // An anonymous union's members lie in one place; a property of that name is none of an object's own.
    if (offset < end || name === '__proto__') return undefined;
    const next = members[i + 1];
    const isLast = next === undefined || Math.floor(next.offset / 8) > part;
    const field = fieldOf(machine, { name, at: offset % 8, part, isLast });
    parts[part]?.fields.push(field);
    end = offset + field.size;
  }
  return parts.every((p) => p.fields.length > 0) ? parts : undefined;
}

function fieldOf(machine: Machine, place: Pick<Field, 'name' | 'at' | 'part' | 'isLast'>): Field {
  const size = MACHINES[machine].array.BYTES_PER_ELEMENT;
  const signed = machine.startsWith('int');
  const { least, most } = limits(size * 8, signed);
  const isDouble = machine === 'float64';
  // Of larger ones the range is not used: fields that all look alike to the engine are read in half the time.
  const range = size < 8 ? { least: Number(least), most: Number(most) } : { least: 0, most: 0 };
  return { ...place, load: MACHINES[machine].get, size, isDouble, signed, ...range };
}

/** An argument that is its one or two eightbytes alone, as koffi takes them. */
export class FlatValue {
  first: number | bigint = 0;
  second: number | bigint = 0;
  readonly #parts: readonly Part[];

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
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
  const fields = parts.flatMap((p) => p.fields);
  const { recycle } = ordinary;
  return {
    ...ordinary,
    toC: (value, what, frame) => flatValue(parts, fields, value) ?? ordinary.toC(value, what, frame),
    recycle: (passed) => {
      if (!(passed instanceof FlatValue)) recycle?.(passed);
    },
  };
}

/** A plain object's; undefined for one that has not exactly these fields, in their order and range. */
function flatValue(parts: readonly Part[], fields: readonly Field[], value: unknown): FlatValue | undefined {
  if (!isPlain(value)) return undefined;
  const flat = new FlatValue(parts);
  // What is gathered of a register's fields.
  let [low, high] = [0, 0];
  let i = 0;
  for (const key in value) {
    const field = fields[i++];
    if (key !== field?.name) return undefined;
    const { size, at, part, isDouble, isLast } = field;
    const item = value[key];
    if (!fits(field, item)) return undefined;
    let eightbyte: number | bigint;
    if (isDouble) eightbyte = item;
    else if (size === 8) {
      cell.setBigInt64(0, item as bigint, true);
      eightbyte = wholeOf(cell.getInt32(0, true), cell.getInt32(4, true));
    } else {
      const bits = size === 4 ? (item as number) : (item as number) & (size === 2 ? 0xffff : 0xff);
      if (at < 4) low |= bits << (8 * at);
      else high |= bits << (8 * (at - 4));
      if (!isLast) continue;
      eightbyte = wholeOf(low, high);
      [low, high] = [0, 0];
    }
    if (part === 0) flat.first = eightbyte;
    else flat.second = eightbyte;
  }
  return i === fields.length ? flat : undefined;
}

/** Both halves of a signed integer of 64 bits: a number, or a bigint where that is not exact. */
function wholeOf(low: number, high: number): number | bigint {
  // Within 2^52, which is within what a number has exactly.
  if (high >= -0x100000 && high < 0x100000) return high * 2 ** 32 + (low >>> 0);
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
}

function fits({ isDouble, size, signed, least, most }: Field, value: unknown): value is number | bigint {
  if (isDouble) return typeof value === 'number';
  if (size === 8) {
    // A comparison of bigints for greater or less takes five times as long.
    return (
      typeof value === 'bigint' && (signed ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value)) === value
    );
  }
  return typeof value === 'number' && value >= least && value <= most && Number.isInteger(value);
}

/** Eight bytes of an integer, which are looked at in another way. */
const cell = new DataView(new ArrayBuffer(8));

/** How such a struct is returned. */
export function flatResult(type: CType, parts: readonly Part[], values: Values): Returning {
  const fields = parts.flatMap((p) => p.fields);
  const empty = Object.fromEntries(fields.map(({ name }): [string, unknown] => [name, undefined]));
  const put = (copied: Record<string, unknown>, part: Part, raw: unknown): void => {
    store(cell, 0, part.eightbyte, raw);
    for (const { name, load, at } of part.fields) {
      const value = load(cell, at);
      copied[name] =
        typeof value === 'bigint' ? fromBigInt(value, values.int64, () => `${print(type)}.${name}`) : value;
    }
  };
  const [first, second] = parts as [Part, Part | undefined];
  if (second === undefined) {
    const fromC = (raw: unknown): unknown => {
      const copied = { ...empty };
      put(copied, first, raw);
      return copied;
    };
    return { koffi: exactType(first.eightbyte), fromC };
  }
  return {
    koffi: pairOf(exactType(first.eightbyte), exactType(second.eightbyte)),
    fromC: (raw) => {
      const { a, b } = raw as { a: unknown; b: unknown };
      const copied = { ...empty };
      put(copied, first, a);
      put(copied, second, b);
      return copied;
    },
  };
}

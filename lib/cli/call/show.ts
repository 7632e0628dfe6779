import { print } from '../../ctypes/print.js';
import { formatPointer, formatValue } from '../../format/value.js';
import { CValue } from '../../ffi/calls/c-value.js';
import { alloc } from '../../ffi/heap.js';
import { formatOptions, memory } from '../../ffi/values/inspect.js';
import { ownerOf } from '../../ffi/values/owner.js';
import { Pointer, targetOf } from '../../ffi/values/pointer.js';
import { snapshot } from '../../ffi/values/snapshot.js';
import type { Plugin } from '../../plugin/plugin.js';
import type { Operand } from './evaluate.js';

/** All levels, in lines as `console.log` makes them. */
const OPTIONS = formatOptions(0, { depth: null });

/** An operand as C writes it; undefined for void. */
export function asC({ type, place, value: given }: Operand, plugin: Plugin): string | undefined {
  const value = place === undefined && given instanceof CValue ? given.value : given;
  if (value === null) return 'NULL';
  // One that a pointer leads to has no name to be shown by.
  if (typeof value === 'function')
    return type === undefined ? String(value) : `(${print(type.ctype)})${hex(addressOfCode(value))}`;
  if (value instanceof Pointer) return formatPointer(targetOf(value), value.address, memory, OPTIONS);
  if (type === undefined) return typeof value === 'string' ? JSON.stringify(value) : `${value as number}`;
  if (type.kind === 'void') return undefined;
  return textOf(type.ctype, { place, value }, plugin);
}

function textOf(
  type: Parameters<typeof formatValue>[0],
  { place, value }: { place: Pointer | undefined; value: unknown },
  plugin: Plugin,
): string {
  if (place !== undefined) return formatValue(type, place.address, memory, OPTIONS);
  // What a function has returned is nowhere in C's memory: it is put there to be shown as everything else.
  const values = ownerOf(plugin.type('int'));
  if (values === undefined) return String(value);
  const copy = alloc(values, type, value);
  return formatValue(type, copy.address, memory, OPTIONS);
}

/**
 * An operand for JSON: integers of up to 32 bits and floating-point numbers as numbers, larger integers as strings of decimal digits, pointers and functions as
 * strings of their addresses, what JSON has no number for (NaN, Infinity) as a string.
 */
export function asJson({ value: given }: Operand): unknown {
  return plainOf(snapshot(given instanceof CValue ? given.value : given));
}

function plainOf(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value instanceof Pointer) return hex(value.address);
  if (typeof value === 'function') return hex(addressOfCode(value));
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as Iterable<unknown>, plainOf);
  if (Array.isArray(value)) return value.map(plainOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plainOf(member)]));
}

function addressOfCode(callable: unknown): bigint {
  return (callable as { readonly address: bigint }).address;
}

function hex(address: bigint): string {
  return `0x${address.toString(16)}`;
}

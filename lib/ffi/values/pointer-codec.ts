import { sizeOf } from '../../ctypes/layout.js';
import { bare, isQualified, isText, type CType, type PointerType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { rangeError, typeError } from '../../errors.js';
import { Block, keep, keptAt } from '../block.js';
import { wrongKind } from './check.js';
import type { Codec, Values } from './codec.js';
import { extentOf, Pointer, targetOf } from './pointer.js';

/** Loaded when a pointer is given, or is one to text. Remembered, as pointers are given in loops. */
let compatibility: typeof import('../../ctypes/compatible.js') | undefined;
const compatible = () =>
  (compatibility ??= require('../../ctypes/compatible.js') as typeof import('../../ctypes/compatible.js'));
const text = () => require('./text.js') as typeof import('./text.js');

/** The codec of a pointer that lies in memory: `T *` a Pointer, `const char *` a string, a function pointer a callable. */
export function pointerCodec(type: CType, pointer: PointerType, values: Values): Codec {
  const fromAddress = pointerReader(pointer, values);
  return {
    type,
    size: pointer.size,
    read: (block, offset) => {
      const address = block.data.getBigUint64(offset, true);
      const kept = keptAt(block, offset);
      return fromAddress(address, kept instanceof Block ? kept : undefined);
    },
    write: (block, offset, value, what) => {
      const { address, kept } = toAddress(type, pointer, value, what, values);
      block.data.setBigUint64(offset, address, true);
      keep(block, offset, kept);
    },
  };
}

/** What C's address is to JavaScript. `around` is the block it points into, where that is known. */
export type PointerReader = (address: bigint, around?: Block) => unknown;

/** How addresses of one pointer type are read. What it points to is not looked at before there is an address. */
export function pointerReader(pointer: PointerType, values: Values): PointerReader {
  let read: PointerReader | undefined;
  return (address, around) =>
    address === 0n ? null : (read ??= makeReader(pointer, values))(address, around);
}

function makeReader(pointer: PointerType, values: Values): PointerReader {
  const target = bare(pointer.target);
  if (target.kind === 'function') return (address) => values.callable(target, address);
  if (isConstText(pointer)) {
    const { cString } = text();
    return (address) => cString(address);
  }
  const make = values.pointerMaker(pointer.target);
  return (address, around) => {
    const offset = around === undefined ? -1 : Number(address - around.address);
    if (around === undefined || offset < 0 || offset > around.size) return make(address);
    return make(address, { block: around, offset, start: 0, end: around.size });
  };
}

/** Whether a pointer may lead to text: `char *`. A C++ reference to a char refers to that one. */
export function isTextPointer(pointer: PointerType): boolean {
  return isText(pointer.target) && pointer.reference === undefined;
}

/** Whether a pointer is `const char *`: const says that the caller does not own the text, so that it is a plain string. */
export function isConstText(pointer: PointerType): boolean {
  return isTextPointer(pointer) && isQualified(pointer.target, 'const');
}

/** The address that C gets for `value`, to keep, and what has to live as long as C has it. */
export function toAddress(
  type: CType,
  pointer: PointerType,
  value: unknown,
  what: string,
  values: Values,
): { address: bigint; kept: unknown } {
  if (value === null) {
    checkNull(type, pointer, what);
    return { address: 0n, kept: undefined };
  }
  if (pointer.owned === true) checkOwned(type, value, what);
  const target = bare(pointer.target);
  if (target.kind === 'function') return values.functionAddress(target, value, what);
  if (value instanceof Pointer) {
    checkTarget(type, pointer, value, what);
    const block = extentOf(value)?.block;
    return { address: value.address, kept: block?.owned ? block : undefined };
  }
  if (typeof value === 'string' && isTextPointer(pointer)) {
    const allocated = text().allocateText(value, type, what);
    return { address: allocated.address, kept: allocated };
  }
  throw wrongKind(
    what,
    type,
    isTextPointer(pointer) ? 'a string, a Pointer or null' : 'a Pointer or null',
    value,
  );
}

/** Throws unless what `value` points to may be used as what `pointer` points to. */
export function checkTarget(type: CType, pointer: PointerType, value: Pointer, what: string): void {
  if (compatible().compatibleTargets(targetOf(value), pointer.target)) {
    const extent = extentOf(value);
    if (extent !== undefined) checkRoom(type, pointer, extent.end - extent.offset, what);
    return;
  }
  const given = print({ kind: 'pointer', target: targetOf(value), size: pointer.size });
  const [own, wanted] = [targetOf(value), pointer.target].map((target) => print(bare(target)));
  const hint =
    own === wanted
      ? 'the library has two of that name with different members'
      : `cast it if that is meant: p.cast('${print(pointer)}')`;
  throw typeError(
    'ERR_INVALID_ARG_TYPE',
    `${what}: expected ${print(type)}, got a Pointer of type ${given}; ${hint}`,
  );
}

export function checkNull(type: CType, { reference }: PointerType, what: string): void {
  if (reference !== undefined) throw wrongKind(what, type, 'what a reference can refer to', null);
}

/** Throws for memory that is JavaScript's, or a variable: it can't be freed. */
export function checkOwned(type: CType, value: unknown, what: string): void {
  if (value === null || (value instanceof Pointer && extentOf(value) === undefined)) return;
  throw typeError(
    'ERR_INVALID_ARG_VALUE',
    `${what}: ${print(type)} is a Box of Rust, which is freed: pass a Pointer that came out of one`,
  );
}

/** Throws unless `room` bytes of memory hold one of what `pointer` points to, or none at all: one past the end is a pointer, too (C17 §6.5.6p8). */
export function checkRoom(type: CType, pointer: PointerType, room: number, what: string): void {
  const size = sizeOf(pointer.target);
  if (size === undefined || room === 0 || room >= size) return;
  throw rangeError(`${what}: ${print(type)} leads to ${size} bytes, this memory has ${room}`);
}

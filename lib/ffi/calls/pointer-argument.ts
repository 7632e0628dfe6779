import { compatible } from '../../ctypes/compatible.js';
import { alignOf, sizeOf } from '../../ctypes/layout.js';
import { bare, isQualified, type CType, type FunctionType, type PointerType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { PluginError, typeError } from '../../errors.js';
import { Block } from '../block.js';
import { arrayItems, arrayPlaceOf, isText } from '../values/array.js';
import { wrongKind } from '../values/check.js';
import type { Codec, Values } from '../values/codec.js';
import { MACHINES } from '../values/machine.js';
import { checkTarget } from '../values/pointer-codec.js';
import { extentOf, Pointer } from '../values/pointer.js';
import { isRecordView, placeOf, type RecordView } from '../values/record.js';
import { snapshot } from '../values/snapshot.js';
import { noInteriorNul } from '../values/text.js';
import type { Frame, Passing } from './passing.js';

/**
 * How a pointer parameter takes its argument: a `Pointer`, a live view, null, an `ArrayBufferView`, text for `char *`, and a plain object or
 * array, which is copied in and what C changed of it back. Never a bare number: as an address it would be a guess.
 */
export function pointerArgument(
  type: CType,
  pointer: PointerType,
  values: Values,
): Pick<Passing, 'toC' | 'copies'> {
  const target = bare(pointer.target);
  if (target.kind === 'function') {
    return { toC: (value, what) => functionArgument(type, target, value, what, values) };
  }
  const text = isText(pointer.target);
  const toC = (value: unknown, what: string, frame: Frame): unknown => {
    if (typeof value === 'string' && text) {
      noInteriorNul(value, type, what);
      return value;
    }
    if (value === null) return null;
    if (value instanceof Pointer) {
      checkTarget(type, pointer, value, what);
      return memoryOf(value);
    }
    if (isRecordView(value)) return viewMemory(type, pointer, value, what);
    const array = arrayPlaceOf(value);
    if (array !== undefined) {
      checkElement(type, pointer, array.element.type, what);
      checkWritable(type, pointer, array.block, what);
      return array.block.owned ? array.block.bytes(array.offset) : array.block.address + BigInt(array.offset);
    }
    if (ArrayBuffer.isView(value)) return bufferMemory(type, pointer, value, what);
    if (typeof value === 'object') return copyIn(type, pointer, value, what, frame, values);
    throw wrongKind(what, type, wanted(pointer), value);
  };
  return { toC, copies: true };
}

/** A looked-up function goes by its address. */
function functionArgument(
  type: CType,
  target: FunctionType,
  value: unknown,
  what: string,
  values: Values,
): bigint {
  const { address, kept } = values.functionAddress(target, value, what);
  if (kept === undefined) return address;
  (kept as Disposable)[Symbol.dispose]();
  const hint = 'store it in a function-pointer variable, or pass a function of a plugin';
  throw new PluginError(
    'ERR_PLUGIN_UNSUPPORTED',
    `${what}: JavaScript functions can't be passed as ${print(type)} yet: ${hint}`,
  );
}

function wanted(pointer: PointerType): string {
  const t = bare(pointer.target);
  if (isText(pointer.target)) return 'a string, a Pointer, a Uint8Array or null';
  if (t.kind === 'struct' || t.kind === 'union')
    return 'a Pointer, a view, an object with its fields or null';
  return 'a Pointer, a typed array, an array or null';
}

/** Memory of ours goes to koffi as the buffer itself, which keeps it alive while C runs. */
function memoryOf(pointer: Pointer): unknown {
  const extent = extentOf(pointer);
  return extent?.block.owned ? extent.block.bytes(extent.offset) : pointer.address;
}

function viewMemory(type: CType, pointer: PointerType, view: RecordView, what: string): unknown {
  const { block, offset, shape } = placeOf(view);
  checkElement(type, pointer, shape.type, what);
  checkWritable(type, pointer, block, what);
  return block.owned ? block.bytes(offset) : block.address + BigInt(offset);
}

/** Memory that is mapped read-only can't be handed to a function that may write through its pointer. */
function checkWritable(type: CType, pointer: PointerType, block: Block, what: string): void {
  if (block.writable || isQualified(pointer.target, 'const')) return;
  throw typeError(
    'ERR_READ_ONLY',
    `${what}: ${print(type)} may be written through, but this memory is mapped read-only`,
  );
}

function checkElement(type: CType, pointer: PointerType, element: CType, what: string): void {
  const target = bare(pointer.target);
  if (target.kind === 'void' || compatible(element, pointer.target)) return;
  if (target.kind === 'array' && compatible(element, target.element)) return;
  const given = print({ kind: 'pointer', target: element, size: 8 });
  throw typeError('ERR_INVALID_ARG_TYPE', `${what}: expected ${print(type)}, got memory of type ${given}`);
}

/** A typed array or Buffer: its elements must be what the pointer points to. Bytes go for `void *` and any kind of char. */
function bufferMemory(
  type: CType,
  pointer: PointerType,
  view: ArrayBufferView,
  what: string,
): ArrayBufferView {
  const target = bare(pointer.target);
  if (target.kind === 'void' || fits(element(target), view)) return view;
  throw typeError(
    'ERR_INVALID_ARG_TYPE',
    `${what}: expected ${print(type)}, the elements of ${view.constructor.name} are none`,
  );
}

/** What an array's memory consists of; other types are their own elements. */
function element(type: CType): CType {
  const t = bare(type);
  return t.kind === 'array' ? element(t.element) : t;
}

function fits(type: CType, view: ArrayBufferView): boolean {
  const t = bare(type);
  if (t.kind === 'int' && t.size === 1)
    return view instanceof Uint8Array || view instanceof Int8Array || view instanceof Uint8ClampedArray;
  if (t.kind === 'enum')
    return fits({ kind: 'int', name: '', size: t.size ?? 4, signed: t.signed, text: false }, view);
  const name =
    t.kind === 'int'
      ? `${t.signed ? 'int' : 'uint'}${t.size * 8}`
      : t.kind === 'float' && t.format === 'binary32'
        ? 'float32'
        : t.kind === 'float' && t.format === 'binary64'
          ? 'float64'
          : '';
  const array = name in MACHINES ? MACHINES[name as keyof typeof MACHINES].array : undefined;
  return array?.name === view.constructor.name;
}

/** A plain object or array as C memory for the time of the call. */
function copyIn(
  type: CType,
  pointer: PointerType,
  value: object,
  what: string,
  frame: Frame,
  values: Values,
): unknown {
  const target = bare(pointer.target);
  const items = arrayItems(value);
  if (
    sizeOf(target) === undefined ||
    (items === undefined && target.kind !== 'struct' && target.kind !== 'union')
  ) {
    throw wrongKind(what, type, wanted(pointer), value);
  }
  const codec = values.codec(pointer.target);
  const list = target.kind === 'array' ? [value] : (items ?? [value]);
  const block = Block.allocate(Math.max(list.length * codec.size, 1), Math.max(16, alignOf(target)));
  for (let i = 0; i < list.length; i++) {
    codec.write(block, i * codec.size, list[i], items === undefined ? what : `${what}[${i}]`);
  }
  const before = block.bytes().slice();
  const isConstant = isQualified(pointer.target, 'const');
  (frame.after ??= []).push(() => {
    if (!isConstant) {
      for (let i = 0; i < list.length; i++)
        copyBack(list as unknown[], i, codec, before, block, i * codec.size);
    }
    block.release();
  });
  return block.bytes();
}

/** Puts what C changed into the array or object that was given, byte for byte: what it left alone keeps its JavaScript value. */
function copyBack(
  holder: Holder,
  key: number | string,
  codec: Codec,
  before: Uint8Array,
  block: Block,
  offset: number,
): void {
  if (Buffer.compare(before.subarray(offset, offset + codec.size), block.bytes(offset, codec.size)) === 0)
    return;
  const old = (holder as Record<string, unknown>)[key];
  const now = codec.read(block, offset);
  if (typeof old === 'object' && old !== null && isRecordView(now)) {
    for (const [name, field] of placeOf(now).shape.fields) {
      if (name in old)
        copyBack(old as Holder, name, field.codec, before, block, offset + field.member.offset);
    }
    return;
  }
  const array = arrayPlaceOf(now);
  if (array !== undefined && arrayItems(old) !== undefined) {
    for (let i = 0; i < array.length; i++) {
      copyBack(old as Holder, i, array.element, before, block, offset + i * array.element.size);
    }
    return;
  }
  (holder as Record<string, unknown>)[key] = snapshot(now);
}

type Holder = Record<string, unknown> | unknown[];

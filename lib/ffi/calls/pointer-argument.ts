import { compatible } from '../../ctypes/compatible.js';
import { bare, isQualified, type CType, type FunctionType, type PointerType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { PluginError, typeError } from '../../errors.js';
import type { Block } from '../block.js';
import { arrayPlaceOf, isText } from '../values/array.js';
import { wrongKind } from '../values/check.js';
import type { Values } from '../values/codec.js';
import { MACHINES } from '../values/machine.js';
import { checkTarget } from '../values/pointer-codec.js';
import { extentOf, Pointer } from '../values/pointer.js';
import { isRecordView, placeOf, type RecordView } from '../values/record.js';
import { noInteriorNul } from '../values/text.js';
import { copyIn, isCopyable } from './copy-in.js';
import type { Frame, Passing } from './passing.js';
import { sourceOf } from './source.js';

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
    if (value instanceof Pointer) return pointerMemory(type, pointer, value, what);
    if (isRecordView(value)) return viewMemory(type, pointer, value, what);
    const array = arrayPlaceOf(value);
    if (array !== undefined) {
      checkElement(type, pointer, array.element.type, what);
      checkWritable(type, pointer, array.block, what);
      return place(array.block, array.offset);
    }
    if (ArrayBuffer.isView(value)) return bufferMemory(type, pointer, value, what);
    if (typeof value === 'object' && isCopyable(value, pointer.target))
      return copyIn(pointer, value, what, frame, values);
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
  if (typeof value === 'function' && sourceOf(value) === undefined) {
    const hint = 'store it in a function-pointer variable, or pass a function of a plugin';
    const text = `${what}: JavaScript functions can't be passed as ${print(type)} yet: ${hint}`;
    throw new PluginError('ERR_PLUGIN_UNSUPPORTED', text);
  }
  return values.functionAddress(target, value, what).address;
}

function wanted(pointer: PointerType): string {
  const t = bare(pointer.target);
  if (isText(pointer.target)) return 'a string, a Pointer, a Uint8Array or null';
  if (t.kind === 'struct' || t.kind === 'union')
    return 'a Pointer, a view, an object with its fields or null';
  return 'a Pointer, a typed array, an array or null';
}

/** A place in C memory. Memory of ours goes to koffi as the buffer itself, which keeps it alive while C runs. */
function place(block: Block, offset: number): Uint8Array | bigint {
  return block.owned ? block.bytes(offset) : block.address + BigInt(offset);
}

function pointerMemory(type: CType, pointer: PointerType, value: Pointer, what: string): Uint8Array | bigint {
  checkTarget(type, pointer, value, what);
  const extent = extentOf(value);
  if (extent === undefined) return value.address;
  checkWritable(type, pointer, extent.block, what);
  return place(extent.block, extent.offset);
}

function viewMemory(type: CType, pointer: PointerType, view: RecordView, what: string): Uint8Array | bigint {
  const { block, offset, shape } = placeOf(view);
  checkElement(type, pointer, shape.type, what);
  checkWritable(type, pointer, block, what);
  return place(block, offset);
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
  if (view.buffer.byteLength === 0 && isDetached(view.buffer)) {
    throw typeError('ERR_INVALID_ARG_VALUE', `${what}: the memory of this array was transferred away`);
  }
  if (target.kind === 'void' || fits(element(target), view)) return view;
  throw typeError(
    'ERR_INVALID_ARG_TYPE',
    `${what}: expected ${print(type)}, the elements of ${view.constructor.name} are none`,
  );
}

/** Whether a buffer was transferred to another thread: C would get a null pointer. */
function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** What an array's memory consists of; other types are their own elements. */
function element(type: CType): CType {
  const t = bare(type);
  return t.kind === 'array' ? element(t.element) : t;
}

function fits(type: CType, view: ArrayBufferView): boolean {
  const t = bare(type);
  // The array's own kind, also for a subclass and for one of another realm (ECMA-262 §23.2.3.38).
  const kind = (view as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] ?? '';
  if (t.kind === 'int' && t.size === 1)
    return ['Uint8Array', 'Int8Array', 'Uint8ClampedArray'].includes(kind);
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
  return array?.name === kind;
}

import { compatibleTargets } from '../../ctypes/compatible.js';
import { sizeOf } from '../../ctypes/layout.js';
import { bare, isQualified, type CType, type FunctionType, type PointerType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { PluginError, typeError } from '../../errors.js';
import { Block, wasFreed } from '../block.js';
import { accessOf, badAddress, PROT } from '../mapping.js';
import { arrayPlaceOf } from '../values/array.js';
import { wrongKind } from '../values/check.js';
import type { Values } from '../values/codec.js';
import { machineOf, MACHINES } from '../values/machine.js';
import { checkNull, checkOwned, checkRoom, checkTarget, isTextPointer } from '../values/pointer-codec.js';
import { extentOf, isFreed, Pointer } from '../values/pointer.js';
import { isRecordView, placeOf } from '../values/record.js';
import { allocateText, noInteriorNul } from '../values/text.js';
import { copyIn, isCopyable } from './copy-in.js';
import { Callback, lendCallback } from './callback.js';
import type { Frame, Passing } from './passing.js';
import { relayOf, type JsFunction } from './relay.js';
import { sourceOf } from './source.js';

/**
 * How a pointer parameter takes its argument: a `Pointer`, a live view, null, an `ArrayBufferView`, text for `char *`, and a plain object or
 * array, which is copied in and what C changed of it back. Never a bare number: as an address it would be a guess. What is `lasting` may have
 * to live longer than the call.
 */
export function pointerArgument(
  type: CType,
  pointer: PointerType,
  values: Values,
  lasting: boolean,
): Pick<Passing, 'koffi' | 'toC' | 'text' | 'copies'> {
  const target = bare(pointer.target);
  if (target.kind === 'function') {
    return functionArgument(type, pointer, target, values);
  }
  const text = isTextPointer(pointer);
  /** Memory of ours goes to koffi as the buffer itself, which keeps it alive while C runs. */
  const lend = (block: Block, offset: number, frame: Frame): Uint8Array | bigint => {
    if (!block.owned) return block.addressAt(offset);
    if (lasting) (frame.lent ??= []).push({ memory: block });
    return block.bytes(offset);
  };
  /** A view's memory: what follows it in a larger array belongs to that, too. */
  const lendView = (block: Block, offset: number, element: CType, what: string, frame: Frame): unknown => {
    checkElement(type, pointer, element, what);
    checkWritable(type, pointer, block.writable, what);
    if (!block.openEnded) checkRoom(type, pointer, block.size - offset, what);
    return lend(block, offset, frame);
  };
  const toC = (value: unknown, what: string, frame: Frame): unknown => {
    if (pointer.owned === true) checkOwned(type, value, what);
    if (typeof value === 'string' && text) {
      if (lasting) return lend(allocateText(value, type, what), 0, frame);
      noInteriorNul(value, type, what);
      return value;
    }
    if (value === null) {
      checkNull(type, pointer, what);
      return null;
    }
    if (value instanceof Pointer) {
      checkTarget(type, pointer, value, what);
      const extent = extentOf(value);
      if (extent === undefined) return foreignMemory(type, pointer, value, what);
      checkWritable(type, pointer, extent.block.writable, what);
      return lend(extent.block, extent.offset, frame);
    }
    if (isRecordView(value)) {
      const { block, offset, shape } = placeOf(value);
      return lendView(block, offset, shape.type, what, frame);
    }
    const array = arrayPlaceOf(value);
    if (array !== undefined) return lendView(array.block, array.offset, array.element.type, what, frame);
    if (ArrayBuffer.isView(value)) {
      const view = value as ArrayBufferView<ArrayBuffer>;
      checkBuffer(type, pointer, view, what);
      if (lasting && view.byteLength > 0) (frame.lent ??= []).push({ memory: view });
      return view;
    }
    if (typeof value === 'object' && isCopyable(value, pointer.target))
      return copyIn(pointer, value, what, frame, values);
    throw wrongKind(what, type, wanted(pointer), value);
  };
  return { koffi: 'void *', toC, text: text && !lasting, copies: true };
}

/**
 * The address of a pointer that C gave out. Memory that is not mapped is refused where something is known to lie there; behind `void *` and an opaque
 * type it may be a mark of the library's own, `(void *)-1` say.
 */
function foreignMemory(type: CType, pointer: PointerType, value: Pointer, what: string): bigint {
  if (isFreed(value)) throw wasFreed(value.address);
  const size = sizeOf(pointer.target);
  const wanted = isQualified(pointer.target, 'const') ? PROT.READ : PROT.READ | PROT.WRITE;
  const access = accessOf(value.address, Math.max(size ?? 1, 1), wanted, false);
  if ((access & PROT.READ) === 0) {
    if (size === undefined) return value.address;
    throw badAddress(value.address, `${what}: ${size} bytes there are not mapped`);
  }
  checkWritable(type, pointer, (access & PROT.WRITE) !== 0, what);
  return value.address;
}

/** A function of C's goes by its address, one of JavaScript's is C's to call until it returns. */
function functionArgument(
  type: CType,
  pointer: PointerType,
  target: FunctionType,
  values: Values,
): Pick<Passing, 'koffi' | 'toC' | 'copies'> {
  const relay = relayOf(target, values);
  const toC = (value: unknown, what: string, frame: Frame): unknown => {
    if (value === null) checkNull(type, pointer, what);
    if (value instanceof Callback && frame.owner !== undefined) frame.owner.lend(value);
    if (typeof value !== 'function' || sourceOf(value) !== undefined)
      return values.functionAddress(target, value, what).address;
    if ('refused' in relay) {
      const text = `${what}: a JavaScript function can't be called as ${print(type)}: ${relay.refused}`;
      throw new PluginError('ERR_PLUGIN_UNSUPPORTED', text);
    }
    const { owner } = frame;
    const { address, end } = lendCallback(relay, { fn: value as JsFunction, owner: () => owner });
    (frame.lent ??= []).push({ memory: NO_MEMORY, after: end });
    return address;
  };
  return { koffi: 'void *', toC, copies: true };
}

/** A function is not memory that a result could lead into. */
const NO_MEMORY = Block.scratch(0);

function wanted(pointer: PointerType): string {
  const t = bare(pointer.target);
  if (isTextPointer(pointer)) return 'a string, a Pointer, a Uint8Array or null';
  if ((t.kind === 'struct' || t.kind === 'union') && t.size === undefined)
    return `a Pointer or null, as the members of ${print(pointer.target)} are not known here,`;
  if (t.kind === 'struct' || t.kind === 'union')
    return 'a Pointer, a view, an object with its fields or null';
  return 'a Pointer, a typed array, an array or null';
}

/** Memory that is mapped read-only can't be handed to a function that may write through its pointer. */
function checkWritable(type: CType, pointer: PointerType, writable: boolean, what: string): void {
  if (writable || isQualified(pointer.target, 'const')) return;
  throw typeError(
    'ERR_READ_ONLY',
    `${what}: ${print(type)} may be written through, but this memory is mapped read-only`,
  );
}

function checkElement(type: CType, pointer: PointerType, element: CType, what: string): void {
  const target = bare(pointer.target);
  if (target.kind === 'void' || compatibleTargets(element, pointer.target)) return;
  const given = print({ kind: 'pointer', target: element, size: 8 });
  throw typeError('ERR_INVALID_ARG_TYPE', `${what}: expected ${print(type)}, got memory of type ${given}`);
}

/** A typed array or Buffer: its elements must be what the pointer points to. Bytes go for `void *` and any kind of char. */
function checkBuffer(type: CType, pointer: PointerType, view: ArrayBufferView, what: string): void {
  const target = bare(pointer.target);
  if (view.buffer.byteLength === 0 && isDetached(view.buffer)) {
    throw typeError('ERR_INVALID_ARG_VALUE', `${what}: the memory of this array was transferred away`);
  }
  if (target.kind === 'void') return;
  if (fits(element(target), view)) {
    checkRoom(type, pointer, view.byteLength, what);
    return;
  }
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
  // The array's own kind, also for a subclass and for one of another realm (ECMA-262 §23.2.3.38).
  const kind = (view as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] ?? '';
  const machine = machineOf(type);
  if (machine === 'int8' || machine === 'uint8')
    return ['Uint8Array', 'Int8Array', 'Uint8ClampedArray'].includes(kind);
  return machine !== undefined && MACHINES[machine].array.name === kind;
}

import { alignOf, sizeOf } from '../../ctypes/layout.js';
import { bare, isQualified, type CType, type PointerType } from '../../ctypes/model.js';
import { Block } from '../block.js';
import { arrayItems, arrayPlaceOf } from '../values/array.js';
import type { Codec, Values } from '../values/codec.js';
import { isRecordView, placeOf } from '../values/record.js';
import { sameValue, snapshot } from '../values/snapshot.js';
import type { Frame, Lent } from './passing.js';

/** Whether a plain object or array can be made into what a pointer to `target` points to. */
export function isCopyable(value: object, target: CType): boolean {
  const t = bare(target);
  if (sizeOf(t) === undefined) return false;
  return arrayItems(value) !== undefined || t.kind === 'struct' || t.kind === 'union';
}

/** A plain object or array as C memory for the time of the call; what C changes in it is copied back unless it is const. */
export function copyIn(
  pointer: PointerType,
  value: object,
  what: string,
  frame: Frame,
  values: Values,
): Uint8Array {
  const target = bare(pointer.target);
  const items = arrayItems(value);
  const codec = values.codec(pointer.target);
  const list = isOneElement(value, target) ? [value] : (items ?? [value]);
  const block = Block.allocate(Math.max(list.length * codec.size, 1), Math.max(16, alignOf(target)));
  try {
    for (let i = 0; i < list.length; i++) {
      codec.write(block, i * codec.size, list[i], list === items ? `${what}[${i}]` : what);
    }
  } catch (error) {
    block.release();
    throw error;
  }
  const before = Block.scratch(block.size);
  before.bytes().set(block.bytes());
  const isConstant = isQualified(pointer.target, 'const');
  const after = ({ returned }: Lent): void => {
    if (!isConstant) {
      for (let i = 0; i < list.length; i++)
        copyBack(list as unknown[], i, codec, before, block, i * codec.size);
    }
    if (returned !== true) block.release();
  };
  (frame.lent ??= []).push({ memory: block, after });
  return block.bytes();
}

/** Whether an array is what the pointer points to (a row, for `int (*)[3]`), rather than a list of these: it is no deeper. */
function isOneElement(value: unknown, target: CType): boolean {
  const items = arrayItems(value);
  if (items === undefined && typeof value !== 'string') return true;
  const t = bare(target);
  return t.kind === 'array' && (items === undefined || isOneElement(items[0], t.element));
}

/** Puts what C changed into the array or object that was given: what it left alone keeps its JavaScript value. */
function copyBack(
  holder: Holder,
  key: number | string,
  codec: Codec,
  before: Block,
  block: Block,
  offset: number,
): void {
  if (Buffer.compare(before.bytes(offset, codec.size), block.bytes(offset, codec.size)) === 0) return;
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
  // The bytes of a bit-field are its neighbours', too, and behind a text's NUL may be anything.
  if (sameValue(codec.read(before, offset), now)) return;
  (holder as Record<string, unknown>)[key] = snapshot(now);
}

type Holder = Record<string, unknown> | unknown[];

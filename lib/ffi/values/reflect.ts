import { sizeOf as sizeOfType } from '../../ctypes/layout.js';
import { print } from '../../ctypes/print.js';
import { Type } from '../../ctypes/type.js';
import { typeError } from '../../errors.js';
import { sourceOf } from '../calls/source.js';
import { arrayPlaceOf } from './array.js';
import { describe } from './check.js';
import { Pointer, targetOf } from './pointer.js';
import { isRecordView, noField, placeOf } from './record.js';

/** See `addressOf` in entry.ts. */
export function addressOf(view: object, field?: string): Pointer {
  if (isRecordView(view)) {
    const { block, offset, shape } = placeOf(view);
    if (field === undefined) {
      return shape.values.pointerInto(shape.type, { block, offset, start: offset, end: offset + shape.size });
    }
    const found = shape.fields.get(field);
    if (found === undefined) throw noField(shape, field, 'addressOf');
    if (found.member.bitSize !== undefined) {
      throw typeError(
        'ERR_INVALID_ARG_VALUE',
        `addressOf: ${print(shape.type)}.${field} is a bit-field, which has no address`,
      );
    }
    const start = offset + found.member.offset;
    return shape.values.pointerInto(found.codec.type, {
      block,
      offset: start,
      start,
      end: start + found.codec.size,
    });
  }
  const place = arrayPlaceOf(view);
  if (place === undefined || field !== undefined) {
    throw typeError('ERR_INVALID_ARG_TYPE', `addressOf: expected a view of C memory, got ${describe(view)}`);
  }
  const { block, offset, type, element, length, values } = place;
  return values.pointerInto(type, { block, offset, start: offset, end: offset + length * element.size });
}

/** See `typeOf` in entry.ts. */
export function typeOf(x: unknown): Type {
  if (x instanceof Type) return x;
  if (x instanceof Pointer) return Type.of(pointerType(x));
  if (isRecordView(x)) return Type.of(placeOf(x).shape.type);
  const type = arrayPlaceOf(x)?.type ?? sourceOf(x)?.type();
  if (type === undefined) throw typeError('ERR_INVALID_ARG_TYPE', `typeOf: ${describe(x)} has no C type`);
  return Type.of(type);
}

/** See `sizeOf` in entry.ts. */
export function sizeOf(x: unknown): number {
  const type = typeOf(x);
  const size = sizeOfType(type.ctype);
  if (size === undefined) throw typeError('ERR_INVALID_ARG_TYPE', `sizeOf: ${String(type)} has no size`);
  return size;
}

/** One type for each target, so that `typeOf` gives the same `Type` each time. */
const pointerTypes = new WeakMap<
  object,
  { kind: 'pointer'; target: ReturnType<typeof targetOf>; size: number }
>();

function pointerType(pointer: Pointer): {
  kind: 'pointer';
  target: ReturnType<typeof targetOf>;
  size: number;
} {
  const target = targetOf(pointer);
  let type = pointerTypes.get(target);
  if (type === undefined) pointerTypes.set(target, (type = { kind: 'pointer', target, size: 8 }));
  return type;
}

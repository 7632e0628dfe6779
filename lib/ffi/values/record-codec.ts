import { compatible } from '../../ctypes/compatible.js';
import { type CType, type RecordType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { typeError } from '../../errors.js';
import { Block, copy } from '../block.js';
import { arrayItems } from './array.js';
import { wrongKind } from './check.js';
import type { Codec, Values } from './codec.js';
import { Pointer } from './pointer.js';
import { isRecordView, placeOf, recordShape, type Field, type RecordShape } from './record.js';
import { sameValue, snapshot } from './snapshot.js';

/** The codec of a complete struct or union. Reading gives a live view; writing takes an object or a view. */
export function recordCodec(type: CType, record: RecordType, size: number, values: Values): Codec {
  let known: RecordShape | undefined;
  const shape = (): RecordShape => (known ??= recordShape(type, record, size, values));
  return {
    type,
    size,
    live: true,
    read: (block, offset) => new (shape().view)(block, offset),
    write: (block, offset, value, what, partial = false) => {
      if (isRecordView(value)) {
        const from = placeOf(value);
        if (!compatible(from.shape.record, record)) throw wrongKind(what, type, print(type), value);
        copy(from.block, from.offset, block, offset, size);
        return;
      }
      const fields = given(shape(), value, what);
      if (!partial) nothingMissing(shape(), fields, what);
      // All fields are checked on a copy before the first byte is written.
      const scratch = Block.allocate(size);
      if (partial) copy(block, offset, scratch, 0, size);
      writeFields(fields, scratch, what, partial);
      copy(scratch, 0, block, offset, size);
    },
  };
}

interface GivenField extends Field {
  readonly value: unknown;
}

/** The fields that a plain object gives; one that the type does not have is refused. */
function given(shape: RecordShape, value: unknown, what: string): GivenField[] {
  if (
    typeof value !== 'object' ||
    value === null ||
    arrayItems(value) !== undefined ||
    value instanceof Pointer
  ) {
    throw wrongKind(what, shape.type, 'an object with its fields', value);
  }
  return Object.entries(value).map(([name, item]) => {
    const field = shape.fields.get(name);
    if (field !== undefined) return { ...field, value: item as unknown };
    const known = [...shape.fields.keys()].join(', ');
    throw typeError(
      'ERR_INVALID_ARG_VALUE',
      `${what}: ${print(shape.type)} has no field ${name}; it has ${known}`,
    );
  });
}

/** Every field must be given, or lie where a given one lies: of a union one member is enough. */
function nothingMissing(shape: RecordShape, fields: readonly GivenField[], what: string): void {
  for (const [name, field] of shape.fields) {
    if (field.codec.size === 0 || fields.some((g) => overlap(g, field))) continue;
    throw typeError('ERR_INVALID_ARG_VALUE', `${what}: the field ${name} of ${print(shape.type)} is missing`);
  }
}

function writeFields(fields: readonly GivenField[], scratch: Block, what: string, partial: boolean): void {
  const write = ({ codec, member, value }: GivenField): void => {
    codec.write(scratch, member.offset, value, `${what}.${member.name}`, partial);
  };
  fields.forEach(write);
  const shared = fields.filter((f) => fields.some((g) => g !== f && overlap(f, g)));
  if (shared.length === 0) return;
  // Members of a union: their bytes must agree. One of them holds all that the others say, so written last it leaves all as given.
  const agrees = ({ codec, member, value }: GivenField): boolean =>
    sameValue(snapshot(codec.read(scratch, member.offset)), value);
  for (const last of shared) {
    write(last);
    if (shared.every(agrees)) return;
  }
  const names = shared.map((f) => f.member.name).join(', ');
  throw typeError(
    'ERR_INVALID_ARG_VALUE',
    `${what}: the members ${names} share memory, and the values given for them differ: give one`,
  );
}

function overlap(a: Field, b: Field): boolean {
  const [start, end] = bitRange(a);
  const [otherStart, otherEnd] = bitRange(b);
  return a === b || a.member === b.member || (start < otherEnd && otherStart < end);
}

function bitRange({ member, codec }: Field): [number, number] {
  const start = member.bitOffset ?? member.offset * 8;
  return [start, start + (member.bitSize ?? codec.size * 8)];
}

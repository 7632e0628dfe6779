import { compatible } from '../../ctypes/compatible.js';
import { type CType, type RecordType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { isPluginError, typeError } from '../../errors.js';
import { copy, staged, type Block } from '../block.js';
import { arrayItems } from './array.js';
import { isPlain, wrongKind } from './check.js';
import { copyOf, type Codec, type Values } from './codec.js';
import { Pointer } from './pointer.js';
import { isRecordView, noField, placeOf, recordShape, type Field, type RecordShape } from './record.js';
import { sameValue } from './snapshot.js';

/** The codec of a complete struct or union. Reading gives a live view; writing takes an object or a view. */
export function recordCodec(type: CType, record: RecordType, size: number, values: Values): Codec {
  let known: RecordShape | undefined;
  const shape = (): RecordShape => (known ??= recordShape(type, record, size, values));
  return {
    type,
    size,
    live: true,
    read: (block, offset) => new (shape().view)(block, offset),
    copy: (block, offset) => {
      const copied: Record<string, unknown> = {};
      for (const { name, at, codec } of shape().plain) {
        if (record.kind === 'struct') copied[name] = copyOf(codec, block, offset + at);
        else copyMember(copied, name, () => copyOf(codec, block, offset + at));
      }
      return copied;
    },
    write: (block, offset, value, what, partial = false) => {
      if (isRecordView(value)) {
        const from = placeOf(value);
        if (!compatible(from.shape.record, record)) {
          const given = print(from.shape.type);
          throw typeError('ERR_INVALID_ARG_TYPE', `${what}: expected ${print(type)}, got a view of ${given}`);
        }
        copy(from.block, from.offset, block, offset, size);
        return;
      }
      if (block.scratch && !partial && shape().disjoint && isPlain(value)) {
        if (writeAll(shape(), value, block, offset, what)) return;
      }
      const fields = given(shape(), value, what);
      if (!partial) nothingMissing(shape(), fields, what);
      staged(block, offset, size, partial, (scratch, start) => {
        writeFields(fields, scratch, start, what, partial);
      });
    },
  };
}

/** A member of a union that is not the one in use may be a pointer to nowhere: it is left out. */
function copyMember(into: Record<string, unknown>, name: string, read: () => unknown): void {
  try {
    into[name] = read();
  } catch (error) {
    if (!(isPluginError(error) && error.code === 'ERR_PLUGIN_BAD_ADDRESS')) throw error;
  }
}

/**
 * Writes an object that has all the fields and no other, in one go: nobody sees the block if it fails half-way. False if the object is another; what
 * is wrong with that is found out more slowly.
 */
function writeAll(
  { plain }: RecordShape,
  value: Readonly<Record<string, unknown>>,
  block: Block,
  offset: number,
  what: string,
): boolean {
  let keys = 0;
  for (const key in value) if (Object.hasOwn(value, key)) keys++;
  if (keys !== plain.length) return false;
  for (const { name } of plain) if (!Object.hasOwn(value, name)) return false;
  for (const { name, at, codec } of plain) codec.write(block, offset + at, value[name], `${what}.${name}`);
  return true;
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
    throw noField(shape, name, what);
  });
}

/** Every field must be given, or lie where a given one lies: of a union one member is enough. */
function nothingMissing(shape: RecordShape, fields: readonly GivenField[], what: string): void {
  for (const [name, field] of shape.fields) {
    if (field.codec.size === 0 || fields.some((g) => overlap(g, field))) continue;
    throw typeError('ERR_INVALID_ARG_VALUE', `${what}: the field ${name} of ${print(shape.type)} is missing`);
  }
}

function writeFields(
  fields: readonly GivenField[],
  scratch: Block,
  start: number,
  what: string,
  partial: boolean,
): void {
  const write = ({ codec, member, value }: GivenField): void => {
    codec.write(scratch, start + member.offset, value, `${what}.${member.name}`, partial);
  };
  const shared = fields.filter((f) => fields.some((g) => g !== f && overlap(f, g)));
  for (const field of fields) if (!shared.includes(field)) write(field);
  if (shared.length === 0) return;
  // Members of a union: their bytes must agree. Text says nothing of the bytes behind its NUL, and can't say what is no UTF-8; another
  // member holds those, and written last leaves all as given.
  const failures: unknown[] = [];
  const written = (field: GivenField): boolean => {
    try {
      write(field);
      return true;
    } catch (error) {
      failures.push(error);
      return false;
    }
  };
  const agrees = ({ codec, member, value }: GivenField): boolean => {
    const read: Record<string, unknown> = {};
    copyMember(read, member.name, () => copyOf(codec, scratch, start + member.offset));
    return member.name in read && sameValue(read[member.name], value);
  };
  shared.forEach(written);
  for (const last of shared) if (written(last) && shared.every(agrees)) return;
  if (failures.length > 0) throw failures[0];
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

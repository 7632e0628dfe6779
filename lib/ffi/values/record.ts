import { inspect, type InspectOptions } from 'node:util';

import { namedMembers, type NamedMember } from '../../ctypes/layout.js';
import { bare, constOf, isQualified, type CType, type RecordType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { typeError } from '../../errors.js';
import type { Block } from '../block.js';
import { bitFieldCodec } from './bit-field.js';
import { assignable, isConst } from './check.js';
import type { Codec, Values } from './codec.js';
import { inspectMemory } from './inspect.js';
import { MACHINES } from './machine.js';

/** Loaded where a view is made JSON of. */
const snapshots = () => require('./snapshot.js') as typeof import('./snapshot.js');

let blockOf: (view: RecordView) => Block;
let offsetOf: (view: RecordView) => number;

/**
 * A struct or union in C memory. It carries its fields and nothing else, so that no field's name can clash: all that can be asked of it
 * is a function (`addressOf`, `typeOf`, `sizeOf`, `snapshot`).
 */
export abstract class RecordView {
  readonly #block: Block;
  readonly #offset: number;

  constructor(block: Block, offset: number) {
    this.#block = block;
    this.#offset = offset;
  }

  static {
    blockOf = (view) => view.#block;
    offsetOf = (view) => view.#offset;
    Reflect.deleteProperty(this.prototype, 'constructor');
    // Without Object.prototype, so that `toString` and the like are a field or nothing. What is assigned and no field comes up here: it would take a
    // value, and C never see it. To make each view one that can't be extended takes a fifth of the time that a view does.
    const nothing = new Proxy(Object.create(null) as object, {
      get(_, name, view: RecordView) {
        return name === 'toJSON' ? () => snapshots().snapshot(view) : undefined;
      },
      set(_, name, __, view: RecordView) {
        throw noField(placeOf(view).shape, String(name));
      },
    });
    Object.setPrototypeOf(this.prototype, nothing);
    Object.defineProperties(this.prototype, {
      [inspect.custom]: {
        value(this: RecordView, depth: number, options: InspectOptions) {
          const { block, offset, shape } = placeOf(this);
          return inspectMemory(shape.type, block, offset, depth, options);
        },
      },
      // A symbol clashes with no field.
      [Symbol.toPrimitive]: {
        value(this: RecordView, hint: string) {
          if (hint !== 'number') return inspect(this);
          throw typeError('ERR_INVALID_ARG_VALUE', `${print(placeOf(this).shape.type)} is no number`);
        },
      },
      // What compares any objects (Jest, node:assert, lodash) asks what kind they are before it asks for their keys.
      [Symbol.toStringTag]: {
        get(this: RecordView) {
          if (shapes.has(Object.getPrototypeOf(this) as object)) ownFields(this);
          return undefined;
        },
      },
    });
  }
}

/** What is known of a struct or union type once for all views of it. */
export interface RecordShape {
  /** As declared, with qualifiers. */
  readonly type: CType;
  readonly record: RecordType;
  readonly size: number;
  readonly fields: ReadonlyMap<string, Field>;
  /** Those that have a size, in their order. */
  readonly plain: readonly { readonly name: string; readonly at: number; readonly codec: Codec }[];
  /** Whether no two fields share a byte. */
  readonly disjoint: boolean;
  readonly view: new (block: Block, offset: number) => RecordView;
  readonly values: Values;
}

export interface Field {
  readonly member: NamedMember;
  readonly codec: Codec;
}

/** The shape of each view class, by its prototype. */
const shapes = new WeakMap<object, RecordShape>();

export function isRecordView(value: unknown): value is RecordView {
  return value instanceof RecordView;
}

/**
 * Makes the fields of a view properties of its own, as well as of its class: for what looks at own keys only. To make each view so would take
 * ten times as long as the view.
 */
export function ownFields(view: RecordView): void {
  const { prototype } = placeOf(view).shape.view;
  for (const name in prototype) {
    const field = Object.getOwnPropertyDescriptor(prototype, name);
    if (field !== undefined) Object.defineProperty(view, name, field);
  }
}

/** Where a view lies, and what it is a view of. */
export function placeOf(view: RecordView): { block: Block; offset: number; shape: RecordShape } {
  const shape = shapes.get(Object.getPrototypeOf(view) as object);
  if (shape === undefined) throw new TypeError('not a view of C memory');
  return { block: blockOf(view), offset: offsetOf(view), shape };
}

/** The error for a field that does not exist. `what` names the place in messages. */
export function noField(shape: RecordShape, name: string, what?: string): TypeError {
  const known = [...shape.fields.keys()].join(', ');
  const where = what === undefined ? '' : `${what}: `;
  return typeError(
    'ERR_INVALID_ARG_VALUE',
    `${where}${print(shape.type)} has no field ${name}; it has ${known}`,
  );
}

/** The shape of a complete struct or union type, with its fields' codecs. The fields of a const struct are const. */
export function recordShape(type: CType, record: RecordType, size: number, values: Values): RecordShape {
  const constant = isQualified(type, 'const');
  const fields = new Map<string, Field>();
  const view = class extends RecordView {};
  Reflect.deleteProperty(view.prototype, 'constructor');
  for (const member of namedMembers(record.members)) {
    const memberType = constant ? constOf(member.type) : member.type;
    const what = `${print(type)}.${member.name}`;
    const codec = named(memberCodec(member, memberType, values), what);
    fields.set(member.name, { member, codec });
    Object.defineProperty(view.prototype, member.name, accessor(codec, member.offset, what));
  }
  const plain = Array.from(fields, ([name, { member, codec }]) => ({
    name,
    at: member.offset,
    codec,
  })).filter(({ codec: c }) => c.size > 0);
  const shape: RecordShape = {
    type,
    record,
    size,
    fields,
    plain,
    disjoint: isDisjoint(fields),
    view,
    values,
  };
  shapes.set(view.prototype, shape);
  return shape;
}

function isDisjoint(fields: ReadonlyMap<string, Field>): boolean {
  let end = 0;
  for (const { member, codec } of fields.values()) {
    if (member.bitSize !== undefined || member.offset < end) return false;
    end = member.offset + codec.size;
  }
  return true;
}

function memberCodec(member: NamedMember, type: CType, values: Values): Codec {
  if (member.bitSize === undefined || bare(type).kind === 'unsupported') return values.codec(type);
  return bitFieldCodec(type, (member.bitOffset ?? 0) % 8, member.bitSize, values);
}

/** `codec`, which names this place where it fails to read. */
function named(codec: Codec, what: string): Codec {
  if (codec.inexact === undefined) return codec;
  const where = (): string => what;
  return { ...codec, read: (block, offset) => codec.read(block, offset, where) };
}

/** The property of a field that lies `at` bytes into the struct. */
function accessor(codec: Codec, at: number, what: string): PropertyDescriptor {
  const constant = isConst(codec.type);
  const set = function (this: RecordView, value: unknown): void {
    const block = blockOf(this);
    assignable(what, codec.type, constant, block);
    codec.write(block, offsetOf(this) + at, value, what);
  };
  if (codec.machine === undefined) {
    const get = function (this: RecordView): unknown {
      return codec.read(blockOf(this), offsetOf(this) + at);
    };
    return { get, set, enumerable: true, configurable: true };
  }
  const load = MACHINES[codec.machine].get;
  const get = function (this: RecordView): unknown {
    return load(blockOf(this).data, offsetOf(this) + at);
  };
  return { get, set, enumerable: true, configurable: true };
}

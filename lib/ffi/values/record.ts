import { inspect, type InspectOptions } from 'node:util';

import { namedMembers, type NamedMember } from '../../ctypes/layout.js';
import { constOf, isQualified, type CType, type RecordType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import type { Block } from '../block.js';
import { bitFieldCodec } from './bit-field.js';
import { assignable, isConst } from './check.js';
import type { Codec, Values } from './codec.js';
import { inspectMemory } from './inspect.js';
import { MACHINES } from './machine.js';

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
    // A field that does not exist would take a value, and C never see it.
    Object.preventExtensions(this);
  }

  static {
    blockOf = (view) => view.#block;
    offsetOf = (view) => view.#offset;
    Reflect.deleteProperty(this.prototype, 'constructor');
    // Without Object.prototype, so that `toString` and the like are a field or nothing.
    Object.setPrototypeOf(this.prototype, null);
    Object.defineProperty(this.prototype, inspect.custom, {
      value(this: RecordView, depth: number, options: InspectOptions) {
        const { block, offset, shape } = placeOf(this);
        return inspectMemory(shape.type, block, offset, depth, options);
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

/** Where a view lies, and what it is a view of. */
export function placeOf(view: RecordView): { block: Block; offset: number; shape: RecordShape } {
  const shape = shapes.get(Object.getPrototypeOf(view) as object);
  if (shape === undefined) throw new TypeError('not a view of C memory');
  return { block: blockOf(view), offset: offsetOf(view), shape };
}

/** The shape of a complete struct or union type, with its fields' codecs. The fields of a const struct are const. */
export function recordShape(type: CType, record: RecordType, size: number, values: Values): RecordShape {
  const constant = isQualified(type, 'const');
  const fields = new Map<string, Field>();
  const view = class extends RecordView {};
  Reflect.deleteProperty(view.prototype, 'constructor');
  for (const member of namedMembers(record.members)) {
    const memberType = constant ? constOf(member.type) : member.type;
    const codec = memberCodec(member, memberType, values);
    fields.set(member.name, { member, codec });
    Object.defineProperty(
      view.prototype,
      member.name,
      accessor(codec, member.offset, `${print(type)}.${member.name}`),
    );
  }
  const shape: RecordShape = { type, record, size, fields, view, values };
  shapes.set(view.prototype, shape);
  return shape;
}

function memberCodec(member: NamedMember, type: CType, values: Values): Codec {
  if (member.bitSize === undefined) return values.codec(type);
  return bitFieldCodec(type, (member.bitOffset ?? 0) % 8, member.bitSize, values);
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
    return { get, set, enumerable: true };
  }
  const load = MACHINES[codec.machine].get;
  const get = function (this: RecordView): unknown {
    return load(blockOf(this).data, offsetOf(this) + at);
  };
  return { get, set, enumerable: true };
}

import { inspect, type InspectOptions } from 'node:util';

import { bare, constOf, isQualified, isText, type ArrayType, type CType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { rangeError, typeError } from '../../errors.js';
import { staged, type Block } from '../block.js';
import { assignable, isConst, wrongKind } from './check.js';
import { copyOf, type Codec, type Values } from './codec.js';
import { inspectMemory } from './inspect.js';
import { MACHINES, type Machine, type TypedArray } from './machine.js';
import { textArrayCodec } from './text.js';

/** Loaded where a view is made JSON of. */
const snapshots = () => require('./snapshot.js') as typeof import('./snapshot.js');
/** Loaded with the first struct. */
const records = () => require('./record.js') as typeof import('./record.js');

/** An array in C memory that is no typed array: `length`, an index, iteration and what `Array.prototype` makes of these. */
export interface ArrayView<T = unknown> extends ArrayLike<T>, Iterable<T> {
  [index: number]: T;
}

export interface ArrayPlace {
  readonly block: Block;
  readonly offset: number;
  readonly type: CType;
  readonly element: Codec;
  readonly length: number;
  readonly values: Values;
}

const places = new WeakMap<object, ArrayPlace>();

/** Where an array view or a typed array of ours lies; undefined for anything else. */
export function arrayPlaceOf(value: unknown): ArrayPlace | undefined {
  return typeof value === 'object' && value !== null ? places.get(value) : undefined;
}

/** The codec of `element[length]`. Text, typed arrays and live array-likes, as the value table has it. */
export function arrayCodec(type: CType, array: ArrayType, length: number, values: Values): Codec {
  const elementType = isQualified(type, 'const') ? constOf(array.element) : array.element;
  const element = values.codec(elementType);
  if (isText(elementType)) return textArrayCodec(type, length);
  const size = length * element.size;
  const constant = isConst(elementType);
  const machine = isEnum(elementType) ? undefined : element.machine;
  return {
    type,
    size,
    live: true,
    read: (block, offset) => {
      const place = { block, offset, type, element, length, values };
      // Scratch has no address by which an array that is not aligned in its buffer could be had.
      if (machine !== undefined && !constant && block.writable && !block.scratch)
        return typedArray(machine, place);
      return arrayView(place);
    },
    copy: (block, offset) =>
      Array.from({ length }, (_, i) => copyOf(element, block, offset + i * element.size)),
    write: (block, offset, value, what, partial = false) => {
      const items = arrayItems(value);
      if (items === undefined) throw wrongKind(what, type, 'an array', value);
      if (partial ? items.length > length : items.length !== length) {
        throw rangeError(`${what}: ${print(type)} takes ${length} elements, got ${items.length}`);
      }
      staged(block, offset, size, partial, (scratch, start) => {
        for (let i = 0; i < items.length; i++) {
          element.write(scratch, start + i * element.size, items[i], `${what}[${i}]`, partial);
        }
      });
    },
  };
}

/** A typed array over the memory itself, which keeps the memory if that is ours. Where the engine forbids it, a live array-like. */
export function typedArray(machine: Machine, place: ArrayPlace): TypedArray | ArrayView {
  const { array: Constructor } = MACHINES[machine];
  const { block, offset, length } = place;
  const start = block.data.byteOffset + offset;
  // A typed array must be aligned in its buffer, not in memory.
  const bytes = length * Constructor.BYTES_PER_ELEMENT;
  const shared = start % Constructor.BYTES_PER_ELEMENT === 0 && block.shares(offset, bytes);
  const buffer = shared ? undefined : block.bufferOf(offset, bytes);
  if (!shared && buffer === undefined) return arrayView(place);
  const made =
    buffer === undefined ? new Constructor(block.data.buffer, start, length) : new Constructor(buffer);
  places.set(made, place);
  return made;
}

export function arrayView(place: ArrayPlace): ArrayView {
  const view = new Proxy(TARGET, new ArrayHandler(place));
  places.set(view, place);
  return view;
}

/** What views inherit: Array's methods, which read `length` and indices only, and so work on any array-like (ECMA-262 §23.1.3). */
class Elements extends Array<unknown> {
  static {
    // What the methods make of a view is a plain array, as `constructor` is then Array's (ECMA-262 §23.1.3.13, ArraySpeciesCreate).
    Reflect.deleteProperty(this.prototype, 'constructor');
    Object.defineProperties(this.prototype, {
      [inspect.custom]: {
        value(this: object, depth: number, options: InspectOptions) {
          const place = places.get(this);
          return place && inspectMemory(place.type, place.block, place.offset, depth, options);
        },
      },
      // Rows may be typed arrays, which are objects to JSON.
      toJSON: {
        value(this: object) {
          return snapshots().snapshot(this);
        },
      },
    });
  }
}

/** An array behind the proxy makes a view one to `Array.isArray`, and so to JSON, Jest and `console.table`. One serves all: nothing is ever stored in it. */
const TARGET = new Elements();

class ArrayHandler implements ProxyHandler<unknown[]> {
  readonly #place: ArrayPlace;
  readonly #constant: boolean;
  /** Whether somebody asked for the keys. */
  #listed = false;

  constructor(place: ArrayPlace) {
    this.#place = place;
    this.#constant = isConst(place.element.type);
  }

  get(target: unknown[], key: string | symbol, receiver: unknown): unknown {
    if (typeof key === 'string') {
      if (key === 'length') return this.#place.length;
      const index = indexOf(key);
      if (index !== undefined) return index < this.#place.length ? this.#element(index) : undefined;
    }
    return Reflect.get(target, key, receiver);
  }

  set(_target: unknown[], key: string | symbol, value: unknown): boolean {
    const { block, offset, element, length, type } = this.#place;
    const index = typeof key === 'string' ? indexOf(key) : undefined;
    if (index === undefined) {
      throw typeError(
        'ERR_INVALID_ARG_VALUE',
        `${print(type)} has elements only, no property ${String(key)} can be set`,
      );
    }
    const what = `${print(type)} at [${index}]`;
    if (index >= length) throw rangeError(`${what}: it has ${length} elements`);
    assignable(what, element.type, this.#constant, block);
    element.write(block, offset + index * element.size, value, what);
    return true;
  }

  has(target: unknown[], key: string | symbol): boolean {
    const index = typeof key === 'string' ? indexOf(key) : undefined;
    if (index !== undefined) return index < this.#place.length;
    return key === 'length' || Reflect.has(target, key);
  }

  ownKeys(): string[] {
    this.#listed = true;
    return [...Array.from({ length: this.#place.length }, (_, i) => String(i)), 'length'];
  }

  getOwnPropertyDescriptor(_target: unknown[], key: string | symbol): PropertyDescriptor | undefined {
    if (key === 'length') {
      return { value: this.#place.length, enumerable: false, configurable: false, writable: true };
    }
    const index = typeof key === 'string' ? indexOf(key) : undefined;
    if (index === undefined || index >= this.#place.length) return undefined;
    return { value: this.#read(index), enumerable: true, configurable: true, writable: true };
  }

  preventExtensions(): boolean {
    return false;
  }

  setPrototypeOf(): boolean {
    return false;
  }

  deleteProperty(): boolean {
    return false;
  }

  defineProperty(): boolean {
    return false;
  }

  /** Who asks for the keys of an array as of any object, as `console.table` does, then asks for those of its elements. */
  #element(index: number): unknown {
    const value = this.#read(index);
    if (!this.#listed) return value;
    const { isRecordView, ownFields } = records();
    if (isRecordView(value)) ownFields(value);
    return value;
  }

  #read(index: number): unknown {
    const { block, offset, element, type } = this.#place;
    return element.read(block, offset + index * element.size, () => `${print(type)} at [${index}]`);
  }
}

/** The number that a canonical index names; undefined for any other key. */
function indexOf(key: string): number | undefined {
  const index = Number(key);
  return Number.isInteger(index) && index >= 0 && String(index) === key ? index : undefined;
}

/** What counts as an array: one, a typed array, or a view of C's. */
export function arrayItems(value: unknown): ArrayLike<unknown> | undefined {
  if (Array.isArray(value)) return value as unknown[];
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return value as unknown as ArrayLike<unknown>;
  return arrayPlaceOf(value) === undefined ? undefined : (value as ArrayLike<unknown>);
}

function isEnum(type: CType): boolean {
  return bare(type).kind === 'enum';
}

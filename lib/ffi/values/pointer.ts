import { inspect, type InspectOptions } from 'node:util';

import { sizeOf } from '../../ctypes/layout.js';
import { bare, isText, type CType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { Type } from '../../ctypes/type.js';
import { PluginError, rangeError, typeError } from '../../errors.js';
import { Block, wasFreed } from '../block.js';
import { bufferOver, isCopying } from '../foreign.js';
import { cCalls } from '../mapping.js';
import type { Assigned } from '../typing/values.js';
import { windowOver, type Window } from '../window.js';
import type { ArrayView } from './array.js';
import { assignable, integer, isConst } from './check.js';
import type { CFunction, Codec, Extent, Values } from './codec.js';
import type { Inspected } from './inspect.js';
import { machineOf, type TypedArray, type TypedArrayConstructor } from './machine.js';

/** Loaded when they are needed; those that loops may call are remembered. */
let arrays: typeof import('./array.js') | undefined;
const array = () => (arrays ??= require('./array.js') as typeof import('./array.js'));
let texts: typeof import('./text.js') | undefined;
const text = () => (texts ??= require('./text.js') as typeof import('./text.js'));
const inspection = () => require('./inspect.js') as typeof import('./inspect.js');

/** A place in memory with the codec of what lies there. */
interface Place {
  readonly block: Block;
  readonly offset: number;
  readonly codec: Codec;
}

/** The type of what `pointer` points to. */
export let targetOf: (pointer: Pointer) => CType;
/** The memory around where `pointer` points, if its bounds are known. */
export let extentOf: (pointer: Pointer) => Extent | undefined;
/** Whether what `pointer` points to was given back to the C heap while somebody had this pointer, or one that it was made from. */
export let isFreed: (pointer: Pointer) => boolean;
/** Takes the memory at `pointer` from it, and from all that were made from it: it is about to go back to the C heap. */
export let markFreed: (pointer: Pointer) => void;
/** The window that has the `size` bytes that `pointer` points to; undefined where its bounds are known, or no window has them. */
export let windowOf: (pointer: Pointer, size: number) => Window | undefined;
let placeOf: (pointer: Pointer) => Place;
/** What messages call the memory that `pointer` points to. */
export let whatOf: (pointer: Pointer) => string;

/** A constant of this module: each pointer would ask the other one for its export. */
const calls = cCalls;

/** The type of a pointer before it is used, if that is when its type is read: see `untypedPointer`. */
export const UNTYPED: CType = { kind: 'void' };

/** How many pointers of C's were freed. */
let frees = 0;
/** Which of these was the last at an address. A pointer that C gives out later may lead to new memory there. */
const freedAt = new Map<bigint, number>();
/** How many addresses are remembered; then the oldest are forgotten. */
const REMEMBERED = 1 << 16;

/**
 * A C pointer with the type of what it points to. `value` reads and writes C memory itself. A pointer into memory whose bounds
 * are known (a variable, an `alloc`, an array) can't leave it: that is a `RangeError`. Where C handed out a bare address, only what is
 * not mapped at all is refused.
 *
 * @example
 * const V = plugin.lookup('V');   // int V;
 * V.value = 7;                    // checked: an integer in the range of int
 * V.value++;
 */
export class Pointer<T = unknown, W = Assigned<T>> {
  /** The address, as C prints it with %p. */
  readonly address: bigint;
  /** The name of the variable that this is a pointer to; undefined for any other pointer. */
  readonly name: string | undefined;
  readonly #values: Values;
  #target: CType;
  #extent: Extent | undefined;
  #codec: Codec | undefined;
  /** The memory of what it points to, where the bounds are not known; otherwise the memory around, once it was looked at. */
  #first: Block | undefined;
  /** What `view` gave out, where the bounds are not known. */
  #lent: WeakRef<Block>[] | undefined;
  /** The pointer of C's that this one was made from. */
  #root: Pointer | undefined;
  /** How many were freed when C gave it out. */
  readonly #made: number = frees;
  /** How often C had been called then. */
  readonly #born: number = calls.made;
  /** The view of a struct or array, which stays the same object. */
  #live: unknown;

  /** @internal */
  constructor(
    values: Values,
    target: CType,
    address: bigint,
    extent?: Extent,
    name?: string,
    untyped?: Pointer,
  ) {
    this.#values = values;
    this.#target = target;
    this.#extent = extent;
    this.address = address;
    this.name = name;
    // Its type is known now. What a constructor returns is the object that a subclass gives its fields to (ECMA-262 §13.3.7.1).
    if (untyped !== undefined) {
      untyped.#target = target;
      untyped.#extent = extent;
      return Object.setPrototypeOf(untyped, new.target.prototype as object) as this;
    }
  }

  static {
    targetOf = (pointer) => typed(pointer).#target;
    extentOf = (pointer) => typed(pointer).#extent;
    windowOf = (pointer, size) => pointer.#window(size);
    placeOf = (pointer) => pointer.#open(0, 1);
    whatOf = (pointer) => pointer.#what(0);
    isFreed = (pointer) => typed(pointer).#isFreed();
    const typed = (pointer: Pointer): Pointer => {
      if (pointer.#target === UNTYPED) Reflect.get(pointer, 'type');
      return pointer;
    };
    // `V.x` for `V.value.x`: what a pointer does not have would read as undefined, or take a value that C never sees.
    const strict = new Proxy(Object.create(Object.prototype) as object, {
      get(target, name, pointer: Pointer) {
        const instead = name in target || !(#live in pointer) ? undefined : pointer.#instead(name);
        if (instead === undefined) return Reflect.get(target, name, pointer) as unknown;
        throw pointer.#hasNo(name, instead);
      },
      set(_, name, __, pointer: Pointer) {
        throw pointer.#hasNo(`${String(name)} to be set`, 'what it points to is its .value');
      },
    });
    Object.setPrototypeOf(this.prototype, strict);
    markFreed = (pointer) => {
      freedAt.delete(pointer.address);
      freedAt.set(pointer.address, ++frees);
      const [oldest] = freedAt.keys();
      if (freedAt.size > REMEMBERED && oldest !== undefined) freedAt.delete(oldest);
      for (const holder of [pointer, pointer.#root ?? pointer]) {
        holder.#first?.free();
        for (const lent of holder.#lent ?? []) lent.deref()?.free();
      }
    };
  }

  /** The type of what it points to. */
  get type(): Type {
    return Type.of(this.#target);
  }

  /**
   * What it points to: a number, a string, a live view … as the value table says. Throws `ERR_PLUGIN_BAD_ADDRESS` for an address that is not
   * mapped. Assigning throws a `TypeError` or `RangeError` for a value that is none of the type, and `ERR_READ_ONLY` for const.
   */
  // What may be assigned is not always what is read: nothing, behind a pointer to const.
  // eslint-disable-next-line @typescript-eslint/related-getter-setter-pairs
  get value(): T {
    // Jest's copy has the prototype alone; what inherits from a pointer is none.
    if (!(#live in this) && !(#live in (Object.getPrototypeOf(this) as object))) return undefined as T;
    return (this.#live === undefined || this.#first?.freed === true ? this.at(0) : this.#live) as T;
  }

  /** What C finds there from now on. It is checked before the first byte is written. */
  set value(value: W) {
    this.set(0, value);
  }

  /** The element `index` places further, as C's `p[index]`. */
  at(index: number): T {
    const { block, offset, codec } = this.#open(index, 1);
    const value =
      codec.inexact === undefined
        ? codec.read(block, offset)
        : codec.read(block, offset, () => this.#what(index));
    if (index === 0 && codec.live === true) {
      this.#live = value;
      this.#first = block;
    }
    return value as T;
  }

  /** C's `p[index] = value`. */
  set(index: number, value: W): void {
    const { block, offset, codec } = this.#open(index, 1);
    const what = this.#what(index);
    assignable(what, this.#target, isConst(this.#target), block);
    codec.write(block, offset, value, what);
  }

  /** C's `p + count`: a pointer `count` elements further, or back for a negative one. */
  offset(count: number): Pointer<T, W> {
    const distance = integer(count, 'offset') * this.#step();
    const extent = this.#extent;
    if (extent === undefined) {
      const address = BigInt.asUintN(64, this.address + BigInt(distance));
      return this.#madeFrom(new Pointer(this.#values, this.#target, address)) as Pointer<T, W>;
    }
    const offset = extent.offset + distance;
    if (offset < extent.start || offset > extent.end) throw this.#outside(count);
    return this.#values.pointerInto(this.#target, { ...extent, offset }) as Pointer<T, W>;
  }

  /** The same address as another pointer type: `p.cast('unsigned char *')`. As a function pointer it is the function: `p.cast('int (*)(int)')(7)`. */
  cast(type: FunctionPointerText): CFunction;
  cast(type: string | Type): Pointer;
  cast(declaration: string | Type): Pointer | CFunction {
    const type = bare(typeof declaration === 'string' ? this.#values.parse(declaration) : declaration.ctype);
    if (type.kind !== 'pointer') {
      const hint = 'write the pointer type, as in C';
      throw typeError(
        'ERR_INVALID_ARG_VALUE',
        `cast('${String(declaration)}'): ${print(type)} is no pointer type: ${hint}`,
      );
    }
    const target = bare(type.target);
    if (target.kind === 'function') return this.#values.callable(target, this.address) ?? this;
    if (this.#extent !== undefined) return this.#values.pointerInto(type.target, this.#extent);
    return this.#madeFrom(this.#values.pointer(type.target, this.address) ?? this);
  }

  /**
   * `length` elements as a typed array over the memory itself, or as a live array-like where there is no such typed array or the memory is
   * read-only. Where the bounds are known, all that follows unless told otherwise. `char` gives a `Uint8Array`.
   */
  view(length: number = this.#remaining()): TypedArray | ArrayView {
    if (integer(length, 'view') < 0) throw rangeError(`view: a length can't be ${length}`);
    const { block, offset, codec } = this.#open(0, length);
    if (block.openEnded) this.#lend(block);
    const type: CType = { kind: 'array', element: this.#target, length, vector: false };
    const place = { block, offset, type, element: codec, length, values: this.#values };
    // As they are in memory: text as bytes, and integers of 64 bits as bigints whatever they are read as elsewhere.
    const machine = isText(this.#target)
      ? 'uint8'
      : bare(this.#target).kind === 'enum'
        ? undefined
        : machineOf(this.#target);
    if (machine === undefined || !block.writable || isConst(this.#target)) return array().arrayView(place);
    return array().typedArray(machine, place);
  }

  /** The text from here to its NUL, as UTF-8. */
  cString(): string {
    const size = sizeOf(this.#target);
    if (size !== undefined && size !== 1) {
      throw typeError(
        'ERR_INVALID_ARG_TYPE',
        `cString: ${this.#what(0)} points to ${print(this.#target)}, not to char`,
      );
    }
    if (this.#isFreed()) throw wasFreed(this.address);
    return text().cString(this.address, this.#room());
  }

  /** Whether `other` holds the same address; null is address 0. */
  equals(other: Pointer | null): boolean {
    return other !== null && other.address === this.address;
  }

  /** The text for a pointer to `char`, `<bad address>` if there is none; otherwise the type and the address, as `(int *) 0x7f…`. */
  toString(): string {
    return isText(this.#target)
      ? inspection().inspectText(this.address, this.#room())
      : `(${print({ kind: 'pointer', target: this.#target, size: 8 })}) 0x${this.address.toString(16)}`;
  }

  /** `V - 1` for `V.value - 1`, which would be NaN. As text it is what `toString` gives. @internal */
  [Symbol.toPrimitive](hint: string): string {
    if (hint !== 'number') return this.toString();
    const instead = 'what it points to is its .value, a place n elements further .offset(n)';
    throw typeError('ERR_INVALID_ARG_VALUE', `${this.#what(0)}: a Pointer is no number; ${instead}`);
  }

  /** The address as JSON has it: `"0x7f…"`. */
  toJSON(): string {
    return `0x${this.address.toString(16)}`;
  }

  /** What Jest copies for the difference that it prints: it would follow `value`, and what leads to itself has no end. @internal */
  get [Symbol.for('@jest/serializableProperties')](): readonly string[] {
    // It asks the prototypes, too: those of pointers to numbers have accessors of their own, which read no copy.
    if (!(#live in this)) return this !== Pointer.prototype && Object.hasOwn(this, 'value') ? ['value'] : [];
    return Object.getPrototypeOf(this) === Pointer.prototype ? ['address'] : ['address', 'value'];
  }

  /** As C writes it, with what it points to, for `console.log` and the REPL. */
  [inspect.custom](depth: number, options: InspectOptions): Inspected {
    return inspection().inspectPointer(this.#target, this.address, depth, options);
  }

  /** The memory of `count` elements from element `index` on. */
  #open(index: number, count: number): Place {
    const codec = (this.#codec ??= this.#values.codec(this.#target));
    const distance = integer(index, 'index') * codec.size;
    const size = codec.size * count;
    const extent = this.#extent;
    if (this.#isFreed()) throw wasFreed(this.address);
    if (extent === undefined) {
      if (index === 0 && count === 1) {
        this.#first ??= Block.through(this.address, size, this.#born === calls.made);
        return { block: this.#first, offset: 0, codec };
      }
      const address = BigInt.asUintN(64, this.address + BigInt(distance));
      const block = count === 1 ? Block.through(address, size, false) : Block.at(address, size, 'open-ended');
      return { block, offset: 0, codec };
    }
    const offset = extent.offset + distance;
    if (offset < extent.start || offset + size > extent.end) throw this.#outside(index);
    return { block: extent.block, offset, codec };
  }

  #window(size: number): Window | undefined {
    if (this.#extent !== undefined) return undefined;
    if (this.#isFreed()) throw wasFreed(this.address);
    return windowOver(this.address, size, this.#born === calls.made);
  }

  #isFreed(): boolean {
    if (this.#extent !== undefined) return this.#extent.block.freed;
    const root = this.#root ?? this;
    if (root.#made === frees) return false;
    const last = Math.max(freedAt.get(this.address) ?? 0, freedAt.get(root.address) ?? 0);
    return last > root.#made;
  }

  /** `pointer` leads to the same memory as this one. */
  #madeFrom(pointer: Pointer): Pointer {
    if (pointer !== this) pointer.#root = this.#root ?? this;
    return pointer;
  }

  #lend(block: Block): void {
    const lent = (this.#root ?? this).#lent?.filter((b) => b.deref() !== undefined) ?? [];
    (this.#root ?? this).#lent = [...lent, new WeakRef(block)];
  }

  #remaining(): number {
    const size = sizeOf(this.#target);
    if (this.#extent !== undefined && size)
      return Math.floor((this.#extent.end - this.#extent.offset) / size);
    throw typeError(
      'ERR_INVALID_ARG_VALUE',
      `view: how many elements lie at ${this.#what(0)} is not known: give the length`,
    );
  }

  /** Bytes from one element to the next; of void, as in GNU C, one. What is opaque has no next one. */
  #step(): number {
    const size = sizeOf(this.#target);
    if (size !== undefined) return size;
    if (bare(this.#target).kind === 'void') return 1;
    throw new PluginError('ERR_PLUGIN_TYPE', `offset: ${print(this.#target)} has no size to count in`);
  }

  /** Bytes from here to the end of the memory, where that is known. */
  #room(): number {
    return this.#extent === undefined ? Infinity : this.#extent.end - this.#extent.offset;
  }

  #what(index: number): string {
    const name = this.name ?? `(${print({ kind: 'pointer', target: this.#target, size: 8 })})`;
    return index === 0 ? name : `${name}[${index}]`;
  }

  /** Where that is which C calls `p[1]` or `p->x`, if `name` is of that kind. What is awaited is asked for its `then`. */
  #instead(name: string | symbol): string | undefined {
    if (typeof name !== 'string' || name === 'then') return undefined;
    const target = bare(this.#target);
    if (/^\d+$/.test(name))
      return target.kind === 'array' ? `that is .value[${name}]` : `that is .at(${name})`;
    return Type.of(target).member(name) && `that is .value.${name}`;
  }

  #hasNo(name: string | symbol, hint: string): TypeError {
    return typeError('ERR_INVALID_ARG_VALUE', `${this.#what(0)}: a Pointer has no ${String(name)}; ${hint}`);
  }

  #outside(index: number): RangeError {
    const { start, end, offset } = this.#extent ?? { start: 0, end: 0, offset: 0 };
    const size = sizeOf(this.#target) ?? 1;
    const least = Math.ceil((start - offset) / size);
    const most = Math.floor((end - offset) / size) - 1;
    const range =
      most < least
        ? 'there is no element here'
        : least === most
          ? `only [${least}] is there`
          : `[${least}] to [${most}] are there`;
    return rangeError(`${this.#what(index)}: outside the memory it points into: ${range}`);
  }
}

/** A function-pointer type that is spelled out, rather than a typedef's name. */
type FunctionPointerText = `${string}(*)(${string}`;

/** The one element that `pointer` points to, as a typed array over the memory itself. */
export function openElement<A extends TypedArray>(pointer: Pointer, array: TypedArrayConstructor<A>): A {
  const { block, offset } = placeOf(pointer);
  const start = block.data.byteOffset + offset;
  // A typed array must be aligned in its buffer; memory need not be (a member of a packed struct).
  if (start % array.BYTES_PER_ELEMENT === 0 && !isCopying(block.data))
    return new array(block.data.buffer, start, 1);
  const buffer = bufferOver(pointer.address, array.BYTES_PER_ELEMENT);
  if (buffer !== undefined) return new array(buffer);
  const { copyingElement } = require('../copying-view.js') as typeof import('../copying-view.js');
  return copyingElement(block, offset, array);
}

/** Throws for a pointer whose memory is gone. */
export function gone(pointer: Pointer): never {
  throw wasFreed(pointer.address);
}

/** The same, to write to: throws `ERR_READ_ONLY` where that may not be. */
export function openForWriting<A extends TypedArray>(pointer: Pointer, array: TypedArrayConstructor<A>): A {
  const target = targetOf(pointer);
  assignable(whatOf(pointer), target, isConst(target), placeOf(pointer).block);
  return openElement(pointer, array);
}

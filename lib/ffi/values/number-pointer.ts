import { bare, type CType } from '../../ctypes/model.js';
import type { PointerMaker, Values } from './codec.js';
import { integerCheck } from './integer.js';
import type { Machine } from './machine.js';
import {
  extentOf,
  gone,
  openElement,
  openForWriting,
  Pointer,
  targetOf,
  whatOf,
  windowOf,
} from './pointer.js';

const float = () => require('./float.js') as typeof import('./float.js');

/*
 * Pointers to the numbers that the machine reads in one go. Each class has accessors of its own, though they look alike: the engine compiles
 * a property access for the few kinds of object it has met there, and one accessor for all ten kinds of typed array would be slow for all.
 * An array without its element is one whose memory was freed. Where the bounds are not known the pointer is often C's for a moment, a callback's argument say,
 * and not worth an array. A constructor that is written out, useless as it looks, is compiled into who makes the pointer, and the one of Pointer into it: with the
 * default one the engine looks for that at each pointer (Node 20, FindNonDefaultConstructorOrConstruct).
 */
/* eslint-disable @typescript-eslint/no-useless-constructor */

/** What `new Pointer` takes. */
type Given = ConstructorParameters<typeof Pointer>;

class Int8Pointer extends Pointer<number> {
  #from: Int8Array | undefined;
  #to: Int8Array | undefined;

  constructor(...given: Given) {
    super(...given);
  }

  override get value(): number {
    if (this.#from !== undefined) return this.#from[0] ?? gone(this);
    const window = windowOf(this, 1);
    if (window !== undefined) return window.data.getInt8(window.offset);
    return (this.#from = openElement(this, Int8Array))[0] ?? gone(this);
  }

  override set value(value: number) {
    if (this.#to === undefined && extentOf(this) === undefined) {
      this.set(0, value);
      return;
    }
    const to = (this.#to ??= openForWriting(this, Int8Array));
    if (to[0] === undefined) gone(this);
    to[0] =
      typeof value === 'number' && (value << 24) >> 24 === value ? value : (checked(this, value) as number);
  }
}

class Uint8Pointer extends Pointer<number> {
  #from: Uint8Array | undefined;
  #to: Uint8Array | undefined;

  constructor(...given: Given) {
    super(...given);
  }

  override get value(): number {
    if (this.#from !== undefined) return this.#from[0] ?? gone(this);
    const window = windowOf(this, 1);
    if (window !== undefined) return window.data.getUint8(window.offset);
    return (this.#from = openElement(this, Uint8Array))[0] ?? gone(this);
  }

  override set value(value: number) {
    if (this.#to === undefined && extentOf(this) === undefined) {
      this.set(0, value);
      return;
    }
    const to = (this.#to ??= openForWriting(this, Uint8Array));
    if (to[0] === undefined) gone(this);
    to[0] = typeof value === 'number' && (value & 0xff) === value ? value : (checked(this, value) as number);
  }
}

class Int16Pointer extends Pointer<number> {
  #from: Int16Array | undefined;
  #to: Int16Array | undefined;

  constructor(...given: Given) {
    super(...given);
  }

  override get value(): number {
    if (this.#from !== undefined) return this.#from[0] ?? gone(this);
    const window = windowOf(this, 2);
    if (window !== undefined) return window.data.getInt16(window.offset, true);
    return (this.#from = openElement(this, Int16Array))[0] ?? gone(this);
  }

  override set value(value: number) {
    if (this.#to === undefined && extentOf(this) === undefined) {
      this.set(0, value);
      return;
    }
    const to = (this.#to ??= openForWriting(this, Int16Array));
    if (to[0] === undefined) gone(this);
    to[0] =
      typeof value === 'number' && (value << 16) >> 16 === value ? value : (checked(this, value) as number);
  }
}

class Uint16Pointer extends Pointer<number> {
  #from: Uint16Array | undefined;
  #to: Uint16Array | undefined;

  constructor(...given: Given) {
    super(...given);
  }

  override get value(): number {
    if (this.#from !== undefined) return this.#from[0] ?? gone(this);
    const window = windowOf(this, 2);
    if (window !== undefined) return window.data.getUint16(window.offset, true);
    return (this.#from = openElement(this, Uint16Array))[0] ?? gone(this);
  }

  override set value(value: number) {
    if (this.#to === undefined && extentOf(this) === undefined) {
      this.set(0, value);
      return;
    }
    const to = (this.#to ??= openForWriting(this, Uint16Array));
    if (to[0] === undefined) gone(this);
    to[0] =
      typeof value === 'number' && (value & 0xffff) === value ? value : (checked(this, value) as number);
  }
}

class Int32Pointer extends Pointer<number> {
  #from: Int32Array | undefined;
  #to: Int32Array | undefined;

  constructor(...given: Given) {
    super(...given);
  }

  override get value(): number {
    if (this.#from !== undefined) return this.#from[0] ?? gone(this);
    const window = windowOf(this, 4);
    if (window !== undefined) return window.data.getInt32(window.offset, true);
    return (this.#from = openElement(this, Int32Array))[0] ?? gone(this);
  }

  override set value(value: number) {
    if (this.#to === undefined && extentOf(this) === undefined) {
      this.set(0, value);
      return;
    }
    const to = (this.#to ??= openForWriting(this, Int32Array));
    if (to[0] === undefined) gone(this);
    to[0] = typeof value === 'number' && (value | 0) === value ? value : (checked(this, value) as number);
  }
}

class Uint32Pointer extends Pointer<number> {
  #from: Uint32Array | undefined;
  #to: Uint32Array | undefined;

  constructor(...given: Given) {
    super(...given);
  }

  override get value(): number {
    if (this.#from !== undefined) return this.#from[0] ?? gone(this);
    const window = windowOf(this, 4);
    if (window !== undefined) return window.data.getUint32(window.offset, true);
    return (this.#from = openElement(this, Uint32Array))[0] ?? gone(this);
  }

  override set value(value: number) {
    if (this.#to === undefined && extentOf(this) === undefined) {
      this.set(0, value);
      return;
    }
    const to = (this.#to ??= openForWriting(this, Uint32Array));
    if (to[0] === undefined) gone(this);
    to[0] = typeof value === 'number' && value >>> 0 === value ? value : (checked(this, value) as number);
  }
}

class Float32Pointer extends Pointer<number> {
  #from: Float32Array | undefined;
  #to: Float32Array | undefined;

  constructor(...given: Given) {
    super(...given);
  }

  override get value(): number {
    if (this.#from !== undefined) return this.#from[0] ?? gone(this);
    const window = windowOf(this, 4);
    if (window !== undefined) return window.data.getFloat32(window.offset, true);
    return (this.#from = openElement(this, Float32Array))[0] ?? gone(this);
  }

  override set value(value: number) {
    if (this.#to === undefined && extentOf(this) === undefined) {
      this.set(0, value);
      return;
    }
    const to = (this.#to ??= openForWriting(this, Float32Array));
    if (to[0] === undefined) gone(this);
    to[0] = typeof value === 'number' ? value : (checked(this, value) as number);
  }
}

class Float64Pointer extends Pointer<number> {
  #from: Float64Array | undefined;
  #to: Float64Array | undefined;

  constructor(...given: Given) {
    super(...given);
  }

  override get value(): number {
    if (this.#from !== undefined) return this.#from[0] ?? gone(this);
    const window = windowOf(this, 8);
    if (window !== undefined) return window.data.getFloat64(window.offset, true);
    return (this.#from = openElement(this, Float64Array))[0] ?? gone(this);
  }

  override set value(value: number) {
    if (this.#to === undefined && extentOf(this) === undefined) {
      this.set(0, value);
      return;
    }
    const to = (this.#to ??= openForWriting(this, Float64Array));
    if (to[0] === undefined) gone(this);
    to[0] = typeof value === 'number' ? value : (checked(this, value) as number);
  }
}

class BigInt64Pointer extends Pointer<bigint> {
  #from: BigInt64Array | undefined;
  #to: BigInt64Array | undefined;

  constructor(...given: Given) {
    super(...given);
  }

  override get value(): bigint {
    if (this.#from !== undefined) return this.#from[0] ?? gone(this);
    const window = windowOf(this, 8);
    if (window !== undefined) return window.data.getBigInt64(window.offset, true);
    return (this.#from = openElement(this, BigInt64Array))[0] ?? gone(this);
  }

  override set value(value: bigint) {
    if (this.#to === undefined && extentOf(this) === undefined) {
      this.set(0, value);
      return;
    }
    const to = (this.#to ??= openForWriting(this, BigInt64Array));
    if (to[0] === undefined) gone(this);
    to[0] =
      typeof value === 'bigint' && BigInt.asIntN(64, value) === value
        ? value
        : (checked(this, value) as bigint);
  }
}

class BigUint64Pointer extends Pointer<bigint> {
  #from: BigUint64Array | undefined;
  #to: BigUint64Array | undefined;

  constructor(...given: Given) {
    super(...given);
  }

  override get value(): bigint {
    if (this.#from !== undefined) return this.#from[0] ?? gone(this);
    const window = windowOf(this, 8);
    if (window !== undefined) return window.data.getBigUint64(window.offset, true);
    return (this.#from = openElement(this, BigUint64Array))[0] ?? gone(this);
  }

  override set value(value: bigint) {
    if (this.#to === undefined && extentOf(this) === undefined) {
      this.set(0, value);
      return;
    }
    const to = (this.#to ??= openForWriting(this, BigUint64Array));
    if (to[0] === undefined) gone(this);
    to[0] =
      typeof value === 'bigint' && BigInt.asUintN(64, value) === value
        ? value
        : (checked(this, value) as bigint);
  }
}

/** How pointers to each are made: code of its own for each class, so that the engine compiles the constructor into it. */
const MAKERS: Readonly<Record<Machine, (values: Values, target: CType) => PointerMaker>> = {
  int8: (values, target) => (address, extent, name, untyped) =>
    new Int8Pointer(values, target, address, extent, name, untyped),
  uint8: (values, target) => (address, extent, name, untyped) =>
    new Uint8Pointer(values, target, address, extent, name, untyped),
  int16: (values, target) => (address, extent, name, untyped) =>
    new Int16Pointer(values, target, address, extent, name, untyped),
  uint16: (values, target) => (address, extent, name, untyped) =>
    new Uint16Pointer(values, target, address, extent, name, untyped),
  int32: (values, target) => (address, extent, name, untyped) =>
    new Int32Pointer(values, target, address, extent, name, untyped),
  uint32: (values, target) => (address, extent, name, untyped) =>
    new Uint32Pointer(values, target, address, extent, name, untyped),
  int64: (values, target) => (address, extent, name, untyped) =>
    new BigInt64Pointer(values, target, address, extent, name, untyped),
  uint64: (values, target) => (address, extent, name, untyped) =>
    new BigUint64Pointer(values, target, address, extent, name, untyped),
  float32: (values, target) => (address, extent, name, untyped) =>
    new Float32Pointer(values, target, address, extent, name, untyped),
  float64: (values, target) => (address, extent, name, untyped) =>
    new Float64Pointer(values, target, address, extent, name, untyped),
};

/** Makes pointers to a `target`, which `machine` reads. */
export function numberPointers(machine: Machine, values: Values, target: CType): PointerMaker {
  return MAKERS[machine](values, target);
}

/** Throws what is wrong with `value`, which did not pass the quick check. Passes what the quick check is too strict for: an integral number for 64 bits. */
function checked(pointer: Pointer, value: unknown): unknown {
  const target = targetOf(pointer);
  const t = bare(target);
  const what = whatOf(pointer);
  if (t.kind === 'int') return integerCheck(target, t.size, t.signed)(value, what);
  return float().floatCheck(target)(value, what);
}

import { bare, type CType } from '../../ctypes/model.js';
import type { Extent, Values } from './codec.js';
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
 * and not worth an array.
 */

class Int8Pointer extends Pointer<number> {
  #from: Int8Array | undefined;
  #to: Int8Array | undefined;

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

type PointerClass = new (
  values: Values,
  target: CType,
  address: bigint,
  extent?: Extent,
  name?: string,
  untyped?: Pointer,
) => object;

const CLASSES: Readonly<Record<Machine, PointerClass>> = {
  int8: Int8Pointer,
  uint8: Uint8Pointer,
  int16: Int16Pointer,
  uint16: Uint16Pointer,
  int32: Int32Pointer,
  uint32: Uint32Pointer,
  int64: BigInt64Pointer,
  uint64: BigUint64Pointer,
  float32: Float32Pointer,
  float64: Float64Pointer,
};

/** The class for pointers to what `machine` reads; the general one for everything else. */
export function pointerClass(machine: Machine): PointerClass {
  return CLASSES[machine];
}

/** Throws what is wrong with `value`, which did not pass the quick check. Passes what the quick check is too strict for: an integral number for 64 bits. */
function checked(pointer: Pointer, value: unknown): unknown {
  const target = targetOf(pointer);
  const t = bare(target);
  const what = whatOf(pointer);
  if (t.kind === 'int') return integerCheck(target, t.size, t.signed)(value, what);
  return float().floatCheck(target)(value, what);
}

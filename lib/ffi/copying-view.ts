import { libc } from './koffi.js';
import { MACHINES, type TypedArray, type TypedArrayConstructor } from './values/machine.js';

const fetch = libc('void *memcpy(void *to, int64_t from, size_t size)') as (
  to: Uint8Array,
  from: bigint,
  size: number,
) => unknown;
const store = libc('void *memcpy(int64_t to, const void *from, size_t size)') as (
  to: bigint,
  from: Uint8Array,
  size: number,
) => unknown;

/** Where a number is on its way. */
const bytes = new Uint8Array(8);
const number = new DataView(bytes.buffer);

/** What a `DataView` reads and writes, by size in bytes. */
const SIZES = {
  Int8: 1,
  Uint8: 1,
  Int16: 2,
  Uint16: 2,
  Int32: 4,
  Uint32: 4,
  Float32: 4,
  Float64: 8,
  BigInt64: 8,
  BigUint64: 8,
} as const;

/**
 * A `DataView` over C memory that has no buffer: each access is a copy, which `memcpy` makes. It is live all the same. Nobody may be given
 * its `buffer`, which is empty.
 */
export class CopyingView extends DataView<ArrayBuffer> {
  readonly #address: bigint;
  readonly #size: number;

  static {
    for (const [name, size] of Object.entries(SIZES)) {
      const get = `get${name}` as 'getInt32';
      const set = `set${name}` as 'setInt32';
      const methods = {
        [get](this: CopyingView, offset: number, littleEndian?: boolean): number {
          fetch(bytes, this.#at(offset, size), size);
          return number[get](0, littleEndian);
        },
        [set](this: CopyingView, offset: number, value: number, littleEndian?: boolean): void {
          const address = this.#at(offset, size);
          number[set](0, value, littleEndian);
          store(address, bytes, size);
        },
      };
      Object.defineProperties(this.prototype, Object.getOwnPropertyDescriptors(methods));
    }
  }

  constructor(address: bigint, size: number) {
    super(new ArrayBuffer(0));
    this.#address = address;
    this.#size = size;
  }

  override get byteLength(): number {
    return this.#size;
  }

  /** A copy of `size` bytes from `offset` on. */
  read(offset: number, size: number): Uint8Array<ArrayBuffer> {
    const copy = new Uint8Array(size);
    const address = this.#at(offset, size);
    if (size > 0) fetch(copy, address, size);
    return copy;
  }

  write(offset: number, from: Uint8Array): void {
    const address = this.#at(offset, from.byteLength);
    if (from.byteLength > 0) store(address, from, from.byteLength);
  }

  part(offset: number, size: number): CopyingView {
    return new CopyingView(this.#at(offset, size), size);
  }

  #at(offset: number, size: number): bigint {
    if (offset < 0 || offset + size > this.#size)
      throw new RangeError('Offset is outside the bounds of the DataView');
    return this.#address + BigInt(offset);
  }
}

/** What stands for a typed array of one element over memory that can have none: `memory`, whose view is another one when it was freed. */
export function copyingElement<A extends TypedArray>(
  memory: { readonly data: DataView },
  offset: number,
  array: TypedArrayConstructor<A>,
): A {
  const access = Object.values(MACHINES).find((machine) => machine.array === (array as unknown));
  if (access === undefined) throw new TypeError(array.name);
  const element = new CopyingElement(
    () => access.get(memory.data, offset),
    (value) => {
      access.set(memory.data, offset, value as never);
    },
  );
  // Of an array only its one element is used.
  return element as unknown as A;
}

/** Stands for a typed array of one element, over memory that can have none. */
export class CopyingElement<T> {
  [index: number]: T;
  readonly #get: () => T;
  readonly #set: (value: T) => void;

  constructor(get: () => T, set: (value: T) => void) {
    this.#get = get;
    this.#set = set;
  }

  get 0(): T {
    return this.#get();
  }

  set 0(value: T) {
    this.#set(value);
  }
}

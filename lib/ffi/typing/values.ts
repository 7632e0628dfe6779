import type { Type } from '../../ctypes/type.js';
import type { Callback } from '../calls/callback.js';
import type { CValue } from '../calls/c-value.js';
import type { ArrayView } from '../values/array.js';
import type { Pointer } from '../values/pointer.js';

/*
 * What C values are at compile time: the words that generated declarations (`elf-plugin dts`) are written in. A type has two sides, what is read and what
 * may be assigned or passed: a 64-bit integer reads as a bigint and takes a safe integer, too.
 */

/** Tells structs and unions apart by their tags, as C does. There is no such property. */
declare const tag: unique symbol;
/** Leads from a view to what may be assigned to it. There is no such property. */
declare const initialiser: unique symbol;

/** A struct or union of which only the name is known: it is used through pointers. `Name` is how C names it: `struct sqlite3`. */
export interface Opaque<Name extends string = string> {
  /** Keeps types of different names apart; there is no such property. */
  readonly [tag]: Name;
}

/** A live view of a struct or union. `Init` is what else may be assigned to it: an object with its fields. */
export interface View<Name extends string = string, Init = unknown> extends Opaque<Name> {
  /** Tells what may be assigned; there is no such property. */
  readonly [initialiser]: Init;
}

/** The elements of an array that can't be assigned to. */
export interface ConstArrayView<T = unknown> extends ArrayLike<T>, Iterable<T> {
  readonly [index: number]: T;
}

/** Neither text nor a typed array, which is passed by what its elements are. */
type Elements<W> = ArrayItems<W> & { readonly BYTES_PER_ELEMENT?: undefined };

/** What may be assigned where a `T` is read. */
export type Assigned<T> = 0 extends T & 1
  ? T
  : T extends bigint
    ? bigint | number
    : T extends string
      ? T
      : T extends View<string, infer Init>
        ? T | Init
        : T extends ConstArrayView<infer E>
          ? ArrayItems<Assigned<E>>
          : T;

/** The same for new memory (`alloc`), where what is left out is zero. */
export type Initial<T> = 0 extends T & 1
  ? T
  : T extends bigint
    ? bigint | number
    : T extends string
      ? T
      : T extends View<string, infer Init>
        ? T | InitialFields<Init>
        : T extends ConstArrayView<infer E>
          ? ArrayItems<Initial<E>>
          : T;

type InitialFields<Init> = { readonly [K in keyof Init]?: Init[K] | InitialField<Init[K]> };

type InitialField<T> = T extends View<string, infer Init> ? InitialFields<Init> : never;

/** What is read of const memory: C's `const T`. What it leads to through pointers is not const. */
export type Const<T> = 0 extends T & 1
  ? T
  : T extends string | number | bigint | boolean | null | undefined
    ? T
    : T extends View
      ? { readonly [K in keyof T]: Const<T[K]> }
      : T extends ConstArrayView<infer E>
        ? ConstArrayView<Const<E>>
        : T;

/** A plain copy of what a view shows: what a struct returned by value is. */
export type Snapshot<T> = 0 extends T & 1
  ? T
  : T extends string
    ? T
    : T extends View
      ? { [K in keyof T as K extends string ? K : never]: Snapshot<T[K]> }
      : T extends ConstArrayView<infer E>
        ? Snapshot<E>[]
        : T;

/** What may be assigned to an array: items of that number. */
export type ArrayItems<W> = ArrayLike<W> & object;

/** Says that a pointer is to const, which goes where C has `const T *` alone. There is no such property. */
declare const toConst: unique symbol;
interface ToConst {
  readonly [toConst]: true;
}
/** What such a pointer is not. */
interface ToWritable {
  readonly [toConst]?: never;
}

/** A pointer through which nothing can be assigned: C's `const T *`. */
export type ConstPointer<T> = Pointer<Const<T>, never> & ToConst;

/** C's `void *`, which is cast before it is read: it goes where any pointer does. */
export type VoidPointer = Pointer<never, never>;

/** A variable: a pointer to it, with its name. */
export type Variable<T = unknown, W = Assigned<T>> = Pointer<T, W> & {
  /** As it was looked up. */
  readonly name: string;
};

/** A variable that is const. `T` is what is read of it. */
export type ConstVariable<T = unknown> = Variable<T, never> & ToConst;

/** What a function has besides being callable. */
export interface FunctionProperties {
  /** Its C type. */
  readonly type: Type;
  /** The address of its code. */
  readonly address: bigint;
  /** The C prototype. */
  toString(): string;
}

// What takes any arguments is said with any: that of unknown would be a function that takes all.
/* eslint-disable @typescript-eslint/no-explicit-any */

/**
 * A C function: `Callable<(a: number, b: number) => number>`.
 *
 * @typeParam F its signature
 */
export type Callable<F extends (...args: any[]) => unknown> = F &
  FunctionProperties & {
    /** The same call in a thread of its own. */
    readonly async: (...args: Parameters<F>) => Promise<ReturnType<F>>;
  };

/**
 * What a function pointer takes: a JavaScript function, a C function of that type, a `Callback`, null.
 *
 * @typeParam F the signature that C calls
 */
export type FunctionArgument<F extends (...args: any[]) => unknown> = F | Callback | null;

/**
 * What a parameter `T *` takes: a pointer, a view, null, and what is copied in and back: an object with the fields, an array. `Buffer` are the typed
 * arrays whose elements are such.
 */
export type PointerArgument<T, Buffer = never, W = Assigned<T>> =
  | (Pointer<T | ConstArrayView<T>, any> & ToWritable)
  | (T extends Opaque ? W : never)
  | Elements<W>
  | Buffer
  | null;

/** What `const T *` takes besides. */
export type ConstPointerArgument<T, Buffer = never, W = Assigned<T>> =
  | PointerArgument<T, Buffer, W>
  | Pointer<T | ConstArrayView<T>, any>
  | Pointer<Const<T> | ConstArrayView<Const<T>>, any>
  | (T extends Opaque ? Const<T> : never);

/** What may be stored in a `T *`, and what a `T *` parameter takes whose target has no values: an opaque struct. */
export type StoredPointer<T> = Pointer<T | ConstArrayView<T>, any> | null;

/** What `char *` takes. */
export type TextArgument = string | PointerArgument<number, Bytes>;

/** What `void *` takes. */
export type VoidArgument =
  Pointer<unknown, any> | Opaque | ArrayBufferView | (ConstArrayView & object) | null;

/** What goes behind the `...` of a variadic function, as C's promotions have it; `cast` says another type. */
export type VariadicArgument =
  | boolean
  | number
  | bigint
  | string
  | Pointer<unknown, any>
  | ArrayBufferView
  | ArrayView
  | CValue
  | Callback
  | FunctionProperties
  | null;

/** Typed arrays that go for any kind of `char *`. */
export type Bytes = Uint8Array | Int8Array | Uint8ClampedArray;

/** `_Complex`. */
export interface Complex {
  /** The real part. */
  readonly re: number;
  /** The imaginary part. */
  readonly im: number;
}

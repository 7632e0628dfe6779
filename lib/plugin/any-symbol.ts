import type { Pointer } from '../ffi/values/pointer.js';
import type { Type } from '../ctypes/type.js';

/** A variable: a pointer to it, with its name. */
export type Variable<T = unknown> = Pointer<T> & { readonly name: string };

/** What a function has besides being callable. */
export interface FunctionProperties {
  /** Its C type. */
  readonly type: Type;
  /** The address of its code. */
  readonly address: bigint;
  /** The C prototype. */
  toString(): string;
}

// `unknown` can't be assigned to, called or looked into: in these three the absence of a static type is meant.
/* eslint-disable @typescript-eslint/no-explicit-any */

/** A pointer to what is not known at compile time. */
export type AnyPointer = Pointer<any>;

/** A function whose type is not known at compile time. */
export type AnyFunction = ((...args: any[]) => any) &
  FunctionProperties & {
    /** The same call in a thread of its own. */
    readonly async: (...args: any[]) => Promise<any>;
  };

/** A symbol of which nothing is known at compile time: it can be used as a variable and as a function, and is checked when it is used. */
export type AnySymbol = Variable<any> & AnyFunction;

import type { FunctionProperties, Variable } from '../ffi/typing/values.js';
import type { Pointer } from '../ffi/values/pointer.js';

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

/** The symbols of a library of which nothing is known at compile time. */
export type AnySymbols = Record<string, AnySymbol>;

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

/**
 * A symbol whose type is not known at compile time: it can be used as a variable and as a function, and is checked when it is used.
 */
// `unknown` can't be assigned to or called: this is the one place where the absence of a static type is meant.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnySymbol = Variable<any> & FunctionProperties & ((...args: any[]) => any);

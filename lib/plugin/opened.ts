import type { Allocated, Declared } from '../ffi/typing/declared.js';
import type { Initial } from '../ffi/typing/values.js';
import type { Pointer } from '../ffi/values/pointer.js';
import type { Constants } from '../library/constants.js';
import type { AnyPointer, AnySymbol } from './any-symbol.js';
import type { OpenOptions } from './options.js';
import type { Plugin } from './plugin.js';

/*
 * What `open` and the methods of `Plugin` give at compile time. `M` are the symbols by name, `T` the types by the names that C has for them, `Wide` is how 64-bit
 * integers are read. Without generated declarations all of it is general.
 */

/** No type is known by its name. */
export type NoTypes = object;

// Any for the other type parameters: a class with setters is not related to itself with unknown.
/* eslint-disable @typescript-eslint/no-explicit-any */

/** A plugin of any library that reads 64-bit integers as `Wide`. */
type PluginReading<Wide> = Plugin<any, any, any, Wide>;

/** What `open<M>` gives: of a generated module the type of its default export, of a type with the symbols a plugin that has these. */
export type Opened<M> = M extends { readonly default: infer P extends PluginReading<any> }
  ? P
  : Plugin<M, Constants, NoTypes, bigint>;

/* eslint-enable @typescript-eslint/no-explicit-any */

/** The options of `open<M>`, or of what opens otherwise: 64-bit integers are to be read as `M` says. */
export type OptionsFor<M, Options = OpenOptions> = Omit<Options, 'int64'> &
  (Opened<M> extends PluginReading<infer Wide>
    ? [Wide] extends [bigint]
      ? { readonly int64?: 'bigint' }
      : { readonly int64: 'number' }
    : never);

/** Names that no list has: of older versions (`foo@V1`), and those of C++ (`geo::area(double)`); any name where nothing is listed. */
export type UnlistedName<M> = string extends keyof M
  ? string
  : `${string}@${string}` | `${string}::${string}` | `${string}(${string}`;

/** What `lookup<S>(name, D)` gives: what the caller says, or what the declaration does. */
export type Looked<S, D extends string, Wide> = [S] extends [never] ? Declared<D, AnySymbol, Wide> : S;

/** What `alloc(D)` points to. */
export type AllocatedIn<T, D extends string, Wide> = D extends keyof T
  ? Pointer<T[D]>
  : D extends `${infer K extends keyof T & string} *`
    ? Pointer<Pointer<T[K]> | null>
    : Allocated<D, AnyPointer, Wide>;

/** What `alloc(D, init)` takes. */
export type InitialIn<T, D extends string> = D extends keyof T ? Initial<T[D]> : unknown;

import type { Type } from './ctypes/type.js';
import type { CValue } from './ffi/calls/c-value.js';
import type { Callback } from './ffi/calls/callback.js';
import type { Pointer } from './ffi/values/pointer.js';
import type { FunctionProperties } from './ffi/typing/values.js';
import type { CFunction } from './ffi/values/codec.js';
import type { SnapshotOptions } from './ffi/values/snapshot.js';
import type { Constants } from './library/constants.js';
import type { LibraryInfo } from './library/inspect.js';
import type { OpenOptions } from './plugin/options.js';
import type { AnySymbols } from './plugin/any-symbol.js';
import type { NoTypes, Opened, OptionsFor } from './plugin/opened.js';
import type { Plugin } from './plugin/plugin.js';

/*
 * Where a program starts. Memory and values are loaded with the package; what these functions need besides (the readers of ELF and
 * DWARF, the registry: two thirds of it) when one of them is called, so that neither the import nor the first open takes long. `require`
 * knows what it has loaded, and these are not called in loops.
 */
import './elf/dynamic.js';
import './elf/file.js';
import './elf/symbol.js';
import './ffi/calls/function.js';
import './ffi/values/factory.js';

/**
 * Opens the ELF shared object at `path`, which as in Go is not searched for: a bare name is one in the working directory. It is loaded and
 * initialised once per process, and stays. Opening it again, by whatever name, gives the same `Plugin`.
 *
 * Throws a `PluginError`: `ERR_PLUGIN_OPEN`, `ERR_PLUGIN_ALREADY_LOADED` for a byte copy of a library that is loaded,
 * `ERR_PLUGIN_VERSION` if it was compiled with other types than a library it needs has, `ERR_PLUGIN_INIT` if its init function failed. An open that fails in another way has run none of its code.
 *
 * The type argument is that of generated declarations (`elf-plugin dts`), `typeof import("./plugin_name.so")`, and makes all of it typed; without one
 * everything is checked when it is used.
 *
 * @example
 * const p = open('./plugin_name.so');
 * p.lookup('V').value = 7;
 * p.lookup('F')();
 */
export function open<M = AnySymbols>(path: string, options?: OptionsFor<M>): Opened<M>;
export function open(
  path: string,
  options: OpenOptions & { int64: 'number' },
): Plugin<AnySymbols, Constants, NoTypes, number>;
export function open(path: string, options: OpenOptions | undefined): Plugin;
export function open(path: string, options?: OpenOptions): unknown {
  return (require('./plugin/open.js') as typeof import('./plugin/open.js')).open(path, options);
}

/**
 * Like `open`, with the library's constructors off the event loop. The init function runs on it. The promise is rejected with what `open` throws.
 *
 * @example
 * const p = await openAsync('./plugin_name.so', { init: 'start' });
 */
export async function openAsync<M = AnySymbols>(path: string, options?: OptionsFor<M>): Promise<Opened<M>>;
export async function openAsync(
  path: string,
  options: OpenOptions & { int64: 'number' },
): Promise<Plugin<AnySymbols, Constants, NoTypes, number>>;
export async function openAsync(path: string, options: OpenOptions | undefined): Promise<Plugin>;
export async function openAsync(path: string, options?: OpenOptions): Promise<unknown> {
  return (require('./plugin/open.js') as typeof import('./plugin/open.js')).openAsync(path, options);
}

/**
 * What the library at `path` is and exports, with types, **without loading it**: none of its code runs, and it may be for another machine.
 * Throws a `PluginError` (`ERR_FORMAT`) if it is no ELF file, the system's error if it can't be read.
 *
 * @example
 * for (const s of inspect('./libm.so').symbols) console.log(s.name, String(s.type));
 */
export function inspect(path: string): LibraryInfo {
  return (require('./library/inspect.js') as typeof import('./library/inspect.js')).inspect(path);
}

/**
 * The path of the library that the system loader would take for `name`: `z`, `libz.so`, `libz.so.1`. Undefined if there is none.
 *
 * @example
 * const path = findLibrary('z');   // '/lib/x86_64-linux-gnu/libz.so.1'
 * if (path !== undefined) open(path);
 */
export function findLibrary(name: string): string | undefined {
  return (require('./elf/search.js') as typeof import('./elf/search.js')).findLibrary(name);
}

/**
 * A JavaScript function as a C function pointer that lives until it is disposed: for C that calls it after the call that it was passed to has returned. Pass
 * it where a function pointer is wanted, or store it. `type` is the function's type, or that of a pointer to it: `int (const void *, const void *)`; one
 * that names a library's own types comes from `plugin.type`.
 *
 * Throws a `TypeError` for what is no function or no function type, `ERR_PLUGIN_UNSUPPORTED` for a type that can't be served, and when all of koffi's
 * 8,192 callbacks are taken.
 *
 * @example
 * const byValue = (a: Pointer<number>, b: Pointer<number>) => a.value - b.value;
 * using compare = callback(byValue, 'int (const int *, const int *)');
 * plugin.lookup('set_order')(compare);
 */
export function callback(fn: (...args: never[]) => unknown, type: string | Type): Callback {
  return typed().callback(fn, type);
}

/**
 * C's cast: `(type) value`. Of a number or bigint to an integer type what fits is kept, as in C: `cast('unsigned char', 300)` is 44. To a pointer type it takes
 * a `Pointer`, null, or an address as a bigint or number, and gives a `Pointer`; to a function pointer type it gives a function. What is not a pointer is a
 * typed value, for arguments: it says what the C type of an argument of a variadic function is. Throws a `TypeError` or `RangeError` for what is no value of
 * the type.
 *
 * @example
 * printf('%lu %c\n', cast('unsigned long', 5), cast('int', 65));
 * const everything = cast('void (*)(void *)', -1);   // SQLITE_TRANSIENT
 */
export function cast(
  type: string | Type,
  value: unknown,
): CValue | Pointer | (CFunction & FunctionProperties) | null {
  return typed().cast(type, value) as ReturnType<typeof cast>;
}

function typed(): typeof import('./ffi/calls/typed.js') {
  return require('./ffi/calls/typed.js') as typeof import('./ffi/calls/typed.js');
}

/**
 * C's `&view`, or `&view.field`: a `Pointer` to the struct, union or array that `view` shows, or to a member. It keeps memory of `alloc`
 * alive. Throws a `TypeError` for what is no view, and for a bit-field, which has no address.
 *
 * @example
 * addressOf(point.value, 'y').value = 2;
 */
export function addressOf(view: object, field?: string): Pointer {
  return reflect().addressOf(view, field);
}

/**
 * The C type of a view, a `Pointer` (`int *` for a pointer to int) or a function. Throws a `TypeError` (`ERR_INVALID_ARG_TYPE`) for anything else.
 *
 * @example
 * String(typeOf(point.value));   // 'struct point'
 */
export function typeOf(x: unknown): Type {
  return reflect().typeOf(x);
}

/**
 * C's `sizeof`, in bytes, for what `typeOf` takes: 8 for a `Pointer`; what it points to has `pointer.type.size`. Throws a `TypeError`
 * (`ERR_INVALID_ARG_TYPE`) for anything else.
 *
 * @example
 * sizeOf(point.value);   // 8
 */
export function sizeOf(x: unknown): number {
  return reflect().sizeOf(x);
}

/**
 * A plain copy of what a view shows now: objects for structs and unions, arrays for arrays, to any depth. Pointers stay pointers, which in JSON are
 * their address, `"0x7f…"`. Anything else is returned as it is. Members without a size (`char tail[]`) are left out.
 *
 * JSON has no bigint: `{ bigint: 'string' }` makes them strings of decimal digits, `{ bigint: 'number' }` numbers, with a `RangeError` for one that no
 * number holds exactly.
 *
 * @example
 * const before = snapshot(point.value);   // { x: 1, y: 2 }, which no later write changes
 * JSON.stringify(snapshot(point.value, { bigint: 'string' }));   // {"x":1,"y":2}
 */
export function snapshot(value: unknown, options?: SnapshotOptions): unknown {
  return (require('./ffi/values/snapshot.js') as typeof import('./ffi/values/snapshot.js')).snapshot(
    value,
    options,
  );
}

/**
 * C's `free`, for memory of the C heap: of `malloc`, or handed over by C. Throws a `TypeError` for memory of `alloc` and of variables, for a
 * pointer into the middle, for what can't be heap memory, and for what was freed before. Null is nothing to free. What is read or written
 * through the pointer afterwards, or through what was made from it, throws `ERR_PLUGIN_BAD_ADDRESS`.
 *
 * @example
 * const numbers = plugin.malloc('int[4]');
 * free(numbers);
 */
export function free(pointer: Pointer | null): void {
  (require('./ffi/heap.js') as typeof import('./ffi/heap.js')).free(pointer);
}

function reflect(): typeof import('./ffi/values/reflect.js') {
  return require('./ffi/values/reflect.js') as typeof import('./ffi/values/reflect.js');
}

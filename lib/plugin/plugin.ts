import { inspect as utilInspect } from 'node:util';

import { Type } from '../ctypes/type.js';
import type { Constants } from '../library/constants.js';
import type { SymbolInfo } from '../library/inspect.js';
import type { Library } from '../library/library.js';
import { belongsTo } from '../ffi/values/owner.js';
import { SymbolTable, type Loaded } from '../symbols/table.js';
import type { AnySymbol, AnySymbols } from './any-symbol.js';
import type { AllocatedIn, InitialIn, Looked, NoTypes, UnlistedName } from './opened.js';

/** Most plugins are only called. */
const heap = () => require('../ffi/heap.js') as typeof import('../ffi/heap.js');

/** The symbols of `plugin`, for what is not looked up through it. */
export let tableOf: (plugin: Plugin) => SymbolTable;
/** What is on disk of a plugin, for those who list and explain it. */
export let libraryOf: (plugin: Plugin) => Library;

/**
 * An open library. It stays open: there is no `close`, since whatever was looked up would point into nothing. The same library gives the
 * same `Plugin` in a thread, however it is named; its memory and its initialisation are shared by all threads.
 *
 * Its type parameters are what generated declarations say: the symbols and the constants by name, types by their names in C, and how 64-bit
 * integers are read: without any it is a plugin of either kind.
 */
export class Plugin<
  M = AnySymbols,
  C = Constants,
  T = NoTypes,
  Wide = bigint | number,
> implements Iterable<SymbolInfo> {
  /** The real path it was opened by. */
  readonly path: string;
  /** The build-id in lower-case hex; undefined if the linker wrote none. */
  readonly buildId: string | undefined;
  /** DT_SONAME. */
  readonly soname: string | undefined;
  /** DT_NEEDED: the libraries it needs, by name. */
  readonly needed: readonly string[];
  readonly #library: Library;
  readonly #table: SymbolTable;
  readonly #loaded: Loaded;
  #symbols: Readonly<M> | undefined;

  static {
    tableOf = (plugin) => plugin.#table;
    libraryOf = (plugin) => plugin.#library;
  }

  /**
   * Made by `open`.
   *
   * @internal
   */
  constructor(library: Library, loaded: Loaded, int64: 'bigint' | 'number') {
    this.path = library.path;
    this.buildId = library.buildId;
    this.soname = library.soname;
    this.needed = library.needed;
    this.#library = library;
    this.#loaded = loaded;
    this.#table = new SymbolTable(library, loaded, int64);
  }

  /** Whether the file has been replaced since it was loaded: what is in memory, and what this plugin shows, is the old one. */
  get stale(): boolean {
    return this.#loaded.stale;
  }

  /** Where the types come from: `DWARF in /lib/libx.so`; undefined if nowhere. */
  get typeSource(): string | undefined {
    return this.#library.debugInfo.source;
  }

  /**
   * The exported variable or function of that name, of the library itself and not of those it needs: a pointer to the variable, or the
   * function. The same object each time. `foo@V1` selects a version. With a C declaration it is Go's type assertion: checked against the known
   * type, or, where none is known, taken at its word.
   *
   * Throws a `PluginError`: `ERR_PLUGIN_SYMBOL` if there is no such symbol, `ERR_PLUGIN_TYPE` if it is of another type than declared.
   *
   * @example
   * const V = plugin.lookup('V');
   * const F = plugin.lookup('F', 'void (void)');
   */
  // The caller says what the symbol is, as with JSON.parse, where neither generated declarations nor a C declaration do.
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
  lookup<S = AnySymbol>(name: UnlistedName<M>): S;
  lookup<S = never, const D extends string = string>(
    name: (keyof M & string) | UnlistedName<M>,
    declaration: D | undefined,
  ): Looked<S, D, Wide>;
  lookup<K extends keyof M & string>(name: K): M[K];
  lookup(name: string, declaration?: string): unknown {
    return this.#table.lookup(name, declaration);
  }

  /** Whether the library itself exports a symbol of that name. */
  has(name: string): boolean {
    return this.#table.has(name);
  }

  /** All symbols by name, looked up as they are touched: `const { F, V } = plugin.symbols`. It has no prototype, so that every name is a symbol's. */
  get symbols(): Readonly<M> {
    if (this.#symbols === undefined) {
      const symbols = Object.create(null) as M & object;
      for (const name of this.#library.exportedNames()) {
        Object.defineProperty(symbols, name, { enumerable: true, get: () => this.#table.lookup(name) });
      }
      this.#symbols = symbols;
    }
    return this.#symbols;
  }

  /** All that it exports, with types, in the order of its symbol table. */
  *[Symbol.iterator](): Generator<SymbolInfo> {
    const { symbolInfo } = require('../library/inspect.js') as typeof import('../library/inspect.js');
    const exported = [...this.#library.symbols.exported()];
    this.#library.expect(exported.length);
    for (const symbol of exported) yield symbolInfo(this.#library, symbol);
  }

  /**
   * The type that a C declaration means, with this library's names: structs, unions and enums by their tags, typedefs. Throws a
   * `TypeError` with the code `ERR_INVALID_ARG_VALUE` that shows what is not understood, or not known here.
   *
   * @example
   * plugin.type('struct point').size;                     // 8
   * plugin.type('int (*)(const char *, ...)').target?.variadic;   // true
   */
  type(declaration: string): Type {
    return belongsTo(Type.of(this.#library.parse(declaration)), this.#table.values);
  }

  /**
   * The constants at file scope, by name: enumerators, and the macros of a types file or of declarations. A number, a bigint where that would not be
   * exact, or text. All are read at the first look. Compilers leave out enums that nothing uses, and macros. A constant that has different values in
   * different source files throws a `PluginError` with the code `ERR_PLUGIN_TYPE` when it is read, and is not listed.
   *
   * @example
   * const { RED, GREEN } = plugin.constants;
   */
  get constants(): C {
    return this.#library.constants as C;
  }

  /**
   * A pointer to new, zeroed memory of a C type, which lives as long as something refers to it. Members and elements that `init` leaves
   * out are zero.
   *
   * @example
   * const p = plugin.alloc('struct point', { x: 1 });
   * const numbers = plugin.alloc('int[4]').value;   // an Int32Array
   */
  alloc<const D extends string>(declaration: D, init?: InitialIn<T, D>): AllocatedIn<T, D, Wide> {
    return heap().alloc(this.#table.values, this.#library.parse(declaration), init) as AllocatedIn<
      T,
      D,
      Wide
    >;
  }

  /** The same on the C heap, for what C will keep or free; otherwise it takes a `free`. */
  malloc<const D extends string>(declaration: D, init?: InitialIn<T, D>): AllocatedIn<T, D, Wide> {
    return heap().malloc(this.#table.values, this.#library.parse(declaration), init) as AllocatedIn<
      T,
      D,
      Wide
    >;
  }

  /** For `console.log` and the REPL. */
  [utilInspect.custom](): string {
    return `Plugin(${this.path})`;
  }
}

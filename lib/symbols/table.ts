import { sizeOf } from '../ctypes/layout.js';
import { constOf, copyOf, isQualified, type CType, type FunctionType } from '../ctypes/model.js';
import { print } from '../ctypes/print.js';
import { STB } from '../elf/constants.js';
import type { SymbolSlot } from '../elf/relocation.js';
import type { ElfSymbol } from '../elf/symbol.js';
import { FormatError, PluginError, typeError } from '../errors.js';
import { Block } from '../ffi/block.js';
import {
  createCallables,
  createDeferred,
  createFunction,
  functionAddress,
  type Forward,
} from '../ffi/calls/function.js';
import type { FunctionSource } from '../ffi/calls/source.js';
import { symbolAddress } from '../ffi/linker.js';
import type { CFunction, Values } from '../ffi/values/codec.js';
import { describe } from '../ffi/values/check.js';
import { createValues } from '../ffi/values/factory.js';
import type { Pointer } from '../ffi/values/pointer.js';
import { kindOf, type Library, type LibrarySymbol } from '../library/library.js';

/** Loaded when a lookup says a type. */
const compatibility = () => require('../ctypes/compatible.js') as typeof import('../ctypes/compatible.js');

/** Loaded when a library is imported. */
const untypedPointers = () =>
  require('../ffi/values/untyped-pointer.js') as typeof import('../ffi/values/untyped-pointer.js');

/** A library in memory. */
export interface Loaded {
  readonly handle: bigint;
  /** What is added to the addresses in the file. */
  readonly base: bigint;
  /** Whether its file has been replaced since. */
  stale: boolean;
}

/** What `lookup` gives: a pointer to a variable, or a function. */
export type LiveSymbol = Pointer | CFunction;

/** The symbols of one loaded library: name → pointer proxy or callable wrapper, each made once. */
export class SymbolTable {
  readonly values: Values;
  readonly #library: Library;
  readonly #loaded: Loaded;
  readonly #live = new Map<string, LiveSymbol>();
  #slots: Map<string | bigint, SymbolSlot> | undefined;

  constructor(library: Library, loaded: Loaded, int64: 'bigint' | 'number') {
    this.#library = library;
    this.#loaded = loaded;
    this.values = createValues({
      int64,
      parse: (declaration) => library.parse(declaration),
      callable: createCallables(),
      functionAddress,
    });
  }

  has(name: string): boolean {
    checkName('has', name);
    return this.#library.find(name) !== undefined || this.#library.overloads(name).length > 0;
  }

  /** The live symbol; the same object each time. With a declaration, checked against it, or typed by it. */
  lookup(name: string, declaration?: string): LiveSymbol {
    checkName('lookup', name);
    const key = declaration === undefined ? name : `${name}\0${declaration}`;
    let live = this.#live.get(key);
    if (live === undefined) {
      const symbol = name.includes('\0') ? undefined : this.#library.find(name);
      if (symbol === undefined) live = this.lookup(this.#symbolOf(name), declaration);
      else live = declaration === undefined ? this.#make(symbol) : this.#declared(symbol, declaration);
      this.#live.set(key, live);
    }
    return live;
  }

  /** The live symbol of an `import`, of which there may be thousands: its type is read when it is first used, and not now. */
  imported(name: string, forward: Forward): LiveSymbol {
    const known = this.#live.get(name);
    const symbol = known === undefined ? this.#library.find(name) : undefined;
    if (symbol === undefined) return known ?? this.lookup(name);
    const live = this.#library.isFunction(symbol)
      ? createDeferred(
          this.#source(symbol, () => this.#functionType(symbol)),
          this.values,
          forward,
        )
      : untypedPointers().untypedPointer(this.values, this.#address(symbol), symbol.name, (pointer) => {
          this.#variable(symbol, this.#variableType(symbol), pointer);
        });
    this.#live.set(name, live);
    return live;
  }

  /** The symbol of a name of C++. */
  #symbolOf(name: string): string {
    const { path } = this.#library;
    const [only, ...others] = this.#library.overloads(name);
    if (only !== undefined && others.length === 0) return only.symbol;
    if (only !== undefined) {
      const list = [only, ...others].map((o) => `\n  ${o.signature}`).join('');
      const text = `plugin: symbol ${name} is ambiguous in plugin ${path}, which has${list}`;
      throw new PluginError('ERR_PLUGIN_SYMBOL', text, { path, symbol: name });
    }
    const { notFound } = require('./not-found.js') as typeof import('./not-found.js');
    throw new PluginError('ERR_PLUGIN_SYMBOL', notFound(this.#library, name), { path, symbol: name });
  }

  #make(symbol: ElfSymbol): LiveSymbol {
    if (this.#library.isFunction(symbol)) return this.#function(symbol, () => this.#functionType(symbol));
    return this.#variable(symbol, this.#variableType(symbol));
  }

  /** Go's type assertion: with a known type the declaration must agree, without one it is taken at its word. */
  #declared(symbol: ElfSymbol, declaration: string): LiveSymbol {
    const parsed = completed(this.#library.parse(declaration), symbol.size);
    const typed = this.#library.typed(symbol);
    // What is const stays so, whatever is said of it.
    const type = typed.type !== undefined && isQualified(typed.type, 'const') ? constOf(parsed) : parsed;
    const isFunction = this.#library.isFunction(symbol);
    const comparison = typed.type && compared(type, typed.type);
    if (typed.type !== undefined && comparison !== 'damaged') {
      // A function that is not C's can't be called, whatever is said of it: it says so itself.
      if (typed.type.kind === 'function' && typed.type.convention !== undefined)
        return this.lookup(symbol.name);
      if (comparison === 'identical' && !isUnsure(typed.type)) return this.lookup(symbol.name);
      if (comparison === 'different') this.#mismatch(symbol, `is ${print(typed.type)}, not ${print(type)}`);
      // `int ()` says nothing of the parameters, which are known.
      if (type.kind === 'function' && !type.prototyped) return this.lookup(symbol.name);
    } else if (isFunction !== (type.kind === 'function')) {
      this.#mismatch(symbol, `is a ${isFunction ? 'function' : 'variable'}, ${print(type)} is none`);
    } else if (!isFunction && symbol.size !== 0 && sizeOf(type) !== symbol.size) {
      this.#mismatch(symbol, `has ${symbol.size} bytes, ${print(type)} has ${sizeOf(type) ?? 'no size'}`);
    } else if (type.kind === 'function' && !type.prototyped) {
      this.#mismatch(
        symbol,
        `can't be typed as ${print(type)}: that does not say its parameters; none is (void)`,
      );
    }
    return type.kind === 'function' ? this.#function(symbol, () => type) : this.#variable(symbol, type);
  }

  #mismatch(symbol: ElfSymbol, reason: string): never {
    const { path } = this.#library;
    throw new PluginError('ERR_PLUGIN_TYPE', `plugin: symbol ${symbol.name} of plugin ${path} ${reason}`, {
      path,
      symbol: symbol.name,
    });
  }

  #function(symbol: ElfSymbol, type: () => FunctionType): CFunction {
    return createFunction(this.#source(symbol, type), this.values);
  }

  #source(symbol: ElfSymbol, type: () => FunctionType): FunctionSource {
    const address = this.#address(symbol);
    const isCode = address === this.#loaded.base + symbol.value && this.#library.isCode(symbol);
    return { name: written(symbol.name), address, isCode, type };
  }

  #functionType(symbol: ElfSymbol): FunctionType {
    const typed = this.#library.typed(symbol);
    if (typed.type?.kind === 'function') return typed.type;
    const { path } = this.#library;
    throw new PluginError('ERR_PLUGIN_TYPE', this.#untyped(typed), { path, symbol: symbol.name });
  }

  #variableType(symbol: ElfSymbol): CType {
    const typed = this.#library.typed(symbol);
    if (typed.type !== undefined) return typed.type;
    const of = { path: this.#library.path, symbol: symbol.name };
    return { kind: 'unsupported', name: 'unknown type', size: undefined, reason: this.#untyped(typed), of };
  }

  #untyped(typed: LibrarySymbol): string {
    const { untyped, exampleOf } = require('./untyped.js') as typeof import('./untyped.js');
    const { name } = typed.elf;
    const example = this.#library.isFunction(typed.elf) ? 'int (const char *)' : exampleOf(typed.elf.size);
    return untyped(this.#library, typed, `say the type yourself, such as lookup('${name}', '${example}')`);
  }

  #variable(symbol: ElfSymbol, type: CType, untyped?: Pointer): Pointer {
    const address = untyped?.address ?? this.#address(symbol);
    const size = Math.max(symbol.size, sizeOf(type) ?? 0);
    const block = size > 0 && !symbol.absolute ? Block.at(address, size) : undefined;
    const extent = block && { block, offset: 0, start: 0, end: size };
    return this.values.variable(type, address, symbol.name, extent, untyped);
  }

  /** Where the code that runs finds the symbol. */
  #address(symbol: ElfSymbol): bigint {
    const { handle, base } = this.#loaded;
    const kind = kindOf(symbol);
    if (kind === 'absolute') return symbol.value;
    // Thread-local variables have an address per thread, an IFUNC's code is chosen by its resolver, and of a unique symbol
    // (STB_GNU_UNIQUE) the process has one, wherever it came from first: the linker knows.
    if (kind === 'tls' || kind === 'ifunc' || symbol.binding === STB.GNU_UNIQUE) {
      const version = symbol.hiddenVersion ? symbol.version : undefined;
      const address = symbolAddress(handle, symbol.name, version);
      if (address !== undefined) return address;
    }
    return (kind === 'variable' ? this.#slotted(symbol) : undefined) ?? base + symbol.value;
  }

  /**
   * The address of a variable as the library's own code has it: in the slot of its global offset table. That is another than its own where an
   * object before it in the linker's order has a variable of that name: Node has copied `environ`, `stdout` and others out of libc (psABI x86-64
   * "Copy Relocations"), and libc's own are dead. Undefined if no slot holds it.
   */
  #slotted(symbol: ElfSymbol): bigint | undefined {
    this.#slots ??= this.#readSlots();
    const slot = this.#slots.get(symbol.name) ?? this.#slots.get(symbol.value);
    if (slot === undefined) return undefined;
    return Block.at(this.#loaded.base + slot.address, 8).data.getBigUint64(0, true) - slot.addend;
  }

  /** The slots of the exported variables by name, and by address in the file: an alias (`environ` of `__environ`) may have none of its own. */
  #readSlots(): Map<string | bigint, SymbolSlot> {
    const { ownSlots } = require('../elf/relocation.js') as typeof import('../elf/relocation.js');
    const slots = new Map<string | bigint, SymbolSlot>();
    for (const slot of ownSlots(this.#library.file)) slots.set(slot.name, slot).set(slot.symbol.value, slot);
    return slots;
  }
}

/** Whether the debug info leaves open how a function is called, so that a declaration that says the same says more: it is `extern "C"`. */
function isUnsure(type: CType): boolean {
  return type.kind === 'function' && type.compiler?.name === 'rustc';
}

/** What a function is called in messages: in C++ without what mangling adds. */
function written(symbol: string): string {
  if (!symbol.startsWith('_Z')) return symbol;
  const { demangle } = require('../library/demangle.js') as typeof import('../library/demangle.js');
  return demangle(symbol)?.name ?? symbol;
}

/** `int[]` is as long as the symbol, as in C where the length is elsewhere. */
function completed(type: CType, size: number): CType {
  if (type.kind !== 'array' || type.length !== undefined) return type;
  const element = sizeOf(type.element);
  return element && size % element === 0 ? { ...copyOf(type), length: size / element } : type;
}

/** How a declared type compares with the known one. What is damaged is met where it is read: the declaration makes up for it. */
function compared(declared: CType, known: CType): 'identical' | 'compatible' | 'different' | 'damaged' {
  try {
    if (compatibility().identical(declared, known)) return 'identical';
    return agrees(declared, known) ? 'compatible' : 'different';
  } catch (error) {
    if (error instanceof FormatError) return 'damaged';
    throw error;
  }
}

/** Whether a declared type may stand for the known one; a function without a prototype agrees with any parameters. */
function agrees(declared: CType, known: CType): boolean {
  if (
    declared.kind === 'function' &&
    known.kind === 'function' &&
    !known.prototyped &&
    known.parameters.length === 0
  ) {
    return compatibility().compatible(declared.result, known.result);
  }
  return compatibility().compatible(declared, known);
}

function checkName(caller: string, name: unknown): void {
  if (typeof name !== 'string')
    throw typeError(
      'ERR_INVALID_ARG_TYPE',
      `${caller}: expected the name of a symbol, got ${describe(name)}`,
    );
}

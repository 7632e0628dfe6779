import type { CType } from '../../ctypes/model.js';
import { Type } from '../../ctypes/type.js';
import { CValue } from '../../ffi/calls/c-value.js';
import { cast } from '../../ffi/calls/typed.js';
import type { CFunction } from '../../ffi/values/codec.js';
import { Pointer } from '../../ffi/values/pointer.js';
import { isRecordView } from '../../ffi/values/record.js';
import { addressOf } from '../../ffi/values/reflect.js';
import type { Library, LibrarySymbol } from '../../library/library.js';
import { libraryOf, type Plugin } from '../../plugin/plugin.js';
import { notFound } from '../../symbols/not-found.js';
import { didYouMean } from '../did-you-mean.js';
import type { Expression, UnaryOperator } from './syntax.js';

/** What an expression stands for. */
export interface Operand {
  /** As the library takes and gives it. Read when it is looked at. */
  readonly value: unknown;
  /** Its C type, where it has one: a literal is of whatever type is wanted. */
  readonly type: Type | undefined;
  /** Where it is in C's memory, if it is: what `&` gives. A bit-field has no address. */
  readonly place: Pointer | undefined;
  /** What `=` does, where something can be assigned to it. */
  readonly assign?: ((value: unknown) => void) | undefined;
}

/** Carries out an expression on an open library. Throws what the library throws. */
export function evaluate(expression: Expression, plugin: Plugin): Operand {
  return new Evaluator(plugin).evaluate(expression);
}

class Evaluator {
  readonly #plugin: Plugin;

  constructor(plugin: Plugin) {
    this.#plugin = plugin;
  }

  evaluate(e: Expression): Operand {
    switch (e.kind) {
      case 'value':
        return plain(e.value);
      case 'name':
        return this.#named(e.name);
      case 'call':
        return this.#call(this.evaluate(e.callee), e.args);
      case 'member':
        return this.#member(e.isArrow ? pointedTo(this.evaluate(e.of), '->') : this.evaluate(e.of), e.name);
      case 'element':
        return element(this.evaluate(e.of), this.evaluate(e.index));
      case 'unary':
        return unary(e.operator, this.evaluate(e.operand));
      case 'cast':
        return this.#cast(this.#plugin.type(e.type), e.operand);
      case 'braces':
        return plain(this.#initial(e, undefined));
      case 'assignment':
        return this.#assign(this.evaluate(e.to), e.value);
    }
  }

  /** A symbol of the library, or a constant. */
  #named(name: string): Operand {
    const plugin = this.#plugin;
    const library = libraryOf(plugin);
    if (!plugin.has(name)) {
      const { constants } = plugin;
      if (name in constants) return plain(constants[name]);
      throw new Error(notFound(library, name, Object.keys(constants)));
    }
    const elf = library.find(name);
    const typed = elf && library.typed(elf);
    if (typed !== undefined && typed.type === undefined) throw new Error(untypedHere(library, typed));
    const symbol: unknown = plugin.lookup(name);
    if (symbol instanceof Pointer) return at(symbol);
    return { value: symbol, type: undefined, place: undefined };
  }

  #call({ value: callee }: Operand, args: readonly Expression[]): Operand {
    if (!isFunction(callee)) throw new Error('what is called is no function');
    const type = typeOfFunction(callee);
    const parameters = type?.parameters ?? [];
    const values = args.map((arg, i) => this.#argument(arg, parameters[i]?.type));
    return { value: callee(...values), type: type?.result, place: undefined };
  }

  #argument(e: Expression, wanted: Type | undefined): unknown {
    // `struct point *` takes an object, too.
    if (e.kind === 'braces') return this.#initial(e, wanted?.target ?? wanted);
    return decayed(this.evaluate(e)).value;
  }

  #member(of: Operand, name: string): Operand {
    const member = of.type?.member(name);
    if (of.type?.members === undefined) throw new Error(`.${name}: ${nameOf(of)} is no struct or union`);
    if (member === undefined) {
      const names = of.type.members.flatMap(
        (m) => m.name ?? m.type.members?.flatMap((n) => n.name ?? []) ?? [],
      );
      throw new Error(`${nameOf(of)} has no member ${name}${didYouMean(name, names)}`);
    }
    const { value } = of;
    return {
      get value() {
        return (value as Record<string, unknown>)[name];
      },
      type: member.type,
      get place() {
        return isRecordView(value) && member.bitSize === undefined ? addressOf(value, name) : undefined;
      },
      assign: isRecordView(value) ? (given) => Reflect.set(value, name, given) : undefined,
    };
  }

  #cast(type: Type, e: Expression): Operand {
    if (e.kind === 'braces') {
      // A compound literal (C17 §6.5.2.5): memory of its own.
      return at(this.#plugin.alloc(String(type), this.#initial(e, type)) as Pointer);
    }
    const { value } = decayed(this.evaluate(e));
    return { value: cast(type, value), type, place: undefined };
  }

  #assign(to: Operand, e: Expression): Operand {
    if (to.assign === undefined) throw new Error('what is assigned to is no place in memory');
    to.assign(this.#initial(e, to.type));
    return to;
  }

  /** What is in braces, for a type if it is known: the parts of a struct get the names of its members, in their order. */
  #initial(e: Expression, type: Type | undefined): unknown {
    if (e.kind !== 'braces') return undecorated(decayed(this.evaluate(e)).value);
    const members = type?.members?.filter((m) => m.name !== undefined);
    const isNamed = e.items.some((item) => item.name !== undefined);
    if (members === undefined && !isNamed)
      return e.items.map((item) => this.#initial(item.value, type?.element));
    if (members !== undefined && e.items.length > members.length)
      throw new Error(`${String(type)} has ${members.length} members, ${e.items.length} are given`);
    const entries = e.items.map((item, i) => {
      const name = item.name ?? members?.[i]?.name ?? '';
      return [name, this.#initial(item.value, type?.member(name)?.type)];
    });
    return Object.fromEntries(entries) as unknown;
  }
}

/** What is said of a symbol without a type: how it is declared on the command line. */
function untypedHere(library: Library, typed: LibrarySymbol): string {
  const { untyped } = require('../../symbols/untyped.js') as typeof import('../../symbols/untyped.js');
  const { name } = typed.elf;
  const declaration = library.isFunction(typed.elf) ? `int ${name}(const char *);` : `int ${name};`;
  return untyped(library, typed, `declare it: --declare '${declaration}'`);
}

function plain(value: unknown): Operand {
  return { value, type: undefined, place: undefined };
}

/** What a pointer points to, or the element `index` places further: what is outside is told by that index. */
function at(pointer: Pointer, index = 0): Operand {
  return {
    get value() {
      return pointer.at(index);
    },
    type: pointer.type,
    place: index === 0 ? pointer : pointer.offset(index),
    assign: (value) => {
      pointer.set(index, value);
    },
  };
}

function pointedTo(operand: Operand, operator: string): Operand {
  const { value } = decayed(operand);
  if (isFunction(value)) return operand;
  if (!(value instanceof Pointer)) throw new Error(`${operator}: ${whyNoPointer(operand, value)}`);
  return at(value);
}

/** An array in memory as the pointer to its first element (C17 §6.3.2.1p3). */
function decayed(operand: Operand): Operand {
  const { type, place } = operand;
  if (type?.kind !== 'array' || type.element === undefined || place === undefined) return operand;
  const pointer: CType = { kind: 'pointer', target: type.element.ctype, size: 8 };
  return { value: place.cast(Type.of(pointer)), type: Type.of(pointer), place: undefined };
}

function element(of: Operand, { value: index }: Operand): Operand {
  if (typeof index !== 'number' && typeof index !== 'bigint') throw new Error('[]: the index is no number');
  const { value } = decayed(of);
  if (value instanceof Pointer) return at(value, Number(index));
  // Of a struct that a function has returned.
  if (Array.isArray(value) && of.type?.element !== undefined)
    return { value: value[Number(index)] as unknown, type: of.type.element, place: undefined };
  throw new Error(`[]: ${whyNoPointer(of, value)}`);
}

function whyNoPointer(operand: Operand, value: unknown): string {
  if (typeof value === 'string') return 'text of C is a value here, as a string is';
  return value === null ? 'it is NULL' : `${nameOf(operand)} is no pointer and no array`;
}

function unary(operator: UnaryOperator, operand: Operand): Operand {
  if (operator === '*') return pointedTo(operand, '*');
  if (operator === '&') {
    const { place } = operand;
    if (place !== undefined) return { value: place, type: pointerTo(place.type), place: undefined };
    if (isFunction(operand.value)) return operand;
    throw new Error('&: it is no place in memory');
  }
  const value = undecorated(operand.value);
  if (typeof value === 'bigint') return plain(operator === '-' ? -value : operator === '~' ? ~value : value);
  if (typeof value !== 'number') throw new Error(`${operator}: ${nameOf(operand)} is no number`);
  if (operator !== '~') return plain(operator === '-' ? -value : value);
  if (!Number.isInteger(value)) throw new Error('~: it is no integer');
  return plain(Number(~BigInt(value)));
}

function pointerTo(type: Type): Type {
  return Type.of({ kind: 'pointer', target: type.ctype, size: 8 });
}

function isFunction(value: unknown): value is CFunction {
  return typeof value === 'function';
}

/** The type of a looked-up function, or of one that a pointer leads to; undefined where the call is about to say why there is none. */
function typeOfFunction(callee: CFunction): Type | undefined {
  try {
    return (callee as CFunction & { readonly type: Type }).type;
  } catch {
    return undefined;
  }
}

/** The value in what a cast gives. */
function undecorated(value: unknown): unknown {
  return value instanceof CValue ? value.value : value;
}

function nameOf({ type }: Operand): string {
  return type === undefined ? 'it' : String(type);
}

import { inspect } from 'node:util';

import { typeError } from '../errors.js';
import { plainInteger } from './bits.js';
import { identical } from './compatible.js';
import { namedMembers, sizeOf } from './layout.js';
import { bare, type BareType, type CType, type Member, type Qualifier } from './model.js';
import { print, printDefinition } from './print.js';

/** Typedefs within each other: no real type has as many, and a corrupt one may name itself. */
const MAX_DEPTH = 100;

/** The same C type gives the same `Type`. */
const known = new WeakMap<CType, Type>();

/** A member of a struct or union. */
export interface TypeMember {
  /** Undefined for an anonymous struct or union, whose members are the outer one's, too, and for padding bits. */
  readonly name: string | undefined;
  /** Its C type. */
  readonly type: Type;
  /** In bytes, from the start of the struct; of a bit-field that of the byte that holds its first bit. */
  readonly offset: number;
  /** A bit-field's first bit, in bits from the start of the struct. */
  readonly bitOffset?: number;
  /** A bit-field's width in bits. */
  readonly bitSize?: number;
}

/** An enumerator. */
export interface TypeEnumerator {
  /** As C code writes it. */
  readonly name: string;
  /** A bigint where a number would not be exact. */
  readonly value: number | bigint;
}

/** A parameter of a function. */
export interface TypeParameter {
  /** Undefined where the prototype has none, and where debug info does not tell. */
  readonly name: string | undefined;
  /** Its C type. */
  readonly type: Type;
}

/**
 * A C type as users hold it: it prints as C, and says what it is made of. What is asked of it looks through typedefs and qualifiers, so that a typedef
 * of a struct has the members of the struct; what it does not have is undefined. It never changes, and reads debug info as it is asked.
 *
 * @example
 * const point = plugin.type('struct point');
 * String(point);                       // 'struct point'
 * point.size;                          // 8
 * point.members?.map((m) => m.name);   // ['x', 'y']
 */
export class Type {
  /** The type as plain data, with its typedefs and qualifiers. What it is made of is not part of what this package promises to keep. */
  readonly ctype: CType;
  #members: readonly TypeMember[] | undefined;

  private constructor(ctype: CType) {
    this.ctype = ctype;
  }

  /**
   * The `Type` of `ctype`; the same one each time.
   *
   * @internal
   */
  static of(ctype: CType): Type {
    let type = known.get(ctype);
    if (type === undefined) known.set(ctype, (type = new Type(ctype)));
    return type;
  }

  /** What it is: `int`, `pointer`, `struct` … */
  get kind(): BareType['kind'] {
    return this.#bare.kind;
  }

  /** C's `sizeof`, in bytes; undefined for void, functions, opaque structs and arrays without a length. */
  get size(): number | undefined {
    return sizeOf(this.ctype);
  }

  /** The tag of a struct, union or enum: `point` of `struct point`. Undefined where it has none. */
  get tag(): string | undefined {
    const t = this.#bare;
    return t.kind === 'struct' || t.kind === 'union' || t.kind === 'enum' ? t.tag : undefined;
  }

  /** Whether an integer or an enum has negative values. */
  get signed(): boolean | undefined {
    const t = this.#bare;
    return t.kind === 'int' || t.kind === 'enum' ? t.signed : undefined;
  }

  /** `const`, `volatile`, `restrict` and `_Atomic`, as far as it has them, also behind typedefs. */
  get qualifiers(): readonly Qualifier[] {
    const qualifiers = new Set<Qualifier>();
    let at = this.ctype;
    for (let depth = 0; depth < MAX_DEPTH && (at.kind === 'qualified' || at.kind === 'typedef'); depth++) {
      if (at.kind === 'qualified') qualifiers.add(at.qualifier);
      at = at.target;
    }
    return [...qualifiers];
  }

  /** What a pointer, or a C++ reference, points to. */
  get target(): Type | undefined {
    const t = this.#bare;
    return t.kind === 'pointer' ? Type.of(t.target) : undefined;
  }

  /** What an array consists of. */
  get element(): Type | undefined {
    const t = this.#bare;
    return t.kind === 'array' ? Type.of(t.element) : undefined;
  }

  /** The number of elements of an array; undefined for `int[]`, too. */
  get length(): number | undefined {
    const t = this.#bare;
    return t.kind === 'array' ? t.length : undefined;
  }

  /** The members of a struct or union, in the order of their declaration. An opaque one has none. */
  get members(): readonly TypeMember[] | undefined {
    const t = this.#bare;
    if (t.kind !== 'struct' && t.kind !== 'union') return undefined;
    return (this.#members ??= Object.freeze(t.members.map(memberOf)));
  }

  /**
   * The member of a struct or union by the name C code uses for it: also one of an anonymous struct or union inside, with its place in the
   * outermost one. Undefined if there is none.
   *
   * @example
   * plugin.type('struct point').member('y')?.offset;   // C's offsetof(struct point, y): 4
   */
  member(name: string): TypeMember | undefined {
    const t = this.#bare;
    if (t.kind !== 'struct' && t.kind !== 'union') return undefined;
    const member = namedMembers(t.members).find((m) => m.name === name);
    return member && memberOf(member);
  }

  /** The enumerators of an enum, in the order of their declaration. */
  get enumerators(): readonly TypeEnumerator[] | undefined {
    const t = this.#bare;
    if (t.kind !== 'enum') return undefined;
    return Object.freeze(
      t.enumerators.map(({ name, value }) => Object.freeze({ name, value: plainInteger(value) })),
    );
  }

  /** What a function returns. */
  get result(): Type | undefined {
    const t = this.#bare;
    return t.kind === 'function' ? Type.of(t.result) : undefined;
  }

  /** The parameters of a function, without the `...`. */
  get parameters(): readonly TypeParameter[] | undefined {
    const t = this.#bare;
    if (t.kind !== 'function') return undefined;
    return Object.freeze(t.parameters.map(({ name, type }) => Object.freeze({ name, type: Type.of(type) })));
  }

  /** Whether a function takes more arguments than it has parameters: `...`. */
  get variadic(): boolean | undefined {
    const t = this.#bare;
    return t.kind === 'function' ? t.variadic : undefined;
  }

  /** A struct, union or enum with its members, one a line; anything else as `String(type)`. */
  get definition(): string {
    const t = this.#bare;
    return printDefinition(t.kind === 'struct' || t.kind === 'union' || t.kind === 'enum' ? t : this.ctype);
  }

  /**
   * Whether both are one type here: of the same size, encoding, layout and names of members, const or not. Names of typedefs and of integer
   * types, and the other qualifiers, do not count: `size_t` equals `unsigned long`.
   */
  equals(other: Type): boolean {
    if (!(other instanceof Type)) throw typeError('ERR_INVALID_ARG_TYPE', 'equals: expected a Type');
    return identical(this.ctype, other.ctype);
  }

  /** The type as C writes it: `int (*)(const char *)`. */
  toString(): string {
    return print(this.ctype);
  }

  /** As `toString`. */
  toJSON(): string {
    return this.toString();
  }

  /** As `toString`, for `console.log` and the REPL. */
  [inspect.custom](): string {
    return this.toString();
  }

  get #bare(): BareType {
    return bare(this.ctype);
  }
}

function memberOf({ name, type, offset, bitOffset, bitSize }: Member): TypeMember {
  const place = { name, type: Type.of(type), offset };
  if (bitSize === undefined || bitOffset === undefined) return Object.freeze(place);
  return Object.freeze({ ...place, bitOffset, bitSize });
}

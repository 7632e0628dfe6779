import { identical } from '../compatible.js';
import {
  bare,
  type CType,
  type EnumType,
  type FunctionType,
  type RecordType,
  type TypedefType,
} from '../model.js';
import { ABI_TYPEDEFS, defaultTypedef, type Machine } from '../names.js';
import { similarNames, type NameResolver } from '../parse.js';
import { print } from '../print.js';
import type { Token } from '../tokens.js';
import type { Names, Tag } from '../type-parser.js';
import type { TypeKeyword, TypeName } from '../type-source.js';

/** A function or a variable that is declared. */
export interface DeclaredSymbol {
  /** What the linker calls it, if that is another name than C's. */
  readonly label: string | undefined;
  readonly type: CType;
  readonly token: Token | undefined;
  /** `static`: no other file sees it. */
  readonly isStatic: boolean;
}

export interface DeclaredConstant {
  readonly value: bigint;
  readonly type: EnumType;
  readonly token: Token | undefined;
}

/** What the definition of a struct or union says. */
export type RecordBody = Pick<RecordType, 'members' | 'alignment'> & { readonly size: number };
/** What that of an enum says. */
export type EnumBody = Pick<EnumType, 'signed' | 'enumerators'> & { readonly size: number };

interface Tagged<T, Body> {
  readonly type: T;
  body: Body | undefined;
  /** Where it is defined, or mentioned first. */
  token: Token | undefined;
}

type TaggedType = Tagged<RecordType, RecordBody> | Tagged<EnumType, EnumBody>;

/** Typedefs and what they are made of, within each other. */
const MAX_DEPTH = 90;

/** Fails with the place of a token that stands against another. */
export type Conflict = (reason: string, token: Token | undefined, other: Token | undefined) => never;

/** The names of a text of declarations at file scope: its own, and behind them those of the library. */
export class Scope implements Names {
  readonly machine: Machine;
  readonly symbols = new Map<string, DeclaredSymbol>();
  readonly constants = new Map<string, DeclaredConstant>();
  readonly #resolve: NameResolver;
  readonly #conflict: Conflict;
  readonly #tags = new Map<string, TaggedType>();
  readonly #typedefs = new Map<string, { readonly type: TypedefType; readonly token: Token | undefined }>();
  readonly #depths = new WeakMap<CType, number>();

  constructor(resolve: NameResolver, machine: Machine, conflict: Conflict) {
    this.#resolve = resolve;
    this.machine = machine;
    this.#conflict = conflict;
  }

  /** What the text itself defines. */
  defined(keyword: TypeKeyword, name: string): CType | undefined {
    if (keyword === 'typedef') return this.#typedefs.get(name)?.type;
    const tagged = this.#tags.get(name);
    return tagged?.type.kind === keyword && tagged.body !== undefined ? tagged.type : undefined;
  }

  /** What the text itself defines. */
  *typeNames(): Generator<TypeName> {
    for (const name of this.#typedefs.keys()) yield { keyword: 'typedef', name };
    for (const [name, { type, body }] of this.#tags)
      if (body !== undefined) yield { keyword: type.kind, name };
  }

  typedef(name: string): CType | undefined {
    return (
      this.#typedefs.get(name)?.type ??
      ABI_TYPEDEFS.get(name) ??
      this.#resolve('typedef', name) ??
      defaultTypedef(name, this.machine)
    );
  }

  tag(keyword: Tag, name: string): CType | undefined {
    return this.defined(keyword, name) ?? this.#resolve(keyword, name);
  }

  isConstant(name: string): boolean {
    return this.constants.has(name);
  }

  similar(name: string): readonly string[] {
    return similarNames((keyword, n) => this.defined(keyword, n) ?? this.#resolve(keyword, n), name);
  }

  /** `struct tag`, which may be defined later, or by the library. */
  record(
    keyword: 'struct' | 'union',
    tag: string | undefined,
    token: Token | undefined,
  ): Tagged<RecordType, RecordBody> {
    const known = this.#known(keyword, tag, token);
    if (known !== undefined) return known as Tagged<RecordType, RecordBody>;
    const elsewhere = this.#elsewhere(keyword, tag);
    const type: RecordType = {
      kind: keyword,
      tag,
      get size() {
        return (tagged.body ?? elsewhere())?.size;
      },
      get alignment() {
        return (tagged.body ?? elsewhere())?.alignment;
      },
      get members() {
        return (tagged.body ?? elsewhere())?.members ?? [];
      },
    };
    const tagged: Tagged<RecordType, RecordBody> = { type, body: undefined, token };
    if (tag !== undefined) this.#tags.set(tag, tagged);
    return tagged;
  }

  /** `enum tag`, which may be defined later, or by the library. */
  enumeration(tag: string | undefined, token: Token | undefined): Tagged<EnumType, EnumBody> {
    const known = this.#known('enum', tag, token);
    if (known !== undefined) return known as Tagged<EnumType, EnumBody>;
    const elsewhere = this.#elsewhere('enum', tag);
    const type: EnumType = {
      kind: 'enum',
      tag,
      get size() {
        return (tagged.body ?? elsewhere())?.size;
      },
      get signed() {
        return (tagged.body ?? elsewhere())?.signed ?? false;
      },
      get enumerators() {
        return (tagged.body ?? elsewhere())?.enumerators ?? [];
      },
    };
    const tagged: Tagged<EnumType, EnumBody> = { type, body: undefined, token };
    if (tag !== undefined) this.#tags.set(tag, tagged);
    return tagged;
  }

  /** Gives a struct, union or enum its definition, which may be said twice (C23 §6.7.3.4). */
  define<T extends RecordType | EnumType, Body extends object>(
    tagged: Tagged<T, Body>,
    body: Body,
    token: Token | undefined,
  ): void {
    if (tagged.body === undefined) {
      tagged.body = body;
      tagged.token = token;
      return;
    }
    const again = { kind: tagged.type.kind, tag: tagged.type.tag, ...body } as unknown as T;
    if (!identical(tagged.type, again))
      this.#conflict(`${print(tagged.type)} is defined twice, with another layout`, token, tagged.token);
  }

  defineTypedef(name: string, target: CType, alignment: number | undefined, token: Token | undefined): void {
    const type: TypedefType = { kind: 'typedef', name, target, alignment };
    const known = this.#typedefs.get(name);
    if (known !== undefined && !(identical(known.type, type) && known.type.alignment === alignment))
      this.#conflict(
        `${name} is ${print(target)} here, and was ${print(known.type.target)} before`,
        token,
        known.token,
      );
    const depth = this.#depth(target) + 1;
    if (depth > MAX_DEPTH) this.#conflict('typedefs are nested too deep', token, undefined);
    this.#depths.set(type, depth);
    if (known === undefined) this.#typedefs.set(name, { type, token });
  }

  defineConstant(name: string, constant: DeclaredConstant): void {
    const known = this.constants.get(name);
    if (known === undefined) this.constants.set(name, constant);
    else if (
      known.value !== constant.value ||
      known.type.tag !== constant.type.tag ||
      known.type.tag === undefined
    )
      this.#conflict(`the enumerator ${name} is defined twice`, constant.token, known.token);
  }

  /** Several declarations of a symbol have to agree (C17 §6.2.7p2); what one of them leaves open another may say. */
  declare(name: string, { type, label, token, isStatic }: DeclaredSymbol): void {
    const known = this.symbols.get(name);
    const both = known === undefined ? type : composite(known.type, type);
    if (known !== undefined && both === undefined)
      this.#conflict(
        `${name} is declared as ${print(type)} here, and as ${print(known.type)} before`,
        token,
        known.token,
      );
    this.symbols.set(name, {
      label: label ?? known?.label,
      type: both ?? type,
      token: known?.token ?? token,
      isStatic: isStatic || known?.isStatic === true,
    });
  }

  /** The struct, union or enum that the text has under that tag: there is one for all three (C17 §6.2.3). */
  #known(keyword: Tag, tag: string | undefined, token: Token | undefined): TaggedType | undefined {
    const known = tag === undefined ? undefined : this.#tags.get(tag);
    if (known !== undefined && known.type.kind !== keyword)
      this.#conflict(
        `${tag} is the tag of ${known.type.kind === 'enum' ? 'an' : 'a'} ${known.type.kind}`,
        token,
        known.token,
      );
    return known;
  }

  /** What the library has under a tag that the text does not define; asked for once, when it matters. */
  #elsewhere<K extends Tag>(
    keyword: K,
    tag: string | undefined,
  ): () => Extract<CType, { kind: K }> | undefined {
    let asked = tag === undefined;
    let found: CType | undefined;
    return () => {
      if (!asked) {
        // First, as what is asked may ask here.
        asked = true;
        found = this.#resolve(keyword, tag ?? '');
      }
      return found?.kind === keyword ? (found as Extract<CType, { kind: K }>) : undefined;
    };
  }

  /** How many types `type` has within each other, up to a struct. */
  #depth(type: CType): number {
    let depth = 0;
    for (let at = type; ; depth++) {
      const known = this.#depths.get(at);
      if (known !== undefined) return depth + known;
      if (at.kind === 'function') {
        const parts = [at.result, ...at.parameters.map((p) => p.type)];
        return depth + 1 + parts.reduce((deepest, part) => Math.max(deepest, this.#depth(part)), 0);
      }
      if (at.kind === 'array') at = at.element;
      else if (at.kind === 'pointer' || at.kind === 'qualified' || at.kind === 'typedef') at = at.target;
      else return depth;
    }
  }
}

/** What two declarations say together; undefined if they do not go together. */
function composite(a: CType, b: CType): CType | undefined {
  const [x, y] = [bare(a), bare(b)];
  if (x.kind === 'array' && y.kind === 'array' && identical(x.element, y.element)) {
    if (x.length === undefined) return b;
    return y.length === undefined || x.length === y.length ? a : undefined;
  }
  if (x.kind === 'function' && y.kind === 'function' && identical(x.result, y.result)) {
    if (isOpen(y)) return a;
    if (isOpen(x)) return b;
  }
  return identical(a, b) ? a : undefined;
}

/** `int f()`: nothing is said of the parameters (C17 §6.7.6.3p14). */
function isOpen(type: FunctionType): boolean {
  return !type.prototyped && type.parameters.length === 0;
}

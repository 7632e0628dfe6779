import { namedMembers, sizeOf, type NamedMember } from './layout.js';
import {
  bare,
  type BareType,
  type CType,
  type EnumType,
  type FunctionType,
  type RecordType,
} from './model.js';
import { print } from './print.js';

/** Where two versions of a type differ, for people: `struct point`, `field y`, `at offset 4`, `at offset 8`. */
export interface LayoutDifference {
  /** The type that differs, as C writes it. */
  readonly type: string;
  /** What of it; undefined for the whole. */
  readonly part: string | undefined;
  readonly ours: string;
  readonly theirs: string;
}

type Definition = RecordType | EnumType;

/** A pair whose parts lie in the memory of what was compared before: a deeper one is corrupt. */
const MAX_DEPTH = 200;
/** How often a type is met that the other side has nothing for, before no symbol is looked at for its sake. */
const MAX_ATTEMPTS = 4;
/** Pairs that one symbol leads to: more than any real one. Corrupt debug info has pointers that lead to themselves. */
const MAX_PAIRS = 100_000;

/**
 * Compares the types that a library was compiled with (`ours`) with those that another one has (`theirs`), symbol by symbol. Types meet by the way
 * that leads to them, the third field of the struct that the second parameter points to, never by name alone. Each pair is compared once.
 *
 * Only what is sure to break is a difference: a struct or union of another size; a field of the same name at another place, of another size, or a
 * floating-point number on one side only; an enumerator of another value. None is:
 * - a field that only one side has, where the others stay where they are: a renamed one, or a former reserve;
 * - integers and pointers of one size, whatever their sign and what they point to;
 * - a struct against what is none, of one size, and a struct against one that has no field in common with it: one side hides what the other has;
 * - structs and enums of different tags, and any that one side only declares;
 * - an enumerator that one side does not have, or that counts the others;
 * - the length of an array at the end of a struct, if either is written as one of no known length;
 * - what a call passes beside these types: how many arguments, and how wide.
 */
export class LayoutComparison {
  /** By `#key` of both. */
  readonly #compared = new Set<string>();
  /** Ours, by `#key`: how often one was met. */
  readonly #attempts = new Map<string, number>();
  readonly #numbers = new WeakMap<Definition, number>();
  #count = 0;
  /** What pointers lead to. A queue: a difference is found in the type that is nearest to the symbol, and lists of any length don't nest. */
  #queue: [ours: CType, theirs: CType][] = [];

  /** Whether a symbol of our `type` may lead to a type that was not compared yet: its other side need not be read otherwise. */
  wants(type: CType, depth = 0): boolean {
    let t = bare(type);
    for (; depth < MAX_DEPTH && (t.kind === 'pointer' || t.kind === 'array'); depth++) {
      t = bare(t.kind === 'pointer' ? t.target : t.element);
    }
    if (t.kind === 'function' && depth < MAX_DEPTH) {
      return [t.result, ...t.parameters.map((p) => p.type)].some((part) => this.wants(part, depth + 1));
    }
    if (!isDefinition(t) || t.declared === true) return false;
    return (this.#attempts.get(this.#key(t)) ?? 0) < MAX_ATTEMPTS;
  }

  /** The first difference between types of one symbol that was not found before; undefined if there is none. Throws a `FormatError` if types are corrupt. */
  compare(ours: CType, theirs: CType): LayoutDifference | undefined {
    this.#queue = [[ours, theirs]];
    // The queue grows while it is gone through.
    for (const [i, [x, y]] of this.#queue.entries()) {
      if (i >= MAX_PAIRS) break;
      const found = this.#reached(bare(x), bare(y), 0);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Compares what a pointer, a parameter or a symbol leads to. The memory itself is compared where it is a struct, a union or an enum. */
  #reached(a: BareType, b: BareType, depth: number): LayoutDifference | undefined {
    if (isDefinition(a) && a.declared !== true) {
      const key = this.#key(a);
      this.#attempts.set(key, (this.#attempts.get(key) ?? 0) + 1);
    }
    if (a.kind === 'pointer' && b.kind === 'pointer') this.#queue.push([a.target, b.target]);
    else if (a.kind === 'array' && b.kind === 'array') this.#queue.push([a.element, b.element]);
    else if (a.kind === 'function' && b.kind === 'function') this.#functions(a, b);
    else if (isDefinition(a) && isDefinition(b)) return this.#definitions(a, b, depth);
    return undefined;
  }

  /** Parameters pair up where there are as many. */
  #functions(a: FunctionType, b: FunctionType): void {
    this.#queue.push([a.result, b.result]);
    if (a.parameters.length !== b.parameters.length) return;
    for (const [i, { type }] of a.parameters.entries()) {
      const other = b.parameters[i];
      if (other !== undefined) this.#queue.push([type, other.type]);
    }
  }

  #definitions(a: Definition, b: Definition, depth: number): LayoutDifference | undefined {
    if (a.kind !== b.kind || a.declared === true || b.declared === true) return undefined;
    if (a.tag !== undefined && b.tag !== undefined && a.tag !== b.tag) return undefined;
    const key = this.#key(a);
    this.#attempts.set(key, MAX_ATTEMPTS);
    const pair = `${key} ${this.#key(b)}`;
    if (this.#compared.has(pair)) return undefined;
    this.#compared.add(pair);
    if (a.kind === 'enum') return b.kind === 'enum' ? enums(a, b) : undefined;
    return b.kind === 'enum' || depth > MAX_DEPTH ? undefined : this.#records(a, b, depth);
  }

  #records(a: RecordType, b: RecordType, depth: number): LayoutDifference | undefined {
    if (a.size === undefined || b.size === undefined) return undefined;
    let hasShared = false;
    let isOpen = false;
    for (const [m, n] of sharedMembers(a, b)) {
      hasShared = true;
      const part = `field ${m.name}`;
      if (placeOf(m) !== placeOf(n)) {
        return { type: print(a), part, ours: placeText(m), theirs: placeText(n) };
      }
      if (isOpenEnd(a, b, m, n)) {
        isOpen = true;
        continue;
      }
      if (differsInMemory(m, n)) {
        const inner = this.#inside(m.type, n.type, depth + 1);
        return inner ?? { type: print(a), part, ours: memberText(m), theirs: memberText(n) };
      }
      const inner = this.#inside(m.type, n.type, depth + 1);
      if (inner !== undefined) return inner;
    }
    if (a.size === b.size || !hasShared || isOpen) return undefined;
    return { type: print(a), part: undefined, ours: `${a.size} bytes`, theirs: `${b.size} bytes` };
  }

  /** What lies in the struct itself is compared now, for its difference is one of the struct. */
  #inside(x: CType, y: CType, depth: number): LayoutDifference | undefined {
    let [a, b] = [bare(x), bare(y)];
    while (a.kind === 'array' && b.kind === 'array') [a, b] = [bare(a.element), bare(b.element)];
    return this.#reached(a, b, depth);
  }

  /** Names a definition: one of the same tag and size is taken for the same, which each unit of a library has for itself. */
  #key(type: Definition): string {
    if (type.tag !== undefined) return `${type.kind} ${type.tag}:${type.size ?? 0}`;
    let number = this.#numbers.get(type);
    if (number === undefined) this.#numbers.set(type, (number = this.#count++));
    return `${type.kind} ${number}:${type.size ?? 0}`;
  }
}

function isDefinition(type: BareType): type is Definition {
  return type.kind === 'struct' || type.kind === 'union' || type.kind === 'enum';
}

/** The members that both have, in our order. A name that one side has twice (a C++ class and its base) tells nothing. */
function* sharedMembers(a: RecordType, b: RecordType): Generator<[NamedMember, NamedMember]> {
  if (areAlike(a, b)) {
    // The ordinary case: one version.
    for (const [i, m] of a.members.entries()) yield [m, b.members[i]] as [NamedMember, NamedMember];
    return;
  }
  const theirs = byName(b);
  for (const [name, m] of byName(a)) {
    const n = theirs.get(name);
    if (m !== undefined && n !== undefined) yield [m, n];
  }
}

function areAlike({ members }: RecordType, { members: others }: RecordType): boolean {
  return (
    members.length === others.length &&
    members.every((m, i) => m.name !== undefined && m.name === others[i]?.name)
  );
}

function byName({ members }: RecordType): Map<string, NamedMember | undefined> {
  const found = new Map<string, NamedMember | undefined>();
  for (const m of namedMembers(members)) found.set(m.name, found.has(m.name) ? undefined : m);
  return found;
}

/** In bits, from the start of the struct. */
function placeOf(member: NamedMember): number {
  return member.bitOffset ?? member.offset * 8;
}

function placeText(member: NamedMember): string {
  const bit = placeOf(member) % 8;
  return member.bitSize === undefined || bit === 0
    ? `at offset ${member.offset}`
    : `at offset ${member.offset}, bit ${bit}`;
}

/** `long, 8 bytes` */
function memberText({ type, bitSize }: NamedMember): string {
  if (bitSize !== undefined) return `${print(type)}, ${bitSize} bits`;
  const size = sizeOf(type);
  return size === undefined ? print(type) : `${print(type)}, ${size} bytes`;
}

function differsInMemory(m: NamedMember, n: NamedMember): boolean {
  const [sizeM, sizeN] = [bitsOf(m), bitsOf(n)];
  if (sizeM === undefined || sizeN === undefined) return false;
  return sizeM !== sizeN || differsInClass(bare(m.type), bare(n.type));
}

function bitsOf({ type, bitSize }: NamedMember): number | undefined {
  const size = sizeOf(type);
  return bitSize ?? (size === undefined ? undefined : size * 8);
}

/** Whether one is a floating-point number and the other another one or an integer: the same bytes mean something else. */
function differsInClass(a: BareType, b: BareType): boolean {
  if (a.kind === 'array' && b.kind === 'array') return differsInClass(bare(a.element), bare(b.element));
  const [f, g] = [formatOf(a), formatOf(b)];
  return f !== g && isNumber(a) && isNumber(b);
}

function formatOf(type: BareType): string | undefined {
  return type.kind === 'float' || type.kind === 'complex' ? `${type.kind} ${type.format}` : undefined;
}

function isNumber({ kind }: BareType): boolean {
  return ['int', 'bool', 'enum', 'pointer', 'float', 'complex'].includes(kind);
}

/** Whether a member is the array at the end of a struct that goes on behind it: `char data[]`, and before C99 `[0]` and `[1]`. */
function isOpenEnd(a: RecordType, b: RecordType, m: NamedMember, n: NamedMember): boolean {
  const [s, t] = [bare(m.type), bare(n.type)];
  if (s.kind !== 'array' || t.kind !== 'array' || a.kind === 'union' || b.kind === 'union') return false;
  if (a.members.at(-1)?.name !== m.name || b.members.at(-1)?.name !== n.name) return false;
  return (s.length ?? 0) <= 1 || (t.length ?? 0) <= 1;
}

const COUNTS = /(?:^|_)(?:all|count|end|last|len|length|mask|max|n|nb|num|size|total)(?:_|$)/;

/** Whether an enumerator says how many there are, or all of them at once: `COLOR_COUNT`, `kMaxColor`. It changes with each that is added. */
function counts(name: string): boolean {
  return COUNTS.test(name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase());
}

function enums(a: EnumType, b: EnumType): LayoutDifference | undefined {
  const theirs = new Map(b.enumerators.map(({ name, value }) => [name, value]));
  for (const { name, value } of a.enumerators) {
    const other = theirs.get(name);
    if (other === undefined || other === value || counts(name)) continue;
    return { type: print(a), part: name, ours: `${value}`, theirs: `${other}` };
  }
  return undefined;
}

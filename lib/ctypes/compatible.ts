import {
  bare,
  isQualified,
  type BareType,
  type CType,
  type EnumType,
  type FunctionType,
  type RecordType,
} from './model.js';

/**
 * Whether memory of type `a` may be used as `b`: the same machine representation, whatever the names. Integers compare by
 * size and sign, structs by tag and layout, pointers by what they point to; `void *` goes with any object pointer, and plain
 * `char` with `signed` and `unsigned char` behind a pointer, as C programs do.
 */
export function compatible(a: CType, b: CType): boolean {
  return same(a, b, { pairs: new Map(), strict: false });
}

/**
 * Whether `a` and `b` are one type to JavaScript as well: nothing differs but names of typedefs, base types and parameters, and qualifiers other
 * than const.
 */
export function identical(a: CType, b: CType): boolean {
  return same(a, b, { pairs: new Map(), strict: true });
}

/**
 * Whether a `T *` with target `from` may be passed or stored where a pointer to `to` is wanted. How many elements there are is not compared: that is
 * the memory's to say.
 */
export function compatibleTargets(from: CType, to: CType): boolean {
  const [a, b] = [dimensions(bare(from)), dimensions(bare(to))];
  return innerTargets(a.element, b.element, { pairs: new Map(), strict: false });
}

/** More than any language allows; corrupt debug info may have no end of them. */
const MAX_DIMENSIONS = 64;

interface Comparison {
  /** Pairs under comparison: a cycle that comes back to one is as compatible as the rest says. */
  readonly pairs: Map<BareType, Set<BareType>>;
  /** Text and numbers, const and not are different, and pointers say what they point to. */
  readonly strict: boolean;
  /** The types are of members of a struct. */
  readonly inside?: boolean;
}

function same(x: CType, y: CType, seen: Comparison): boolean {
  const a = bare(x);
  const b = bare(y);
  if (seen.strict && isQualified(x, 'const') !== isQualified(y, 'const')) return false;
  if (a === b) return true;
  const before = seen.pairs.get(a);
  if (before?.has(b)) return true;
  if (before) before.add(b);
  else seen.pairs.set(a, new Set([b]));
  if (!seen.strict) return compare(a, b, seen);
  if (a.kind !== b.kind) return false;
  if (a.kind === 'pointer' && b.kind === 'pointer') return same(a.target, b.target, seen);
  if (a.kind === 'int' && b.kind === 'int' && a.text !== b.text) return false;
  return compare(a, b, seen);
}

function compare(a: BareType, b: BareType, seen: Comparison): boolean {
  // An enum is the integer it is stored in (C17 §6.7.2.2p4).
  if (a.kind === 'enum' && b.kind === 'int') return a.size === b.size;
  if (a.kind === 'int' && b.kind === 'enum') return a.size === b.size;
  switch (a.kind) {
    case 'void':
      return b.kind === 'void';
    case 'bool':
      return b.kind === 'bool' && a.size === b.size;
    case 'int':
      return b.kind === 'int' && a.size === b.size && a.signed === b.signed;
    case 'float':
    case 'complex':
      return b.kind === a.kind && a.format === b.format;
    case 'enum':
      return b.kind === 'enum' && a.size === b.size && a.tag === b.tag && (!seen.strict || sameValues(a, b));
    case 'pointer':
      return b.kind === 'pointer' && pointers(bare(a.target), bare(b.target), seen);
    case 'array':
      return (
        b.kind === 'array' &&
        agree(a.length, b.length) &&
        (!seen.strict || (a.vector === b.vector && a.length === b.length)) &&
        same(a.element, b.element, seen)
      );
    case 'struct':
    case 'union':
      return b.kind === a.kind && records(a, b, seen);
    case 'function':
      return (
        b.kind === 'function' &&
        a.variadic === b.variadic &&
        // Qualifiers of the result, and of a parameter itself, mean nothing to callers (C17 §6.7.6.3p5, p15).
        same(bare(a.result), bare(b.result), seen) &&
        parameters(a, b, seen)
      );
    case 'unsupported':
      return b.kind === 'unsupported' && a.name === b.name;
  }
}

function sameValues(a: EnumType, b: EnumType): boolean {
  return (
    a.signed === b.signed &&
    a.enumerators.length === b.enumerators.length &&
    a.enumerators.every(({ name, value }, i) => {
      const other = b.enumerators[i];
      return name === other?.name && value === other.value;
    })
  );
}

/**
 * Whether two functions take the same arguments. One without a prototype is passed what the promotions make of its parameters, or, where it
 * lists none, of whatever is given (C17 §6.5.2.2p6): a prototype goes with that if it says the same (C17 §6.7.6.3p15).
 */
function parameters(a: FunctionType, b: FunctionType, seen: Comparison): boolean {
  const [known, old] = a.prototyped ? [a, b] : [b, a];
  const wanted = known.parameters.map((p) => p.type);
  const listed = old.parameters.map((p) => p.type);
  const passed =
    seen.strict || known.prototyped === old.prototyped
      ? listed
      : (listed.length === 0 ? wanted : listed).map(promotion);
  return (
    wanted.length === passed.length &&
    wanted.every((type, i) => argument(bare(type), bare(passed[i] ?? type), seen))
  );
}

function argument(a: BareType, b: BareType, seen: Comparison): boolean {
  return same(a, b, seen) || (!seen.strict && (isTransparent(a, b) || isTransparent(b, a)));
}

/**
 * Whether `a` may be a transparent union, which is passed as its first member is (GCC manual, "Common Type Attributes"), and `b` a pointer in it: no debug info
 * says that of a union, and gcc lists no members of those that glibc takes socket addresses as.
 */
function isTransparent(a: BareType, b: BareType): boolean {
  return a.kind === 'union' && a.members.length === 0 && b.kind === 'pointer' && a.size === b.size;
}

const INT: CType = { kind: 'int', name: 'int', size: 4, signed: true, text: false };
const DOUBLE: CType = { kind: 'float', name: 'double', size: 8, format: 'binary64' };

/** The type as which an argument of `type` is passed where no prototype says another (C17 §6.5.2.2p6). */
function promotion(type: CType): CType {
  const t = bare(type);
  if (t.kind === 'float' && t.format === 'binary32') return DOUBLE;
  const isSmall = (t.kind === 'int' || t.kind === 'enum' || t.kind === 'bool') && (t.size ?? 4) < 4;
  return isSmall ? INT : type;
}

/** Inside a struct a pointer to another goes by that one's name: what that looks like is not looked at through this one. */
function pointers(a: BareType, b: BareType, seen: Comparison): boolean {
  const isNamed = (t: BareType): t is RecordType =>
    (t.kind === 'struct' || t.kind === 'union') && t.tag !== undefined;
  if (seen.inside === true && isNamed(a) && isNamed(b)) return a.kind === b.kind && a.tag === b.tag;
  return targets(a, b, seen);
}

function targets(x: BareType, y: BareType, seen: Comparison): boolean {
  const [a, b] = [dimensions(x), dimensions(y)];
  // A pointer to an array and one to its first element hold the same address: the inner dimensions are to agree.
  const isInner = a.lengths.every((length, i) => agree(length, b.lengths[i]));
  return isInner && innerTargets(a.element, b.element, seen);
}

/** The lengths of an array, the innermost first, and what it is made of. What is no array has none. */
function dimensions(type: BareType): { lengths: (number | undefined)[]; element: BareType } {
  const lengths: (number | undefined)[] = [];
  let element = type;
  while (element.kind === 'array' && !element.vector && lengths.length < MAX_DIMENSIONS) {
    lengths.unshift(element.length);
    element = bare(element.element);
  }
  return { lengths, element };
}

/** Whether two lengths are one, or one is not known. */
function agree(a: number | undefined, b: number | undefined): boolean {
  return a === undefined || b === undefined || a === b;
}

function innerTargets(a: BareType, b: BareType, seen: Comparison): boolean {
  if (a.kind === 'void' || b.kind === 'void') return a.kind !== 'function' && b.kind !== 'function';
  if (a.kind === 'int' && b.kind === 'int')
    return a.size === b.size && (a.size === 1 || a.signed === b.signed);
  return same(a, b, seen);
}

type Records = Extract<BareType, { kind: 'struct' | 'union' }>;

/** Same tag and same layout; an opaque struct is compatible with any of its tag (C17 §6.2.7p1). */
function records(a: Records, b: Records, seen: Comparison): boolean {
  if (a.tag !== b.tag) return false;
  if (a.size === undefined || b.size === undefined) return a.tag !== undefined;
  if (a.size !== b.size || a.members.length !== b.members.length) return false;
  return a.members.every((m, i) => {
    const n = b.members[i];
    return (
      n !== undefined &&
      m.name === n.name &&
      m.offset === n.offset &&
      m.bitOffset === n.bitOffset &&
      m.bitSize === n.bitSize &&
      same(m.type, n.type, seen.strict ? seen : { ...seen, inside: true })
    );
  });
}

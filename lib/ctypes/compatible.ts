import { bare, isQualified, type BareType, type CType } from './model.js';

/**
 * Whether memory of type `a` may be used as `b`: the same machine representation, whatever the names. Integers compare by
 * size and sign, structs by tag and layout, pointers by what they point to; `void *` goes with any object pointer, and plain
 * `char` with `signed` and `unsigned char` behind a pointer, as C programs do.
 */
export function compatible(a: CType, b: CType): boolean {
  return same(a, b, { pairs: new Map(), strict: false });
}

/** Whether `a` and `b` are one type to JavaScript as well: nothing differs but names of typedefs, base types and parameters. */
export function identical(a: CType, b: CType): boolean {
  return same(a, b, { pairs: new Map(), strict: true });
}

/** Whether a `T *` with target `from` may be passed or stored where a pointer to `to` is wanted. */
export function compatibleTargets(from: CType, to: CType): boolean {
  return targets(bare(from), bare(to), { pairs: new Map(), strict: false });
}

interface Comparison {
  /** Pairs under comparison: a cycle that comes back to one is as compatible as the rest says. */
  readonly pairs: Map<BareType, Set<BareType>>;
  /** Text and numbers, const and not are different, and pointers say what they point to. */
  readonly strict: boolean;
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
      return b.kind === 'enum' && a.size === b.size && a.tag === b.tag;
    case 'pointer':
      return b.kind === 'pointer' && targets(bare(a.target), bare(b.target), seen);
    case 'array':
      return (
        b.kind === 'array' &&
        (a.length ?? b.length) === (b.length ?? a.length) &&
        same(a.element, b.element, seen)
      );
    case 'struct':
    case 'union':
      return b.kind === a.kind && records(a, b, seen);
    case 'function':
      return (
        b.kind === 'function' &&
        a.variadic === b.variadic &&
        same(a.result, b.result, seen) &&
        a.parameters.length === b.parameters.length &&
        a.parameters.every((p, i) => same(p.type, b.parameters[i]?.type ?? p.type, seen))
      );
    case 'unsupported':
      return b.kind === 'unsupported' && a.name === b.name;
  }
}

function targets(a: BareType, b: BareType, seen: Comparison): boolean {
  if (a.kind === 'void' || b.kind === 'void') return a.kind !== 'function' && b.kind !== 'function';
  if (a.kind === 'int' && b.kind === 'int')
    return a.size === b.size && (a.size === 1 || a.signed === b.signed);
  if (same(a, b, seen)) return true;
  // A pointer to an array and one to its first element hold the same address.
  if (a.kind === 'array') return targets(bare(a.element), b, seen);
  return b.kind === 'array' && targets(a, bare(b.element), seen);
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
      same(m.type, n.type, seen)
    );
  });
}

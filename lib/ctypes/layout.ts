import { bare, type ArrayType, type BareType, type CType, type Member, type RecordType } from './model.js';

/** Arrays, typedefs and qualifiers within each other: deeper than any real type. Corrupt input can go round in circles. */
const MAX_DEPTH = 200;

/** The size of `type` in bytes; undefined for what has none: void, functions, opaque structs, flexible arrays. */
export function sizeOf(type: CType): number | undefined {
  const dimensions: ArrayType[] = [];
  let t: BareType = bare(type);
  for (; t.kind === 'array' && dimensions.length < MAX_DEPTH; t = bare(t.element)) dimensions.push(t);
  if (t.kind === 'void' || t.kind === 'function' || t.kind === 'array') return undefined;
  return dimensions.reduce<number | undefined>(
    (size, { length }) => (size === undefined || length === undefined ? undefined : size * length),
    t.size,
  );
}

/**
 * The alignment of `type` in bytes: what its typedef or its definition asked for (`_Alignas`, `aligned`), otherwise its
 * natural one (psABI x86-64 §3.1.2).
 */
export function alignOf(type: CType): number {
  let at = type;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    switch (at.kind) {
      case 'typedef':
        if (at.alignment !== undefined) return at.alignment;
        at = at.target;
        break;
      case 'qualified':
        // So that one instruction can reach it (gcc tree.cc, `build_qualified_type`; clang's ASTContext::getTypeInfoImpl).
        if (at.qualifier === '_Atomic')
          return Math.max(alignOf(at.target), atomicAlignment(sizeOf(at.target)));
        at = at.target;
        break;
      case 'array':
        if (at.vector) return powerIn(sizeOf(at) ?? 1);
        at = at.element;
        break;
      case 'void':
      case 'function':
        return 1;
      case 'complex':
        return powerIn(at.size / 2);
      case 'struct':
      case 'union':
        return recordAlignment(at);
      default:
        return powerIn(at.size ?? 1);
    }
  }
  return 1;
}

function atomicAlignment(size = 1): number {
  return [1, 2, 4, 8, 16].includes(size) ? size : 1;
}

const recordAlignments = new WeakMap<RecordType, number>();

/** Each is found once: structs in structs would be looked at again and again. */
function recordAlignment(record: RecordType): number {
  if (record.size === undefined) return 1;
  let alignment = recordAlignments.get(record);
  if (alignment === undefined) recordAlignments.set(record, (alignment = findAlignment(record)));
  return alignment;
}

/**
 * That of the member with the largest. No debug info says that a struct is packed, but members at odd offsets do, and a size
 * that isn't a multiple of the alignment, which every size is (C17 §6.2.8).
 */
function findAlignment(record: RecordType): number {
  const { alignment: own } = record;
  if (own === undefined) return membersAlignment(record);
  // Clang writes what a struct asks for, though a member may ask for more; gcc also writes what a packed one has, and that is less.
  const asked = record.members.map((m) => (asksFor(m) ? (m.alignment ?? 1) : 1));
  return hasPadding(record) ? Math.max(own, membersAlignment(record)) : greatest(asked, own);
}

/** Whether a member itself asks for an alignment, which holds in a packed record, too. What its type asks for does not, though clang writes it at the member. */
export function asksFor({ alignment = 1, type }: Member): boolean {
  return alignment > alignOf(type);
}

/** What a record is aligned to by its members, if it is not packed. */
export function membersAlignment({ members, size = 0 }: RecordType): number {
  let alignment = 1;
  for (const { type, alignment: own = alignOf(type), offset, bitSize } of members) {
    const isPacked = bitSize === undefined && offset % own !== 0;
    alignment = Math.max(alignment, isPacked ? powerIn(offset) : own);
  }
  while (size % alignment !== 0) alignment /= 2;
  return alignment;
}

/** Whether there are bytes in a struct or union that are there for the natural alignment of its members: a packed one has none. */
export function hasPadding({ kind, members, size = 0, alignment = 1 }: RecordType): boolean {
  const ends = members.map((m) =>
    m.bitSize === undefined
      ? (m.offset + (sizeOf(m.type) ?? 0)) * 8
      : (m.bitOffset ?? m.offset * 8) + m.bitSize,
  );
  const asked = members.map((m) => m.alignment ?? 1);
  const end = Math.ceil(greatest(ends, 0) / 8);
  if (size - end >= greatest(asked, alignment)) return true;
  if (kind === 'union') return false;
  // Behind a bit-field a member begins with the next byte, and one that asks for an alignment at the next multiple of that.
  return members.some((m, i) => {
    const gap = (m.bitOffset ?? m.offset * 8) - (ends[i - 1] ?? 0);
    return gap >= 8 * (asked[i] ?? 1);
  });
}

/** The largest power of two that divides `size`; 1 for 0. */
function powerIn(size: number): number {
  let power = 1;
  while (size > 0 && size % (power * 2) === 0) power *= 2;
  return power;
}

/** A member that has a name, at its place in the outermost struct. */
export interface NamedMember extends Member {
  readonly name: string;
}

/**
 * The members of a struct or union by the names C code uses for them: those of an anonymous struct or union inside
 * are members of the outer one (C17 §6.7.2.1p13). Unnamed bit-fields, which are padding, are left out.
 */
export function namedMembers(members: readonly Member[]): NamedMember[] {
  return members.flatMap((member): NamedMember[] => {
    if (member.name !== undefined) return [{ ...member, name: member.name }];
    const inner = bare(member.type);
    if (inner.kind !== 'struct' && inner.kind !== 'union') return [];
    return namedMembers(inner.members).map((m) => ({
      ...m,
      offset: m.offset + member.offset,
      ...(m.bitOffset === undefined ? {} : { bitOffset: m.bitOffset + member.offset * 8 }),
    }));
  });
}

/** The greatest of numbers that may be more than a call can have arguments; at least `least`. */
export function greatest(numbers: readonly number[], least: number): number {
  return numbers.reduce((most, number) => Math.max(most, number), least);
}

import { namedMembers, sizeOf, type NamedMember } from '../ctypes/layout.js';
import { bare, copyOf, type CType, type Member, type RecordType } from '../ctypes/model.js';

/**
 * The members of a struct or union as an initialiser names them, in their order; those without a size can't be. Of a union the largest comes last: all
 * are shown, and where C reads them the last one counts (C17 §6.7.9p19).
 */
export function shownMembers(record: RecordType): NamedMember[] {
  return namedMembers(ordered(record)).filter((m) => (sizeOf(m.type) ?? 0) > 0);
}

function ordered({ kind, members }: RecordType): readonly Member[] {
  const inner = members.map((m) => (m.name === undefined ? { ...m, type: orderedType(m.type) } : m));
  if (kind === 'struct' || inner.length < 2) return inner;
  const largest = inner.reduce((best, m) => (extent(m) >= extent(best) ? m : best));
  return [...inner.filter((m) => m !== largest), largest];
}

/** An anonymous struct or union, whose members are shown as if they were the outer one's. */
function orderedType(type: CType): CType {
  const t = bare(type);
  return t.kind === 'struct' || t.kind === 'union' ? { ...copyOf(t), members: ordered(t) } : type;
}

function extent({ type, bitSize }: Member): number {
  return bitSize ?? (sizeOf(type) ?? 0) * 8;
}

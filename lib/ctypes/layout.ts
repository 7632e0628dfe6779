import { bare, type CType, type Member } from './model.js';

/** The size of `type` in bytes; undefined for what has none: void, functions, opaque structs, flexible arrays. */
export function sizeOf(type: CType): number | undefined {
  const t = bare(type);
  switch (t.kind) {
    case 'void':
    case 'function':
      return undefined;
    case 'array': {
      const element = sizeOf(t.element);
      return element === undefined || t.length === undefined ? undefined : element * t.length;
    }
    default:
      return t.size;
  }
}

/** The alignment of `type` in bytes: its natural one (psABI x86-64 §3.1.2), or more where `_Alignas` asked for it. */
export function alignOf(type: CType): number {
  const t = bare(type);
  switch (t.kind) {
    case 'void':
    case 'function':
      return 1;
    case 'array':
      return t.vector ? (sizeOf(t) ?? 1) : alignOf(t.element);
    case 'complex':
      return t.size / 2;
    case 'struct':
    case 'union':
      return Math.max(t.alignment ?? 1, ...t.members.map((m) => alignOf(m.type)));
    default:
      return t.size ?? 1;
  }
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

import { bare, copyOf, type CType } from '../ctypes/model.js';

/**
 * cgo's `GoString`, `struct { const char *p; ptrdiff_t n; }`, with `char *p`: what it leads to ends after `n` bytes and not at a NUL, so that it is not
 * to be read as a string.
 */
export function withoutText(goString: CType): CType {
  const t = bare(goString);
  if (t.kind !== 'struct') return goString;
  const members = t.members.map((member) => {
    const type = bare(member.type);
    return type.kind === 'pointer'
      ? { ...member, type: { ...copyOf(type), target: bare(type.target) } }
      : member;
  });
  return { ...copyOf(t), members };
}

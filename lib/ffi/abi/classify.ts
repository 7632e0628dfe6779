import { alignOf, sizeOf } from '../../ctypes/layout.js';
import { bare, type CType, type FloatFormat, type Member, type RecordType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';

/** The classes of psABI x86-64 §3.2.3 that a register of eight bytes can have; `NONE` is padding, for which there is no register. */
export type RegisterClass = 'INTEGER' | 'SSE' | 'NONE';

/** Eight bytes of a value that go in one register. */
export interface Eightbyte {
  readonly class: RegisterClass;
  /** The format of its highest float, if it holds floats only: what is no number as a double need not be one as two floats. */
  readonly top?: FloatFormat;
}

/** How the ABI passes a value of a type. */
export type Passed =
  | { readonly where: 'registers'; readonly eightbytes: readonly Eightbyte[] }
  | { readonly where: 'memory'; readonly alignment: number }
  | { readonly where: 'x87' }
  | { readonly where: 'nowhere' };

/** A type that can't be passed by value here, and why. */
export interface NotPassed {
  readonly refused: string;
}

/** A scalar in a value: what is classified. Offsets and sizes in bytes; of a bit-field those of the bytes it touches. */
interface Leaf {
  readonly offset: number;
  readonly size: number;
  readonly class: 'INTEGER' | 'SSE' | 'X87';
  readonly format?: FloatFormat;
  /** What its offset must be a multiple of; 1 for a bit-field. */
  readonly alignment: number;
}

/**
 * How a value of `type` is passed and returned: psABI x86-64 §3.2.3 "Parameter Passing", as gcc and clang read it. What has more than two
 * eightbytes is in memory (only a vector would not be), and so is what has a field that is not aligned: a packed struct's.
 */
export function classify(type: CType): Passed | NotPassed {
  const size = sizeOf(type);
  if (size === undefined) return { refused: `the size of ${print(type)} is not known here` };
  if (size === 0) return { where: 'nowhere' };
  const found: Leaf[] = [];
  const refused = collect(type, 0, size <= MOST_IN_REGISTERS, found);
  if (refused !== undefined) return { refused };
  const inMemory: Passed = { where: 'memory', alignment: Math.max(8, alignOf(type)) };
  if (size > MOST_IN_REGISTERS || found.some((leaf) => leaf.offset % leaf.alignment !== 0)) return inMemory;
  const x87 = found.filter((leaf) => leaf.class === 'X87');
  if (x87.length > 0) return x87.length === found.length ? { where: 'x87' } : inMemory;
  const eightbytes = Array.from({ length: Math.ceil(size / 8) }, (_, i) => eightbyte(found, i * 8));
  return eightbytes.every((e) => e.class === 'NONE')
    ? { where: 'nowhere' }
    : { where: 'registers', eightbytes };
}

/** Two eightbytes. */
const MOST_IN_REGISTERS = 16;

/** An integer among floats makes all eight bytes one (psABI x86-64 §3.2.3, "merging" (d)). */
function eightbyte(leaves: readonly Leaf[], start: number): Eightbyte {
  const inside = leaves.filter((l) => l.offset < start + 8 && l.offset + l.size > start);
  if (inside.length === 0) return { class: 'NONE' };
  if (inside.some((l) => l.class === 'INTEGER')) return { class: 'INTEGER' };
  const top = inside.reduce((a, b) => (b.offset + b.size > a.offset + a.size ? b : a));
  // Of a union the narrowest float decides what may not be changed.
  const narrowest = inside.reduce((a, b) => (b.size < a.size ? b : a));
  return { class: 'SSE', top: (narrowest.size < top.size ? narrowest : top).format ?? 'binary64' };
}

/** Adds the scalars of `type` at `offset`; returns why it can't be passed. `small`: they decide how it is passed. */
function collect(type: CType, offset: number, small: boolean, leaves: Leaf[]): string | undefined {
  const t = bare(type);
  switch (t.kind) {
    case 'bool':
    case 'int':
    case 'enum':
    case 'pointer': {
      const size = t.size ?? 4;
      leaves.push({ offset, size, class: 'INTEGER', alignment: size });
      return undefined;
    }
    case 'float':
      return float(t.format, t.name, t.size, offset, small, leaves);
    case 'complex': {
      const half = t.size / 2;
      return (
        float(t.format, t.name, half, offset, small, leaves) ??
        float(t.format, t.name, half, offset + half, small, leaves)
      );
    }
    case 'array': {
      // AVX passes larger vectors in one register, which koffi has no way to fill.
      if (t.vector) return `${print(type)} is a vector, which goes in a vector register`;
      const size = sizeOf(t.element) ?? 0;
      // In memory the first element tells as much as all.
      const length = small ? (t.length ?? 0) : Math.min(t.length ?? 0, 1);
      for (let i = 0; i < length && size > 0; i++) {
        const refused = collect(t.element, offset + i * size, small, leaves);
        if (refused !== undefined) return refused;
      }
      return undefined;
    }
    case 'struct':
    case 'union':
      return record(t, offset, small, leaves);
    case 'unsupported':
      return small ? `${t.name}: ${t.reason}` : undefined;
    case 'void':
    case 'function':
      return `${print(type)} has no value`;
  }
}

function float(
  format: FloatFormat,
  name: string,
  size: number,
  offset: number,
  small: boolean,
  leaves: Leaf[],
): string | undefined {
  // The halves of such a register are SSE and SSEUP; koffi fills the lower one only.
  if (format === 'binary128' && small) return `${name} goes in a whole vector register`;
  leaves.push({ offset, size, class: format === 'x87' ? 'X87' : 'SSE', format, alignment: size });
  return undefined;
}

function record(t: RecordType, offset: number, small: boolean, leaves: Leaf[]): string | undefined {
  if (t.nonTrivial !== undefined)
    return `${print(t)} is a class that C++ passes by reference (${t.nonTrivial})`;
  for (const member of t.members) {
    if (member.bitSize !== undefined) {
      leaves.push(bitField(member, offset));
      continue;
    }
    const refused = collect(member.type, offset + member.offset, small, leaves);
    if (refused !== undefined) return refused;
  }
  if (small && t.kind === 'struct' && hasHole(t)) {
    return `${print(t)} has a hole that may be an unnamed bit-field, on which compilers do not agree`;
  }
  return undefined;
}

function bitField(member: Member, offset: number): Leaf {
  const first = member.bitOffset ?? member.offset * 8;
  const start = Math.floor(first / 8);
  const end = Math.ceil((first + (member.bitSize ?? 0)) / 8);
  return { offset: offset + start, size: end - start, class: 'INTEGER', alignment: 1 };
}

/**
 * Whether bytes of a struct belong to no member, though no alignment asks for it, next to floats. Debug info does not tell of unnamed bit-fields: to gcc
 * `struct { float x; int : 32; }` holds an integer, to clang it holds none.
 */
function hasHole({ members, size = 0, alignment }: RecordType): boolean {
  if (alignment !== undefined || members.every((m) => bare(m.type).kind !== 'float')) return false;
  let end = 0;
  let widest = 1;
  for (const member of members) {
    if (member.bitSize !== undefined) return false;
    const align = member.alignment ?? alignOf(member.type);
    widest = Math.max(widest, align);
    if (member.offset > Math.ceil(end / align) * align) return true;
    end = Math.max(end, member.offset + (sizeOf(member.type) ?? 0));
  }
  return size > Math.ceil(end / widest) * widest;
}

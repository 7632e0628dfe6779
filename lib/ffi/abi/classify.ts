import { alignOf, sizeOf } from '../../ctypes/layout.js';
import {
  bare,
  type Compiler,
  type CType,
  type FloatFormat,
  type Member,
  type RecordType,
} from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';

/** Only Rust's functions are to be asked. */
const rust = () => require('./rust.js') as typeof import('./rust.js');

/** The classes of psABI x86-64 §3.2.3 that a register of eight bytes can have; `NONE` is padding, for which there is no register. */
export type RegisterClass = 'INTEGER' | 'SSE' | 'NONE';

/** Eight bytes of a value that go in one register. */
export interface Eightbyte {
  readonly class: RegisterClass;
  /** Whether it is a double and nothing else: numbers keep what a double is, but not what two floats are together. */
  readonly isDouble?: boolean;
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
}

/** What a type has in it. */
interface Contents {
  readonly leaves: Leaf[];
  /** Which compilers find a field that is not aligned; then the whole is in memory. They look at different things. */
  readonly unaligned: { gcc: boolean; clang: boolean; inDoubt: boolean; gccInDoubt: boolean };
  /** Where a `T[0]` lies: to gcc one that does not begin an eightbyte has what a T is in it (i386.cc, classify_argument: `words`). */
  readonly empty: number[];
  /** Whether there is a `T[]`. */
  flexible: boolean;
  /** Bytes of no member where there may be an unnamed bit-field: debug info does not tell of them. */
  readonly holes: { readonly start: number; readonly end: number }[];
  readonly isGcc: boolean;
  /** Of each union, what is in the member that clang takes for the whole. */
  readonly unions: (readonly Leaf[])[];
}

/** Where a field lies, and whether gcc looks at it: of an array it looks at the first element. */
interface At {
  readonly offset: number;
  readonly first: boolean;
}

/**
 * How a value of `type` is passed and returned: psABI x86-64 §3.2.3 "Parameter Passing", as gcc and clang read it. What has more than two
 * eightbytes is in memory (only a vector would not be), and so is what has a field that is not aligned: a packed struct's. Where the two do not agree it
 * is not passed.
 */
export function classify(type: CType, compiler?: Compiler): Passed | NotPassed {
  const size = sizeOf(type);
  if (size === undefined) return { refused: `the size of ${print(type)} is not known here` };
  if (size === 0) return { where: 'nowhere' };
  if (size > MOST_ON_STACK) return { refused: `${print(type)} of ${size} bytes is too large for the stack` };
  const small = size <= MOST_IN_REGISTERS;
  const contents: Contents = {
    leaves: [],
    unaligned: { gcc: false, clang: false, inDoubt: false, gccInDoubt: false },
    empty: [],
    flexible: false,
    holes: [],
    isGcc: compiler?.name === 'gcc',
    unions: [],
  };
  const refused = collect(type, { offset: 0, first: true }, small, contents);
  if (refused !== undefined) return { refused };
  const inMemory: Passed = { where: 'memory', alignment: Math.max(8, alignOf(bare(type))) };
  if (!small) return isComplexX87(type) ? { where: 'x87' } : inMemory;
  if (compiler?.name === 'rustc' && !rust().isAsInC(type)) return { refused: rust().unsure(type) };
  const isInMemory = memoryBy(contents, compiler);
  if (isInMemory === undefined) return { refused: disagreement(type) };
  if (isInMemory) return inMemory;
  const { leaves } = contents;
  if (leaves.some((leaf) => leaf.class === 'X87')) {
    if (leaves.every((leaf) => leaf.class === 'X87')) return { where: 'x87' };
    // Merged with integers in both of its eightbytes it is integers; otherwise, or with other floats, the whole is in memory.
    const isInteger = [0, 8].every((start) => eightbyte(leaves, start).class === 'INTEGER');
    if (!isInteger) return inMemory;
  }
  const eightbytes = Array.from({ length: Math.ceil(size / 8) }, (_, i) => eightbyte(leaves, i * 8));
  if (compiler === undefined && contents.empty.some((at) => eightbytes[Math.floor(at / 8)]?.class === 'SSE'))
    return { refused: disagreement(type) };
  if (!contents.isGcc && eightbytes.some((e, i) => e.class === 'SSE' && isCut(contents, i * 8)))
    return { refused: disagreement(type) };
  const isDoubtful = ({ start, end }: Contents['holes'][number]): boolean =>
    eightbytes.some((e, i) => e.class !== 'INTEGER' && start < i * 8 + 8 && end > i * 8);
  if (compiler?.name !== 'clang' && isUntold(type)) {
    return {
      refused: `the debug info lists no member of ${print(type)}; if it is a transparent union of pointers, say so: lookup(name, 'declaration') with a pointer in its place`,
    };
  }
  if (compiler?.name !== 'clang' && contents.holes.some(isDoubtful)) {
    return {
      refused: `${print(type)} has a hole that may be an unnamed bit-field, on which compilers do not agree`,
    };
  }
  if (eightbytes.every((e) => e.class === 'NONE')) return { where: 'nowhere' };
  return { where: 'registers', eightbytes };
}

/** A union of which only the size is known, as gcc writes those that glibc takes socket addresses as. An empty one of C++ has a byte. */
function isUntold(type: CType): boolean {
  const t = bare(type);
  return t.kind === 'union' && t.members.length === 0 && (t.size ?? 0) > 1;
}

/** Whether a small struct is in memory nevertheless; undefined where that is not known, or compilers do not agree and which it was is not known. */
function memoryBy({ unaligned, flexible }: Contents, compiler: Compiler | undefined): boolean | undefined {
  const { gcc, clang, inDoubt, gccInDoubt } = unaligned;
  switch (compiler?.name) {
    case 'gcc':
      return gccInDoubt && !gcc ? undefined : gcc;
    case 'clang':
      // It has a struct with a flexible array in memory, which gcc leaves out.
      return inDoubt && !clang ? undefined : clang || flexible;
    default:
      return gcc !== clang || flexible || ((inDoubt || gccInDoubt) && !clang) ? undefined : gcc;
  }
}

function disagreement(type: CType): string {
  return `compilers do not agree how ${print(type)} is passed`;
}

/** Bytes. The stack of a call has 8 MiB, or 2 or 4 (koffi.ts), which C needs as well. */
const MOST_ON_STACK = 1 << 19;

/** Two eightbytes. */
const MOST_IN_REGISTERS = 16;

/** It is returned in two registers of the x87, though its size says memory (psABI x86-64 §3.2.3, class COMPLEX_X87). */
function isComplexX87(type: CType): boolean {
  const t = bare(type);
  return t.kind === 'complex' && t.format === 'x87';
}

/** An integer among floats makes all eight bytes one (psABI x86-64 §3.2.3, "merging" (d)). */
function eightbyte(leaves: readonly Leaf[], start: number): Eightbyte {
  const inside = leaves.filter((l) => l.offset < start + 8 && l.offset + l.size > start);
  if (inside.length === 0) return { class: 'NONE' };
  if (inside.some((l) => l.class === 'INTEGER')) return { class: 'INTEGER' };
  return { class: 'SSE', isDouble: inside.every((l) => l.format === 'binary64') };
}

/**
 * Whether clang passes a float alone of these eight bytes, though they are a double to another member of a union (CodeGen/Targets/X86.cpp,
 * GetSSETypeAtOffset): `union { struct { long n; float x; } s; double d[2]; }`.
 */
function isCut({ leaves, unions }: Contents, start: number): boolean {
  const end = (all: readonly Leaf[]): number =>
    Math.max(0, ...all.filter((l) => l.offset < start + 8).map((l) => l.offset + l.size));
  return end(leaves) > start + 4 && unions.some((own) => end(own) > start && end(own) <= start + 4);
}

/** Adds what is in `type`; returns why it can't be passed. `small`: that decides how it is passed. */
function collect(type: CType, at: At, small: boolean, into: Contents): string | undefined {
  const t = bare(type);
  switch (t.kind) {
    case 'bool':
    case 'int':
    case 'enum':
    case 'pointer':
      addScalar({ offset: at.offset, size: t.size ?? 4, class: 'INTEGER' }, type, at, into);
      return undefined;
    case 'float':
      return float(t.format, t.name, t.size, type, at, small, into);
    case 'complex': {
      const half = t.size / 2;
      const second = { ...at, offset: at.offset + half };
      return (
        float(t.format, t.name, half, type, at, small, into) ??
        float(t.format, t.name, half, type, second, small, into)
      );
    }
    case 'array': {
      // AVX passes larger vectors in one register, which koffi has no way to fill.
      if (t.vector) return `${print(type)} is a vector, which goes in a vector register`;
      const size = sizeOf(t.element) ?? 0;
      if (t.length === 0 && at.offset % 8 !== 0) {
        into.empty.push(at.offset);
        // An element is looked at though there is none.
        if (small && into.isGcc) return collect(t.element, at, small, into);
      }
      // In memory the first element tells as much as all.
      const length = small ? (t.length ?? 0) : Math.min(t.length ?? 0, 1);
      for (let i = 0; i < length && size > 0; i++) {
        const element = { offset: at.offset + i * size, first: at.first && i === 0 };
        const refused = collect(t.element, element, small, into);
        if (refused !== undefined) return refused;
      }
      return undefined;
    }
    case 'struct':
    case 'union':
      return record(t, at, small, into);
    case 'unsupported':
      return `${t.name}: ${t.reason}`;
    case 'void':
    case 'function':
      return `${print(type)} has no value`;
  }
}

/** gcc asks whether a scalar is aligned as its size (i386.cc, classify_argument), clang as its type (CodeGen/Targets/X86.cpp, X86_64ABIInfo::classify). */
function addScalar(leaf: Leaf, type: CType, at: At, { leaves, unaligned }: Contents): void {
  leaves.push(leaf);
  if (at.first && leaf.offset % leaf.size !== 0) unaligned.gcc = true;
  checkClang(type, at.offset, unaligned);
}

function checkClang(type: CType, offset: number, unaligned: Contents['unaligned']): void {
  if (offset % alignOf(type) === 0) return;
  // What a struct with bit-fields is aligned to the debug info does not say: it may be packed.
  if (isDerived(type)) unaligned.inDoubt = true;
  else unaligned.clang = true;
}

/** Whether the alignment of a type is what the members of a struct let expect. */
function isDerived(type: CType): boolean {
  const t = bare(type);
  if (t.kind === 'array') return isDerived(t.element);
  return (
    (t.kind === 'struct' || t.kind === 'union') && alignOf(t) === alignOf(type) && t.alignment === undefined
  );
}

function float(
  format: FloatFormat,
  name: string,
  size: number,
  type: CType,
  at: At,
  small: boolean,
  into: Contents,
): string | undefined {
  // The halves of such a register are SSE and SSEUP; koffi fills the lower one only.
  if (format === 'binary128' && small) return `${name} goes in a whole vector register`;
  addScalar({ offset: at.offset, size, class: format === 'x87' ? 'X87' : 'SSE', format }, type, at, into);
  return undefined;
}

function record(t: RecordType, at: At, small: boolean, into: Contents): string | undefined {
  if (t.nonTrivial !== undefined)
    return `${print(t)} is a class that C++ passes by reference (${t.nonTrivial})`;
  const hasBitFields = t.members.some((m) => m.bitSize !== undefined);
  let storage: { leaves: Leaf[]; alignment: number; size: number } | undefined;
  for (const member of t.members) {
    const before = into.leaves.length;
    const refused = addMember(t, member, hasBitFields, at, small, into);
    if (refused !== undefined) return refused;
    if (t.kind === 'struct' || !small) continue;
    const leaves = into.leaves.slice(before);
    const alignment = Math.max(1, ...leaves.map((l) => l.size));
    const size = sizeOf(member.type) ?? 0;
    // The first of the largest (CodeGen/CGRecordLayoutBuilder.cpp, lowerUnion), aligned as LLVM has it.
    const most = storage ?? { alignment: 0, size: 0 };
    if (alignment > most.alignment || (alignment === most.alignment && size > most.size))
      storage = { leaves, alignment, size };
  }
  if (storage !== undefined) into.unions.push(storage.leaves);
  if (small) addHoles(t, at.offset, into);
  return undefined;
}

/** Adds what is in a member of `t`; returns why it can't be passed. */
function addMember(
  t: RecordType,
  member: Member,
  hasBitFields: boolean,
  at: At,
  small: boolean,
  into: Contents,
): string | undefined {
  const type = bare(member.type);
  if (member.bitSize !== undefined && type.kind !== 'unsupported') {
    addBitField(t, member, at, into);
    return undefined;
  }
  if (type.kind === 'array' && type.length === undefined) into.flexible = true;
  const field = { offset: at.offset + member.offset, first: at.first };
  if (hasBitFields && type.kind === 'int' && field.offset % type.size !== 0) {
    // Clang writes a bit-field that is as wide as its type as one that is none, and bit-fields need not be aligned.
    into.leaves.push({ offset: field.offset, size: type.size, class: 'INTEGER' });
    into.unaligned.gcc = true;
    into.unaligned.inDoubt = true;
    return undefined;
  }
  checkClang(member.type, field.offset, into.unaligned);
  return collect(member.type, field, small, into);
}

function addBitField(
  { kind, size = 0 }: RecordType,
  member: Member,
  at: At,
  { leaves, unaligned }: Contents,
): void {
  const [start, end] = extentOf(member);
  leaves.push({ offset: at.offset + start, size: end - start, class: 'INTEGER' });
  // In a union it is, to gcc, a scalar of the narrowest integer mode that has its bits.
  const mode = 2 ** Math.ceil(Math.log2(Math.max(8, member.bitSize ?? 0) / 8));
  if (kind === 'union' && at.first && at.offset % mode !== 0) unaligned.gcc = true;
  // In a struct it is one if it has all bits of the mode and is aligned there, unless the struct is packed (stor-layout.cc, layout_decl): which is sure only
  // where the size says so.
  const isWhole = member.bitSize === mode * 8 && start % mode === 0;
  const isPacked = size % (sizeOf(member.type) ?? 1) !== 0;
  if (kind === 'struct' && isWhole && !isPacked && at.first && (at.offset + start) % mode !== 0)
    unaligned.gccInDoubt = true;
}

/**
 * Adds the bytes of a struct or union that belong to no member, though no alignment asks for them. To gcc `struct { float x; int : 32; }` holds an integer, to
 * clang it holds none.
 */
function addHoles(
  { kind, members, size = 0, alignment = 1 }: RecordType,
  at: number,
  { holes }: Contents,
): void {
  // C++ gives one byte to a class without members.
  if (members.length === 0 && size <= 1) return;
  let end = 0;
  let widest = alignment;
  for (const member of members) {
    const isBitField = member.bitSize !== undefined;
    const align = isBitField ? 1 : (member.alignment ?? alignOf(member.type));
    const [start, next] = extentOf(member);
    // The gap before a bit-field, and behind one, is of less than its type.
    widest = Math.max(widest, isBitField ? (sizeOf(member.type) ?? 1) : align);
    const room = isBitField ? (sizeOf(member.type) ?? 1) : align;
    const expected = Math.ceil(end / room) * room;
    if (kind === 'struct' && start > Math.max(expected, end))
      holes.push({ start: at + end, end: at + start });
    end = Math.max(end, next);
  }
  if (size > Math.ceil(end / widest) * widest) holes.push({ start: at + end, end: at + size });
}

/** The first byte of a member, and the one behind its last. */
function extentOf(member: Member): [start: number, end: number] {
  if (member.bitSize === undefined) return [member.offset, member.offset + (sizeOf(member.type) ?? 0)];
  const first = member.bitOffset ?? member.offset * 8;
  return [Math.floor(first / 8), Math.ceil((first + member.bitSize) / 8)];
}

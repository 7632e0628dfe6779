import type { ByteCursor } from '../bytes/cursor.js';
import { CTF_K } from './constants.js';
import { type CtfType, hasLargeMembers } from './dictionary.js';

/** `ctf_array_t`, without the type of its index. */
export interface ArrayEntry {
  readonly element: number;
  readonly length: number;
}

export function readArrayEntry({ dictionary, pos }: CtfType): ArrayEntry {
  const cursor = dictionary.at(pos);
  const element = cursor.u32();
  cursor.skip(4);
  return { element, length: cursor.u32() };
}

/** `ctf_slice_t`: a bit-field of another type. */
export interface SliceEntry {
  readonly type: number;
  /** From the member's offset, in bits. */
  readonly offset: number;
  readonly bits: number;
}

export function readSliceEntry({ dictionary, pos }: CtfType): SliceEntry {
  const cursor = dictionary.at(pos);
  return { type: cursor.u32(), offset: cursor.u16(), bits: cursor.u16() };
}

/** `ctf_member_t` or `ctf_lmember_t`. */
export interface MemberEntry {
  readonly name: string | undefined;
  readonly type: number;
  /** In bits. */
  readonly offset: number;
}

export function readMemberEntries(record: CtfType): MemberEntry[] {
  const isLarge = hasLargeMembers(record);
  const entries = readEntries(record, (cursor) => {
    const name = cursor.u32();
    const high = isLarge ? cursor.u32() : undefined;
    if (high === undefined) return { name, offset: cursor.u32(), type: cursor.u32() };
    const type = cursor.u32();
    return { name, type, offset: high * 2 ** 32 + cursor.u32() };
  });
  return entries.map((entry) => ({ ...entry, name: record.dictionary.string(entry.name) }));
}

/** The ids of a function's parameters; 0 at the end is `...`. */
export function readParameterEntries(type: CtfType): number[] {
  return readEntries(type, (cursor) => cursor.u32());
}

/** Members, enumerators or parameters of one type: those of C have up to some thousand. */
const MAX_ENTRIES = 1 << 16;

/** What follows a type, `count` times. */
export function readEntries<T>({ dictionary, count, pos }: CtfType, read: (cursor: ByteCursor) => T): T[] {
  const cursor = dictionary.at(pos);
  if (count > MAX_ENTRIES) cursor.fail(`a type of more than ${MAX_ENTRIES} parts`);
  return Array.from({ length: count }, () => read(cursor));
}

/** Kinds that are another type, qualified or named. */
export const SAME_AS: readonly number[] = [CTF_K.TYPEDEF, CTF_K.VOLATILE, CTF_K.CONST, CTF_K.RESTRICT];

/** A type without its typedefs and qualifiers; undefined for what CTF can't represent, and for typedefs of themselves. */
export function strip(type: CtfType): CtfType | undefined {
  let at = type;
  for (let depth = 0; depth < 100; depth++) {
    if (!SAME_AS.includes(at.kind)) return at;
    if (at.size === 0) return undefined;
    at = at.dictionary.type(at.size);
  }
  return undefined;
}

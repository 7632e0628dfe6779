import { CTF_K } from './constants.js';
import type { CtfType } from './dictionary.js';
import { keyOf } from './finite.js';
import { readArrayEntry, readMemberEntries, readSliceEntry, strip } from './references.js';

/** Structs in a struct, one in another: more than any has. */
const MAX_DEPTH = 200;

/** An array's innermost element, or the type itself, without typedefs and qualifiers; and how many there are of it. */
export interface Elements {
  /** Undefined for what CTF can't represent. */
  readonly type: CtfType | undefined;
  readonly count: number;
}

/** What the type with an id that `from` refers to is made of. */
export function elementsOf(from: CtfType, id: number): Elements {
  let count = 1;
  let type = id === 0 ? undefined : strip(from.dictionary.type(id));
  // Corrupt arrays can be their own elements.
  for (let depth = 0; type?.kind === CTF_K.ARRAY && depth < 100; depth++) {
    const { element, length } = readArrayEntry(type);
    count *= length;
    type = element === 0 ? undefined : strip(type.dictionary.type(element));
  }
  return { type, count };
}

/** The size of a type that `from` refers to as libctf, the CTF of GNU ld, has it (`ctf_type_size`), in bytes. */
export function sizeToLinker(from: CtfType, id: number, addressSize: number): number {
  const { type, count } = elementsOf(from, id);
  switch (type?.kind) {
    case CTF_K.POINTER:
      return count * addressSize;
    case CTF_K.SLICE: {
      const bytes = Math.max(1, Math.ceil(readSliceEntry(type).bits / 8));
      return 2 ** Math.ceil(Math.log2(bytes));
    }
    case CTF_K.INTEGER:
    case CTF_K.FLOAT:
    case CTF_K.STRUCT:
    case CTF_K.UNION:
    case CTF_K.ENUM:
      return count * type.size;
    default:
      return 0;
  }
}

/**
 * The alignment a type that `from` refers to has by nature, in bytes; at most 16, and 1 where it is not known. `known`: of structs and unions, by
 * their keys, so that each is looked into once.
 */
export function naturalAlignment(
  from: CtfType,
  id: number,
  addressSize: number,
  known: Map<number, number>,
  depth = 0,
): number {
  const { type } = elementsOf(from, id);
  switch (type?.kind) {
    case CTF_K.STRUCT:
    case CTF_K.UNION: {
      const key = keyOf(type);
      let alignment = known.get(key) ?? 0;
      if (alignment > 0) return alignment;
      alignment = 1;
      // Corrupt structs can be in themselves, or in each other without end.
      known.set(key, alignment);
      if (depth > MAX_DEPTH) return alignment;
      for (const member of readMemberEntries(type))
        alignment = Math.max(alignment, naturalAlignment(type, member.type, addressSize, known, depth + 1));
      known.set(key, alignment);
      return alignment;
    }
    case undefined:
    case CTF_K.SLICE:
      return 1;
    default:
      return Math.min(16, Math.max(1, sizeToLinker(from, id, addressSize)));
  }
}

/** The next multiple of `alignment`. */
export function roundUp(size: number, alignment: number): number {
  return Math.ceil(size / alignment) * alignment;
}

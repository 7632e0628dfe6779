import { CTF_K } from './constants.js';
import type { CtfType } from './dictionary.js';
import {
  readArrayEntry,
  readMemberEntries,
  readParameterEntries,
  readSliceEntry,
  SAME_AS,
} from './references.js';

/** Deeper than any real type; corrupt input can nest as deep as it is long. */
const MAX_DEPTH = 200;

/** What C writes without a name of its own: printing such a type goes on into what it refers to. */
const NAMELESS: readonly number[] = [
  CTF_K.POINTER,
  CTF_K.ARRAY,
  CTF_K.FUNCTION,
  CTF_K.VOLATILE,
  CTF_K.CONST,
  CTF_K.RESTRICT,
];

/** What tells a type from those of all dictionaries. */
export function keyOf({ dictionary, id }: CtfType): number {
  return dictionary.number * 2 ** 32 + id;
}

/**
 * Makes sure that whoever walks a type comes to an end: that no struct contains itself, and no pointer, array or function
 * refers to itself without a struct or typedef between. Compilers can't write such types, damaged files can.
 */
export class FinitenessCheck {
  readonly #namelessDone = new Set<number>();
  readonly #recordsDone = new Set<number>();

  /** Fails with a `FormatError` if writing the type in C has no end. */
  nameless(type: CtfType): void {
    if (NAMELESS.includes(type.kind)) check(type, namelessParts, this.#namelessDone, new Set());
  }

  /** Fails with a `FormatError` if the struct or union contains itself. */
  record(type: CtfType): void {
    check(type, contents, this.#recordsDone, new Set());
  }
}

function check(
  type: CtfType,
  parts: (type: CtfType) => number[],
  done: Set<number>,
  inside: Set<number>,
): void {
  const key = keyOf(type);
  if (done.has(key)) return;
  const { dictionary, pos } = type;
  if (inside.has(key)) dictionary.at(pos).fail('a type that contains itself');
  if (inside.size >= MAX_DEPTH) dictionary.at(pos).fail(`types nested more than ${MAX_DEPTH} deep`);
  inside.add(key);
  for (const id of parts(type)) if (id !== 0) check(dictionary.type(id), parts, done, inside);
  inside.delete(key);
  done.add(key);
}

/** The types that a nameless type is written with. */
function namelessParts(type: CtfType): number[] {
  switch (type.kind) {
    case CTF_K.ARRAY:
      return [readArrayEntry(type).element];
    case CTF_K.FUNCTION:
      return [type.size, ...readParameterEntries(type)];
    default:
      return NAMELESS.includes(type.kind) ? [type.size] : [];
  }
}

/** The types of what lies inside a type. */
function contents(type: CtfType): number[] {
  switch (type.kind) {
    case CTF_K.ARRAY:
      return [readArrayEntry(type).element];
    case CTF_K.STRUCT:
    case CTF_K.UNION:
      return readMemberEntries(type).map((member) => member.type);
    case CTF_K.SLICE:
      return [readSliceEntry(type).type];
    default:
      return SAME_AS.includes(type.kind) ? [type.size] : [];
  }
}

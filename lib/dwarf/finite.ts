import { DW_AT, DW_TAG } from './constants.js';
import { Die } from './die.js';
import { signatureHolder } from './function-type.js';

/** Deeper than any real type; corrupt input can nest as deep as it is long. */
const MAX_DEPTH = 200;

/** What C writes without a name of its own: printing such a type goes on into what it refers to. */
const NAMELESS: readonly number[] = [
  DW_TAG.pointer_type,
  DW_TAG.reference_type,
  DW_TAG.rvalue_reference_type,
  DW_TAG.const_type,
  DW_TAG.volatile_type,
  DW_TAG.restrict_type,
  DW_TAG.atomic_type,
  DW_TAG.array_type,
  DW_TAG.subroutine_type,
  // No compiler refers to one as to a type.
  DW_TAG.subprogram,
];

const RECORDS: readonly number[] = [DW_TAG.structure_type, DW_TAG.class_type, DW_TAG.union_type];

/** What is as large as the type behind it. */
const BY_VALUE: readonly number[] = [
  DW_TAG.typedef,
  DW_TAG.const_type,
  DW_TAG.volatile_type,
  DW_TAG.restrict_type,
  DW_TAG.atomic_type,
  DW_TAG.array_type,
];

/**
 * Makes sure that whoever walks a type comes to an end: that no struct contains itself, and no pointer, array or function
 * refers to itself without a struct or typedef between. Compilers can't write such types, damaged files can.
 */
export class FinitenessCheck {
  readonly #namelessDone = new Set<number>();
  readonly #recordsDone = new Set<number>();

  /** Fails with a `FormatError` if writing the type of `die` in C has no end. */
  nameless(die: Die): void {
    if (NAMELESS.includes(die.tag) && !this.#namelessDone.has(die.id))
      check(die, namelessParts, this.#namelessDone);
  }

  /** Fails with a `FormatError` if the struct or union contains itself. */
  record(die: Die): void {
    check(die, contents, this.#recordsDone);
  }
}

function check(
  die: Die,
  parts: (die: Die) => Die[],
  done: Set<number>,
  inside: Set<number> = new Set<number>(),
): void {
  if (done.has(die.id)) return;
  if (inside.has(die.id)) die.unit.cursor.fail('a type that contains itself', die.pos);
  if (inside.size >= MAX_DEPTH) die.unit.cursor.fail(`types nested more than ${MAX_DEPTH} deep`, die.pos);
  inside.add(die.id);
  for (const part of parts(die)) check(part, parts, done, inside);
  inside.delete(die.id);
  done.add(die.id);
}

/** The nameless types that a nameless type is written with. */
function namelessParts(die: Die): Die[] {
  const isFunction = die.tag === DW_TAG.subroutine_type || die.tag === DW_TAG.subprogram;
  const parameters = isFunction ? signatureHolder(die).children(DW_TAG.formal_parameter) : [];
  return typesOf([die, ...parameters]).filter((type) => NAMELESS.includes(type.tag));
}

/** The types of what lies inside a type. A static member of C++ does not, and may be of its own class. */
function contents(die: Die): Die[] {
  if (BY_VALUE.includes(die.tag)) return typesOf([die]);
  if (!RECORDS.includes(die.tag)) return [];
  const members = die
    .children()
    .filter((child) => child.tag === DW_TAG.member || child.tag === DW_TAG.inheritance)
    .filter((child) => !child.flag(DW_AT.external) && !child.flag(DW_AT.declaration));
  return typesOf(members);
}

function typesOf(dies: readonly Die[]): Die[] {
  return dies
    .map((die) => (die.inherited(DW_AT.type) ?? die).reference(DW_AT.type))
    .filter((target) => target instanceof Die);
}

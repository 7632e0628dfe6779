import { DW_AT, DW_TAG } from './constants.js';
import { Die } from './die.js';

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
];

/**
 * Makes sure that whoever walks a type comes to an end: that no struct contains itself, and no pointer, array or function
 * refers to itself without a struct or typedef between. Compilers can't write such types, damaged files can.
 */
export class FinitenessCheck {
  readonly #done = new Set<number>();
  readonly #inside = new Set<number>();

  /** Fails with a `FormatError` if the type of `die` is endless. Only the types that C has no names for need asking. */
  nameless(die: Die): void {
    if (NAMELESS.includes(die.tag)) this.#check(die);
  }

  /** Fails with a `FormatError` if a struct or union contains itself. */
  record(die: Die): void {
    this.#check(die);
  }

  #check(die: Die): void {
    if (this.#done.has(die.offset)) return;
    if (this.#inside.has(die.offset)) die.unit.cursor.fail('a type that contains itself', die.pos);
    if (this.#inside.size >= MAX_DEPTH) die.unit.cursor.fail(`types nested more than ${MAX_DEPTH} deep`, die.pos);
    this.#inside.add(die.offset);
    try {
      for (const part of parts(die)) this.#check(part);
    } finally {
      this.#inside.delete(die.offset);
    }
    this.#done.add(die.offset);
  }
}

/** The types that `die` can't be walked without. */
function parts(die: Die): Die[] {
  switch (die.tag) {
    case DW_TAG.pointer_type:
    case DW_TAG.reference_type:
    case DW_TAG.rvalue_reference_type:
      return typesOf([die]).filter(isNameless);
    case DW_TAG.subroutine_type:
      return typesOf([die, ...die.children().filter((c) => c.tag === DW_TAG.formal_parameter)]).filter(isNameless);
    case DW_TAG.structure_type:
    case DW_TAG.class_type:
    case DW_TAG.union_type:
      return typesOf(
        die.children().filter((c) => c.tag === DW_TAG.member || c.tag === DW_TAG.inheritance).filter(isInside),
      );
    default:
      return NAMELESS.includes(die.tag) || die.tag === DW_TAG.typedef ? typesOf([die]) : [];
  }
}

function isNameless(die: Die): boolean {
  return NAMELESS.includes(die.tag);
}

/** A static member of C++ may be of its own class. */
function isInside(member: Die): boolean {
  return !member.flag(DW_AT.external) && !member.flag(DW_AT.declaration);
}

function typesOf(dies: readonly Die[]): Die[] {
  return dies.map((die) => die.reference(DW_AT.type)).filter((target) => target instanceof Die);
}

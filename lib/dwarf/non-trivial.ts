import { DW_AT, DW_CC, DW_TAG } from './constants.js';
import { Die } from './die.js';

/** Members within members that are looked at; deeper ones count as trivial. */
const MAX_DEPTH = 16;

/**
 * Why a C++ class is passed by invisible reference rather than by value (Itanium C++ ABI §1.1 "non-trivial for the
 * purposes of calls"); undefined if it isn't. clang says so; from gcc it is seen by the functions that the class declares.
 */
export function whyNonTrivial(record: Die, depth = 0): string | undefined {
  const convention = record.number(DW_AT.calling_convention);
  if (convention === DW_CC.pass_by_value) return undefined;
  const name = record.string(DW_AT.name);
  if (convention === DW_CC.pass_by_reference) return `${name ?? 'the class'} is passed by reference`;
  if (depth >= MAX_DEPTH) return undefined;
  for (const child of record.children()) {
    const why =
      child.tag === DW_TAG.subprogram
        ? specialFunction(child, name)
        : child.tag === DW_TAG.member || child.tag === DW_TAG.inheritance
          ? memberReason(child, depth)
          : undefined;
    if (why !== undefined) return why;
  }
  return undefined;
}

function specialFunction(die: Die, className: string | undefined): string | undefined {
  if (die.has(DW_AT.virtuality)) return `${className ?? 'the class'} has virtual functions`;
  // What the compiler generates, or is told to (`= default` in the class), is trivial unless a member is not.
  if (className === undefined || die.flag(DW_AT.artificial) || die.number(DW_AT.defaulted) === 1)
    return undefined;
  const base = className.replace(/<.*/, '');
  const name = die.string(DW_AT.name)?.replace(/<.*/, '');
  if (name === `~${base}`) return `${className} has a destructor`;
  if (name !== base) return undefined;
  const parameters = die
    .children()
    .filter((c) => c.tag === DW_TAG.formal_parameter && !c.flag(DW_AT.artificial));
  const [first] = parameters;
  if (first === undefined || parameters.length !== 1) return undefined;
  let at = first.reference(DW_AT.type);
  if (!(at instanceof Die)) return undefined;
  if (at.tag !== DW_TAG.reference_type && at.tag !== DW_TAG.rvalue_reference_type) return undefined;
  at = at.reference(DW_AT.type);
  if (at instanceof Die && at.tag === DW_TAG.const_type) at = at.reference(DW_AT.type);
  return at instanceof Die && at.string(DW_AT.name) === className
    ? `${className} has a copy or move constructor`
    : undefined;
}

function memberReason(member: Die, depth: number): string | undefined {
  if (member.has(DW_AT.virtuality)) return 'it has a virtual base';
  if (member.flag(DW_AT.external) || member.flag(DW_AT.declaration)) return undefined;
  let at = member.reference(DW_AT.type);
  for (let links = 0; links < 16 && at instanceof Die; links++) {
    if (at.tag === DW_TAG.structure_type || at.tag === DW_TAG.class_type || at.tag === DW_TAG.union_type) {
      const definition = at.reference(DW_AT.signature);
      return whyNonTrivial(definition instanceof Die ? definition : at, depth + 1);
    }
    const seeThrough: readonly number[] = [
      DW_TAG.typedef,
      DW_TAG.const_type,
      DW_TAG.volatile_type,
      DW_TAG.array_type,
    ];
    if (!seeThrough.includes(at.tag)) return undefined;
    at = at.reference(DW_AT.type);
  }
  return undefined;
}

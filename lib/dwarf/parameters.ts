import type { Parameter } from '../ctypes/model.js';
import { DW_AT, DW_TAG, isC, isFortran } from './constants.js';
import { Die } from './die.js';
import type { TypeReader } from './types.js';

/** Only Fortran's parameters need their places. */
const fortran = () => require('./fortran.js') as typeof import('./fortran.js');

/** What the object is called that a member function is called on: of a lambda, its closure. */
const THIS: readonly string[] = ['this', '__closure'];

/**
 * The two that gcc adds behind the object of a constructor or destructor (in a class's declaration both are without a name): whether objects are complete, which no
 * function takes, as the kinds are functions of their own (Itanium C++ ABI §5.1.4.3), and the table of a class with virtual bases, which is a pointer.
 */
const IN_CHARGE = '__in_chrg';
const TABLE = '__vtt_parm';

/** Symbols of constructors and destructors of whole objects, which take no table (Itanium C++ ABI §2.6). */
const WHOLE_OBJECT = /(?:C1|D[01])[BEI]/;

/** The parameters of a function or function type. `listed`: their entries, `holder` the one whose children these are, `die` the one that has their places. */
export function readParameters(
  reader: TypeReader,
  die: Die,
  holder: Die,
  listed: readonly Die[],
): Parameter[] {
  const entries = shownEntries(die, holder, listed);
  if (isFortran(holder.language) && holder.tag === DW_TAG.subprogram) {
    return entries.map((entry) => fortran().readParameter(reader, entry, die));
  }
  return entries.map((entry) => ({ name: entry.name, type: reader.target(entry) }));
}

/** Why callers have to pass what the source does not show, as a calling convention; undefined if they don't. */
export function hiddenConvention(die: Die, holder: Die, listed: readonly Die[]): string | undefined {
  const { language } = holder;
  if (isC(language) || holder.tag !== DW_TAG.subprogram) return undefined;
  const entries = shownEntries(die, holder, listed);
  if (isFortran(language)) return fortran().conventionOf(entries, die);
  const hidden = entries.find((entry, i) => entry.flag(DW_AT.artificial) && !isObject(entry, i));
  return (
    hidden && `of C++ (a class with a virtual base passes ${hidden.name ?? 'more'} besides what is declared)`
  );
}

function shownEntries(die: Die, holder: Die, entries: readonly Die[]): readonly Die[] {
  if (holder.tag !== DW_TAG.subprogram || isC(holder.language) || isFortran(holder.language)) return entries;
  return entries.filter((entry, i) => {
    if (!entry.flag(DW_AT.artificial) || isObject(entry, i)) return true;
    const { name } = entry;
    const isPointer = name === undefined && hasPointerType(entry);
    if (name === TABLE || isPointer) return !isOfWholeObject(die, holder, entry);
    return name !== undefined && name !== IN_CHARGE;
  });
}

/** Whether it is what a member function is called on. The declaration in the class does not name it. */
function isObject({ name }: Die, index: number): boolean {
  return name === undefined ? index === 0 : THIS.includes(name);
}

function hasPointerType(entry: Die): boolean {
  const type = entry.reference(DW_AT.type);
  return type instanceof Die && type.tag === DW_TAG.pointer_type;
}

/** Whether `die` is the kind of a constructor or destructor for whole objects, going by its symbol, and by its own entries, which don't have the table. */
function isOfWholeObject(die: Die, holder: Die, table: Die): boolean {
  if (die.id === holder.id || !WHOLE_OBJECT.test(die.linkageName ?? '')) return false;
  return !die.children().some((child) => {
    const origin = child.reference(DW_AT.abstract_origin);
    return origin instanceof Die && origin.id === table.id;
  });
}

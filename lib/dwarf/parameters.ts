import type { Parameter } from '../ctypes/model.js';
import { DW_AT, DW_TAG, isC, isFortran } from './constants.js';
import { Die } from './die.js';
import type { TypeReader } from './types.js';

/** Only Fortran's parameters need their places. */
const fortran = () => require('./fortran.js') as typeof import('./fortran.js');

/** What the object is called that a member function is called on: of a lambda, its closure. */
const THIS: readonly string[] = ['this', '__closure'];

/**
 * gcc's constructors and destructors are described with it, whether objects are complete, and never take it: the two kinds are two functions
 * (Itanium C++ ABI §5.1.4.3).
 */
const IN_CHARGE = '__in_chrg';

/** The parameters of a function or function type. `holder`: the entry whose children they are, `die` the one that has their places. */
export function readParameters(reader: TypeReader, die: Die, holder: Die): Parameter[] {
  const entries = parameterEntries(holder);
  if (isFortran(holder.language) && holder.tag === DW_TAG.subprogram) {
    return entries.map((entry) => fortran().readParameter(reader, entry, die));
  }
  return entries.map((entry) => ({ name: entry.name, type: reader.target(entry) }));
}

/** Why callers have to pass what the source does not show, as a calling convention; undefined if they don't. */
export function hiddenConvention(die: Die, holder: Die): string | undefined {
  const { language } = holder;
  if (isC(language) || holder.tag !== DW_TAG.subprogram) return undefined;
  const entries = parameterEntries(holder);
  if (isFortran(language)) return fortran().conventionOf(entries, die);
  const hidden = entries.find((entry) => entry.flag(DW_AT.artificial) && !THIS.includes(entry.name ?? ''));
  return (
    hidden && `of C++ (a class with a virtual base passes ${hidden.name ?? 'more'} besides what is declared)`
  );
}

function parameterEntries(holder: Die): Die[] {
  return holder
    .children()
    .filter((child) => child.tag === DW_TAG.formal_parameter)
    .filter((child) => child.name !== IN_CHARGE || !child.flag(DW_AT.artificial));
}

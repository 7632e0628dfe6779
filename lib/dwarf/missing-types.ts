import { DW_AT, DW_TAG } from './constants.js';
import { Die, Unavailable } from './die.js';

/** More than a declaration has of pointers, qualifiers and typedefs, one behind the other. */
const MAX_LINKS = 32;

/**
 * Why the type of a variable, or the result or a parameter of a function can't be read: what it leads to, through pointers, qualifiers and typedefs, is in a
 * file that can't be had. What is further away, as a member of a struct, is missed only by who uses it.
 */
export function whyMissing(die: Die): string | undefined {
  for (const holder of die.chain().flatMap((link) => [link, ...link.children()])) {
    // Of its children only the parameters belong to a function's type.
    if (holder.tag !== die.tag && holder.tag !== DW_TAG.formal_parameter) continue;
    const reason = followed(holder);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function followed(die: Die): string | undefined {
  let at = die.reference(DW_AT.type);
  for (let links = 0; links < MAX_LINKS && at instanceof Die; links++) at = at.reference(DW_AT.type);
  return at instanceof Unavailable ? at.reason : undefined;
}

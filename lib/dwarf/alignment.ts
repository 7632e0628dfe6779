import { DW_AT } from './constants.js';
import type { Die } from './die.js';

/** The most that clang takes, and more than gcc does. */
const MAX_ALIGNMENT = 2 ** 32;

/** `DW_AT.alignment` in bytes (DWARF v5 §2.24); undefined if the entry asks for none, or for what is no alignment. */
export function readAlignment(die: Die): number | undefined {
  const alignment = die.number(DW_AT.alignment);
  if (alignment === undefined || alignment < 1 || alignment > MAX_ALIGNMENT) return undefined;
  return Number.isInteger(Math.log2(alignment)) ? alignment : undefined;
}

import type { DebugFile } from './file.js';
import { occurrences } from './sections.js';

/** Where names are kept: short ones, and all of some compilers, stand in the entries themselves (`DW_FORM.string`). */
const NAMES: readonly string[] = ['.debug_str', '.debug_info', '.debug_types', '.debug_line_str'];

/**
 * Whether an entry may have the name: false if its text is nowhere. A native search, which takes a tenth of the time of an index
 * of all names. The end of a longer name counts, since linkers keep `printf` as the end of `__printf`.
 */
export function mayBeNamed(file: DebugFile, name: string): boolean {
  if (hasName(file, name)) return true;
  // What can't be had may have it; and split files are as quickly indexed as searched.
  if (file.hasSupplementary) {
    return file.missingSupplementary !== undefined || hasName(file.supplementary, name);
  }
  return hasSkeletons(file);
}

function hasName(file: DebugFile, name: string): boolean {
  const needle = Buffer.from(`${name}\0`);
  return NAMES.some((section) => {
    const source = file.section(section);
    return source !== undefined && occurrences(source, needle).next().done !== true;
  });
}

/** Every skeleton that describes anything with an address has it in `.debug_addr`, which few other files have. */
function hasSkeletons(file: DebugFile): boolean {
  return file.section('.debug_addr') !== undefined && file.units.some((unit) => unit.isSkeleton);
}

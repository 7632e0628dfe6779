import type { TypeName } from '../ctypes/type-source.js';
import { DW_AT, DW_TAG } from './constants.js';
import { entryDensity } from './density.js';
import { Die } from './die.js';
import { everyUnit } from './every-unit.js';
import type { DebugFile } from './file.js';
import { strpOffset } from './name-index.js';
import { MissingFileError } from './sections.js';
import { walkTop } from './walk.js';

const KEYWORDS = new Map<number, TypeName['keyword']>([
  [DW_TAG.structure_type, 'struct'],
  [DW_TAG.class_type, 'struct'],
  [DW_TAG.union_type, 'union'],
  [DW_TAG.enumeration_type, 'enum'],
  [DW_TAG.typedef, 'typedef'],
]);

const TAGS: readonly number[] = [...KEYWORDS.keys()];

/** The types at file scope by name, each at least once. A name that was seen in a file is not read again, which its offset in `.debug_str` tells. */
export function readTypeNames(file: DebugFile): TypeName[] {
  const names: TypeName[] = [];
  let within: DebugFile | undefined;
  let seen = new Map<TypeName['keyword'], Set<number>>();
  const density = entryDensity();
  for (const unit of everyUnit(file)) {
    density.allow(unit.end - unit.start);
    // Each file has strings of its own.
    if (unit.file !== within) seen = new Map([...KEYWORDS.values()].map((keyword) => [keyword, new Set()]));
    within = unit.file;
    walkTop(unit, TAGS, (abbrev, pos, level) => {
      density.count();
      const keyword = KEYWORDS.get(abbrev.tag);
      if (keyword === undefined || level !== 0 || !abbrev.has(DW_AT.name)) return;
      const key = strpOffset(unit, abbrev);
      if (key !== undefined && seen.get(keyword)?.has(key) === true) return;
      try {
        const name = new Die(unit, pos).string(DW_AT.name);
        if (name !== undefined) names.push({ keyword, name });
      } catch (error) {
        // Its name is in a file that can't be had; others are here.
        if (!(error instanceof MissingFileError)) throw error;
      }
      if (key !== undefined) seen.get(keyword)?.add(key);
    });
  }
  return names;
}

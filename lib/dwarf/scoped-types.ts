import { DW_AT, DW_TAG } from './constants.js';
import { Die } from './die.js';
import { everyUnit } from './every-unit.js';
import type { DebugFile } from './file.js';
import type { TypeKeyword } from './name-index.js';

const RECORDS: readonly number[] = [DW_TAG.structure_type, DW_TAG.class_type];

/** Kinds of entries that a keyword may mean. C++ needs none: any type goes by its name alone. */
const TAGS: Readonly<Record<TypeKeyword, readonly number[]>> = {
  struct: RECORDS,
  union: [DW_TAG.union_type],
  enum: [DW_TAG.enumeration_type],
  typedef: [DW_TAG.typedef, ...RECORDS, DW_TAG.union_type, DW_TAG.enumeration_type],
  base: [],
};

const SCOPES: readonly number[] = [DW_TAG.namespace, ...RECORDS, DW_TAG.union_type];

/** The definition of a type of C++ in its namespace or class, `geo::rect`. Reads every unit's top level: such names are few. */
export function scopedType(file: DebugFile, keyword: TypeKeyword, name: string): Die | undefined {
  const names = name.split('::');
  for (const unit of everyUnit(file)) {
    const found = within(new Die(unit, unit.header.rootPos), names, TAGS[keyword]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function within(scope: Die, names: readonly string[], tags: readonly number[]): Die | undefined {
  const [name, ...inner] = names;
  const wanted = inner.length === 0 ? tags : SCOPES;
  for (const die of scope.children()) {
    if (!wanted.includes(die.tag) || die.flag(DW_AT.declaration) || die.string(DW_AT.name) !== name) continue;
    const found = inner.length === 0 ? die : within(die, inner, tags);
    if (found !== undefined) return found;
  }
  return undefined;
}

import { DW_AT, DW_FORM, DW_TAG } from './constants.js';
import { entryDensity } from './density.js';
import { Die } from './die.js';
import type { DebugFile } from './file.js';
import { readOffset } from './form.js';
import type { Unit } from './unit.js';
import type { Abbrev } from './abbrev.js';
import { walkTop } from './walk.js';

/**
 * The functions and variables that units declare and use. gcc (12.2, DWARF 2 to 5, any `-O`) declares each function that is called or whose address is
 * taken, and each variable. clang (14) declares only functions that are called by their names, from `-O1` and DWARF 4 on, for the entries of
 * calls to refer to (DWARF v5 §3.4.1). One that more units declare the same way comes once, as far as its name's place in `.debug_str` tells.
 * Functions come before variables, whose definitions take longer to find.
 */
export function* declaredSymbols(file: DebugFile): Generator<Die> {
  const seen = new Set<number>();
  const variables: [unit: Unit, pos: number][] = [];
  const density = entryDensity(file.infoSize);
  for (const unit of file.units) {
    if (!mayDeclare(unit)) continue;
    const functions: number[] = [];
    walkTop(unit, TAGS, (abbrev, pos) => {
      density.count();
      if (!isDeclaration(abbrev)) return;
      const key = nameOffset(unit, abbrev);
      if (key !== undefined && seen.has(key)) return;
      if (key !== undefined) seen.add(key);
      if (abbrev.tag === DW_TAG.variable) variables.push([unit, pos]);
      else functions.push(pos);
    });
    for (const pos of functions) {
      const die = new Die(unit, pos);
      if (die.flag(DW_AT.external)) yield die;
    }
  }
  for (const [unit, pos] of variables) {
    const die = new Die(unit, pos);
    if (die.flag(DW_AT.external)) yield die;
  }
}

function mayDeclare({ abbrevs }: Unit): boolean {
  for (const tag of TAGS) {
    for (const [, abbrev] of abbrevs.withTag(tag)) if (isDeclaration(abbrev)) return true;
  }
  return false;
}

/** Of what is exported. */
const TAGS: readonly number[] = [DW_TAG.subprogram, DW_TAG.variable];

function isDeclaration(abbrev: Abbrev): boolean {
  return TAGS.includes(abbrev.tag) && abbrev.has(DW_AT.declaration);
}

/** Where the name is kept, if it is in `.debug_str`. The cursor stands at the attributes. */
function nameOffset(unit: Unit, abbrev: Abbrev): number | undefined {
  const linkage = abbrev.indexOf(DW_AT.linkage_name);
  const index = linkage >= 0 ? linkage : abbrev.indexOf(DW_AT.name);
  if (abbrev.attributes[index]?.form !== DW_FORM.strp) return undefined;
  const { cursor } = unit;
  abbrev.skip(cursor, unit, index);
  return readOffset(cursor, unit.offsetSize);
}

import type { ByteCursor } from '../bytes/cursor.js';
import type { Abbrev } from './abbrev.js';
import { DW_FORM, DW_TAG } from './constants.js';
import type { Unit } from './unit.js';

/**
 * Calls `visit` for the unit's top-level entries and for those in its namespaces (Rust, C++) and modules (Fortran), which
 * are all that can be exported. `pos` is the entry's, the unit's cursor stands at its attributes and may be moved;
 * `level` counts the namespaces around it.
 */
export function walkTop(unit: Unit, visit: (abbrev: Abbrev, pos: number, level: number) => void): void {
  const first = unit.childrenPos;
  if (first === undefined) return;
  let level = 0;
  for (let pos = first; pos < unit.cursor.length;) {
    // Asked for each time: `visit` may look into other units, which lets go of this one's bytes.
    const { cursor } = unit;
    cursor.pos = pos;
    const code = cursor.uleb();
    if (code === 0) {
      if (level-- === 0) return;
      pos = cursor.pos;
      continue;
    }
    const abbrev = unit.abbrev(code, pos);
    const attributesPos = cursor.pos;
    if (abbrev.hasChildren && (abbrev.tag === DW_TAG.namespace || abbrev.tag === DW_TAG.module)) {
      abbrev.skip(cursor, unit);
      pos = cursor.pos;
      level++;
    } else {
      visit(abbrev, pos, level);
      pos = siblingPos(unit, abbrev, attributesPos);
    }
  }
}

/** Where the entry behind this one and its children starts; the entry's attributes start at `attributesPos`. */
export function siblingPos(unit: Unit, abbrev: Abbrev, attributesPos: number): number {
  const { cursor } = unit;
  cursor.pos = attributesPos;
  if (skipEntry(cursor, abbrev, unit)) return cursor.pos;
  // clang writes no DW_AT.sibling: the children have to be gone through.
  for (let depth = 1; depth > 0;) {
    const pos = cursor.pos;
    const code = cursor.uleb();
    if (code === 0) {
      depth--;
      continue;
    }
    if (!skipEntry(cursor, unit.abbrev(code, pos), unit)) depth++;
  }
  return cursor.pos;
}

/** Moves the cursor behind an entry, whose attributes it stands at. False if its children come next. */
function skipEntry(cursor: ByteCursor, abbrev: Abbrev, unit: Unit): boolean {
  if (!abbrev.hasChildren) {
    if (abbrev.size !== undefined) cursor.skip(abbrev.size);
    else abbrev.skip(cursor, unit);
    return true;
  }
  if (abbrev.sibling < 0) {
    abbrev.skip(cursor, unit);
    return false;
  }
  const start = cursor.pos;
  abbrev.skip(cursor, unit, abbrev.sibling);
  const sibling = siblingValue(cursor, abbrev.attributes[abbrev.sibling]?.form);
  // A sibling in front of the entry would be an endless walk.
  if (sibling === undefined || sibling <= start || sibling > cursor.length) {
    cursor.fail(`DW_AT.sibling does not lead forward`, start);
  }
  cursor.pos = sibling;
  return true;
}

function siblingValue(cursor: ByteCursor, form: number | undefined): number | undefined {
  switch (form) {
    case DW_FORM.ref4:
      return cursor.u32();
    case DW_FORM.ref_udata:
      return cursor.uleb();
    case DW_FORM.ref2:
      return cursor.u16();
    case DW_FORM.ref1:
      return cursor.u8();
    case DW_FORM.ref8:
      return cursor.offset64();
    default:
      return undefined;
  }
}

import type { ByteCursor } from '../bytes/cursor.js';
import type { Abbrev, EntryShapes } from './abbrev.js';
import { DW_FORM, DW_TAG } from './constants.js';
import type { Unit } from './unit.js';

/** Whose children are visited as well. */
const SCOPES: readonly number[] = [DW_TAG.namespace, DW_TAG.module];

/** All that the standard has are below (DWARF v5 §7.5.3, Table 7.3). */
const TAGS = 0x80;

/**
 * Calls `visit` for the unit's top-level entries and for those in its namespaces (Rust, C++) and modules (Fortran), which
 * are all that can be exported, as far as they have one of the `tags`. `pos` is the entry's, the unit's cursor stands at its attributes and may be moved;
 * `level` counts the namespaces around it.
 */
export function walkTop(
  unit: Unit,
  tags: readonly number[],
  visit: (abbrev: Abbrev, pos: number, level: number) => void,
): void {
  const first = unit.childrenPos;
  if (first === undefined) return;
  // Held here: `visit` may look into other units, which lets go of this one's bytes.
  const { cursor, abbrevs } = unit;
  const { data } = cursor;
  const { shapes } = abbrevs;
  const stops = tagSet([...tags, ...SCOPES]);
  let level = 0;
  let pos = first;
  while (pos < data.length) {
    const next = nextPos(cursor, shapes, pos);
    // Most entries are passed over here: there are millions.
    if (next >= 0 && stops[shapes.tags[data[pos] ?? 0] ?? 0] !== true) {
      pos = next;
      continue;
    }
    cursor.pos = pos;
    const code = cursor.uleb();
    const attributesPos = cursor.pos;
    if (code === 0) {
      if (level-- === 0) return;
      pos = attributesPos;
      continue;
    }
    const abbrev = abbrevs.get(code) ?? cursor.fail(`unknown abbreviation ${code}`, pos);
    if (abbrev.hasChildren && SCOPES.includes(abbrev.tag)) {
      abbrev.skip(cursor, unit);
      pos = cursor.pos;
      level++;
      continue;
    }
    if (tags.includes(abbrev.tag)) {
      unit.cursor.pos = attributesPos;
      visit(abbrev, pos, level);
    }
    pos = next >= 0 ? next : siblingPos(unit, abbrev, attributesPos);
  }
}

function tagSet(tags: readonly number[]): readonly boolean[] {
  const set = new Array<boolean>(TAGS).fill(false);
  for (const tag of tags) set[tag] = true;
  return set;
}

/** Where the entry behind this one and its children starts; the entry's attributes start at `attributesPos`. */
export function siblingPos(unit: Unit, abbrev: Abbrev, attributesPos: number): number {
  const { cursor } = unit;
  cursor.pos = attributesPos;
  if (skipEntry(cursor, abbrev, unit)) return cursor.pos;
  // clang writes no DW_AT.sibling: the children have to be gone through.
  const { abbrevs } = unit;
  const { shapes } = abbrevs;
  for (let depth = 1; depth > 0;) {
    const { pos } = cursor;
    const next = nextPos(cursor, shapes, pos);
    if (next >= 0) {
      cursor.pos = next;
      continue;
    }
    const code = cursor.uleb();
    if (code === 0) {
      depth--;
      continue;
    }
    const child = abbrevs.get(code) ?? cursor.fail(`unknown abbreviation ${code}`, pos);
    if (!skipEntry(cursor, child, unit)) depth++;
  }
  return cursor.pos;
}

/** `siblingPos` of the entry at `pos` as far as its abbreviation tells; -1 if that is not far enough, or leads nowhere. */
export function nextPos(
  { data, view, littleEndian }: ByteCursor,
  { steps, blocks }: EntryShapes,
  pos: number,
): number {
  const code = data[pos] ?? 0;
  const step = steps[code] ?? 0;
  if (step === 0) return -1;
  const block = blocks[code] ?? 0;
  let from = pos;
  if (block !== 0) {
    const length = data[pos + block] ?? 0x80;
    if (length >= 0x80) return -1;
    from += length;
  }
  if (step > 0) return from + step <= data.length ? from + step : -1;
  const at = from - step;
  if (at + 4 > data.length) return -1;
  const sibling = view.getUint32(at, littleEndian);
  // One in front of the entry would be an endless walk.
  return sibling > at && sibling <= data.length ? sibling : -1;
}

/** Moves the cursor behind an entry, whose attributes it stands at. False if its children come next. */
function skipEntry(cursor: ByteCursor, abbrev: Abbrev, unit: Unit): boolean {
  if (!abbrev.hasChildren) {
    abbrev.skip(cursor, unit);
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

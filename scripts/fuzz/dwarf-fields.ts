import { DW_AT, DW_FORM, DW_TAG } from '../../lib/dwarf/constants.js';
import { DebugFile } from '../../lib/dwarf/file.js';
import { skipForm } from '../../lib/dwarf/form.js';
import type { DwarfSections } from '../../lib/dwarf/sections.js';
import type { Random } from '../abi-fuzz/random.js';
import { write, type Field } from './bytes.js';
import { attempt } from './oracle.js';

/** What there is to change in `.debug_info`, whose bytes say nothing by themselves (DWARF v5 §7.5). */
export interface InfoPlaces {
  /** Where entries begin, in the section. */
  readonly entries: readonly number[];
  /** The same, from the start of their unit: what references of four bytes hold. */
  readonly local: readonly number[];
  /** References to entries. */
  readonly references: readonly Field[];
  /** Every other value of a fixed size, and the numbers of headers. */
  readonly values: readonly Field[];
}

const REFERENCES: readonly number[] = [
  DW_FORM.ref4,
  DW_FORM.ref_addr,
  DW_FORM.ref1,
  DW_FORM.ref2,
  DW_FORM.ref8,
  DW_FORM.GNU_ref_alt,
  DW_FORM.ref_sup4,
];

/** Goes through all entries of sound debug info. */
export function infoPlaces(sections: DwarfSections): InfoPlaces {
  const entries: number[] = [];
  const local: number[] = [];
  const references: Field[] = [];
  const values: Field[] = [];
  const file = new DebugFile(sections);
  for (const unit of attempt(() => file.units) ?? []) {
    const start = unit.header.offset;
    for (let at = 0; at < unit.header.rootPos; at += 4) values.push({ at: start + at, size: 4 });
    const { cursor } = unit;
    cursor.pos = unit.header.rootPos;
    while (!cursor.atEnd) {
      const pos = cursor.pos;
      const code = cursor.uleb();
      if (code === 0) continue;
      entries.push(start + pos);
      local.push(pos);
      for (const { form } of unit.abbrev(code, pos).attributes) {
        const at = cursor.pos;
        skipForm(cursor, form, unit);
        const field = { at: start + at, size: cursor.pos - at };
        if (REFERENCES.includes(form)) references.push(field);
        else if (field.size > 0 && field.size <= 8) values.push(field);
      }
    }
  }
  return { entries, local, references, values };
}

/** Has references lead elsewhere: to other entries, their own, and between them. */
export function redirect(random: Random, info: Buffer, { entries, local, references }: InfoPlaces): void {
  if (references.length === 0) return;
  for (let i = random.between(1, 12); i > 0; i--) {
    const { at, size } = random.pick(references);
    // Types stand behind each other, so that a near one closes a circle sooner.
    const near = random.pick(local);
    const target = random.weighted([
      [6, near],
      [2, random.pick(entries)],
      [1, near + random.below(4)],
    ]);
    write(info, at, size, BigInt(target));
  }
}

const FORMS = Object.values(DW_FORM);
const TAGS = Object.values(DW_TAG);
const ATTRIBUTES = Object.values(DW_AT);

/** Gives abbreviations other tags, attributes and forms: another reading of the same entries. */
export function reshape(random: Random, abbrevs: Buffer): void {
  for (let i = random.between(1, 5); i > 0; i--) {
    const at = random.below(abbrevs.length);
    const value = random.pick(random.pick([FORMS, FORMS, TAGS, ATTRIBUTES, [0, 1]]));
    if (value < 0x80) abbrevs[at] = value;
    else {
      abbrevs[at] = (value & 0x7f) | 0x80;
      if (at + 1 < abbrevs.length) abbrevs[at + 1] = value >> 7;
    }
  }
}

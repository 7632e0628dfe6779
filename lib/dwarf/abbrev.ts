import type { ByteCursor } from '../bytes/cursor.js';
import { DW_AT, DW_FORM, nameOf } from './constants.js';
import { type Encoding, fixedSize, skipForm } from './form.js';

/** One attribute of an abbreviation: which, and how its value is stored. */
export interface AttributeSpec {
  readonly at: number;
  readonly form: number;
  /** The value itself, for `DW_FORM.implicit_const`. */
  readonly implicit: bigint | undefined;
  /** Bytes that the value takes; undefined if that differs from entry to entry. */
  readonly size: number | undefined;
}

/** The shape shared by all entries of one abbreviation code (DWARF v5 §7.5.3). */
export class Abbrev {
  readonly tag: number;
  readonly hasChildren: boolean;
  readonly attributes: readonly AttributeSpec[];
  /** Bytes that the attributes of such an entry take; undefined if that differs from entry to entry. */
  readonly size: number | undefined;
  /** Which attribute is the `DW_AT.sibling`; -1 for none. */
  readonly sibling: number;

  constructor(tag: number, hasChildren: boolean, attributes: readonly AttributeSpec[]) {
    this.tag = tag;
    this.hasChildren = hasChildren;
    this.attributes = attributes;
    this.sibling = this.indexOf(DW_AT.sibling);
    this.size = attributes.reduce<number | undefined>(
      (sum, { size }) => (sum === undefined || size === undefined ? undefined : sum + size),
      0,
    );
  }

  /** The position of an attribute; -1 if the entry has none. */
  indexOf(at: number): number {
    const { attributes } = this;
    for (let i = 0; i < attributes.length; i++) if (attributes[i]?.at === at) return i;
    return -1;
  }

  has(at: number): boolean {
    return this.indexOf(at) >= 0;
  }

  /** Moves the cursor, which stands at an entry's attributes, behind the first `count` of them; all, unless told otherwise. */
  skip(cursor: ByteCursor, encoding: Encoding, count: number = this.attributes.length): void {
    const { attributes } = this;
    for (let i = 0; i < count; i++) {
      const spec = attributes[i];
      if (spec?.size !== undefined) cursor.skip(spec.size);
      else if (spec !== undefined) skipForm(cursor, spec.form, encoding);
    }
  }
}

/** The abbreviations of a unit. Compilers number them 1, 2, 3 …, which the standard does not ask for. */
export class AbbrevTable {
  readonly #dense: Abbrev[] = [];
  readonly #sparse = new Map<number, Abbrev>();

  get size(): number {
    return this.#dense.length + this.#sparse.size;
  }

  get(code: number): Abbrev | undefined {
    return this.#dense[code - 1] ?? this.#sparse.get(code);
  }

  *[Symbol.iterator](): Generator<[code: number, abbrev: Abbrev]> {
    for (const [i, abbrev] of this.#dense.entries()) yield [i + 1, abbrev];
    yield* this.#sparse;
  }

  add(code: number, abbrev: Abbrev): void {
    if (code === this.#dense.length + 1) this.#dense.push(abbrev);
    else this.#sparse.set(code, abbrev);
  }
}

/** Reads the table at the cursor (DWARF v5 §7.5.3). `encoding` decides how large its entries are. */
export function parseAbbrevTable(cursor: ByteCursor, encoding: Encoding): AbbrevTable {
  const table = new AbbrevTable();
  for (;;) {
    const code = cursor.uleb();
    if (code === 0) return table;
    table.add(code, parseAbbrev(cursor, encoding));
  }
}

/** The abbreviation `wanted` of the table at the cursor, read no further: a unit's own entry has, as a rule, the first. */
export function findAbbrev(cursor: ByteCursor, encoding: Encoding, wanted: number): Abbrev | undefined {
  for (;;) {
    const code = cursor.uleb();
    if (code === 0) return undefined;
    const abbrev = parseAbbrev(cursor, encoding);
    if (code === wanted) return abbrev;
  }
}

/** An abbreviation, behind its code. */
function parseAbbrev(cursor: ByteCursor, encoding: Encoding): Abbrev {
  const tag = cursor.uleb();
  const hasChildren = cursor.u8() !== 0;
  const attributes: AttributeSpec[] = [];
  for (;;) {
    const start = cursor.pos;
    const at = cursor.uleb();
    const form = cursor.uleb();
    if (at === 0 && form === 0) return new Abbrev(tag, hasChildren, attributes);
    const implicit = form === DW_FORM.implicit_const ? cursor.sleb() : undefined;
    // A form whose length is not known makes every entry behind it unreadable: better said here than there.
    if (!knownForms.has(form)) cursor.fail(`unknown form: ${nameOf(DW_FORM, form)}`, start);
    attributes.push({ at, form, implicit, size: fixedSize(form, encoding) });
  }
}

const knownForms = new Set<number>(Object.values(DW_FORM));

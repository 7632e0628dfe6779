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

/**
 * The abbreviations of a unit. Compilers number them 1, 2, 3 …, which the standard does not ask for. Each is parsed when an entry has it:
 * a lookup meets few of them.
 */
export class AbbrevTable {
  readonly #cursor: ByteCursor;
  readonly #encoding: Encoding;
  /** Where in the table each is, behind its code. */
  readonly #places: number[] = [];
  readonly #tags: number[] = [];
  readonly #codes: number[] = [];
  readonly #parsed: Abbrev[] = [];
  /** Of the numbers that are not 1, 2, 3 …: which one of the table they are. */
  readonly #sparse = new Map<number, number>();

  /** Looks for the end of the table at the cursor (DWARF v5 §7.5.3). `encoding` decides how large its entries are. */
  constructor(cursor: ByteCursor, encoding: Encoding) {
    this.#cursor = cursor;
    this.#encoding = encoding;
    for (let code = cursor.uleb(); code !== 0; code = cursor.uleb()) {
      const index = this.#places.length;
      if (code !== index + 1) this.#sparse.set(code, index);
      this.#codes.push(code);
      this.#places.push(cursor.pos);
      this.#tags.push(cursor.uleb());
      cursor.u8();
      for (let at = 1, form = 1; at !== 0 || form !== 0;) {
        at = cursor.uleb();
        form = cursor.uleb();
        if (form === DW_FORM.implicit_const) cursor.sleb();
      }
    }
  }

  get size(): number {
    return this.#places.length;
  }

  get(code: number): Abbrev | undefined {
    const index = this.#codes[code - 1] === code ? code - 1 : this.#sparse.get(code);
    return index === undefined ? undefined : (this.#parsed[index] ?? this.#parse(index));
  }

  /** Those of the entries with a tag. */
  *withTag(tag: number): Generator<[code: number, abbrev: Abbrev]> {
    for (let index = this.#tags.indexOf(tag); index >= 0; index = this.#tags.indexOf(tag, index + 1)) {
      yield [this.#codes[index] ?? 0, this.#parsed[index] ?? this.#parse(index)];
    }
  }

  #parse(index: number): Abbrev {
    this.#cursor.pos = this.#places[index] ?? 0;
    return (this.#parsed[index] = parseAbbrev(this.#cursor, this.#encoding));
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

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
  /** Bytes that the attributes in front of it take; undefined if that differs from entry to entry. */
  readonly offset: number | undefined;
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
    const last = attributes.at(-1);
    this.size = last === undefined ? 0 : sum(last.offset, last.size);
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
    const size = count < attributes.length ? attributes[count]?.offset : this.size;
    if (size !== undefined) {
      cursor.skip(size);
      return;
    }
    let fixed = 0;
    for (let i = 0; i < count; i++) {
      const spec = attributes[i];
      if (spec?.size !== undefined) fixed += spec.size;
      else if (spec !== undefined) {
        cursor.skip(fixed);
        fixed = 0;
        skipForm(cursor, spec.form, encoding);
      }
    }
    cursor.skip(fixed);
  }
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}

/** Abbreviations by their bytes. Those of the units of one compiler are alike: each is parsed once, and kept once. */
export class KnownAbbrevs {
  /** The bytes that a value of a form takes, by form; -1 for those that `fixedSize` does not know. */
  readonly sizes: Int8Array;
  readonly #encoding: Encoding;
  readonly #known = new Map<string, Abbrev>();

  /** `encoding` decides how large entries are. */
  constructor(encoding: Encoding) {
    this.#encoding = encoding;
    this.sizes = Int8Array.from({ length: 0x80 }, (_, form) => fixedSize(form, encoding) ?? -1);
  }

  /** The abbreviation in these bytes of the cursor's, which are `bytes`, behind its code. */
  at(cursor: ByteCursor, bytes: Buffer, start: number, end: number): Abbrev {
    const key = bytes.toString('latin1', start, end);
    let abbrev = this.#known.get(key);
    if (abbrev === undefined) {
      cursor.pos = start;
      abbrev = parseAbbrev(cursor, this.#encoding);
      if (this.#known.size >= MAX_KNOWN) this.#known.clear();
      this.#known.set(key, abbrev);
    }
    return abbrev;
  }
}

/** Different ones, of 0.5 KB each. All of libc has 3,000. */
const MAX_KNOWN = 1 << 14;

/** What a walk over entries wants to know of each without a look at its abbreviation, by codes of one byte. */
export interface EntryShapes {
  readonly tags: readonly number[];
  /**
   * Bytes from the start of an entry to what follows; negative, to its `DW_AT.sibling`, if that is four bytes long. 0 where it takes more to tell. What is in a
   * block is not among them.
   */
  readonly steps: readonly number[];
  /** Bytes to the length of the block (`DW_FORM.exprloc`) that such an entry has, which is one byte as a rule; 0 for none. */
  readonly blocks: readonly number[];
}

type Shapes = Record<keyof EntryShapes, number[]>;

/**
 * The abbreviations of a unit. Compilers number them 1, 2, 3 …, which the standard does not ask for. Each is parsed when an entry has it:
 * a lookup meets few of them.
 */
export class AbbrevTable {
  /** Those of the entries whose codes are of one byte. There is no code 0. */
  readonly shapes: EntryShapes;
  readonly #cursor: ByteCursor;
  readonly #bytes: Buffer;
  readonly #known: KnownAbbrevs;
  /** Where in the table each is, behind its code. */
  readonly #places: number[] = [];
  readonly #tags: number[] = [];
  readonly #parsed: Abbrev[] = [];
  /** Which one of the table a code is, if they are not 1, 2, 3 … */
  #numbers: Map<number, number> | undefined;

  /** Looks through the table at the cursor (DWARF v5 §7.5.3). */
  constructor(cursor: ByteCursor, known: KnownAbbrevs) {
    this.#cursor = cursor;
    this.#bytes = bufferOf(cursor);
    this.#known = known;
    const shapes: Shapes = { tags: [0], steps: [0], blocks: [0] };
    this.shapes = shapes;
    for (let code = cursor.uleb(); code !== 0; code = cursor.uleb()) {
      const index = this.#places.push(cursor.pos) - 1;
      if (code !== index + 1) this.#numbers ??= new Map(this.#tags.map((_, i) => [i + 1, i]));
      if (this.#numbers?.has(code) === false) this.#numbers.set(code, index);
      this.#tags.push(scan(cursor, known, code, shapes));
    }
  }

  get size(): number {
    return this.#places.length;
  }

  get(code: number): Abbrev | undefined {
    const index = this.#numbers === undefined ? code - 1 : this.#numbers.get(code);
    return index === undefined ? undefined : (this.#parsed[index] ?? this.#parse(index));
  }

  /** Those of the entries with a tag. */
  *withTag(tag: number): Generator<[code: number, abbrev: Abbrev]> {
    const codes = this.#numbers && new Map(Array.from(this.#numbers, ([code, index]) => [index, code]));
    for (let index = this.#tags.indexOf(tag); index >= 0; index = this.#tags.indexOf(tag, index + 1)) {
      const abbrev = this.#parsed[index] ?? this.#parse(index);
      if (abbrev !== undefined) yield [codes?.get(index) ?? index + 1, abbrev];
    }
  }

  #parse(index: number): Abbrev | undefined {
    const start = this.#places[index];
    if (start === undefined) return undefined;
    this.#cursor.pos = start;
    skipAbbrev(this.#cursor);
    return (this.#parsed[index] = this.#known.at(this.#cursor, this.#bytes, start, this.#cursor.pos));
  }
}

/**
 * Moves the cursor behind the abbreviation of a code, behind which it stands, and notes the shape of its entries; the tag. There are a hundred in each of
 * thousands of units: nothing is called for what compilers write.
 */
function scan(cursor: ByteCursor, { sizes }: KnownAbbrevs, code: number, shapes: Shapes): number {
  const tag = cursor.uleb();
  const hasChildren = cursor.u8() !== 0;
  const { data } = cursor;
  let { pos } = cursor;
  let step = 1;
  let sibling = 0;
  let block = 0;
  for (let count = 0; ; count++) {
    let at = data[pos] ?? 0x80;
    let form = data[pos + 1] ?? 0x80;
    pos += 2;
    if (at >= 0x80 || form >= 0x80) {
      cursor.pos = pos - 2;
      at = cursor.uleb();
      form = cursor.uleb();
      pos = cursor.pos;
    }
    if (at === 0 && form === 0) break;
    if (count >= MAX_ATTRIBUTES) cursor.fail(`an abbreviation of more than ${MAX_ATTRIBUTES} attributes`);
    if (at === DW_AT.sibling && form === DW_FORM.ref4) sibling = step;
    const size = sizes[form] ?? -1;
    if (form === DW_FORM.exprloc && block === 0 && step > 0) block = step++;
    else step = size < 0 || step === 0 ? 0 : step + size;
    if (form === DW_FORM.implicit_const) {
      cursor.pos = pos;
      cursor.skipLeb();
      pos = cursor.pos;
    }
  }
  cursor.pos = pos;
  if (code < 0x80) {
    shapes.tags[code] = tag;
    shapes.steps[code] = hasChildren ? 0 - sibling : step;
    shapes.blocks[code] = hasChildren && sibling < block ? 0 : block;
  }
  return tag;
}
/** The abbreviation `wanted` of the table at the cursor, read no further: a unit's own entry has, as a rule, the first. */
export function findAbbrev(cursor: ByteCursor, known: KnownAbbrevs, wanted: number): Abbrev | undefined {
  for (;;) {
    const code = cursor.uleb();
    if (code === 0) return undefined;
    const start = cursor.pos;
    skipAbbrev(cursor);
    if (code === wanted) return known.at(cursor, bufferOf(cursor), start, cursor.pos);
  }
}

/** Attributes of one abbreviation: compilers write up to 40. They are looked through for each entry. */
const MAX_ATTRIBUTES = 1000;

function bufferOf({ data }: ByteCursor): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.length);
}

/** Moves the cursor behind an abbreviation, behind whose code it stands; the tag. */
function skipAbbrev(cursor: ByteCursor): number {
  const tag = cursor.uleb();
  cursor.u8();
  for (let at = 1, form = 1, count = 0; at !== 0 || form !== 0; count++) {
    if (count > MAX_ATTRIBUTES) cursor.fail(`an abbreviation of more than ${MAX_ATTRIBUTES} attributes`);
    at = cursor.uleb();
    form = cursor.uleb();
    if (form === DW_FORM.implicit_const) cursor.skipLeb();
  }
  return tag;
}

/** An abbreviation, behind its code. */
function parseAbbrev(cursor: ByteCursor, encoding: Encoding): Abbrev {
  const tag = cursor.uleb();
  const hasChildren = cursor.u8() !== 0;
  const attributes: AttributeSpec[] = [];
  let offset: number | undefined = 0;
  for (;;) {
    const start = cursor.pos;
    const at = cursor.uleb();
    const form = cursor.uleb();
    if (at === 0 && form === 0) return new Abbrev(tag, hasChildren, attributes);
    const implicit = form === DW_FORM.implicit_const ? cursor.sleb() : undefined;
    // A form whose length is not known makes every entry behind it unreadable: better said here than there.
    if (!knownForms.has(form)) cursor.fail(`unknown form: ${nameOf(DW_FORM, form)}`, start);
    const size = fixedSize(form, encoding);
    attributes.push({ at, form, implicit, size, offset });
    offset = sum(offset, size);
  }
}

const knownForms = new Set<number>(Object.values(DW_FORM));

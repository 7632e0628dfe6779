import type { Abbrev } from './abbrev.js';
import { DW_AT, DW_FORM, DW_LANG, DW_TAG } from './constants.js';
import { entryDensity } from './density.js';
import { Die } from './die.js';
import type { DebugFile } from './file.js';
import { readOffset, skipForm } from './form.js';
import { hasParameters, isPrototyped } from './function-type.js';
import { addressesOf } from './location.js';
import { MissingFileError } from './sections.js';
import type { Unit } from './unit.js';
import { walkTop } from './walk.js';

/** What a name can name. A definition and a declaration are two things, since one is worth more; what is defined in a crate of Rust is found where C has none. */
export type NameKind = Defined | `${Defined} declaration` | `${Defined} of Rust`;

type Defined = 'function' | 'variable' | TypeKeyword;

/** What stands in front of a type's name in C; `base` is a type of the language itself. */
export type TypeKeyword = 'struct' | 'union' | 'enum' | 'typedef' | 'base';

const KINDS = new Map<number, Defined>([
  [DW_TAG.subprogram, 'function'],
  [DW_TAG.variable, 'variable'],
  [DW_TAG.structure_type, 'struct'],
  [DW_TAG.class_type, 'struct'],
  [DW_TAG.union_type, 'union'],
  [DW_TAG.enumeration_type, 'enum'],
  [DW_TAG.typedef, 'typedef'],
  [DW_TAG.base_type, 'base'],
]);

const TAGS: readonly number[] = [...KINDS.keys()];

/** What tells that a function or variable may have an address. */
const PLACES: readonly number[] = [DW_AT.low_pc, DW_AT.ranges, DW_AT.location];

/** The keyword for a type's entry. */
export function keywordOf(tag: number): TypeKeyword | undefined {
  const kind = KINDS.get(tag);
  return kind === 'struct' || kind === 'union' || kind === 'enum' ? kind : undefined;
}

interface Entry {
  /** The first entry of that name. */
  readonly unit: Unit;
  readonly pos: number;
  /** Of a struct, union or enum: whether others of that name look the same. */
  readonly size: number | undefined;
  readonly line: number | undefined;
  /** Of a function or variable: whether it has an address, and not that of nothing. */
  readonly placed: boolean;
  ambiguous: boolean;
}

/**
 * Every exported name and every type name of some units. One walk over them, made when a
 * search by address has failed; a name that was seen is not read again, which its offset in `.debug_str` tells.
 */
export class NameIndex {
  readonly #entries = new Map<NameKind, Map<string, Entry>>();
  /** Per kind, the entry of a string offset: what spares reading the same header's names once per unit. */
  readonly #seen = new Map<NameKind, Map<number, Entry>>();

  readonly #shapes = new Map<Abbrev, Shape>();
  readonly #density = entryDensity();
  #within: DebugFile | undefined;
  readonly #only: string | undefined;

  /** `only`: the one name that is asked for. */
  constructor(units: Iterable<Unit>, only?: string) {
    this.#only = only;
    for (const unit of units) {
      this.#enter(unit);
      this.#density.allow(unit.end - unit.start);
      walkTop(unit, TAGS, (abbrev, pos, level) => {
        this.#density.count();
        this.#add(unit, abbrev, pos, level);
      });
    }
  }

  /** Of these functions and variables alone, of one name. */
  static ofSymbols(entries: Iterable<[unit: Unit, pos: number]>, name: string): NameIndex {
    const index = new NameIndex([], name);
    for (const [unit, pos] of entries) {
      index.#enter(unit);
      unit.cursor.pos = pos;
      index.#add(unit, unit.abbrev(unit.cursor.uleb(), pos), pos, 0);
    }
    return index;
  }

  /** Each file has strings of its own. */
  #enter({ file }: Unit): void {
    if (file !== this.#within) this.#seen.clear();
    this.#within = file;
  }

  /** Adds an entry, at whose attributes the unit's cursor stands. */
  #add(unit: Unit, abbrev: Abbrev, pos: number, level: number): void {
    const kind = KINDS.get(abbrev.tag);
    if (kind === undefined) return;
    try {
      if (kind === 'function' || kind === 'variable') this.#addSymbol(unit, abbrev, pos, kind);
      // C has no other namespaces. In Rust each crate is one, which the names of its types are printed without.
      else if (level === 0)
        this.#addType(unit, abbrev, pos, abbrev.has(DW_AT.declaration) ? `${kind} declaration` : kind);
      else if (unit.root.language === DW_LANG.Rust) this.#addType(unit, abbrev, pos, `${kind} of Rust`);
    } catch (error) {
      // Its name is in a file that can't be had; others are here.
      if (!(error instanceof MissingFileError)) throw error;
    }
  }

  /** The first entry that has the name; of a function or variable the first that has an address, if one does. */
  find(kind: NameKind, name: string): Die | undefined {
    const entry = this.#entries.get(kind)?.get(name);
    return entry && this.#die(entry);
  }

  /** The definition of a type, unless there are different ones of that name. */
  definition(kind: NameKind, name: string): Die | undefined {
    const entry = this.#entries.get(kind)?.get(name);
    return entry === undefined || entry.ambiguous ? undefined : this.#die(entry);
  }

  #die({ unit, pos }: Entry): Die {
    return new Die(unit, pos);
  }

  #addSymbol(unit: Unit, abbrev: Abbrev, pos: number, kind: 'function' | 'variable'): void {
    let shape = this.#shapes.get(abbrev);
    if (shape === undefined) this.#shapes.set(abbrev, (shape = shapeOf(abbrev)));
    const { declares, plain, mayBePlaced } = shape;
    const listed: NameKind = declares ? `${kind} declaration` : kind;
    const key = plain ? strpOffset(unit, abbrev) : undefined;
    const seen = key === undefined ? undefined : this.#seen.get(listed)?.get(key);
    if (seen !== undefined && (seen.placed || !mayBePlaced)) return;
    const die = new Die(unit, pos);
    if (!(die.inherited(DW_AT.external)?.flag(DW_AT.external) ?? false)) return;
    const { linkageName, name: sourceName } = die;
    const name = linkageName ?? sourceName;
    if (name === undefined) return;
    // A declaration without a prototype adds nothing.
    if (listed === 'function declaration' && !isPrototyped(die) && !hasParameters(die)) return;
    const placed = mayBePlaced && addressesOf(die, this.#density).length > 0;
    const entry: Entry = { unit, pos, size: undefined, line: undefined, placed, ambiguous: false };
    this.#put(listed, name, key, entry);
    // glibc calls its own functions by hidden aliases: `mprotect`, declared with the asm label `__GI_mprotect`.
    if (declares && sourceName !== undefined && name !== sourceName && name.endsWith(sourceName)) {
      this.#put(listed, sourceName, undefined, entry);
    }
  }

  #addType(unit: Unit, abbrev: Abbrev, pos: number, kind: NameKind): void {
    if (!abbrev.has(DW_AT.name)) return;
    const key = strpOffset(unit, abbrev);
    const seen = key === undefined ? undefined : this.#seen.get(kind)?.get(key);
    const isRecord = /^(?:struct|union|enum)(?! d)/.test(kind);
    if (seen !== undefined && (!isRecord || seen.ambiguous)) return;
    const die = new Die(unit, pos);
    const name = seen === undefined ? die.string(DW_AT.name) : undefined;
    if (seen === undefined && name === undefined) return;
    const size = isRecord ? die.number(DW_AT.byte_size) : undefined;
    const line = isRecord ? die.number(DW_AT.decl_line) : undefined;
    const known = seen ?? this.#entries.get(kind)?.get(name ?? '');
    if (known === undefined) {
      this.#put(kind, name ?? '', key, { unit, pos, size, line, placed: false, ambiguous: false });
    } else if (known.size !== size || known.line !== line) {
      known.ambiguous = true;
    }
  }

  #put(kind: NameKind, name: string, key: number | undefined, entry: Entry): void {
    let entries = this.#entries.get(kind);
    if (entries === undefined) this.#entries.set(kind, (entries = new Map<string, Entry>()));
    const known = entries.get(name);
    // An abstract instance (of an inlined function, and with -flto of every function) stands in front of the concrete one.
    const best = known === undefined || (entry.placed && !known.placed) ? entry : known;
    if (this.#only === undefined || name === this.#only) entries.set(name, best);
    if (key === undefined) return;
    let seen = this.#seen.get(kind);
    if (seen === undefined) this.#seen.set(kind, (seen = new Map<number, Entry>()));
    seen.set(key, best);
  }
}

/** What the abbreviation of a function or variable says. */
interface Shape {
  readonly declares: boolean;
  readonly mayBePlaced: boolean;
  /** Whether the entry is told by the place of its name: a linkage name goes before it, and a completion's are elsewhere. */
  readonly plain: boolean;
}

function shapeOf(abbrev: Abbrev): Shape {
  return {
    declares: abbrev.has(DW_AT.declaration),
    mayBePlaced: PLACES.some((at) => abbrev.has(at)),
    plain: !abbrev.has(DW_AT.linkage_name) && !abbrev.has(DW_AT.MIPS_linkage_name),
  };
}

/** The offset of an entry's name in `.debug_str`, where it is kept there. The cursor stands at the attributes. */
export function strpOffset(unit: Unit, abbrev: Abbrev): number | undefined {
  const { cursor } = unit;
  for (const { at, form } of abbrev.attributes) {
    if (at === DW_AT.name) return form === DW_FORM.strp ? readOffset(cursor, unit.offsetSize) : undefined;
    skipForm(cursor, form, unit);
  }
  return undefined;
}

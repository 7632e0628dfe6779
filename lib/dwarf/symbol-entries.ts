import { FormatError } from '../errors.js';
import type { Abbrev } from './abbrev.js';
import { DW_AT, DW_FORM, DW_OP, DW_TAG } from './constants.js';
import { entryDensity, TooDense, type Density } from './density.js';
import { Die } from './die.js';
import type { DebugFile } from './file.js';
import { isBlock, readOffset } from './form.js';
import { addressesOf } from './location.js';
import { NameIndex } from './name-index.js';
import type { Unit } from './unit.js';
import { TYPES } from './unit-index.js';
import { walkTop } from './walk.js';

/** How the address of an entry is stored. */
interface Shape {
  /** Which attribute is the address of a function or the location of a variable, where that is all that says its place; -1 for another way. */
  readonly index: number;
  /** Bytes in front of it, if that is always the same. */
  readonly offset: number | undefined;
  /** Whether an entry has an address at all. */
  readonly isPlaced: boolean;
  readonly isFunction: boolean;
  /** Which attributes are its names, if all of them are in `.debug_str`; else none. */
  readonly names: readonly number[];
}

/** What is exported has one of them. */
const TAGS: readonly number[] = [DW_TAG.subprogram, DW_TAG.variable];

const NAMES: readonly number[] = [DW_AT.linkage_name, DW_AT.MIPS_linkage_name, DW_AT.name];
/** Entries of one address, or of one name, that are more than a few. */
const MANY = 64;
/** Links to an entry that may have the name. */
const LINKS: readonly number[] = [DW_AT.abstract_origin, DW_AT.specification];

/**
 * The entries of all functions and variables of a library, by their addresses and by their names. One walk over all units, for who wants to know all
 * symbols: a search for each would take longer. Addresses are numbers here; past 2⁵³ they are compared again.
 */
export class SymbolEntries {
  /** The units that have such entries, and for each the number of its first. */
  readonly #units: Unit[] = [];
  readonly #starts: number[] = [];
  /** Where each entry is in its unit. */
  readonly #positions: number[] = [];
  /** Numbers of entries by address. */
  readonly #functions = new Map<number, Entries>();
  readonly #variables = new Map<number, Entries>();
  readonly #hasTypes = new Map<Unit, boolean>();
  readonly #shapes = new Map<Abbrev, Shape>();
  readonly #density = entryDensity();
  #names: Map<string, Entries> | undefined;
  /** Of names that many entries have: many symbols may have them as well. */
  readonly #named = new Map<string, NameIndex>();
  /** Of addresses where many entries are, by all of their names. */
  readonly #crowds = new Map<Entries, Map<string, Entries>>();
  /** Why some units are not among them. */
  readonly error: FormatError | undefined;

  /** Throws a `TooDense`. */
  constructor(file: DebugFile) {
    file.readAhead();
    const density = this.#density;
    const { units, error: end } = file.readableUnits;
    if (end instanceof TooDense) throw end;
    this.error = end;
    for (const unit of units) {
      if (unit.header.signature !== undefined) continue;
      try {
        // Its own entry's is among them.
        unit.load();
        const complete = file.complete(unit);
        if (complete !== undefined) this.#read(complete, density);
      } catch (error) {
        // What is asked for may be in a unit that can be read.
        if (!(error instanceof FormatError) || error instanceof TooDense) throw error;
        this.error ??= error;
      }
    }
  }

  /** The functions at an address; where they are many, those that have the name and the first of the others. */
  functions(address: bigint, name: string): Die[] {
    return this.#dies(this.#functions, address, name);
  }

  /** The same of variables. */
  variables(address: bigint, name: string): Die[] {
    return this.#dies(this.#variables, address, name);
  }

  /** The functions and variables of a name. */
  named(name: string): NameIndex {
    const known = this.#named.get(name);
    if (known !== undefined) return known;
    this.#names ??= this.#readNames();
    const entries = listed(this.#names.get(name)).toSorted((a, b) => a - b);
    const index = NameIndex.ofSymbols(
      entries.map((entry) => this.#place(entry)),
      name,
    );
    if (entries.length > MANY) this.#named.set(name, index);
    return index;
  }

  /** See `UnitIndex.hasTypes`. */
  hasTypes(unit: Unit): boolean {
    let found = this.#hasTypes.get(unit);
    if (found === undefined) {
      found = false;
      walkTop(unit, TYPES, () => {
        found = true;
      });
      this.#hasTypes.set(unit, found);
    }
    return found;
  }

  #read(unit: Unit, density: Density): void {
    density.allow(unit.end - unit.start);
    this.#units.push(unit);
    this.#starts.push(this.#positions.length);
    walkTop(unit, TAGS, (abbrev, pos) => {
      density.count();
      this.#add(unit, abbrev, pos);
    });
  }

  #add(unit: Unit, abbrev: Abbrev, pos: number): void {
    const shape = this.#shapeOf(abbrev);
    const number = this.#positions.length;
    this.#positions.push(pos);
    if (!shape.isPlaced) return;
    const map = shape.isFunction ? this.#functions : this.#variables;
    const address = plainAddress(unit, abbrev, shape);
    if (address === undefined) {
      for (const other of addressesOf(new Die(unit, pos), this.#density)) addTo(map, Number(other), number);
    } else if (address !== 0 && address < nowhere(unit)) addTo(map, address, number);
  }

  #dies(map: ReadonlyMap<number, Entries>, address: bigint, name: string): Die[] {
    const there = map.get(Number(address));
    const entries = listed(there).length > MANY ? this.#amongMany(there, name) : listed(there);
    const dies = entries.map((entry) => new Die(...this.#place(entry)));
    if (address <= Number.MAX_SAFE_INTEGER) return dies;
    return dies.filter((die) => addressesOf(die).includes(address));
  }

  /** `--icf=all` gives thousands of functions one address, and all may be asked for. */
  #amongMany(entries: Entries | undefined, name: string): number[] {
    const all = listed(entries);
    if (entries === undefined) return [];
    let names = this.#crowds.get(entries);
    if (names === undefined) {
      names = new Map();
      for (const entry of all) this.#addNames(names, entry);
      this.#crowds.set(entries, names);
    }
    const own = listed(names.get(name)).slice(0, MANY);
    return [...own, ...all.slice(0, MANY).filter((entry) => !own.includes(entry))];
  }

  #addNames(names: Map<string, Entries>, entry: number): void {
    try {
      const { linkageName, name } = new Die(...this.#place(entry));
      if (linkageName !== undefined) addTo(names, linkageName, entry);
      if (name !== undefined) addTo(names, name, entry);
    } catch (error) {
      // It is in a file that can't be had, or corrupt: no name that is asked for.
      if (!(error instanceof FormatError)) throw error;
    }
  }

  #place(entry: number): [unit: Unit, pos: number] {
    let [low, high] = [0, this.#starts.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] ?? 0) <= entry) low = middle + 1;
      else high = middle;
    }
    const unit = this.#units[low - 1];
    const pos = this.#positions[entry];
    if (unit === undefined || pos === undefined) throw new RangeError(`no entry ${entry}`);
    return [unit, pos];
  }

  /** The entries by all of their names. The same text, as a rule, has the same place: each is decoded once. */
  #readNames(): Map<string, Entries> {
    const names = new Map<string, Entries>();
    let places = new Map<number, Entries>();
    const decode = (file: DebugFile | undefined): void => {
      for (const [place, entries] of places) {
        const name = file?.debugString(place) ?? '';
        for (const entry of listed(entries)) addTo(names, name, entry);
      }
      places = new Map();
    };
    let file: DebugFile | undefined;
    for (const [i, unit] of this.#units.entries()) {
      // Each file has strings of its own.
      if (unit.file !== file) decode(file);
      file = unit.file;
      const end = this.#starts[i + 1] ?? this.#positions.length;
      for (let entry = this.#starts[i] ?? 0; entry < end; entry++) this.#readName(unit, entry, places, names);
    }
    decode(file);
    return names;
  }

  #readName(unit: Unit, entry: number, places: Map<number, Entries>, names: Map<string, Entries>): void {
    const { cursor } = unit;
    const pos = this.#positions[entry] ?? 0;
    cursor.pos = pos;
    const abbrev = unit.abbrev(cursor.uleb(), pos);
    const stored = this.#shapeOf(abbrev).names;
    const start = cursor.pos;
    for (const index of stored) {
      cursor.pos = start;
      abbrev.skip(cursor, unit, index);
      addTo(places, readOffset(cursor, unit.offsetSize), entry);
    }
    if (stored.length > 0) return;
    this.#addNames(names, entry);
  }

  #shapeOf(abbrev: Abbrev): Shape {
    let shape = this.#shapes.get(abbrev);
    if (shape === undefined) this.#shapes.set(abbrev, (shape = shapeOf(abbrev)));
    return shape;
  }
}

/** Numbers of entries: most addresses and names have one. */
type Entries = number | number[];

function listed(entries: Entries | undefined): readonly number[] {
  return entries === undefined ? [] : typeof entries === 'number' ? [entries] : entries;
}

function addTo<K>(map: Map<K, Entries>, key: K, entry: number): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, entry);
  else if (typeof known === 'number') {
    if (known !== entry) map.set(key, [known, entry]);
  } else if (known.at(-1) !== entry) known.push(entry);
}

function shapeOf(abbrev: Abbrev): Shape {
  const isFunction = abbrev.tag === DW_TAG.subprogram;
  const index = abbrev.indexOf(isFunction ? DW_AT.low_pc : DW_AT.location);
  const spec = abbrev.attributes[index];
  const hasRanges = isFunction && abbrev.has(DW_AT.ranges);
  const form = spec?.form ?? 0;
  const isPlain = !hasRanges && (isFunction ? form === DW_FORM.addr : form === DW_FORM.exprloc);
  return {
    isFunction,
    isPlaced: hasRanges || (isFunction ? spec !== undefined : isBlock(form) || form === DW_FORM.indirect),
    index: isPlain ? index : -1,
    offset: spec?.offset,
    names: storedNames(abbrev),
  };
}

function storedNames(abbrev: Abbrev): readonly number[] {
  if (LINKS.some((at) => abbrev.has(at))) return [];
  const names = NAMES.map((at) => abbrev.indexOf(at)).filter((index) => index >= 0);
  return names.every((index) => abbrev.attributes[index]?.form === DW_FORM.strp) ? names : [];
}

/** The address where the entry says it outright, 0 for one without; undefined where it takes more to read. The cursor stands at its attributes. */
function plainAddress(unit: Unit, abbrev: Abbrev, { index, offset, isFunction }: Shape): number | undefined {
  if (index < 0) return undefined;
  const { cursor, addressSize } = unit;
  if (offset === undefined) abbrev.skip(cursor, unit, index);
  else cursor.skip(offset);
  if (!isFunction) {
    const isAddress = cursor.uleb() === 1 + addressSize && cursor.u8() === DW_OP.addr;
    if (!isAddress) return undefined;
  }
  return addressSize === 8 ? cursor.u64Near() : cursor.u32();
}

/** See `addressesOf`. */
function nowhere({ addressSize }: Unit): number {
  return addressSize === 8 ? 2 ** 64 : 2 ** 32 - 1;
}

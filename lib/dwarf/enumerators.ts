import type { ConstantValue, ConstantValues } from '../ctypes/type-source.js';
import { orUndefined } from '../errors.js';
import type { Abbrev } from './abbrev.js';
import { DW_AT, DW_FORM, DW_TAG } from './constants.js';
import { enumeratorDensity, type Density } from './density.js';
import { Die } from './die.js';
import { enumeratorValue, enumStorage, type EnumStorage } from './enum-type.js';
import { everyUnit } from './every-unit.js';
import type { DebugFile } from './file.js';
import { readConstant, skipForm } from './form.js';
import { MissingFileError } from './sections.js';
import type { TypeReader } from './types.js';
import type { Unit } from './unit.js';
import { siblingPos, walkTop } from './walk.js';

/** Different values of one name that are kept: two make it ambiguous already. */
const MAX_VALUES = 8;

/** Values that no size and no sign of an enum change. */
const SMALL = 0x7fn;

/** An enumerator as it is stored; its name as text or, as a rule, by its place in `.debug_str`. */
interface Stored {
  readonly name: string | number;
  readonly pos: number;
  readonly value: bigint;
}

/**
 * Every enumerator at file scope, which is what C code can name: not those of functions, of C++'s classes and namespaces, and of `enum class`. One walk
 * over all units. A header's enums are in every unit that uses it: a name is read once, which its place in `.debug_str` tells, its value each time.
 */
export function readEnumerators(file: DebugFile, reader: TypeReader): ConstantValues {
  const byName = new Map<string, ConstantValue[]>();
  let byPlace = new Map<number, ConstantValue[]>();
  let within: DebugFile | undefined;
  const valuesOf = (unit: Unit, { name, pos }: Stored): ConstantValue[] => {
    const known = typeof name === 'number' ? byPlace.get(name) : byName.get(name);
    if (known !== undefined) return known;
    const text = typeof name === 'string' ? name : (new Die(unit, pos).string(DW_AT.name) ?? '');
    let values = byName.get(text);
    if (values === undefined) byName.set(text, (values = []));
    if (typeof name === 'number') byPlace.set(name, values);
    return values;
  };
  const density = enumeratorDensity();
  for (const unit of everyUnit(file)) {
    density.allow(unit.end - unit.start);
    // Each file has strings of its own.
    if (unit.file !== within) byPlace = new Map();
    within = unit.file;
    walkTop(unit, [DW_TAG.enumeration_type], (abbrev, pos, level) => {
      if (level > 0 || !namesConstants(abbrev)) return;
      const stored = readableStored(unit, pos, density);
      let storage: EnumStorage | undefined;
      for (const one of stored) {
        let { value } = one;
        if (value < 0n || value > SMALL) {
          storage ??= enumStorage(
            reader,
            new Die(unit, pos),
            stored.map((s) => s.value),
          );
          value = enumeratorValue(value, storage);
        }
        const values = valuesOf(unit, one);
        const isNew = values.length < MAX_VALUES && values.every((known) => known.value !== value);
        if (isNew) values.push(new Value(value, unit, pos));
      }
    });
  }
  return byName;
}

function namesConstants(abbrev: Abbrev): boolean {
  return abbrev.hasChildren && !abbrev.has(DW_AT.enum_class);
}

class Value implements ConstantValue {
  readonly value: bigint;
  readonly #unit: Unit;
  readonly #pos: number;

  constructor(value: bigint, unit: Unit, pos: number) {
    this.value = value;
    this.#unit = unit;
    this.#pos = pos;
  }

  get origin(): string {
    const die = new Die(this.#unit, this.#pos);
    const tag = die.string(DW_AT.name);
    const { declFile } = require('./line-files.js') as typeof import('./line-files.js');
    const place = [orUndefined(() => declFile(die)?.path), die.number(DW_AT.decl_line)];
    const known = place.filter((part) => part !== undefined);
    return (
      (tag === undefined ? 'an enum' : `enum ${tag}`) + (known.length === 0 ? '' : ` (${known.join(':')})`)
    );
  }
}

/** The same, but none where their names are in a file that can't be had. */
function readableStored(unit: Unit, enumPos: number, density: Density): Stored[] {
  try {
    return readStored(unit, enumPos, density);
  } catch (error) {
    if (error instanceof MissingFileError) return [];
    throw error;
  }
}

/** The enumerators among the children of the entry at `enumPos`. */
function readStored(unit: Unit, enumPos: number, density: Density): Stored[] {
  const stored: Stored[] = [];
  const { abbrev } = new Die(unit, enumPos);
  abbrev.skip(unit.cursor, unit);
  for (let pos = unit.cursor.pos; ;) {
    const { cursor } = unit;
    cursor.pos = pos;
    const code = cursor.uleb();
    if (code === 0) return stored;
    const child = unit.abbrev(code, pos);
    const attributesPos = cursor.pos;
    if (child.tag === DW_TAG.enumerator) {
      density.count();
      stored.push(readEnumerator(unit, child, pos));
    }
    if (child.tag === DW_TAG.enumerator && !child.hasChildren) pos = cursor.pos;
    else pos = siblingPos(unit, child, attributesPos);
  }
}

/** Reads the enumerator whose attributes the unit's cursor stands at, and stops behind them. */
function readEnumerator(unit: Unit, { attributes }: Abbrev, pos: number): Stored {
  const { cursor } = unit;
  let name: string | number = '';
  let value = 0n;
  for (const { at, form, implicit } of attributes) {
    const start = cursor.pos;
    if (at === DW_AT.name) {
      name =
        form === DW_FORM.string
          ? cursor.cstring()
          : (unit.file.strOffset(unit, cursor, form, unit.root.strOffsetsBase) ?? nameOf(unit, pos));
    } else if (at === DW_AT.const_value)
      value = readConstant(cursor, form, implicit) ?? constantOf(unit, pos);
    cursor.pos = start;
    skipForm(cursor, form, unit);
  }
  return { name, pos, value };
}

/** A name in a form that is seldom used, or one that is kept elsewhere (dwz). */
function nameOf(unit: Unit, pos: number): string {
  return new Die(unit, pos).string(DW_AT.name) ?? '';
}

function constantOf(unit: Unit, pos: number): bigint {
  return new Die(unit, pos).constant(DW_AT.const_value) ?? 0n;
}

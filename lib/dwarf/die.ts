import type { ByteCursor } from '../bytes/cursor.js';
import type { Abbrev } from './abbrev.js';
import { DW_AT, DW_FORM } from './constants.js';
import { indirectForm, readAddress, readBlock, readConstant, readIndex, readOffset } from './form.js';
import type { Unit } from './unit.js';
import { siblingPos } from './walk.js';

/** An entry that is referred to but can't be read, and why: a dwz supplementary file, a missing type unit. */
class Unavailable {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** Links from an entry to the one it completes or is an instance of; compilers chain two or three. */
const MAX_CHAIN = 16;

/** A debugging information entry (DWARF v5 §2.1): a tag and attributes, which are decoded when asked for. */
export class Die {
  readonly unit: Unit;
  /** In bytes from the start of the unit. */
  readonly pos: number;
  readonly abbrev: Abbrev;
  readonly #attributesPos: number;

  constructor(unit: Unit, pos: number) {
    const { cursor } = unit;
    cursor.pos = pos;
    const code = cursor.uleb();
    this.unit = unit;
    this.pos = pos;
    this.#attributesPos = cursor.pos;
    this.abbrev = unit.abbrev(code, pos);
  }

  get tag(): number {
    return this.abbrev.tag;
  }

  /** In `DebugFile`'s one space of offsets: what the entry is known by. */
  get offset(): number {
    return this.unit.start + this.pos;
  }

  has(at: number): boolean {
    return this.abbrev.has(at);
  }

  /** A constant as it is stored, or an offset into another section. */
  constant(at: number): bigint | undefined {
    return this.#read(at, (cursor, form, implicit) =>
      form === DW_FORM.sec_offset
        ? BigInt(readOffset(cursor, this.unit.offsetSize))
        : readConstant(cursor, form, implicit),
    );
  }

  number(at: number): number | undefined {
    const value = this.constant(at);
    return value === undefined ? undefined : Number(value);
  }

  flag(at: number): boolean {
    return (
      this.#read(at, (cursor, form) =>
        form === DW_FORM.flag_present ? true : form === DW_FORM.flag ? cursor.u8() !== 0 : undefined,
      ) ?? false
    );
  }

  string(at: number): string | undefined {
    return this.#read(at, (cursor, form) =>
      // The unit's base is asked for only by the forms that need it.
      this.unit.file.stringValue(this.unit, cursor, form, this.unit.root.strOffsetsBase),
    );
  }

  address(at: number): bigint | undefined {
    return this.#read(at, (cursor, form) => {
      if (form === DW_FORM.addr) return readAddress(cursor, this.unit.addressSize);
      const index = readIndex(cursor, form);
      return index === undefined
        ? undefined
        : this.unit.file.indexedAddress(this.unit, index, this.unit.root.addrBase);
    });
  }

  /** The `DW_AT.ranges` of the entry. */
  get ranges(): { value: number; isIndex: boolean } | undefined {
    return this.#read(DW_AT.ranges, (cursor, form) => {
      if (form === DW_FORM.rnglistx) return { value: cursor.uleb(), isIndex: true };
      const value = this.number(DW_AT.ranges);
      return value === undefined ? undefined : { value, isIndex: false };
    });
  }

  /** The bytes of an expression. */
  block(at: number): Uint8Array | undefined {
    return this.#read(at, readBlock);
  }

  /** The entry that an attribute refers to; undefined without such an attribute. */
  reference(at: number): Die | Unavailable | undefined {
    return this.#read(at, (cursor, form) => {
      switch (form) {
        case DW_FORM.ref1:
          return this.#near(cursor.u8());
        case DW_FORM.ref2:
          return this.#near(cursor.u16());
        case DW_FORM.ref4:
          return this.#near(cursor.u32());
        case DW_FORM.ref8:
          return this.#near(cursor.offset64());
        case DW_FORM.ref_udata:
          return this.#near(cursor.uleb());
        case DW_FORM.ref_addr:
          return this.#far(
            readOffset(cursor, this.unit.version <= 2 ? this.unit.addressSize : this.unit.offsetSize),
          );
        case DW_FORM.ref_sig8:
          return this.#signature(cursor.u64());
        case DW_FORM.ref_sup4:
        case DW_FORM.ref_sup8:
        case DW_FORM.GNU_ref_alt:
          return new Unavailable('it is in a supplementary file (dwz), which is not read');
        default:
          return undefined;
      }
    });
  }

  /** Its name, or that of the entry which it completes or is an instance of. */
  get name(): string | undefined {
    return this.inherited(DW_AT.name)?.string(DW_AT.name);
  }

  /** The symbol's name where it is another than `name`: C++ and Rust mangling, an asm label. */
  get linkageName(): string | undefined {
    for (const at of [DW_AT.linkage_name, DW_AT.MIPS_linkage_name]) {
      const name = this.inherited(at)?.string(at);
      if (name !== undefined) return name;
    }
    return undefined;
  }

  /** The entry that carries an attribute: this one, or the first it is linked to that does. */
  inherited(at: number): Die | undefined {
    return this.chain().find((die) => die.has(at));
  }

  /** This entry, and those that it is an instance (DWARF v5 §3.3.8) or the completion (§2.13.2) of. */
  chain(): Die[] {
    const dies: Die[] = [this];
    for (const die of dies) {
      const next = die.reference(DW_AT.abstract_origin) ?? die.reference(DW_AT.specification);
      if (!(next instanceof Die)) break;
      if (dies.length >= MAX_CHAIN) return this.#fail(`more than ${MAX_CHAIN} links from entry to entry`);
      dies.push(next);
    }
    return dies;
  }

  /** Its direct children, in order. */
  children(): Die[] {
    const dies: Die[] = [];
    if (!this.abbrev.hasChildren) return dies;
    const { unit } = this;
    unit.cursor.pos = this.#attributesPos;
    this.abbrev.skip(unit.cursor, unit);
    for (let pos = unit.cursor.pos; !this.#isNull(pos);) {
      const die = new Die(unit, pos);
      dies.push(die);
      pos = siblingPos(unit, die.abbrev, die.#attributesPos);
    }
    return dies;
  }

  #isNull(pos: number): boolean {
    this.unit.cursor.pos = pos;
    return this.unit.cursor.uleb() === 0;
  }

  #read<T>(
    at: number,
    read: (cursor: ByteCursor, form: number, implicit: bigint | undefined) => T | undefined,
  ): T | undefined {
    const index = this.abbrev.indexOf(at);
    if (index < 0) return undefined;
    const spec = this.abbrev.attributes[index];
    if (spec === undefined) return undefined;
    const { cursor } = this.unit;
    cursor.pos = this.#attributesPos;
    this.abbrev.skip(cursor, this.unit, index);
    return read(cursor, spec.form === DW_FORM.indirect ? indirectForm(cursor) : spec.form, spec.implicit);
  }

  #near(pos: number): Die {
    if (pos >= this.unit.end - this.unit.start)
      this.#fail(`reference to 0x${pos.toString(16)}, outside the unit`);
    return new Die(this.unit, pos);
  }

  #far(offset: number): Die {
    const { unit } = this;
    const target = offset >= unit.start && offset < unit.end ? unit : unit.file.unitContaining(offset);
    if (target === undefined) return this.#fail(`reference to 0x${offset.toString(16)}, outside every unit`);
    return new Die(target, offset - target.start);
  }

  #signature(signature: bigint): Die | Unavailable {
    const unit = this.unit.file.typeUnit(signature);
    if (unit === undefined) return new Unavailable(`its type unit 0x${signature.toString(16)} is missing`);
    return new Die(unit, unit.header.typePos);
  }

  #fail(reason: string): never {
    return this.unit.cursor.fail(reason, this.pos);
  }
}

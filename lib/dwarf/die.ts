import type { Abbrev } from './abbrev.js';
import { DW_AT, DW_FORM } from './constants.js';
import type { DebugFile } from './file.js';
import {
  indirectForm,
  readAddress,
  readBlock,
  readConstant,
  readIndex,
  readNumber,
  readOffset,
} from './form.js';
import { MissingFileError } from './sections.js';
import type { Unit } from './unit.js';
import { nextPos, siblingPos } from './walk.js';

/** Children of an entry that are read. The structs, enums and functions of C have up to some thousand, C++'s namespaces in one unit some ten thousand. */
const MAX_CHILDREN = 1 << 18;

/** An entry that is referred to but can't be read, and why: a supplementary file or a type unit is missing. */
export class Unavailable {
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
  readonly #user: Unit | undefined;

  /** `user`: the unit from which one of a partial unit was reached. `read`: what was read of it already. */
  constructor(unit: Unit, pos: number, user?: Unit, read?: { abbrev: Abbrev; attributesPos: number }) {
    this.unit = unit;
    this.pos = pos;
    this.#user = user;
    if (read === undefined) {
      const { cursor } = unit;
      cursor.pos = pos;
      const code = cursor.uleb();
      this.#attributesPos = cursor.pos;
      this.abbrev = unit.abbrev(code, pos);
    } else {
      this.#attributesPos = read.attributesPos;
      this.abbrev = read.abbrev;
    }
  }

  get tag(): number {
    return this.abbrev.tag;
  }

  /** The number that the entry is known by among all of a library's files. */
  get id(): number {
    return this.unit.file.base + this.unit.start + this.pos;
  }

  /**
   * The unit that says which language the entry is in, and which compiler wrote it: its own. The partial units of dwz don't say, and are taken for part of the
   * unit that the entry was reached from, or else of one that imports them (DWARF v5 §3.2.5).
   */
  get compileUnit(): Unit {
    const { unit } = this;
    return unit.isPartial ? (this.#user ?? unit.file.main.imports.userOf(unit)) : unit;
  }

  get language(): number | undefined {
    return this.unit.language ?? this.compileUnit.language;
  }

  has(at: number): boolean {
    return this.abbrev.has(at);
  }

  /** A constant as it is stored, or an offset into another section. */
  constant(at: number): bigint | undefined {
    const form = this.#seek(at);
    if (form === 0) return undefined;
    const { cursor, offsetSize } = this.unit;
    if (form === DW_FORM.sec_offset) return BigInt(readOffset(cursor, offsetSize));
    return readConstant(cursor, form, this.#implicit(at));
  }

  number(at: number): number | undefined {
    const form = this.#seek(at);
    if (form === 0) return undefined;
    const { cursor, offsetSize } = this.unit;
    if (form === DW_FORM.sec_offset) return readOffset(cursor, offsetSize);
    return readNumber(cursor, form, form === DW_FORM.implicit_const ? this.#implicit(at) : undefined);
  }

  flag(at: number): boolean {
    const form = this.#seek(at);
    return form === DW_FORM.flag_present || (form === DW_FORM.flag && this.unit.cursor.u8() !== 0);
  }

  string(at: number): string | undefined {
    const form = this.#seek(at);
    if (form === 0) return undefined;
    const { unit } = this;
    const { cursor, file } = unit;
    // The unit's base is asked for only by the forms that need it.
    if (form === DW_FORM.strp) return file.debugString(readOffset(cursor, unit.offsetSize));
    if (form === DW_FORM.string) return cursor.cstring();
    if (form === DW_FORM.line_strp) return file.lineString(readOffset(cursor, unit.offsetSize));
    return file.stringValue(unit, cursor, form, unit.root.strOffsetsBase);
  }

  address(at: number): bigint | undefined {
    const form = this.#seek(at);
    if (form === 0) return undefined;
    const { unit } = this;
    if (form === DW_FORM.addr) return readAddress(unit.cursor, unit.addressSize);
    const index = readIndex(unit.cursor, form);
    return index === undefined ? undefined : unit.indexedAddress(index);
  }

  /** The list of ranges or places that an attribute names: by its offset, or by an index into those of the unit. */
  list(at: number): { value: number; isIndex: boolean } | undefined {
    const form = this.#seek(at);
    if (form === DW_FORM.rnglistx || form === DW_FORM.loclistx) {
      return { value: this.unit.cursor.uleb(), isIndex: true };
    }
    const value = form === 0 ? undefined : this.number(at);
    return value === undefined ? undefined : { value, isIndex: false };
  }

  /** The bytes of an expression. */
  block(at: number): Uint8Array | undefined {
    const form = this.#seek(at);
    return form === 0 ? undefined : readBlock(this.unit.cursor, form);
  }

  /** The entry that an attribute refers to; undefined without such an attribute. */
  reference(at: number): Die | Unavailable | undefined {
    const form = this.#seek(at);
    if (form === 0) return undefined;
    const { cursor, version, addressSize, offsetSize } = this.unit;
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
        return this.#far(readOffset(cursor, version <= 2 ? addressSize : offsetSize));
      case DW_FORM.ref_sig8:
        return this.#signature(cursor.u64());
      case DW_FORM.ref_sup4:
        return this.#supplementary(cursor.u32());
      case DW_FORM.ref_sup8:
        return this.#supplementary(cursor.offset64());
      case DW_FORM.GNU_ref_alt:
        return this.#supplementary(readOffset(cursor, offsetSize));
      default:
        return undefined;
    }
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
    if (this.has(at)) return this;
    return this.#isLinked ? this.chain().find((die) => die.has(at)) : undefined;
  }

  get #isLinked(): boolean {
    return this.has(DW_AT.abstract_origin) || this.has(DW_AT.specification);
  }

  /** This entry, and those that it is an instance (DWARF v5 §3.3.8) or the completion (§2.13.2) of. */
  chain(): Die[] {
    const dies: Die[] = [this];
    if (!this.#isLinked) return dies;
    for (const die of dies) {
      const next = die.reference(DW_AT.abstract_origin) ?? die.reference(DW_AT.specification);
      if (next === undefined) break;
      if (next instanceof Unavailable) throw new MissingFileError(next.reason);
      if (dies.length >= MAX_CHAIN) return this.#fail(`more than ${MAX_CHAIN} links from entry to entry`);
      dies.push(next);
    }
    return dies;
  }

  /** Its direct children, in order; with `tags`, those of these alone. */
  children(...tags: readonly number[]): Die[] {
    const dies: Die[] = [];
    if (!this.abbrev.hasChildren) return dies;
    const { unit } = this;
    const { cursor } = unit;
    cursor.pos = this.#attributesPos;
    this.abbrev.skip(cursor, unit);
    const { shapes } = unit.abbrevs;
    const { data } = cursor;
    for (let { pos } = cursor; ;) {
      const next = nextPos(cursor, shapes, pos);
      // Most children of a function are passed over here: its variables and its blocks.
      if (next >= 0 && tags.length > 0 && !tags.includes(shapes.tags[data[pos] ?? 0] ?? 0)) {
        pos = next;
        continue;
      }
      cursor.pos = pos;
      const code = cursor.uleb();
      if (code === 0) return dies;
      const attributesPos = cursor.pos;
      const abbrev = unit.abbrev(code, pos);
      if (tags.length === 0 || tags.includes(abbrev.tag)) {
        if (dies.length >= MAX_CHILDREN) return this.#fail(`more than ${MAX_CHILDREN} entries in one`);
        dies.push(new Die(unit, pos, this.#user, { abbrev, attributesPos }));
      }
      pos = next >= 0 ? next : siblingPos(unit, abbrev, attributesPos);
    }
  }

  /** Moves the unit's cursor to the value of an attribute. Its form; 0, which is none, without such an attribute. */
  #seek(at: number): number {
    const { abbrev, unit } = this;
    const index = abbrev.indexOf(at);
    const spec = abbrev.attributes[index];
    if (spec === undefined) return 0;
    const { cursor } = unit;
    cursor.pos = this.#attributesPos;
    abbrev.skip(cursor, unit, index);
    return spec.form === DW_FORM.indirect ? indirectForm(cursor) : spec.form;
  }

  isNamed(name: string): boolean {
    return this.name === name || this.linkageName === name;
  }

  /**
   * Whether it has the name behind a prefix of a library's own, which begins with an underscore (C17 §7.1.3): glibc's `printf` is `__printf` to the debug info,
   * `malloc` is `__libc_malloc`, and `puts` is `_IO_puts`.
   */
  isAliasOf(name: string): boolean {
    const own = this.name;
    return own?.startsWith('_') === true && own.endsWith(`_${name.replace(/^_+/, '')}`);
  }

  /** Whether all that it completes or is an instance of can be had: else nothing is known of it, not its name either. */
  get isReadable(): boolean {
    try {
      this.chain();
      return true;
    } catch (error) {
      if (error instanceof MissingFileError) return false;
      throw error;
    }
  }

  #implicit(at: number): bigint | undefined {
    return this.abbrev.attributes[this.abbrev.indexOf(at)]?.implicit;
  }

  #near(pos: number): Die {
    if (pos >= this.unit.end - this.unit.start)
      this.#fail(`reference to 0x${pos.toString(16)}, outside the unit`);
    return new Die(this.unit, pos, this.#user);
  }

  #far(offset: number): Die | Unavailable {
    const { unit } = this;
    // gcc with -flto refers to a unit of the library itself, and nothing fills in where: no linker sees a split file.
    if (unit.file.isSplit && offset === 0) return new Unavailable('its debug info refers to nowhere');
    if (offset >= unit.start && offset < unit.end) return new Die(unit, offset - unit.start, this.#user);
    return this.#into(unit.file, offset);
  }

  #supplementary(offset: number): Die | Unavailable {
    const { file } = this.unit;
    const missing = file.missingSupplementary;
    return missing === undefined ? this.#into(file.supplementary, offset) : new Unavailable(missing);
  }

  #into(file: DebugFile, offset: number): Die {
    const target = file.unitContaining(offset);
    if (target === undefined) return this.#fail(`reference to 0x${offset.toString(16)}, outside every unit`);
    return new Die(target, offset - target.start, target.isPartial ? this.compileUnit : undefined);
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

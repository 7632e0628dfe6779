import type { ByteCursor } from '../bytes/cursor.js';
import type { ByteSource } from '../bytes/source.js';
import type { Abbrev, AbbrevTable } from './abbrev.js';
import { DW_AT, DW_FORM, DW_TAG, DW_UT } from './constants.js';
import type { DebugFile } from './file.js';
import { indirectForm, readAddress, readConstant, readIndex, readNumber, readOffset } from './form.js';
import type { Encoding } from './form.js';
import { parseAt } from './sections.js';

/** What stands in front of a unit's entries (DWARF v5 §7.5.1). Offsets count from the start of the section. */
export interface UnitHeader extends Encoding {
  readonly offset: number;
  readonly end: number;
  readonly unitType: number;
  readonly abbrevOffset: number;
  /** The unit's own entry, in bytes from `offset`. */
  readonly rootPos: number;
  /** Of a type unit: its name, and its type's entry in bytes from `offset`. */
  readonly signature: bigint | undefined;
  readonly typePos: number;
  /** Of a skeleton and of a split unit of DWARF 5: what tells that the two belong together. */
  readonly dwoId: bigint | undefined;
}

/** The longest header: 64-bit format, version 5, type unit. */
const MAX_HEADER = 40;

/**
 * Reads the header at `offset`; undefined for padding (a length of zero), which is 4 bytes long.
 * `inTypes`: the section is `.debug_types` of DWARF 4, whose headers name a type without saying so.
 */
export function parseUnitHeader(
  section: ByteSource,
  offset: number,
  littleEndian: boolean,
  inTypes: boolean,
): UnitHeader | undefined {
  return parseAt(section, offset, littleEndian, MAX_HEADER, (cursor) => {
    let length = cursor.u32();
    const offsetSize = length === 0xffffffff ? 8 : 4;
    if (offsetSize === 8) length = cursor.offset64();
    if (length === 0) return undefined;
    const end = offset + cursor.pos + length;
    if (end > section.size) cursor.fail(`unit of ${length} bytes, the section ends before`, 0);
    const version = cursor.u16();
    if (version < 2 || version > 5) cursor.fail(`unit of version ${version}`, 0);
    let unitType: number = inTypes ? DW_UT.type : DW_UT.compile;
    let addressSize = 0;
    if (version >= 5) {
      unitType = cursor.u8();
      addressSize = cursor.u8();
    }
    const abbrevOffset = readOffset(cursor, offsetSize);
    if (version < 5) addressSize = cursor.u8();
    if (addressSize !== 4 && addressSize !== 8) cursor.fail(`unit with addresses of ${addressSize} bytes`, 0);
    let signature: bigint | undefined;
    let typePos = 0;
    let dwoId: bigint | undefined;
    if (unitType === DW_UT.type || unitType === DW_UT.split_type) {
      signature = cursor.u64();
      typePos = readOffset(cursor, offsetSize);
    } else if (unitType === DW_UT.skeleton || unitType === DW_UT.split_compile) {
      dwoId = cursor.u64();
    }
    const rootPos = cursor.pos;
    return {
      version,
      offsetSize,
      addressSize,
      offset,
      end,
      unitType,
      abbrevOffset,
      rootPos,
      signature,
      typePos,
      dwoId,
    };
  });
}

/** What the unit's own entry says that its other entries are read with (DWARF v5 §3.1.1). */
export interface UnitRoot {
  readonly tag: number;
  /** Where its children start, in bytes from the start of the unit; undefined if it has none. */
  readonly childrenPos: number | undefined;
  readonly language: number | undefined;
  readonly lowPc: bigint | undefined;
  readonly highPc: bigint | undefined;
  /** Its `DW_AT.ranges`: an offset, or an index into the unit's range lists. */
  readonly ranges: { readonly value: number; readonly isIndex: boolean } | undefined;
  readonly strOffsetsBase: number | undefined;
  readonly addrBase: number | undefined;
  readonly rnglistsBase: number | undefined;
  readonly loclistsBase: number | undefined;
  /** What the range lists of a split unit of DWARF 4 are counted from. */
  readonly rangesBase: number;
  readonly stmtList: number | undefined;
  /** The file that holds the entries themselves (`-gsplit-dwarf`), as the compiler called it, and the directory it worked in. */
  readonly dwoName: string | undefined;
  readonly compDir: string | undefined;
  /** Of a skeleton and of a split unit of DWARF 4, what DWARF 5 has in the header. */
  readonly dwoId: bigint | undefined;
}

/** One unit of `.debug_info` or `.debug_types`. Its bytes and its abbreviations are read at first use. */
export class Unit implements Encoding {
  readonly file: DebugFile;
  readonly header: UnitHeader;
  readonly version: number;
  readonly offsetSize: 4 | 8;
  readonly addressSize: number;
  /** Where it starts in `DebugFile`'s one space of offsets. */
  readonly start: number;
  readonly end: number;
  /** The unit in the file itself that this one, of a split file, completes: addresses are found through it. */
  skeleton: Unit | undefined;
  readonly #section: ByteSource;
  #cursor: ByteCursor | undefined;
  #abbrevs: AbbrevTable | undefined;
  #root: UnitRoot | undefined;
  #head: Pick<UnitRoot, 'language' | 'childrenPos'> | undefined;

  constructor(file: DebugFile, section: ByteSource, header: UnitHeader, start: number) {
    this.file = file;
    this.header = header;
    this.version = header.version;
    this.offsetSize = header.offsetSize;
    this.addressSize = header.addressSize;
    this.start = start;
    this.end = start + header.end - header.offset;
    this.#section = section;
  }

  /** All its bytes; positions count from the start of the unit. One cursor for everybody: set `pos` before reading. */
  get cursor(): ByteCursor {
    this.#cursor ??= this.file.loadUnit(this, this.#section);
    return this.#cursor;
  }

  /** Reads the bytes and the abbreviations, and keeps them. */
  load(): AbbrevTable {
    this.#cursor ??= this.file.loadUnit(this, this.#section);
    return this.abbrevs;
  }

  /** Lets go of the bytes and the abbreviations; the next look at them reads them again. */
  release(): void {
    this.#cursor = undefined;
    this.#abbrevs = undefined;
  }

  get abbrevs(): AbbrevTable {
    if (this.#abbrevs !== undefined) return this.#abbrevs;
    const table = this.file.abbrevs.at(this.header.abbrevOffset, this);
    // Without bytes there is nothing to let go of, and nobody would.
    if (this.#cursor !== undefined) this.#abbrevs = table;
    return table;
  }

  /** The abbreviation `code`, which an entry at `pos` has. */
  abbrev(code: number, pos: number): Abbrev {
    return this.abbrevs.get(code) ?? this.cursor.fail(`unknown abbreviation ${code}`, pos);
  }

  /** `DW_LANG` of the unit's own entry, for who reads other entries as well. */
  get language(): number | undefined {
    return (this.#head ??= this.#readHead()).language;
  }

  /** Where the children of its own entry start, for who reads them. */
  get childrenPos(): number | undefined {
    return (this.#head ??= this.#readHead()).childrenPos;
  }

  #readHead(): Pick<UnitRoot, 'language' | 'childrenPos'> {
    if (this.#root !== undefined) return this.#root;
    const { cursor } = this;
    const { rootPos } = this.header;
    cursor.pos = rootPos;
    const abbrev = this.abbrev(cursor.uleb(), rootPos);
    const start = cursor.pos;
    const index = abbrev.indexOf(DW_AT.language);
    const spec = abbrev.attributes[index];
    let language: number | undefined;
    if (spec !== undefined) {
      abbrev.skip(cursor, this, index);
      const form = spec.form === DW_FORM.indirect ? indirectForm(cursor) : spec.form;
      language = readNumber(cursor, form, spec.implicit);
    }
    cursor.pos = start;
    abbrev.skip(cursor, this);
    return { language, childrenPos: abbrev.hasChildren ? cursor.pos : undefined };
  }

  get root(): UnitRoot {
    // Reading only the start of the unit: finding the unit of an address asks every unit.
    const section = this.file.forward(this.#section);
    this.#root ??= parseAt(section, this.header.offset, this.file.littleEndian, 512, (cursor) =>
      this.#readRoot(cursor),
    );
    return this.#root;
  }

  /** Whether its entries are in a split file. A split unit of gcc's names its file as well. */
  get isSkeleton(): boolean {
    if (this.file.isSplit) return false;
    return this.version >= 5
      ? this.header.unitType === DW_UT.skeleton
      : this.header.signature === undefined && this.root.dwoName !== undefined;
  }

  /** Whether dwz made it of what several units share. It says neither language nor compiler. */
  get isPartial(): boolean {
    return this.version >= 5
      ? this.header.unitType === DW_UT.partial
      : this.header.signature === undefined && this.root.tag === DW_TAG.partial_unit;
  }

  get dwoId(): bigint | undefined {
    return this.header.dwoId ?? this.root.dwoId;
  }

  /** Entry `index` of its addresses. */
  indexedAddress(index: number): bigint {
    const { file, root } = this.skeleton ?? this;
    return file.indexedAddress(this, index, root.addrBase);
  }

  #readRoot(cursor: ByteCursor): UnitRoot {
    cursor.pos = this.header.rootPos;
    const code = cursor.uleb();
    const abbrev =
      this.file.abbrevs.root(this.header.abbrevOffset, this, code) ??
      cursor.fail(`unknown abbreviation ${code}`, this.header.rootPos);
    const { attributes } = abbrev;
    const start = cursor.pos;
    abbrev.skip(cursor, this);
    const childrenPos = abbrev.hasChildren ? cursor.pos : undefined;
    /** Moves the cursor to an attribute's value. */
    const seek = (at: number): { form: number; implicit: bigint | undefined } | undefined => {
      const index = abbrev.indexOf(at);
      const spec = attributes[index];
      if (spec === undefined) return undefined;
      cursor.pos = start;
      abbrev.skip(cursor, this, index);
      return spec.form === DW_FORM.indirect ? { form: indirectForm(cursor), implicit: undefined } : spec;
    };
    const number = (at: number): number | undefined => {
      const attribute = seek(at);
      if (attribute === undefined) return undefined;
      if (attribute.form === DW_FORM.sec_offset) return readOffset(cursor, this.offsetSize);
      return readNumber(cursor, attribute.form, attribute.implicit);
    };
    const addrBase = number(DW_AT.addr_base) ?? number(DW_AT.GNU_addr_base);
    const strOffsetsBase = number(DW_AT.str_offsets_base);
    const address = (at: number): bigint | undefined => {
      const attribute = seek(at);
      if (attribute === undefined) return undefined;
      if (attribute.form === DW_FORM.addr) return readAddress(cursor, this.addressSize);
      const index = readIndex(cursor, attribute.form);
      // The addresses of a split unit are in its skeleton.
      return index === undefined || this.file.isSplit
        ? undefined
        : this.file.indexedAddress(this, index, addrBase);
    };
    const text = (at: number): string | undefined => {
      const attribute = seek(at);
      return attribute && this.file.stringValue(this, cursor, attribute.form, strOffsetsBase);
    };
    const lowPc = address(DW_AT.low_pc);
    const size = number(DW_AT.high_pc);
    const ranges = seek(DW_AT.ranges);
    const isIndex = ranges?.form === DW_FORM.rnglistx;
    const rangesValue = isIndex ? cursor.uleb() : number(DW_AT.ranges);
    const dwoId = seek(DW_AT.GNU_dwo_id);
    const dwoIdValue = dwoId && readConstant(cursor, dwoId.form, dwoId.implicit);
    const dwoName = text(DW_AT.dwo_name) ?? text(DW_AT.GNU_dwo_name);
    return {
      tag: abbrev.tag,
      childrenPos,
      language: number(DW_AT.language),
      lowPc,
      // An address before DWARF 4, since then as a rule a size (DWARF v5 §2.17.2).
      highPc:
        size === undefined ? address(DW_AT.high_pc) : lowPc === undefined ? undefined : lowPc + BigInt(size),
      ranges: rangesValue === undefined ? undefined : { value: rangesValue, isIndex },
      strOffsetsBase,
      addrBase,
      rnglistsBase: number(DW_AT.rnglists_base),
      loclistsBase: number(DW_AT.loclists_base),
      rangesBase: number(DW_AT.GNU_ranges_base) ?? 0,
      stmtList: number(DW_AT.stmt_list),
      dwoName,
      compDir: dwoName === undefined ? undefined : text(DW_AT.comp_dir),
      dwoId: dwoIdValue,
    };
  }
}

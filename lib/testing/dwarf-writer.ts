import { BufferSource, type ByteSource } from '../bytes/source.js';
import { DW_AT, DW_FORM, DW_TAG, DW_UT } from '../dwarf/constants.js';
import type { DwarfSections } from '../dwarf/sections.js';

/** A value as its form wants it: bytes for blocks, a label for references, text for strings, a number otherwise. */
export type AttributeValue = number | bigint | string | boolean | readonly number[];

export type AttributeTree = readonly [at: number, form: number, value: AttributeValue];

/** An entry, its attributes in order and its children. `label` is what references name. */
export interface DieTree {
  readonly tag: number;
  readonly label?: string;
  readonly attributes?: readonly AttributeTree[];
  readonly children?: readonly DieTree[];
}

export interface UnitTree {
  /** 5 unless told otherwise. */
  readonly version?: number;
  readonly offsetSize?: 4 | 8;
  readonly unitType?: number;
  /** Of the unit's own entry, if it is not what the kind of unit says; and what references name it by. */
  readonly tag?: number;
  readonly label?: string;
  /** Of a type unit, with the label of its type. DWARF 4 keeps these in `.debug_types`. */
  readonly signature?: bigint;
  readonly typeLabel?: string;
  /** Attributes of the unit's own entry. */
  readonly attributes?: readonly AttributeTree[];
  readonly children: readonly DieTree[];
}

export interface WriteOptions {
  readonly littleEndian?: boolean;
  readonly addressSize?: 4 | 8;
  /** Further sections, or others in place of those that were made. */
  readonly sections?: Readonly<Record<string, Uint8Array>>;
}

/** Sections in memory, which a test may change before it reads them. */
export class WrittenDwarf implements DwarfSections {
  readonly littleEndian: boolean;
  readonly addressSize: number;
  readonly bytes: Map<string, Uint8Array>;

  constructor(littleEndian: boolean, addressSize: number, bytes: Map<string, Uint8Array>) {
    this.littleEndian = littleEndian;
    this.addressSize = addressSize;
    this.bytes = bytes;
  }

  section(name: string): ByteSource | undefined {
    const bytes = this.bytes.get(name);
    return bytes && new BufferSource(name, bytes);
  }
}

/**
 * Builds debug sections from literal trees, in any version, format and byte order.
 *
 * @example
 * writeDwarf([{ children: [{ tag: DW_TAG.base_type, attributes: [[DW_AT.name, DW_FORM.string, 'int']] }] }]);
 */
export function writeDwarf(units: readonly UnitTree[], options: WriteOptions = {}): WrittenDwarf {
  const { littleEndian = true, addressSize = 8, sections = {} } = options;
  const writer = new DwarfWriter(littleEndian, addressSize);
  for (const unit of units) writer.unit(unit);
  return new WrittenDwarf(
    littleEndian,
    addressSize,
    new Map([...writer.finish(), ...Object.entries(sections)]),
  );
}

/** Bytes that grow. */
export class ByteWriter {
  readonly littleEndian: boolean;
  readonly #bytes: number[] = [];

  constructor(littleEndian: boolean) {
    this.littleEndian = littleEndian;
  }

  get length(): number {
    return this.#bytes.length;
  }

  uint(value: number | bigint, size: number): this {
    this.#bytes.push(...this.#encode(value, size));
    return this;
  }

  uleb(value: number | bigint): this {
    let rest = BigInt.asUintN(128, BigInt(value));
    for (; rest >= 0x80n; rest >>= 7n) this.#bytes.push(Number(rest & 0x7fn) | 0x80);
    return this.raw([Number(rest)]);
  }

  sleb(value: number | bigint): this {
    let rest = BigInt(value);
    for (; rest < -64n || rest > 63n; rest >>= 7n) this.#bytes.push(Number(rest & 0x7fn) | 0x80);
    return this.raw([Number(rest & 0x7fn)]);
  }

  text(value: string): this {
    return this.raw([...Buffer.from(value), 0]);
  }

  raw(bytes: Iterable<number>): this {
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }

  /** Overwrites the `size` bytes at `at`. */
  patch(at: number, value: number | bigint, size: number): void {
    this.#bytes.splice(at, size, ...this.#encode(value, size));
  }

  toBytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  #encode(value: number | bigint, size: number): number[] {
    const bits = BigInt.asUintN(size * 8, BigInt(value));
    const bytes = Array.from({ length: size }, (_, i) => Number((bits >> BigInt(8 * i)) & 0xffn));
    return this.littleEndian ? bytes : bytes.reverse();
  }
}

/** A reference that is written before its target is. */
interface Patch {
  readonly section: ByteWriter;
  readonly at: number;
  readonly size: number;
  readonly label: string;
  /** What the reference counts from. */
  readonly base: number;
}

class DwarfWriter {
  readonly #littleEndian: boolean;
  readonly #addressSize: number;
  readonly #sections = new Map<string, ByteWriter>();
  readonly #labels = new Map<string, number>();
  readonly #patches: Patch[] = [];
  #code = 0;

  constructor(littleEndian: boolean, addressSize: number) {
    this.#littleEndian = littleEndian;
    this.#addressSize = addressSize;
  }

  finish(): [string, Uint8Array][] {
    for (const { section, at, size, label, base } of this.#patches) {
      section.patch(at, this.#labelled(label) - base, size);
    }
    return [...this.#sections].map(([name, writer]) => [name, writer.toBytes()]);
  }

  unit(unit: UnitTree): void {
    const { version = 5, offsetSize = 4, signature, children, attributes = [] } = unit;
    const isType = signature !== undefined;
    const out = this.#section(isType && version === 4 ? '.debug_types' : '.debug_info');
    const abbrevs = this.#section('.debug_abbrev');
    const abbrevOffset = abbrevs.length;
    const start = out.length;
    if (offsetSize === 8) out.uint(0xffffffff, 4);
    out.uint(0, offsetSize).uint(version, 2);
    const body = out.length - 2;
    if (version >= 5) {
      out.uint(unit.unitType ?? (isType ? DW_UT.type : DW_UT.compile), 1).uint(this.#addressSize, 1);
    }
    out.uint(abbrevOffset, offsetSize);
    if (version < 5) out.uint(this.#addressSize, 1);
    if (isType) {
      out.uint(signature, 8);
      this.#reference(out, offsetSize, unit.typeLabel ?? '', start);
    } else if (unit.unitType === DW_UT.skeleton) out.uint(0, 8);
    this.#code = 0;
    const { tag = isType ? DW_TAG.type_unit : DW_TAG.compile_unit, label } = unit;
    this.#die(
      out,
      { tag, ...(label !== undefined && { label }), attributes, children },
      { start, version, offsetSize },
    );
    abbrevs.uint(0, 1);
    out.patch(body - offsetSize, out.length - body, offsetSize);
  }

  #die(out: ByteWriter, die: DieTree, unit: { start: number; version: number; offsetSize: 4 | 8 }): void {
    const { tag, label, attributes = [], children } = die;
    const code = ++this.#code;
    const abbrevs = this.#section('.debug_abbrev');
    abbrevs
      .uleb(code)
      .uleb(tag)
      .uint(children === undefined ? 0 : 1, 1);
    for (const [at, form, value] of attributes) {
      abbrevs.uleb(at).uleb(form);
      if (form === DW_FORM.implicit_const) abbrevs.sleb(Number(value));
    }
    abbrevs.uint(0, 2);
    if (label !== undefined) this.#labels.set(label, out.length);
    out.uleb(code);
    for (const [, form, value] of attributes) this.#value(out, form, value, unit);
    if (children === undefined) return;
    for (const child of children) this.#die(out, child, unit);
    out.uint(0, 1);
  }

  #value(
    out: ByteWriter,
    form: number,
    value: AttributeValue,
    unit: { start: number; version: number; offsetSize: 4 | 8 },
  ): void {
    if (typeof value === 'object') {
      const lengths: Record<number, number> = {
        [DW_FORM.block1]: 1,
        [DW_FORM.block2]: 2,
        [DW_FORM.block4]: 4,
      };
      const size = lengths[form];
      if (size === undefined) out.uleb(value.length);
      else out.uint(value.length, size);
      out.raw(value);
    } else if (typeof value === 'string') {
      this.#text(out, form, value, unit);
    } else if (form === DW_FORM.udata || UNSIZED.includes(form)) out.uleb(Number(value));
    else if (form === DW_FORM.sdata) out.sleb(BigInt(value));
    else out.uint(BigInt(value), this.#size(form, unit));
  }

  /** Text is a string, or the label that a reference form names. */
  #text(
    out: ByteWriter,
    form: number,
    value: string,
    unit: { start: number; version: number; offsetSize: 4 | 8 },
  ): void {
    switch (form) {
      case DW_FORM.string:
        out.text(value);
        return;
      case DW_FORM.strp:
        out.uint(this.#string('.debug_str', value), unit.offsetSize);
        return;
      case DW_FORM.line_strp:
        out.uint(this.#string('.debug_line_str', value), unit.offsetSize);
        return;
      case DW_FORM.ref_addr:
        this.#reference(out, this.#size(form, unit), value, 0);
        return;
      default:
        this.#reference(out, this.#size(form, unit), value, unit.start);
    }
  }

  #string(section: string, value: string): number {
    const strings = this.#section(section);
    const at = strings.length;
    strings.text(value);
    return at;
  }

  #reference(section: ByteWriter, size: number, label: string, base: number): void {
    this.#patches.push({ section, at: section.length, size, label, base });
    section.uint(0, size);
  }

  #labelled(label: string): number {
    const at = this.#labels.get(label);
    if (at === undefined) throw new Error(`no entry is labelled ${label}`);
    return at;
  }

  #size(form: number, unit: { version: number; offsetSize: 4 | 8 }): number {
    if (form === DW_FORM.addr) return this.#addressSize;
    if (form === DW_FORM.ref_addr && unit.version === 2) return this.#addressSize;
    return SIZES[form] ?? unit.offsetSize;
  }

  #section(name: string): ByteWriter {
    let writer = this.#sections.get(name);
    if (writer === undefined) {
      writer = new ByteWriter(this.#littleEndian);
      this.#sections.set(name, writer);
    }
    return writer;
  }
}

/** Forms of LEB128 numbers besides `udata`. */
const UNSIZED: readonly number[] = [
  DW_FORM.strx,
  DW_FORM.addrx,
  DW_FORM.rnglistx,
  DW_FORM.ref_udata,
  DW_FORM.GNU_addr_index,
];

/** Bytes of the forms that have a size of their own; the others take an offset. */
const SIZES: Record<number, number> = {
  [DW_FORM.flag_present]: 0,
  [DW_FORM.implicit_const]: 0,
  [DW_FORM.data1]: 1,
  [DW_FORM.flag]: 1,
  [DW_FORM.ref1]: 1,
  [DW_FORM.strx1]: 1,
  [DW_FORM.addrx1]: 1,
  [DW_FORM.data2]: 2,
  [DW_FORM.ref2]: 2,
  [DW_FORM.strx3]: 3,
  [DW_FORM.data4]: 4,
  [DW_FORM.ref4]: 4,
  [DW_FORM.ref_sup4]: 4,
  [DW_FORM.data8]: 8,
  [DW_FORM.ref_sup8]: 8,
  [DW_FORM.ref8]: 8,
  [DW_FORM.ref_sig8]: 8,
  [DW_FORM.data16]: 16,
};

/** `DW_TAG.base_type`, as most tests need one: `baseType('int', 4, DW_ATE.signed)`, labelled by its name. */
export function baseType(name: string, size: number, encoding: number): DieTree {
  return {
    tag: DW_TAG.base_type,
    label: name,
    attributes: [
      [DW_AT.name, DW_FORM.string, name],
      [DW_AT.byte_size, DW_FORM.data1, size],
      [DW_AT.encoding, DW_FORM.data1, encoding],
    ],
  };
}

import type { ByteCursor } from '../bytes/cursor.js';
import { DW_FORM, nameOf } from './constants.js';

/** What the length of an attribute depends on, besides its form (DWARF v5 §7.4, §7.5.1). */
export interface Encoding {
  readonly version: number;
  /** 4 in the 32-bit DWARF format, 8 in the 64-bit one. */
  readonly offsetSize: 4 | 8;
  readonly addressSize: number;
}

/** The bytes that a value of `form` takes; undefined where the value itself says (DWARF v5 §7.5.6). */
export function fixedSize(form: number, encoding: Encoding): number | undefined {
  switch (form) {
    case DW_FORM.flag_present:
    case DW_FORM.implicit_const:
      return 0;
    case DW_FORM.data1:
    case DW_FORM.ref1:
    case DW_FORM.flag:
    case DW_FORM.strx1:
    case DW_FORM.addrx1:
      return 1;
    case DW_FORM.data2:
    case DW_FORM.ref2:
    case DW_FORM.strx2:
    case DW_FORM.addrx2:
      return 2;
    case DW_FORM.strx3:
    case DW_FORM.addrx3:
      return 3;
    case DW_FORM.data4:
    case DW_FORM.ref4:
    case DW_FORM.strx4:
    case DW_FORM.addrx4:
    case DW_FORM.ref_sup4:
      return 4;
    case DW_FORM.data8:
    case DW_FORM.ref8:
    case DW_FORM.ref_sig8:
    case DW_FORM.ref_sup8:
      return 8;
    case DW_FORM.data16:
      return 16;
    case DW_FORM.addr:
      return encoding.addressSize;
    case DW_FORM.ref_addr:
      // DWARF 2 made it an address; every later version an offset (DWARF v3 §7.5.4).
      return encoding.version <= 2 ? encoding.addressSize : encoding.offsetSize;
    case DW_FORM.strp:
    case DW_FORM.line_strp:
    case DW_FORM.sec_offset:
    case DW_FORM.strp_sup:
    case DW_FORM.GNU_ref_alt:
    case DW_FORM.GNU_strp_alt:
      return encoding.offsetSize;
    default:
      return undefined;
  }
}

/** Moves the cursor behind a value of `form`. */
export function skipForm(cursor: ByteCursor, form: number, encoding: Encoding): void {
  const size = fixedSize(form, encoding);
  if (size !== undefined) {
    cursor.skip(size);
    return;
  }
  switch (form) {
    case DW_FORM.udata:
    case DW_FORM.sdata:
    case DW_FORM.ref_udata:
    case DW_FORM.strx:
    case DW_FORM.addrx:
    case DW_FORM.loclistx:
    case DW_FORM.rnglistx:
    case DW_FORM.GNU_addr_index:
    case DW_FORM.GNU_str_index:
      while (cursor.u8() >= 0x80);
      return;
    case DW_FORM.string:
      cursor.skipCString();
      return;
    case DW_FORM.indirect:
      skipForm(cursor, indirectForm(cursor), encoding);
      return;
    default:
      cursor.skip(blockLength(cursor, form));
  }
}

/** The form that an indirect value names in front of itself; not another indirection, and no value kept in the abbreviation. */
export function indirectForm(cursor: ByteCursor): number {
  const form = cursor.uleb();
  if (form === DW_FORM.indirect || form === DW_FORM.implicit_const) {
    cursor.fail(`${nameOf(DW_FORM, form)} behind ${nameOf(DW_FORM, DW_FORM.indirect)}`);
  }
  return form;
}

function blockLength(cursor: ByteCursor, form: number): number {
  switch (form) {
    case DW_FORM.block1:
      return cursor.u8();
    case DW_FORM.block2:
      return cursor.u16();
    case DW_FORM.block4:
      return cursor.u32();
    case DW_FORM.block:
    case DW_FORM.exprloc:
      return cursor.uleb();
    default:
      return cursor.fail(`unknown form: ${nameOf(DW_FORM, form)}`);
  }
}

/** Whether values of `form` are bytes that stand for themselves: an expression or a constant. */
export function isBlock(form: number): boolean {
  return (
    form === DW_FORM.exprloc ||
    form === DW_FORM.block1 ||
    form === DW_FORM.block ||
    form === DW_FORM.block2 ||
    form === DW_FORM.block4
  );
}

/** The bytes of a block; undefined for another form. */
export function readBlock(cursor: ByteCursor, form: number): Uint8Array | undefined {
  return isBlock(form) ? cursor.bytes(blockLength(cursor, form)) : undefined;
}

/** An integer of the constant class, as stored (`data…` is unsigned); undefined for another form. */
export function readConstant(
  cursor: ByteCursor,
  form: number,
  implicit: bigint | undefined,
): bigint | undefined {
  switch (form) {
    case DW_FORM.data1:
      return BigInt(cursor.u8());
    case DW_FORM.data2:
      return BigInt(cursor.u16());
    case DW_FORM.data4:
      return BigInt(cursor.u32());
    case DW_FORM.data8:
      return cursor.u64();
    case DW_FORM.data16:
      return read128(cursor);
    case DW_FORM.udata:
      return cursor.ulebBig();
    case DW_FORM.sdata:
      return cursor.sleb();
    case DW_FORM.implicit_const:
      return implicit;
    default:
      return undefined;
  }
}

/** As `readConstant`, for who wants no more than 53 bits of it. */
export function readNumber(
  cursor: ByteCursor,
  form: number,
  implicit: bigint | undefined,
): number | undefined {
  switch (form) {
    case DW_FORM.data1:
      return cursor.u8();
    case DW_FORM.data2:
      return cursor.u16();
    case DW_FORM.data4:
      return cursor.u32();
    case DW_FORM.udata:
      return cursor.uleb();
    default: {
      const value = readConstant(cursor, form, implicit);
      return value === undefined ? undefined : Number(value);
    }
  }
}

function read128(cursor: ByteCursor): bigint {
  const [first, second] = [cursor.u64(), cursor.u64()];
  return cursor.littleEndian ? (second << 64n) | first : (first << 64n) | second;
}

/** An offset of the unit's format, or of DWARF before version 4, which had no form of its own for it. */
export function readOffset(cursor: ByteCursor, offsetSize: number): number {
  return offsetSize === 8 ? cursor.offset64() : cursor.u32();
}

/** The index of `strx…` and `addrx…` into the unit's table; undefined for another form. */
export function readIndex(cursor: ByteCursor, form: number): number | undefined {
  switch (form) {
    case DW_FORM.strx:
    case DW_FORM.addrx:
    case DW_FORM.GNU_str_index:
    case DW_FORM.GNU_addr_index:
    case DW_FORM.rnglistx:
    case DW_FORM.loclistx:
      return cursor.uleb();
    case DW_FORM.strx1:
    case DW_FORM.addrx1:
      return cursor.u8();
    case DW_FORM.strx2:
    case DW_FORM.addrx2:
      return cursor.u16();
    case DW_FORM.strx3:
    case DW_FORM.addrx3:
      return cursor.u24();
    case DW_FORM.strx4:
    case DW_FORM.addrx4:
      return cursor.u32();
    default:
      return undefined;
  }
}

/** An address of `size` bytes. */
export function readAddress(cursor: ByteCursor, size: number): bigint {
  switch (size) {
    case 8:
      return cursor.u64();
    case 4:
      return BigInt(cursor.u32());
    case 2:
      return BigInt(cursor.u16());
    default:
      return cursor.fail(`address size ${size}`);
  }
}

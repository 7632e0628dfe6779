import { ByteCursor } from '../bytes/cursor.js';
import { FormatError } from '../errors.js';
import { DW_AT, DW_FORM, DW_OP, DW_TAG } from './constants.js';
import { Die } from './die.js';
import { isBlock } from './form.js';
import type { Unit } from './unit.js';

/**
 * Entries of the unit that may be the function or the variable at `address`, without a walk: where the address stands,
 * and an abbreviation's code where an entry with it would start. A byte string can look like an entry by chance:
 * only one that turns out to have the expected name is to be believed. Entries with names of their own length in front of
 * the address, and with ranges aren't found.
 */
export function* likelyEntries(unit: Unit, tag: number, address: bigint): Generator<Die> {
  const { data } = unit.cursor;
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  for (const [needle, shapes] of needles(unit, tag, address)) {
    for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + 1)) {
      for (const { code, prefix } of shapes) {
        if (at - prefix >= unit.header.rootPos && bytes[at - prefix] === code)
          yield new Die(unit, at - prefix);
      }
    }
  }
}

/** An abbreviation's code, and how many bytes of its entries stand in front of their place; none if the code is in the needle. */
interface Shape {
  readonly code: number;
  readonly prefix: number;
}

/** What stands in entries of that address, and in which. */
function* needles(unit: Unit, tag: number, address: bigint): Generator<[Uint8Array, readonly Shape[]]> {
  const isFunction = tag === DW_TAG.subprogram;
  const plain: Shape[] = [];
  const indexed: Shape[] = [];
  for (const [code, abbrev] of unit.abbrevs.withTag(tag)) {
    // Codes of two bytes are rare, and compilers don't give one to what they write often.
    if (code > 0x7f) continue;
    const { form = 0, offset } =
      abbrev.attributes[abbrev.indexOf(isFunction ? DW_AT.low_pc : DW_AT.location)] ?? {};
    if (offset === undefined) continue;
    const isIndexed = isFunction ? form === DW_FORM.addrx : unit.version >= 5 && isBlock(form);
    if (isFunction ? form === DW_FORM.addr : isBlock(form)) plain.push({ code, prefix: 1 + offset });
    if (isIndexed) indexed.push({ code, prefix: 1 + offset });
  }
  const encoded = addressBytes(address, unit.addressSize, unit.file.littleEndian);
  if (plain.length > 0) yield [isFunction ? encoded : locationBytes(encoded), plain];
  const index = indexed.length === 0 ? undefined : addressIndex(unit, encoded);
  if (index === undefined) return;
  const place = ulebBytes(index);
  if (!isFunction) yield [Uint8Array.of(1 + place.length, DW_OP.addrx, ...place), indexed];
  // Too short to be looked for alone; clang has a function's address first.
  else
    for (const { code, prefix } of indexed)
      if (prefix === 1) yield [Uint8Array.of(code, ...place), [{ code, prefix: 0 }]];
}

/** Which one of the unit's part of `.debug_addr` (DWARF v5 §7.27) the address is. */
function addressIndex(unit: Unit, encoded: Uint8Array): number | undefined {
  const { file, root } = unit.skeleton ?? unit;
  const section = file.section('.debug_addr');
  const base = root.addrBase;
  if (section === undefined || base === undefined || base < LENGTH || base > section.size) return undefined;
  // Of the 64-bit format these are the high bytes of the length, or the low ones: nothing is found then, or too much looked at.
  const length = new ByteCursor(section.read(base - LENGTH, 4), file.littleEndian, section.name).u32() - 4;
  const bytes = section.read(base, Math.min(Math.max(length, 0), section.size - base));
  const addresses = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const size = encoded.length;
  for (let at = addresses.indexOf(encoded); at >= 0; at = addresses.indexOf(encoded, at + 1))
    if (at % size === 0) return at / size;
  return undefined;
}

/** What stands in front of a part's addresses in 32-bit DWARF: its length, the version and two sizes. */
const LENGTH = 8;

function ulebBytes(value: number): number[] {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 0x80)) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest % 0x80) + 0x80);
  }
}

/** An address as it is stored. */
export function addressBytes(address: bigint, size: number, littleEndian: boolean): Buffer {
  const bytes = Buffer.alloc(8);
  if (littleEndian) bytes.writeBigUInt64LE(BigInt.asUintN(64, address));
  else bytes.writeBigUInt64BE(BigInt.asUintN(64, address));
  return littleEndian ? bytes.subarray(0, size) : bytes.subarray(8 - size);
}

/** The expression `DW_OP.addr ADDRESS` with its length in front, which is one byte in `exprloc` and `block1` alike. */
export function locationBytes(address: Buffer): Buffer {
  return Buffer.from([1 + address.length, DW_OP.addr, ...address]);
}

/** Whether what may be an entry has the name. Bytes that only look like one may fail to decode. */
export function isLikely(die: Die, name: string): boolean {
  try {
    return die.isNamed(name);
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
}

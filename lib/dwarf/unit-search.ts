import { FormatError } from '../errors.js';
import { DW_AT, DW_FORM, DW_OP, DW_TAG } from './constants.js';
import { Die } from './die.js';
import { isBlock } from './form.js';
import type { Unit } from './unit.js';

/** Entries that are guessed: an address stands in few of them, and a walk over the unit tells as well. */
const MAX_GUESSES = 1000;

/**
 * Entries of the unit that may be the function or the variable at `address`, without a walk: where the address stands,
 * and an abbreviation's code where an entry with it would start. A byte string can look like an entry by chance:
 * only one that turns out to have the expected name is to be believed. Entries with names of their own length in front of
 * the address, and with ranges aren't found.
 */
export function* likelyEntries(unit: Unit, tag: number, address: bigint): Generator<Die> {
  const isFunction = tag === DW_TAG.subprogram;
  const starts: { readonly code: number; readonly prefix: number }[] = [];
  for (const [code, abbrev] of unit.abbrevs.withTag(tag)) {
    // Codes of two bytes are rare, and compilers don't give one to what they write often.
    if (code > 0x7f) continue;
    const { form = 0, offset } =
      abbrev.attributes[abbrev.indexOf(isFunction ? DW_AT.low_pc : DW_AT.location)] ?? {};
    // An index of an address (`DW_FORM.addrx`) is a byte or two, which other entries have with the same name behind them: a walk tells them apart.
    if (offset !== undefined && (isFunction ? form === DW_FORM.addr : isBlock(form)))
      starts.push({ code, prefix: 1 + offset });
  }
  if (starts.length === 0) return;
  const { data } = unit.cursor;
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const encoded = addressBytes(address, unit.addressSize, unit.file.littleEndian);
  const needle = isFunction ? encoded : locationBytes(encoded);
  let guesses = 0;
  for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + 1)) {
    for (const { code, prefix } of starts) {
      if (at - prefix < unit.header.rootPos || bytes[at - prefix] !== code) continue;
      if (guesses++ >= MAX_GUESSES) return;
      yield new Die(unit, at - prefix);
    }
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

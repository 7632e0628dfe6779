import { ByteCursor } from '../bytes/cursor.js';
import { DW_AT, DW_OP, DW_TAG } from './constants.js';
import type { Density } from './density.js';
import type { Die } from './die.js';
import { readAddress } from './form.js';
import { readRanges } from './ranges.js';

/** Where a variable lies: at an address, in each thread's own block, or elsewhere (registers, nowhere, computed). */
export type Location = bigint | 'tls' | undefined;

/** The place of a variable's entry (DWARF v5 §2.6). */
function variableLocation(die: Die): Location {
  const block = die.block(DW_AT.location);
  if (block === undefined || block.length === 0) return undefined;
  const { unit } = die;
  const cursor = new ByteCursor(block, unit.file.littleEndian, 'DW_AT.location');
  const op = cursor.u8();
  let address: bigint;
  switch (op) {
    case DW_OP.addr:
      address = readAddress(cursor, unit.addressSize);
      break;
    case DW_OP.addrx:
    case DW_OP.GNU_addr_index:
      address = unit.indexedAddress(cursor.uleb());
      break;
    case DW_OP.const4u:
    case DW_OP.const8u:
    case DW_OP.constu:
    case DW_OP.constx:
    case DW_OP.GNU_const_index: {
      // The offset in the thread's block, then the operation that makes an address of it.
      const last = block[block.length - 1];
      return last === DW_OP.form_tls_address || last === DW_OP.GNU_push_tls_address ? 'tls' : undefined;
    }
    default:
      return undefined;
  }
  if (cursor.atEnd) return address;
  // clang: a variable inside a merged global (`-mglobal-merge`).
  const next = cursor.u8();
  if (next === DW_OP.plus_uconst) {
    const sum = address + cursor.ulebBig();
    return cursor.pos === block.length ? sum : undefined;
  }
  // Before DWARF 4 had a constant for it, some compilers pushed the TLS offset as an address.
  return next === DW_OP.form_tls_address || next === DW_OP.GNU_push_tls_address ? 'tls' : undefined;
}

/**
 * The addresses that the symbol of a function's or variable's entry may have. A function split into hot and cold parts
 * (gcc -O2) has ranges and no `low_pc`; its symbol is the start of one of them. None for what the linker removed or folded
 * into something else (`--gc-sections`, `--icf`), where it leaves 0, or all ones as DWARF 6 will have it (issue 200609.1). `density` counts its ranges.
 */
export function addressesOf(die: Die, density?: Density): bigint[] {
  const nowhere = (1n << BigInt(8 * die.unit.addressSize)) - 1n;
  const addresses = die.tag === DW_TAG.variable ? [variableLocation(die)] : codeAddresses(die, density);
  return addresses.filter((a): a is bigint => typeof a === 'bigint' && a !== 0n && a !== nowhere);
}

function codeAddresses(die: Die, density: Density | undefined): (bigint | undefined)[] {
  const ranges = die.list(DW_AT.ranges);
  const starts = ranges === undefined ? [] : readRanges(die.unit, ranges, density).map(({ low }) => low);
  return [die.address(DW_AT.low_pc), ...starts];
}

/**
 * Bytes from the start of a struct to a member. In DWARF 2 always an expression, which gcc writes as
 * `DW_OP.plus_uconst`; undefined for one that has to be computed (virtual bases).
 */
export function memberOffset(die: Die): number | undefined {
  const constant = die.number(DW_AT.data_member_location);
  if (constant !== undefined) return constant;
  const block = die.block(DW_AT.data_member_location);
  if (block === undefined) return die.has(DW_AT.data_member_location) ? undefined : 0;
  const cursor = new ByteCursor(block, die.unit.file.littleEndian, 'DW_AT.data_member_location');
  const op = cursor.u8();
  if (op !== DW_OP.plus_uconst && op !== DW_OP.constu) return undefined;
  const offset = cursor.uleb();
  if (op === DW_OP.constu && (cursor.atEnd || cursor.u8() !== DW_OP.plus)) return undefined;
  return cursor.atEnd ? offset : undefined;
}

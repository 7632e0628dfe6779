import type { ByteCursor } from '../bytes/cursor.js';
import { DW_AT, DW_LLE, nameOf } from './constants.js';
import type { Die } from './die.js';
import { readAddress } from './form.js';
import { listOffset } from './ranges.js';
import { parseAt } from './sections.js';
import type { Unit } from './unit.js';

/** More than stand in front of the first place. */
const MAX_ENTRIES = 100;

/** The expression that tells where a variable is, of a list of places the first: at the entry of its function. Undefined where there is none. */
export function firstLocation(die: Die): Uint8Array | undefined {
  const block = die.block(DW_AT.location);
  if (block !== undefined) return block.length === 0 ? undefined : block;
  const list = die.list(DW_AT.location);
  if (list === undefined) return undefined;
  const { unit } = die;
  const { file } = unit;
  if (unit.version < 5) {
    const first = file.isSplit ? firstSplitEntry : firstPair;
    return parseAt(file.required('.debug_loc'), list.value, file.littleEndian, 64, (c) => first(unit, c));
  }
  const section = file.required('.debug_loclists');
  const offset = list.isIndex ? listOffset(unit, section, unit.root.loclistsBase, list.value) : list.value;
  return parseAt(section, offset, file.littleEndian, 64, (c) => firstEntry(unit, c));
}

/** Kinds of entries of a `.debug_loc.dwo` (GCC wiki "DebugFission"), which became those of DWARF 5 in another order. */
const DW_LLE_GNU = {
  end_of_list_entry: 0,
  base_address_selection_entry: 1,
  start_end_entry: 2,
  start_length_entry: 3,
  offset_pair_entry: 4,
} as const;

/** `.debug_loc.dwo` of DWARF 4: addresses are indexes. */
function firstSplitEntry(_: Unit, cursor: ByteCursor): Uint8Array | undefined {
  for (let i = 0; i < MAX_ENTRIES; i++) {
    const kind = cursor.u8();
    switch (kind) {
      case DW_LLE_GNU.end_of_list_entry:
        return undefined;
      case DW_LLE_GNU.base_address_selection_entry:
        cursor.uleb();
        continue;
      case DW_LLE_GNU.start_end_entry:
        cursor.uleb();
        cursor.uleb();
        break;
      case DW_LLE_GNU.start_length_entry:
        cursor.uleb();
        cursor.skip(4);
        break;
      case DW_LLE_GNU.offset_pair_entry:
        cursor.skip(8);
        break;
      default:
        cursor.fail(`unknown location list entry: ${kind}`, cursor.pos - 1);
    }
    return cursor.bytes(cursor.u16());
  }
  return undefined;
}

/** `.debug_loc` (DWARF v4 §2.6.2): pairs of addresses, each with an expression; (0, 0) ends, (all ones, x) sets the base. */
function firstPair(unit: Unit, cursor: ByteCursor): Uint8Array | undefined {
  const selectsBase = unit.addressSize === 8 ? 0xffffffffffffffffn : 0xffffffffn;
  for (let i = 0; i < MAX_ENTRIES; i++) {
    const low = readAddress(cursor, unit.addressSize);
    const high = readAddress(cursor, unit.addressSize);
    if (low === 0n && high === 0n) return undefined;
    if (low !== selectsBase) return cursor.bytes(cursor.u16());
  }
  return undefined;
}

/** `.debug_loclists` (DWARF v5 §7.7.3). */
function firstEntry({ addressSize }: Unit, cursor: ByteCursor): Uint8Array | undefined {
  for (let i = 0; i < MAX_ENTRIES; i++) {
    const kind = cursor.u8();
    switch (kind) {
      case DW_LLE.end_of_list:
        return undefined;
      case DW_LLE.base_addressx:
        cursor.uleb();
        continue;
      case DW_LLE.base_address:
        cursor.skip(addressSize);
        continue;
      case DW_LLE.startx_endx:
      case DW_LLE.startx_length:
      case DW_LLE.offset_pair:
        cursor.ulebBig();
        cursor.ulebBig();
        break;
      case DW_LLE.start_end:
        cursor.skip(2 * addressSize);
        break;
      case DW_LLE.start_length:
        cursor.skip(addressSize);
        cursor.ulebBig();
        break;
      case DW_LLE.default_location:
        break;
      default:
        cursor.fail(`unknown location list entry: ${nameOf(DW_LLE, kind)}`, cursor.pos - 1);
    }
    return cursor.bytes(cursor.uleb());
  }
  return undefined;
}

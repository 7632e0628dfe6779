import type { ByteCursor } from '../bytes/cursor.js';
import { DW_AT, DW_LLE, nameOf } from './constants.js';
import type { Die } from './die.js';
import { readAddress } from './form.js';
import { parseAt } from './sections.js';
import type { Unit } from './unit.js';

/** More than stand in front of the first place. */
const MAX_ENTRIES = 100;

/**
 * The expression that tells where a variable is, of a list of places the first: at the entry of its function. Undefined where there is none, and
 * for lists that are found by an index (`DW_FORM.loclistx`).
 */
export function firstLocation(die: Die): Uint8Array | undefined {
  const block = die.block(DW_AT.location);
  if (block !== undefined) return block.length === 0 ? undefined : block;
  const offset = die.number(DW_AT.location);
  if (offset === undefined) return undefined;
  const { unit } = die;
  const { file } = unit;
  return unit.version < 5
    ? parseAt(file.required('.debug_loc'), offset, file.littleEndian, 64, (c) => firstPair(unit, c))
    : parseAt(file.required('.debug_loclists'), offset, file.littleEndian, 64, (c) => firstEntry(unit, c));
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

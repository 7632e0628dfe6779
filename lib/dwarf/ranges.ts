import type { ByteCursor } from '../bytes/cursor.js';
import type { ByteSource } from '../bytes/source.js';
import { DW_RLE, nameOf } from './constants.js';
import type { Density } from './density.js';
import { readAddress, readOffset } from './form.js';
import { parseAt } from './sections.js';
import type { Unit } from './unit.js';

/** Addresses from `low` up to, not including, `high`. */
export interface AddressRange {
  readonly low: bigint;
  readonly high: bigint;
}

/** More than a file of any size has in one list: a list that leads to itself would go on for ever. */
const MAX_RANGES = 1 << 20;

/**
 * The ranges that a `DW_AT.ranges` of the unit refers to (DWARF v5 §2.17.3, v4 §2.17.3). Empty ranges are left out. `density` counts them for who reads many lists:
 * all may be the same long one.
 */
export function readRanges(
  unit: Unit,
  ranges: { value: number; isIndex: boolean },
  density?: Density,
): AddressRange[] {
  const { file, skeleton } = unit;
  if (unit.version < 5) {
    // Split units of DWARF 4 have theirs in the file itself, behind those of others (GCC wiki "DebugFission").
    const section = (skeleton?.file ?? file).required('.debug_ranges');
    const offset = ranges.value + (skeleton?.root.rangesBase ?? 0);
    return parseAt(section, offset, file.littleEndian, 256, (cursor) => rangePairs(unit, cursor, density));
  }
  const section = file.required('.debug_rnglists');
  const offset = ranges.isIndex
    ? listOffset(unit, section, unit.root.rnglistsBase, ranges.value)
    : ranges.value;
  return parseAt(section, offset, file.littleEndian, 256, (cursor) => rangeList(unit, cursor, density));
}

/** An index goes through the offsets at `DW_AT.rnglists_base` or `loclists_base`, which are relative to that base (DWARF v5 §7.28, §7.29). */
export function listOffset(
  { file, offsetSize }: Unit,
  section: ByteSource,
  given: number | undefined,
  index: number,
): number {
  // Without a base the offsets follow the section's header.
  const base = given ?? (offsetSize === 8 ? 20 : 12);
  return parseAt(
    section,
    base + index * offsetSize,
    file.littleEndian,
    offsetSize,
    (cursor) => base + readOffset(cursor, offsetSize),
  );
}

/** `.debug_ranges` (DWARF v4 §2.17.3): pairs relative to a base; (0, 0) ends, (all ones, x) sets the base. */
function rangePairs(unit: Unit, cursor: ByteCursor, density: Density | undefined): AddressRange[] {
  const list: AddressRange[] = [];
  const selectsBase = unit.addressSize === 8 ? 0xffffffffffffffffn : 0xffffffffn;
  let base = baseAddress(unit);
  for (let i = 0; i < MAX_RANGES; i++) {
    density?.count();
    const low = readAddress(cursor, unit.addressSize);
    const high = readAddress(cursor, unit.addressSize);
    if (low === 0n && high === 0n) return list;
    if (low === selectsBase) base = high;
    else if (low < high) list.push({ low: base + low, high: base + high });
  }
  return cursor.fail('range list without an end');
}

/** `.debug_rnglists` (DWARF v5 §7.25). */
function rangeList(unit: Unit, cursor: ByteCursor, density: Density | undefined): AddressRange[] {
  const list: AddressRange[] = [];
  const { addressSize } = unit;
  let base = baseAddress(unit);
  const indexed = () => unit.indexedAddress(cursor.uleb());
  const push = (low: bigint, high: bigint) => {
    if (low < high) list.push({ low, high });
  };
  for (let i = 0; i < MAX_RANGES; i++) {
    density?.count();
    const kind = cursor.u8();
    switch (kind) {
      case DW_RLE.end_of_list:
        return list;
      case DW_RLE.base_addressx:
        base = indexed();
        break;
      case DW_RLE.startx_endx:
        push(indexed(), indexed());
        break;
      case DW_RLE.startx_length: {
        const low = indexed();
        push(low, low + cursor.ulebBig());
        break;
      }
      case DW_RLE.offset_pair: {
        const low = base + cursor.ulebBig();
        push(low, base + cursor.ulebBig());
        break;
      }
      case DW_RLE.base_address:
        base = readAddress(cursor, addressSize);
        break;
      case DW_RLE.start_end:
        push(readAddress(cursor, addressSize), readAddress(cursor, addressSize));
        break;
      case DW_RLE.start_length: {
        const low = readAddress(cursor, addressSize);
        push(low, low + cursor.ulebBig());
        break;
      }
      default:
        cursor.fail(`unknown range list entry: ${nameOf(DW_RLE, kind)}`, cursor.pos - 1);
    }
  }
  return cursor.fail('range list without an end');
}

/** What offsets in a list are counted from, unless the list says otherwise (DWARF v5 §2.17.3). */
function baseAddress(unit: Unit): bigint {
  return (unit.skeleton ?? unit).root.lowPc ?? 0n;
}

import type { ByteSource } from '../bytes/source.js';
import type { UnitsByAddress } from './aranges.js';
import type { DebugFile } from './file.js';
import { occurrences } from './sections.js';
import type { Unit } from './unit.js';

/** Where names are kept: short ones, and all of some compilers, stand in the entries themselves (`DW_FORM.string`). */
const NAMES: readonly string[] = ['.debug_str', '.debug_info', '.debug_types', '.debug_line_str'];
/** The sections with entries, and those with the texts that these refer to. */
const ENTRIES: readonly string[] = ['.debug_info', '.debug_types'];
const TEXTS: readonly string[] = ['.debug_str', '.debug_line_str'];
/** Places of one text that are worth a search: linkers keep `printf` as the end of `__printf`, and few names end so many others. */
const MAX_PLACES = 16;

/**
 * The units in which something may have the name, by offset: a superset. Two native searches, one for the text and one for its offset in `.debug_str`.
 * Undefined where an index of all names is made as quickly.
 */
export function unitsNaming(
  file: DebugFile,
  byAddress: UnitsByAddress,
  name: string,
): readonly Unit[] | undefined {
  const text = Buffer.from(`${name}\0`);
  // What can't be had may have it; and split files are as quickly indexed as searched.
  if (file.hasSupplementary) {
    const isMissing = file.missingSupplementary !== undefined;
    return isMissing || hasText(file, text) || hasText(file.supplementary, text) ? undefined : [];
  }
  if (hasSkeletons(file)) return undefined;
  const needles: Uint8Array[] = [text];
  for (const section of TEXTS) {
    const source = file.section(section);
    if (source === undefined) continue;
    for (const place of occurrences(source, text)) {
      if (needles.length > MAX_PLACES) return undefined;
      needles.push(offsetBytes(place, file.littleEndian));
    }
  }
  const units = new Map<number, Unit>();
  const add = (unit: Unit | undefined): void => {
    if (unit !== undefined) units.set(unit.start, unit);
  };
  for (const section of ENTRIES) {
    const source = file.section(section);
    if (source === undefined) continue;
    const base = section === '.debug_info' ? 0 : file.infoSize;
    let last: Unit | undefined;
    for (const at of occurrences(source, ...needles)) {
      if (last !== undefined && last.start <= base + at && base + at < last.end) continue;
      last = base === 0 ? byAddress.unitContaining(at) : file.unitContaining(base + at);
      add(last);
    }
  }
  const table = file.section('.debug_str_offsets');
  if (table !== undefined && needles.length > 1) unitsOfTable(file, table, needles.slice(1)).forEach(add);
  return [...units.values()].sort((a, b) => a.start - b.start);
}

/** The units whose parts of `.debug_str_offsets` (DWARF v5 §7.26) hold one of these offsets: of each place, those of the nearest base in front of it. */
function unitsOfTable(file: DebugFile, table: ByteSource, needles: readonly Uint8Array[]): Unit[] {
  const places = [...occurrences(table, ...needles)];
  if (places.length === 0) return [];
  const byBase = new Map<number, Unit[]>();
  for (const unit of file.units) {
    const base = unit.root.strOffsetsBase ?? 0;
    byBase.set(base, [...(byBase.get(base) ?? []), unit]);
  }
  const bases = Float64Array.from(byBase.keys()).sort();
  const found = new Set<number>();
  for (const place of places) {
    let [low, high] = [0, bases.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((bases[middle] ?? 0) <= place) low = middle + 1;
      else high = middle;
    }
    found.add(bases[low - 1] ?? 0);
  }
  return [...found].flatMap((base) => byBase.get(base) ?? []);
}

/** An offset as it is stored; of 64-bit DWARF the half that says something. */
function offsetBytes(offset: number, littleEndian: boolean): Uint8Array {
  const bytes = Buffer.alloc(4);
  if (littleEndian) bytes.writeUInt32LE(offset % 2 ** 32);
  else bytes.writeUInt32BE(offset % 2 ** 32);
  return bytes;
}

function hasText(file: DebugFile, text: Uint8Array): boolean {
  return NAMES.some((section) => {
    const source = file.section(section);
    return source !== undefined && occurrences(source, text).next().done !== true;
  });
}

/** Every skeleton that describes anything with an address has it in `.debug_addr`, which few other files have. */
function hasSkeletons(file: DebugFile): boolean {
  return file.section('.debug_addr') !== undefined && file.units.some((unit) => unit.isSkeleton);
}

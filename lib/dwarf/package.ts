import { ByteCursor } from '../bytes/cursor.js';
import { type ByteSource, SourceSlice } from '../bytes/source.js';
import type { DwarfSections } from './sections.js';

/** What the columns of an index of DWARF 5 are parts of (DWARF v5 §7.3.5.3, Table 7.1). */
const SECTIONS: ReadonlyMap<number, string> = new Map([
  [1, '.debug_info.dwo'],
  [3, '.debug_abbrev.dwo'],
  [4, '.debug_line.dwo'],
  [5, '.debug_loclists.dwo'],
  [6, '.debug_str_offsets.dwo'],
  [7, '.debug_macro.dwo'],
  [8, '.debug_rnglists.dwo'],
]);

/** The same in version 2, which GNU's dwp and LLVM's write for DWARF 4 (GCC wiki "DebugFissionDWP"). */
const GNU_SECTIONS: ReadonlyMap<number, string> = new Map([
  [1, '.debug_info.dwo'],
  [2, '.debug_types.dwo'],
  [3, '.debug_abbrev.dwo'],
  [4, '.debug_line.dwo'],
  [5, '.debug_loc.dwo'],
  [6, '.debug_str_offsets.dwo'],
  [7, '.debug_macinfo.dwo'],
  [8, '.debug_macro.dwo'],
]);

/** One part of a section. */
interface Contribution {
  readonly offset: number;
  readonly size: number;
}

/** Per unit, its part of each section that has parts. */
type UnitTable = ReadonlyMap<bigint, ReadonlyMap<string, Contribution>>;

/** A package of split files (`.dwp`). The parts of a unit, taken together, are the split file that the unit came from. */
export class DebugPackage {
  readonly #sections: DwarfSections;
  readonly #units: UnitTable;
  readonly #typeUnits: UnitTable;

  /** Reads both indexes; throws a `FormatError` if they are corrupt. */
  constructor(sections: DwarfSections) {
    this.#sections = sections;
    this.#units = readIndex(sections, '.debug_cu_index');
    this.#typeUnits = readIndex(sections, '.debug_tu_index');
  }

  /** The sections of the unit of that id. */
  unit(dwoId: bigint): DwarfSections | undefined {
    return this.#slice(this.#units.get(dwoId));
  }

  /** The sections of the type unit of that signature. */
  typeUnit(signature: bigint): DwarfSections | undefined {
    return this.#slice(this.#typeUnits.get(signature));
  }

  get typeSignatures(): Iterable<bigint> {
    return this.#typeUnits.keys();
  }

  #slice(contributions: ReadonlyMap<string, Contribution> | undefined): DwarfSections | undefined {
    if (contributions === undefined) return undefined;
    const whole = this.#sections;
    return {
      littleEndian: whole.littleEndian,
      addressSize: whole.addressSize,
      ...(whole.longDouble && { longDouble: whole.longDouble }),
      section: (name): ByteSource | undefined => {
        const part = contributions.get(name);
        if (part === undefined) return PARTED.has(name) ? undefined : whole.section(name);
        const section = whole.section(name);
        return section && new SourceSlice(name, section, part.offset, part.size);
      },
    };
  }
}

/** Sections of which a unit has a part or nothing; strings are everybody's. */
const PARTED: ReadonlySet<string> = new Set([...SECTIONS.values(), ...GNU_SECTIONS.values()]);

/** Reads `.debug_cu_index` or `.debug_tu_index` (DWARF v5 §7.3.5.3). Every slot of the hash table is looked at, so that the hash itself doesn't matter. */
function readIndex(sections: DwarfSections, name: string): UnitTable {
  const table = new Map<bigint, Map<string, Contribution>>();
  const section = sections.section(name);
  if (section === undefined) return table;
  const cursor = new ByteCursor(section.read(0, section.size), sections.littleEndian, name);
  // Version 2 is a word, version 5 half a word and padding.
  const word = cursor.u32();
  cursor.pos = 0;
  const version = word === 2 ? cursor.u32() : cursor.u16();
  if (version === 5) cursor.skip(2);
  else if (version !== 2) cursor.fail(`index of version ${version}`, 0);
  const [columns, units, slots] = [cursor.u32(), cursor.u32(), cursor.u32()];
  const signaturesPos = cursor.pos;
  const rowsPos = signaturesPos + 8 * slots;
  const columnsPos = rowsPos + 4 * slots;
  const offsetsPos = columnsPos + 4 * columns;
  const sizesPos = offsetsPos + 4 * columns * units;
  // Both versions know eight kinds of sections.
  if (columns > 64 || sizesPos + 4 * columns * units > cursor.length) {
    cursor.fail(`${units} units, ${columns} sections and ${slots} slots, the index ends before`, 0);
  }
  const numberAt = (pos: number): number => {
    cursor.pos = pos;
    return cursor.u32();
  };
  const names = Array.from({ length: columns }, (_, column) =>
    (version === 5 ? SECTIONS : GNU_SECTIONS).get(numberAt(columnsPos + 4 * column)),
  );
  for (let slot = 0; slot < slots; slot++) {
    const row = numberAt(rowsPos + 4 * slot);
    if (row === 0) continue;
    if (row > units) cursor.fail(`row ${row} of ${units}`, rowsPos + 4 * slot);
    const contributions = new Map<string, Contribution>();
    for (const [column, part] of names.entries()) {
      if (part === undefined) continue;
      const at = 4 * ((row - 1) * columns + column);
      contributions.set(part, { offset: numberAt(offsetsPos + at), size: numberAt(sizesPos + at) });
    }
    cursor.pos = signaturesPos + 8 * slot;
    table.set(cursor.u64(), contributions);
  }
  return table;
}

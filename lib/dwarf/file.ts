import { ByteCursor } from '../bytes/cursor.js';
import { BufferSource, type ByteSource, ForwardSource, readCString } from '../bytes/source.js';
import { FormatError } from '../errors.js';
import { AbbrevTables } from './abbrev-tables.js';
import { DW_FORM } from './constants.js';
import { unitDensity } from './density.js';
import { type Encoding, readAddress, readIndex, readOffset } from './form.js';
import type { Imports } from './imports.js';
import { type DwarfSections, MissingFileError } from './sections.js';
import type { SplitUnits } from './split.js';
import { Unit, parseUnitHeader } from './unit.js';

/** Few libraries were made with -gsplit-dwarf, or went through dwz. */
const split = () => require('./split.js') as typeof import('./split.js');
const imports = () => require('./imports.js') as typeof import('./imports.js');

/** Bytes of units that are kept at a time; the unit that was read first goes first. */
const UNIT_BYTES = 16 << 20;
/** The sections that a walk over all units, and who asks where its symbols are declared, read all of, and the most bytes of one that are kept. */
const WALKED: readonly string[] = ['.debug_info', '.debug_abbrev', '.debug_str', '.debug_line_str'];
const MAX_AHEAD = 1 << 25;
/** Bytes that are looked through at a time for the end of padding. */
const PADDING = 4096;
/** Strings of a section that are kept at a time: entries of many units have the same ones. */
const STRINGS = 1 << 14;

/**
 * The debug sections of one file and what is read of them once: units, strings.
 *
 * Entries are named by one number, their offset in `.debug_info`; `.debug_types` of DWARF 4 is thought of as
 * lying behind it, so that an offset from there is one past the end of `.debug_info`. Further files that a library's
 * own leads to, a supplementary or split ones, are numbered behind it.
 */
export class DebugFile {
  readonly littleEndian: boolean;
  readonly longDouble: 'x87' | 'binary128';
  /** Whether this is a split file (`.dwo`), whose sections are called `.debug_info.dwo` … */
  readonly isSplit: boolean;
  /** What is added to the offset of an entry, so that no other file of the same library has an entry of that number. */
  readonly base: number;
  /** The file that led to this one; itself for a library's own. */
  readonly main: DebugFile;
  /** Of the main file: behind the numbers that were given to files so far. */
  #numbered: number | undefined;
  #hasSupplementary: boolean | undefined;
  #supplementary: { readonly file: DebugFile } | { readonly error: MissingFileError } | undefined;
  #splitUnits: SplitUnits | undefined;
  #imports: Imports | undefined;
  readonly abbrevs = new AbbrevTables(this);
  readonly #sections: DwarfSections;
  readonly #opened = new Map<string, ByteSource | undefined>();
  readonly #forward = new Map<ByteSource, ForwardSource>();
  /** All of `.debug_str`, once it was read ahead. */
  #texts: Buffer | undefined;
  readonly #strings = new Map<number, string>();
  readonly #lineStrings = new Map<number, string>();
  readonly #units = new Map<number, Unit>();
  #list: { readonly units: readonly Unit[]; readonly error: FormatError | undefined } | undefined;
  #typeUnits: Map<bigint, Unit> | undefined;
  readonly #loaded = new Set<Unit>();
  #loadedBytes = 0;

  /** `leader`: the file that led to this one. Only `relate` says so. */
  constructor(sections: DwarfSections, leader?: { main: DebugFile; base: number; isSplit: boolean }) {
    this.#sections = sections;
    this.littleEndian = sections.littleEndian;
    this.longDouble = sections.longDouble ?? 'x87';
    this.isSplit = leader?.isSplit ?? false;
    this.base = leader?.base ?? 0;
    this.main = leader?.main ?? this;
  }

  /** Another file of the same library. */
  relate(sections: DwarfSections, isSplit: boolean): DebugFile {
    const { main } = this;
    const base = (main.#numbered ??= main.#size);
    const file = new DebugFile(sections, { main, base, isSplit });
    main.#numbered += file.#size;
    return file;
  }

  section(name: string): ByteSource | undefined {
    if (!this.#opened.has(name)) {
      this.#opened.set(name, this.#sections.section(this.isSplit ? `${name}.dwo` : name));
    }
    return this.#opened.get(name);
  }

  /** Reads what an all too long walk would read piece by piece, if it is not too large. */
  readAhead(): void {
    for (const name of WALKED) {
      const section = this.section(name);
      if (section === undefined || section.size > MAX_AHEAD) continue;
      const bytes = section.read(0, section.size);
      this.#opened.set(name, new BufferSource(name, bytes));
      if (name === '.debug_str') this.#texts = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
  }

  /** Whether references may lead to a supplementary file. */
  get hasSupplementary(): boolean {
    return (this.#hasSupplementary ??= this.#sections.supplementary !== undefined);
  }

  /** The supplementary file; throws a `MissingFileError` if it can't be had. */
  get supplementary(): DebugFile {
    this.#supplementary ??= this.#openSupplementary();
    if ('error' in this.#supplementary) throw this.#supplementary.error;
    return this.#supplementary.file;
  }

  /** Why the supplementary file can't be had; undefined if it can. */
  get missingSupplementary(): string | undefined {
    this.#supplementary ??= this.#openSupplementary();
    return 'error' in this.#supplementary ? this.#supplementary.error.message : undefined;
  }

  /** Of the main file: its skeletons' units. */
  get splitUnits(): SplitUnits {
    return (this.#splitUnits ??= new (split().SplitUnits)(this, this.#sections));
  }

  /** Of the main file: which units use which partial ones. */
  get imports(): Imports {
    return (this.#imports ??= new (imports().Imports)(this));
  }

  /** The unit that holds a unit's entries: itself, or that of a skeleton in a split file. Undefined if that can't be had. */
  complete(unit: Unit): Unit | undefined {
    if (!unit.isSkeleton) return unit;
    const found = this.splitUnits.of(unit);
    return typeof found === 'string' ? undefined : found;
  }

  /** A section that something else refers to. */
  required(name: string): ByteSource {
    const section = this.section(name);
    if (section === undefined) throw new FormatError(name, undefined, 'the section is missing');
    return section;
  }

  get infoSize(): number {
    return this.section('.debug_info')?.size ?? 0;
  }

  get #size(): number {
    return this.infoSize + (this.section('.debug_types')?.size ?? 0);
  }

  /** Every unit, by offset. Hops from header to header. */
  get units(): readonly Unit[] {
    const { units, error } = this.readableUnits;
    if (error !== undefined) throw error;
    return units;
  }

  /** The same as far as they can be read, and what is wrong there. */
  get readableUnits(): { readonly units: readonly Unit[]; readonly error: FormatError | undefined } {
    if (this.#list === undefined) {
      const units: Unit[] = [];
      let error: FormatError | undefined;
      try {
        for (const unit of this.#hop()) units.push(unit);
      } catch (thrown) {
        if (!(thrown instanceof FormatError)) throw thrown;
        error = thrown;
      }
      this.#list = { units, error };
    }
    return this.#list;
  }

  *#hop(): Generator<Unit> {
    const density = unitDensity(this.#size);
    for (let start = 0; start < this.#size;) {
      const unit = this.#unitOrPadding(start);
      if (unit !== undefined) {
        density.count();
        yield unit;
      }
      start = unit?.end ?? this.#behindPadding(start);
    }
  }

  /** The unit that starts at `start`. */
  unitAt(start: number): Unit {
    const unit = this.#unitOrPadding(start);
    if (unit === undefined) throw new FormatError('.debug_info', start, 'no unit starts here');
    return unit;
  }

  /** The unit that an entry lies in; undefined where there is none. */
  unitContaining(offset: number): Unit | undefined {
    const { units } = this;
    let [low, high] = [0, units.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((units[middle]?.start ?? Infinity) <= offset) low = middle + 1;
      else high = middle;
    }
    const unit = units[low - 1];
    return unit !== undefined && offset < unit.end ? unit : undefined;
  }

  /** The type unit of that signature (DWARF v5 §7.32). */
  typeUnit(signature: bigint): Unit | undefined {
    const own = this.#ownTypeUnit(signature);
    if (own !== undefined || this.main === this) return own;
    // In a package each has a place of its own; a supplementary file may refer to one of the file that dwz took it from.
    return this.isSplit ? this.main.splitUnits.typeUnit(signature) : this.main.#ownTypeUnit(signature);
  }

  #ownTypeUnit(signature: bigint): Unit | undefined {
    if (this.#typeUnits === undefined) {
      this.#typeUnits = new Map();
      for (const unit of this.units) {
        if (unit.header.signature !== undefined) this.#typeUnits.set(unit.header.signature, unit);
      }
    }
    return this.#typeUnits.get(signature);
  }

  /** Reads a unit's bytes, and lets go of those of others. Only `Unit.cursor` calls this. */
  loadUnit(unit: Unit, section: ByteSource): ByteCursor {
    const { offset, end } = unit.header;
    for (const old of this.#loaded) {
      if (this.#loadedBytes + end - offset <= UNIT_BYTES) break;
      old.release();
      this.#loaded.delete(old);
      this.#loadedBytes -= old.end - old.start;
    }
    this.#loaded.add(unit);
    this.#loadedBytes += end - offset;
    return new ByteCursor(section.read(offset, end - offset), this.littleEndian, section.name, offset);
  }

  /** A section for one who looks at the start of each unit. */
  forward(section: ByteSource): ByteSource {
    let forward = this.#forward.get(section);
    if (forward === undefined) this.#forward.set(section, (forward = new ForwardSource(section)));
    return forward;
  }

  /** The string at the cursor; undefined for a form of no string. Throws a `MissingFileError` for one in a file that can't be had. */
  stringValue(
    unit: Encoding,
    cursor: ByteCursor,
    form: number,
    strOffsetsBase: number | undefined,
  ): string | undefined {
    switch (form) {
      case DW_FORM.string:
        return cursor.cstring();
      case DW_FORM.line_strp:
        return this.lineString(readOffset(cursor, unit.offsetSize));
      case DW_FORM.strp_sup:
      case DW_FORM.GNU_strp_alt:
        return readCString(this.supplementary.required('.debug_str'), readOffset(cursor, unit.offsetSize));
      default: {
        const offset = this.strOffset(unit, cursor, form, strOffsetsBase);
        return offset === undefined ? undefined : this.debugString(offset);
      }
    }
  }

  /** The string at `offset` of `.debug_line_str`. The units of a library have most of their directories in common. */
  lineString(offset: number): string {
    let text = this.#lineStrings.get(offset);
    if (text === undefined) {
      text = readCString(this.required('.debug_line_str'), offset);
      if (this.#lineStrings.size >= STRINGS) this.#lineStrings.clear();
      this.#lineStrings.set(offset, text);
    }
    return text;
  }

  /** The string at `offset` of `.debug_str`. */
  debugString(offset: number): string {
    let text = this.#strings.get(offset);
    if (text === undefined) {
      text = this.#textAt(offset) ?? readCString(this.required('.debug_str'), offset);
      if (this.#strings.size >= STRINGS) this.#strings.clear();
      this.#strings.set(offset, text);
    }
    return text;
  }

  #textAt(offset: number): string | undefined {
    const texts = this.#texts;
    const end = texts?.indexOf(0, offset) ?? -1;
    return end < 0 ? undefined : texts?.toString('utf8', offset, end);
  }

  /** Where in `.debug_str` the string at the cursor is kept: the same text, as a rule, has the same place. Undefined for other forms. */
  strOffset(
    unit: Encoding,
    cursor: ByteCursor,
    form: number,
    strOffsetsBase: number | undefined,
  ): number | undefined {
    switch (form) {
      case DW_FORM.strp:
        return readOffset(cursor, unit.offsetSize);
      case DW_FORM.strx:
      case DW_FORM.strx1:
      case DW_FORM.strx2:
      case DW_FORM.strx3:
      case DW_FORM.strx4:
      case DW_FORM.GNU_str_index: {
        const index = readIndex(cursor, form) ?? 0;
        const base = strOffsetsBase ?? tableStart(unit);
        const at = base + index * unit.offsetSize;
        const bytes = this.required('.debug_str_offsets').read(at, unit.offsetSize);
        const offsets = new ByteCursor(bytes, this.littleEndian, '.debug_str_offsets', at);
        return readOffset(offsets, unit.offsetSize);
      }
      default:
        return undefined;
    }
  }

  /** Entry `index` of a unit's addresses (DWARF v5 §7.27). */
  indexedAddress(unit: Encoding, index: number, addrBase: number | undefined): bigint {
    const at = (addrBase ?? tableStart(unit)) + index * unit.addressSize;
    const bytes = this.required('.debug_addr').read(at, unit.addressSize);
    return readAddress(new ByteCursor(bytes, this.littleEndian, '.debug_addr', at), unit.addressSize);
  }

  #openSupplementary(): { readonly file: DebugFile } | { readonly error: MissingFileError } {
    try {
      const sections = this.#sections.supplementary?.();
      if (sections === undefined) {
        throw new MissingFileError('it is in a supplementary file (dwz), and none is named');
      }
      return { file: this.relate(sections, false) };
    } catch (error) {
      if (error instanceof MissingFileError) return { error };
      throw error;
    }
  }

  /** Where the padding at `start` ends, as far as the next bytes tell. */
  #behindPadding(start: number): number {
    const inTypes = start >= this.infoSize;
    const section = this.required(inTypes ? '.debug_types' : '.debug_info');
    const offset = (inTypes ? start - this.infoSize : start) + 4;
    const bytes = section.read(offset, Math.min(PADDING, section.size - offset));
    let length = 0;
    while (length < bytes.length && bytes[length] === 0) length++;
    return start + 4 + length - (length % 4);
  }

  #unitOrPadding(start: number): Unit | undefined {
    let unit = this.#units.get(start);
    if (unit === undefined) {
      const inTypes = start >= this.infoSize;
      const section = this.required(inTypes ? '.debug_types' : '.debug_info');
      const offset = inTypes ? start - this.infoSize : start;
      const header = parseUnitHeader(this.forward(section), offset, this.littleEndian, inTypes);
      if (header === undefined) return undefined;
      unit = new Unit(this, section, header, start);
      this.#units.set(start, unit);
    }
    return unit;
  }
}

/** Without a base a table starts behind its section's header (DWARF v5 §7.26, §7.27), as in split files. Before DWARF 5 it had none. */
function tableStart({ version, offsetSize }: Encoding): number {
  return version >= 5 ? 2 * offsetSize : 0;
}

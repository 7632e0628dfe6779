import { ByteCursor } from '../bytes/cursor.js';
import { DW_AT, DW_FORM } from './constants.js';
import { Die } from './die.js';
import { type Encoding, fixedSize, readNumber, readOffset, skipForm } from './form.js';
import { parseAt } from './sections.js';
import type { Unit } from './unit.js';

/** What a directory or file entry of DWARF 5 says (DWARF v5 §7.22, Table 7.27). */
const DW_LNCT = { path: 1, directory_index: 2 } as const;

/** Bytes of a line table's header up to its own length, in either format. */
const HEAD = 24;

/** A directory or a file: where in the header its path is stored, -1 for none, and how. */
interface PathEntry {
  readonly form: number;
  readonly pos: number;
  readonly directory: number;
}

/** A source file, as the compiler was given it. */
export interface SourceFile {
  /** With its directory. */
  readonly path: string;
  /** The directory that `path` counts from (DWARF v5 §3.1.1); undefined where that is complete. */
  readonly compDir: string | undefined;
}

/** The file names of the line table that a unit's entries refer to, by the numbers that they give; undefined where there are none. */
const known = new WeakMap<Unit, FileNames | undefined>();

/** The source file that an entry is declared in. */
export function declFile(die: Die): SourceFile | undefined {
  const holder = die.inherited(DW_AT.decl_file);
  const index = holder?.number(DW_AT.decl_file);
  if (holder === undefined || index === undefined) return undefined;
  const { unit } = holder;
  let names = known.get(unit);
  if (names === undefined && !known.has(unit)) known.set(unit, (names = readFileNames(unit)));
  return names?.at(index);
}

/** Reads the header of a line table (DWARF v5 §6.2.4) as far as its file names. */
function readFileNames(user: Unit): FileNames | undefined {
  // The skeleton of a split unit has its line table (DWARF v5 §3.1.3); split type units have one of their own.
  const unit = lineTable(user) === undefined ? (user.skeleton ?? user) : user;
  const section = unit.file.section('.debug_line');
  const start = lineTable(unit);
  if (section === undefined || start === undefined) return undefined;
  const { littleEndian } = unit.file;
  const head = parseAt(section, start, littleEndian, HEAD, (cursor) => {
    const offsetSize = cursor.u32() === 0xffffffff ? 8 : 4;
    if (offsetSize === 8) cursor.skip(8);
    const version = cursor.u16();
    if (version >= 5) cursor.skip(2);
    const length = readOffset(cursor, offsetSize);
    return { version, offsetSize, pos: cursor.pos, end: cursor.pos + length } as const;
  });
  const { version, offsetSize } = head;
  if (version < 2 || version > 5) return undefined;
  const bytes = section.read(start, Math.min(head.end, section.size - start));
  const cursor = new ByteCursor(bytes, littleEndian, section.name, start);
  cursor.pos = head.pos + (version >= 4 ? 5 : 4);
  cursor.skip(cursor.u8() - 1);
  return new FileNames(unit, cursor, { version, offsetSize, addressSize: unit.addressSize });
}

/** Where the line table of a unit is. Of the many attributes of its own entry this one alone is read. */
function lineTable(unit: Unit): number | undefined {
  return ownEntry(unit).number(DW_AT.stmt_list);
}

function ownEntry(unit: Unit): Die {
  return new Die(unit, unit.header.rootPos);
}

/** Most of the files that a unit lists declare nothing that is asked for: each is read, and decoded, when it is. */
class FileNames {
  readonly #unit: Unit;
  readonly #cursor: ByteCursor;
  readonly #encoding: Encoding;
  readonly #directories: Paths;
  readonly #files: Paths;
  readonly #names = new Map<number, SourceFile>();
  #compDir: { readonly path: string | undefined } | undefined;

  /** The cursor stands at the directories. */
  constructor(unit: Unit, cursor: ByteCursor, encoding: Encoding) {
    this.#unit = unit;
    this.#cursor = cursor;
    this.#encoding = encoding;
    if (encoding.version < 5) {
      this.#directories = inOrder([...oldDirectories(cursor)].values());
      this.#files = inOrder(oldFiles(cursor));
      return;
    }
    this.#directories = pathsOf(cursor, encoding, readTable(cursor, encoding));
    // The files are behind the last one.
    this.#directories(Infinity);
    this.#files = pathsOf(cursor, encoding, readTable(cursor, encoding));
  }

  /** The directory that the compiler worked in. */
  get compDir(): string | undefined {
    return (this.#compDir ??= { path: ownEntry(this.#unit).string(DW_AT.comp_dir) }).path;
  }

  at(index: number): SourceFile | undefined {
    let name = this.#names.get(index);
    if (name !== undefined) return name;
    const file = this.#files(index);
    if (file === undefined) return undefined;
    name = this.#name(file);
    this.#names.set(index, name);
    return name;
  }

  #name(file: PathEntry): SourceFile {
    const directory = this.#path(this.#directories(file.directory));
    const own = this.#path(file);
    const path = directory === '' || own.startsWith('/') ? own : `${directory}/${own}`;
    // Directory 0 is the compiler's own, which DWARF 5 lists; it may be a relative one (-fdebug-prefix-map).
    if (path.startsWith('/') || (this.#encoding.version >= 5 && file.directory === 0))
      return { path, compDir: undefined };
    const compDir = (): string | undefined => this.compDir;
    return {
      path,
      get compDir(): string | undefined {
        return compDir();
      },
    };
  }

  #path(entry: PathEntry | undefined): string {
    if (entry === undefined || entry.pos < 0) return '';
    this.#cursor.pos = entry.pos;
    const { file } = this.#unit;
    if (entry.form === DW_FORM.line_strp)
      return file.lineString(readOffset(this.#cursor, this.#encoding.offsetSize));
    if (entry.form === DW_FORM.string) return this.#cursor.cstring();
    const { strOffsetsBase } = this.#unit.root;
    return file.stringValue(this.#encoding, this.#cursor, entry.form, strOffsetsBase) ?? '';
  }
}

/** Directories or files by their numbers. */
type Paths = (index: number) => PathEntry | undefined;

/** Those that have to be gone through: as far as they were asked for. */
function inOrder(unread: Iterator<PathEntry>): Paths {
  const read: PathEntry[] = [];
  return (index) => {
    while (read.length <= index) {
      const next = unread.next();
      if (next.done === true) return undefined;
      read.push(next.value);
    }
    return read[index];
  };
}

/** No path. Older versions count from 1: 0 is the compiler's own directory, which they don't list, and no file. */
const NOWHERE: PathEntry = { form: DW_FORM.string, pos: -1, directory: 0 };

function* oldDirectories(cursor: ByteCursor): Generator<PathEntry> {
  yield NOWHERE;
  for (;;) {
    const { pos } = cursor;
    if (cursor.u8() === 0) return;
    cursor.skipCString();
    yield { form: DW_FORM.string, pos, directory: 0 };
  }
}

function* oldFiles(cursor: ByteCursor): Generator<PathEntry> {
  let { pos } = cursor;
  yield NOWHERE;
  for (;;) {
    // Whoever took the last one may have moved the cursor.
    cursor.pos = pos;
    if (cursor.u8() === 0) return;
    cursor.skipCString();
    const directory = cursor.uleb();
    cursor.skipLeb();
    cursor.skipLeb();
    const entry = { form: DW_FORM.string, pos, directory };
    ({ pos } = cursor);
    yield entry;
  }
}

/** What stands in front of the directories or the files of DWARF 5. */
interface PathTable {
  readonly format: readonly { readonly type: number; readonly form: number }[];
  readonly count: number;
  /** Where its entries start, and the bytes of each if all are of one size. */
  readonly start: number;
  readonly size: number | undefined;
}

function readTable(cursor: ByteCursor, encoding: Encoding): PathTable {
  const format = Array.from({ length: cursor.u8() }, () => ({ type: cursor.uleb(), form: cursor.uleb() }));
  const count = cursor.uleb();
  let size: number | undefined = 0;
  for (const { form } of format) {
    const own = fixedSize(form, encoding);
    size = size === undefined || own === undefined ? undefined : size + own;
  }
  // An entry of no bytes could be there any number of times.
  if (count > 0 && size === 0) cursor.fail('file names of no bytes');
  const start = cursor.pos;
  return { format, count, start, size };
}

/** The paths of a table. Those of one size, which is what gcc writes, are not gone through: the cursor is moved behind them at once. */
function pathsOf(cursor: ByteCursor, encoding: Encoding, table: PathTable): Paths {
  const { count, start, size } = table;
  if (size === undefined) return inOrder(entries(cursor, encoding, table));
  cursor.pos = start + count * size;
  return (index) =>
    index < count
      ? entries(cursor, encoding, { ...table, count: 1, start: start + index * size }).next().value
      : undefined;
}

function* entries(
  cursor: ByteCursor,
  encoding: Encoding,
  { format, count, start }: PathTable,
): Generator<PathEntry, undefined> {
  let pos = start;
  for (let i = 0; i < count && pos < cursor.length; i++) {
    // Whoever took the last one may have moved the cursor.
    cursor.pos = pos;
    let path: { readonly form: number; readonly pos: number } = NOWHERE;
    let directory = 0;
    for (const { type, form } of format) {
      const at = cursor.pos;
      if (type === DW_LNCT.path) path = { form, pos: at };
      else if (type === DW_LNCT.directory_index) directory = readNumber(cursor, form, undefined) ?? 0;
      cursor.pos = at;
      skipForm(cursor, form, encoding);
    }
    ({ pos } = cursor);
    yield { form: path.form, pos: path.pos, directory };
  }
}

import { ByteCursor } from '../bytes/cursor.js';
import { DW_AT, DW_FORM } from './constants.js';
import { Die } from './die.js';
import { type Encoding, readNumber, readOffset, skipForm } from './form.js';
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

interface FileName {
  /** With its directory. */
  readonly path: string;
  /** Whether that is the compiler's own, so that nothing goes in front of it. */
  readonly hasCompDir: boolean;
}

/** The file names of a unit's line table, by the numbers that entries give; undefined where there are none. */
const known = new WeakMap<Unit, FileNames | undefined>();
const compDirs = new WeakMap<Unit, { readonly path: string | undefined }>();

/** The source file that an entry is declared in, as the compiler was given it, with its directory. */
export function declFile(die: Die): string | undefined {
  return fileName(die)?.path;
}

/** The directory that `declFile` counts from (DWARF v5 §3.1.1); undefined where that is complete. */
export function compDir(die: Die): string | undefined {
  const holder = die.inherited(DW_AT.decl_file);
  if (holder === undefined || fileName(holder)?.hasCompDir !== false) return undefined;
  const unit = lineUnit(holder);
  let directory = compDirs.get(unit);
  if (directory === undefined) {
    directory = { path: new Die(unit, unit.header.rootPos).string(DW_AT.comp_dir) };
    compDirs.set(unit, directory);
  }
  return directory.path;
}

function fileName(die: Die): FileName | undefined {
  const holder = die.inherited(DW_AT.decl_file);
  const index = holder?.number(DW_AT.decl_file);
  if (holder === undefined || index === undefined) return undefined;
  const unit = lineUnit(holder);
  if (!known.has(unit)) known.set(unit, readFileNames(unit));
  return known.get(unit)?.at(index);
}

/** The skeleton of a split unit has its line table (DWARF v5 §3.1.3); split type units have one of their own. */
function lineUnit({ unit }: Die): Unit {
  return unit.root.stmtList === undefined ? (unit.skeleton ?? unit) : unit;
}

/** Reads the header of a line table (DWARF v5 §6.2.4) as far as its file names. */
function readFileNames(unit: Unit): FileNames | undefined {
  const section = unit.file.section('.debug_line');
  const { stmtList } = unit.root;
  if (section === undefined || stmtList === undefined) return undefined;
  const { littleEndian } = unit.file;
  const head = parseAt(section, stmtList, littleEndian, HEAD, (cursor) => {
    const offsetSize = cursor.u32() === 0xffffffff ? 8 : 4;
    if (offsetSize === 8) cursor.skip(8);
    const version = cursor.u16();
    if (version >= 5) cursor.skip(2);
    const length = readOffset(cursor, offsetSize);
    return { version, offsetSize, start: cursor.pos, end: cursor.pos + length } as const;
  });
  const { version, offsetSize, start } = head;
  if (version < 2 || version > 5) return undefined;
  const bytes = section.read(stmtList, Math.min(head.end, section.size - stmtList));
  const cursor = new ByteCursor(bytes, littleEndian, section.name, stmtList);
  cursor.pos = start + (version >= 4 ? 5 : 4);
  cursor.skip(cursor.u8() - 1);
  return new FileNames(unit, cursor, { version, offsetSize, addressSize: unit.addressSize });
}

/** Most of the files that a unit lists declare nothing that is asked for: each is read, and decoded, when it is. */
class FileNames {
  readonly #unit: Unit;
  readonly #cursor: ByteCursor;
  readonly #encoding: Encoding;
  readonly #directories: readonly PathEntry[];
  readonly #files: PathEntry[] = [];
  readonly #unread: Iterator<PathEntry>;
  readonly #names = new Map<number, FileName>();

  /** The cursor stands at the directories. */
  constructor(unit: Unit, cursor: ByteCursor, encoding: Encoding) {
    this.#unit = unit;
    this.#cursor = cursor;
    this.#encoding = encoding;
    const isOld = encoding.version < 5;
    this.#directories = [...(isOld ? oldDirectories(cursor) : entries(cursor, encoding))];
    this.#unread = isOld ? oldFiles(cursor) : entries(cursor, encoding);
  }

  at(index: number): FileName | undefined {
    let name = this.#names.get(index);
    if (name !== undefined) return name;
    while (this.#files.length <= index) {
      const next = this.#unread.next();
      if (next.done === true) return undefined;
      this.#files.push(next.value);
    }
    const file = this.#files[index];
    if (file === undefined) return undefined;
    name = this.#name(file);
    this.#names.set(index, name);
    return name;
  }

  #name(file: PathEntry): FileName {
    const directory = this.#path(this.#directories[file.directory]);
    const own = this.#path(file);
    const path = directory === '' || own.startsWith('/') ? own : `${directory}/${own}`;
    // Directory 0 is the compiler's own, which DWARF 5 lists; it may be a relative one (-fdebug-prefix-map).
    return {
      path,
      hasCompDir: path.startsWith('/') || (this.#encoding.version >= 5 && file.directory === 0),
    };
  }

  #path(entry: PathEntry | undefined): string {
    if (entry === undefined || entry.pos < 0) return '';
    this.#cursor.pos = entry.pos;
    const { file, root } = this.#unit;
    return file.stringValue(this.#encoding, this.#cursor, entry.form, root.strOffsetsBase) ?? '';
  }
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

/** The directories or the files of DWARF 5. */
function* entries(cursor: ByteCursor, encoding: Encoding): Generator<PathEntry> {
  const format = Array.from({ length: cursor.u8() }, () => ({ type: cursor.uleb(), form: cursor.uleb() }));
  const count = cursor.uleb();
  // An entry of no bytes could be there any number of times.
  if (count > 0 && format.length === 0) cursor.fail('file names of no bytes');
  let { pos } = cursor;
  for (let i = 0; i < count && pos < cursor.length; i++) {
    cursor.pos = pos;
    let path: { readonly form: number; readonly pos: number } = NOWHERE;
    let directory = 0;
    for (const { type, form } of format) {
      const start = cursor.pos;
      if (type === DW_LNCT.path) path = { form, pos: start };
      else if (type === DW_LNCT.directory_index) directory = readNumber(cursor, form, undefined) ?? 0;
      cursor.pos = start;
      skipForm(cursor, form, encoding);
    }
    ({ pos } = cursor);
    yield { form: path.form, pos: path.pos, directory };
  }
}

import type { ByteCursor } from '../bytes/cursor.js';
import { DW_AT } from './constants.js';
import { Die } from './die.js';
import { readConstant, skipForm } from './form.js';
import { parseAt } from './sections.js';
import type { Unit } from './unit.js';

/** What a directory or file entry of DWARF 5 says (DWARF v5 §7.22, Table 7.27). */
const DW_LNCT = { path: 1, directory_index: 2 } as const;

/** Bytes that hold the file names of most units. */
const WINDOW = 1 << 13;

interface FileEntry {
  readonly path: string;
  readonly directory: number;
}

interface FileName {
  /** With its directory. */
  readonly path: string;
  /** Whether that is the compiler's own, so that nothing goes in front of it. */
  readonly hasCompDir: boolean;
}

/** The file names of a unit's line table, by the numbers that entries give. */
const known = new WeakMap<Unit, readonly FileName[]>();

/** The source file that an entry is declared in, as the compiler was given it, with its directory. */
export function declFile(die: Die): string | undefined {
  return fileName(die)?.path;
}

/** The directory that `declFile` counts from (DWARF v5 §3.1.1); undefined where that is complete. */
export function compDir(die: Die): string | undefined {
  const holder = die.inherited(DW_AT.decl_file);
  if (holder === undefined || fileName(holder)?.hasCompDir !== false) return undefined;
  const unit = lineUnit(holder);
  return new Die(unit, unit.header.rootPos).string(DW_AT.comp_dir);
}

function fileName(die: Die): FileName | undefined {
  const holder = die.inherited(DW_AT.decl_file);
  const index = holder?.number(DW_AT.decl_file);
  if (holder === undefined || index === undefined) return undefined;
  const unit = lineUnit(holder);
  const section = unit.file.section('.debug_line');
  if (section === undefined || unit.root.stmtList === undefined) return undefined;
  let files = known.get(unit);
  if (files === undefined) {
    files = parseAt(section, unit.root.stmtList, unit.file.littleEndian, WINDOW, (c) => fileNames(unit, c));
    known.set(unit, files);
  }
  return files[index];
}

/** The skeleton of a split unit has its line table (DWARF v5 §3.1.3); split type units have one of their own. */
function lineUnit({ unit }: Die): Unit {
  return unit.root.stmtList === undefined ? (unit.skeleton ?? unit) : unit;
}

/** Reads the header of a line table (DWARF v5 §6.2.4) as far as its file names. */
function fileNames(unit: Unit, cursor: ByteCursor): FileName[] {
  const offsetSize = cursor.u32() === 0xffffffff ? 8 : 4;
  if (offsetSize === 8) cursor.skip(8);
  const version = cursor.u16();
  if (version < 2 || version > 5) return [];
  if (version >= 5) cursor.skip(2);
  cursor.skip(offsetSize + (version >= 4 ? 5 : 4));
  cursor.skip(cursor.u8() - 1);
  const encoding = { version, offsetSize, addressSize: unit.addressSize } as const;
  const directories = version >= 5 ? entries(unit, cursor, encoding) : oldDirectories(cursor);
  const files = version >= 5 ? entries(unit, cursor, encoding) : oldFiles(cursor);
  return files.map((file) => {
    const directory = directories[file.directory]?.path ?? '';
    const path = directory === '' || file.path.startsWith('/') ? file.path : `${directory}/${file.path}`;
    // Directory 0 is the compiler's own, which DWARF 5 lists; it may be a relative one (-fdebug-prefix-map).
    return { path, hasCompDir: path.startsWith('/') || (version >= 5 && file.directory === 0) };
  });
}

/** Directory 0 is the compiler's own, which these versions don't list. */
function oldDirectories(cursor: ByteCursor): FileEntry[] {
  const list: FileEntry[] = [{ path: '', directory: 0 }];
  for (let path = cursor.cstring(); path !== ''; path = cursor.cstring()) list.push({ path, directory: 0 });
  return list;
}

/** Files count from 1 before DWARF 5. */
function oldFiles(cursor: ByteCursor): FileEntry[] {
  const list: FileEntry[] = [{ path: '', directory: 0 }];
  for (let path = cursor.cstring(); path !== ''; path = cursor.cstring()) {
    list.push({ path, directory: cursor.uleb() });
    cursor.uleb();
    cursor.uleb();
  }
  return list;
}

function entries(
  unit: Unit,
  cursor: ByteCursor,
  encoding: { version: number; offsetSize: 4 | 8; addressSize: number },
): FileEntry[] {
  const format = Array.from({ length: cursor.u8() }, () => ({ type: cursor.uleb(), form: cursor.uleb() }));
  const count = cursor.uleb();
  const list: FileEntry[] = [];
  // An entry of no bytes could be there any number of times.
  while (list.length < count && !cursor.atEnd) {
    let [path, directory] = ['', 0];
    for (const { type, form } of format) {
      const start = cursor.pos;
      if (type === DW_LNCT.path) {
        path = unit.file.stringValue(encoding, cursor, form, unit.root.strOffsetsBase) ?? '';
      } else if (type === DW_LNCT.directory_index) {
        directory = Number(readConstant(cursor, form, undefined) ?? 0);
      }
      cursor.pos = start;
      skipForm(cursor, form, encoding);
    }
    list.push({ path, directory });
    if (format.length === 0) cursor.fail('file names of no bytes');
  }
  return list;
}

import { realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { readDebugSup } from '../dwarf/debug-sup.js';
import { MissingFileError } from '../dwarf/sections.js';
import { readDebugAltLink } from '../elf/debugaltlink.js';
import { ElfFile } from '../elf/file.js';
import { buildId } from '../elf/note.js';
import { messageOf } from '../errors.js';

/** Where distributions put separate debug info (GDB manual, "Debugging Information in Separate Files"). */
const DEBUG_DIRECTORIES: readonly string[] = ['/usr/lib/debug'];

/** Where what dwz put together is, and by what it is known. */
interface Wanted {
  readonly path: string;
  readonly id: string;
  readonly idOf: (file: ElfFile) => string | undefined;
}

/**
 * Opens the file that dwz moved shared debug info of `file` to. Looks where GDB does: at the path that is written down, relative to the file itself; at that of
 * its build-id; under the debug directory from `.dwz/` on. What has not the right id is never taken: every name and type read from it would be another one.
 * Throws a `MissingFileError` that says what was found instead.
 */
export function openSupplementary(
  file: ElfFile,
  directories: readonly string[] = DEBUG_DIRECTORIES,
): ElfFile {
  const wanted = readWanted(file);
  const tried: string[] = [];
  for (const path of candidates(file, wanted, directories)) {
    const found = open(path, wanted);
    if (found instanceof ElfFile) return found;
    tried.push(`\n  ${path}: ${found}`);
  }
  throw new MissingFileError(
    `its debug info needs a file that dwz made, ${wanted.path} with the build-id ${wanted.id}, which was not found${tried.join('')}`,
  );
}

function readWanted(file: ElfFile): Wanted {
  const section = file.section('.debug_sup');
  const { littleEndian } = file.header;
  if (section !== undefined) {
    const { path, checksum } = readDebugSup(section, littleEndian);
    const idOf = (other: ElfFile): string | undefined => {
      const sup = other.section('.debug_sup');
      return sup && readDebugSup(sup, other.header.littleEndian).checksum;
    };
    return { path, id: checksum, idOf };
  }
  const link = readDebugAltLink(file);
  if (link === undefined) throw new MissingFileError('its debug info needs a file of dwz, and names none');
  return { path: link.path, id: link.buildId, idOf: buildId };
}

function candidates(file: ElfFile, { path, id }: Wanted, directories: readonly string[]): Iterable<string> {
  const written = resolve(dirname(realpath(file.path)), path);
  const byId = directories.map(
    (directory) => `${directory}/.build-id/${id.slice(0, 2)}/${id.slice(2)}.debug`,
  );
  const dwz = written.indexOf('/.dwz/');
  const elsewhere = dwz < 0 ? [] : directories.map((directory) => directory + written.slice(dwz));
  return new Set([written, ...(id === '' ? [] : byId), ...elsewhere]);
}

/** The file at `path`, or why it is not the one. */
function open(path: string, { id, idOf }: Wanted): ElfFile | string {
  let file: ElfFile | undefined;
  try {
    file = ElfFile.open(path);
    const found = idOf(file);
    if (found === id && id !== '') return file;
    file.close();
    return found === undefined ? 'it has no build-id' : `its build-id is ${found}`;
  } catch (error) {
    file?.close();
    return messageOf(error);
  }
}

function realpath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

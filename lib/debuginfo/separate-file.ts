import { realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { crc32, debugLink, type DebugLink } from '../elf/debuglink.js';
import type { ElfFile } from '../elf/file.js';
import { messageOf } from '../errors.js';
import { openDebugFile, otherBuildId, type Mismatch } from './debug-file.js';
import { cacheFolder } from './debuginfod/settings.js';
import type { Subject } from './sources.js';

/** Where distributions put debug files: gdb's `debug-file-directory`. */
const DEBUG_DIRECTORIES = ['/usr/lib/debug'];

/** A place where the debug file may be. */
interface Place {
  readonly what: string;
  readonly path: string;
  readonly mismatch: Mismatch;
  /** What it says if there is an empty file. */
  readonly whenEmpty?: string;
}

/**
 * The debug file of a library, where gdb looks for it; undefined if there is none that belongs to it. Each place is a line in
 * `tried`, with what is wrong there.
 */
export function findDebugFile(subject: Subject, tried: string[]): ElfFile | undefined {
  for (const { what, path, mismatch, whenEmpty } of places(subject, tried)) {
    const file = openDebugFile(path, subject.file, mismatch, whenEmpty);
    if (typeof file !== 'string') return file;
    tried.push(`${what} ${path}: ${file}`);
  }
  return undefined;
}

/** In gdb's order (elf_symfile_read in gdb/elfread.c): by build-id, by debug link, then what a debuginfod client has fetched. */
function* places(subject: Subject, tried: string[]): Generator<Place> {
  const { buildId, debugDirectories = DEBUG_DIRECTORIES } = subject;
  const byId: Mismatch = (_, id) => otherBuildId(id, buildId);
  if (buildId !== undefined) {
    const name = join('.build-id', buildId.slice(0, 2), `${buildId.slice(2)}.debug`);
    for (const folder of debugDirectories)
      yield { what: 'debug file', path: join(folder, name), mismatch: byId };
  }
  const link = linkOf(subject, tried);
  if (link !== undefined) {
    // As in elfutils (libdwfl/find-debuginfo.c: "If we have a build ID, check only that"): gdb reads the whole file for its CRC.
    const mismatch = buildId === undefined ? (file: ElfFile) => otherCrc(file, link) : byId;
    for (const folder of linkFolders(subject.path, debugDirectories))
      yield { what: 'debug file', path: join(folder, link.name), mismatch };
  }
  if (buildId !== undefined) {
    const whenEmpty = 'it is empty: no server had it';
    yield {
      what: 'debuginfod cache',
      path: join(cacheFolder(process.env), buildId, 'debuginfo'),
      mismatch: byId,
      whenEmpty,
    };
  }
}

function linkOf({ file, path }: Subject, tried: string[]): DebugLink | undefined {
  try {
    return debugLink(file);
  } catch (error) {
    tried.push(`debug link of ${path}: ${messageOf(error)}`);
    return undefined;
  }
}

function otherCrc(file: ElfFile, link: DebugLink): string | undefined {
  const crc = crc32(file.source);
  if (crc === link.crc) return undefined;
  return `its CRC is 0x${crc.toString(16)}, the library's debug link says 0x${link.crc.toString(16)}`;
}

/**
 * Where the file of a debug link may be: beside the library, in `.debug` there, and in the same folder below the debug directories; for its path as it
 * was given, then for its real path.
 */
function linkFolders(path: string, debugDirectories: readonly string[]): Set<string> {
  const folders = new Set<string>();
  for (const folder of [dirname(resolve(path)), dirname(realPath(path))]) {
    folders.add(folder).add(join(folder, '.debug'));
    // Where /lib is a link to /usr/lib, packages may still have their files by the old name.
    const unmerged = folder.replace(/^\/usr(?=\/(?:lib|bin|sbin))/, '');
    for (const directory of debugDirectories)
      folders.add(join(directory, folder)).add(join(directory, unmerged));
  }
  return folders;
}

function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    // The library was removed since it was opened.
    return path;
  }
}

import { realpathSync, statSync } from 'node:fs';

import { FileSource } from '../bytes/source.js';
import { ElfFile } from '../elf/file.js';
import { preflight } from '../elf/preflight.js';
import { FormatError, messageOf } from '../errors.js';
import { Library } from '../library/library.js';
import { Refusal, refusedFile } from './refusal.js';
import { preflightOnce } from './soundness.js';

/** PATH_MAX of <linux/limits.h>, its NUL included. koffi cuts longer names without a word. */
const PATH_MAX = 4096;

/** The real path of `name`, as realpath(3) has it. As in Go nothing is searched for. */
export function realPath(name: string): string {
  const invalid = whyInvalid(name);
  if (invalid !== undefined) throw new Refusal('realpath failed', { lines: [invalid] });
  let path: string;
  try {
    path = realpathSync.native(name);
  } catch (error) {
    throw new Refusal('realpath failed', { cause: error, lines: [messageOf(error), ...systemLibrary(name)] });
  }
  // dlopen expands them in any path (glibc elf/dl-load.c, is_dst), and would open another file than the one that was read here.
  const [token] =
    /\$(?:\{(?:ORIGIN|LIB|PLATFORM)\}|(?:ORIGIN|LIB|PLATFORM)(?![A-Za-z0-9_]))/.exec(path) ?? [];
  if (token === undefined) return path;
  const reason = `the dynamic linker takes ${token} in a path for another directory's name: rename it`;
  throw refusedFile(path, `cannot open shared object file\n${reason}`);
}

/** For who expects a search, as `dlopen` makes it. */
function systemLibrary(name: string): string[] {
  const { findLibrary } = require('../elf/search.js') as typeof import('../elf/search.js');
  const found = findLibrary(name) !== undefined;
  return found ? [`the library of the system is findLibrary('${name}')`] : [];
}

function whyInvalid(name: string): string | undefined {
  if (name === '') return 'the name is empty';
  if (name.includes('\0')) return 'the name has a NUL byte inside';
  if (Buffer.byteLength(name) >= PATH_MAX) return `the name is longer than PATH_MAX, ${PATH_MAX} bytes`;
  return undefined;
}

/** What tells whether the file at `path` is still the same one: device, inode, size and time. */
export function fileState(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  // It went meanwhile, or its path is no UTF-8, and so none that JavaScript can name.
  if (stat === undefined)
    throw refusedFile(path, 'cannot open shared object file: No such file or directory');
  // A FIFO would be waited for, a device read without an end.
  if (!stat.isFile() && !stat.isDirectory())
    throw refusedFile(path, 'cannot read file data: it is no regular file');
  return [stat.dev, stat.ino, stat.size, stat.mtimeNs].join(':');
}

/** Reads the library at `path`, and refuses what `dlopen` would die of or misreport. */
export function readLibrary(path: string): Library {
  let source: FileSource;
  try {
    source = new FileSource(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    const file = asElf(source);
    const reason = file === undefined ? preflight(source) : preflightOnce(file);
    if (reason === undefined && file !== undefined) return new Library(file);
    throw refusedFile(path, reason ?? 'invalid ELF header');
  } catch (error) {
    source.close();
    throw error instanceof FormatError ? refusedFile(path, error.message) : error;
  }
}

function unreadable(path: string, error: unknown): Refusal {
  const denied = (error as { code?: unknown }).code === 'EACCES';
  const why = denied ? 'Permission denied' : messageOf(error);
  return refusedFile(path, `cannot open shared object file: ${why}`);
}

/** A refusal, also that of a file which the system does not open: a library that is needed and may not be read, or is gone by now. */
export function asRefusal(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  const { syscall, path } = error as { syscall?: unknown; path?: unknown };
  return typeof syscall === 'string' && typeof path === 'string' ? unreadable(path, error) : undefined;
}

/** `source` as an ELF file; undefined if it has not even the header of one. */
function asElf(source: FileSource): ElfFile | undefined {
  try {
    return new ElfFile(source);
  } catch {
    return undefined;
  }
}

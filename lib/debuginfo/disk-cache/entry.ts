import {
  closeSync,
  constants,
  fstatSync,
  futimesSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

import { findFolder, makeFolder, onlyOurs } from './folder.js';

/** Loaded when something is written. */
const limit = () => require('./limit.js') as typeof import('./limit.js');

/** A file of the cache, by its folder there and its name. */
export interface EntryName {
  readonly root: string;
  readonly folder: string;
  readonly name: string;
}

/** In milliseconds: how exactly the cache knows when an entry was last of use. */
const TOUCH_INTERVAL = 3_600_000;

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;

/** Opens an entry, for whoever checks what is in it; undefined if there is none to be used. */
export function openEntry({ root, folder, name }: EntryName): number | undefined {
  const path = findFolder(root, folder);
  if (path === undefined) return undefined;
  let fd: number | undefined;
  try {
    // A link could lead to a file that others write; a FIFO would be waited for.
    fd = openSync(join(path, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const stat = fstatSync(fd);
    if (!stat.isFile() || !onlyOurs(stat)) throw new Error('not an entry');
    const now = Date.now();
    if (Math.abs(now - stat.mtimeMs) > TOUCH_INTERVAL) futimesSync(fd, now / 1000, now / 1000);
    return fd;
  } catch {
    if (fd !== undefined) closeSync(fd);
    return undefined;
  }
}

/** All of an entry; undefined if there is none to be used. */
export function readEntry(entry: EntryName): Buffer | undefined {
  const fd = openEntry(entry);
  if (fd === undefined) return undefined;
  try {
    return readFileSync(fd);
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}

/**
 * Writes an entry, beside its place, and puts it there when it is whole: of several writers the last one stays, and readers see one of them. What can't
 * be written (no room, no right) is not: the cache is never missed.
 */
export function writeEntry({ root, folder, name }: EntryName, parts: readonly Uint8Array[]): void {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  if (!limit().makeRoom(root, size)) return;
  const path = makeFolder(root, folder);
  if (path === undefined) return;
  const temporary = join(path, `${limit().TEMPORARY}${process.pid}-${Math.random().toString(36).slice(2)}`);
  try {
    const fd = openSync(temporary, 'wx', 0o600);
    try {
      for (const part of parts) writeAll(fd, part);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, join(path, name));
  } catch {
    quietlyRemove(temporary);
  }
}

/** Takes out an entry that is not what it should be. */
export function removeEntry({ root, folder, name }: EntryName): void {
  const path = findFolder(root, folder);
  if (path !== undefined) quietlyRemove(join(path, name));
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
}

function quietlyRemove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The cache is read-only, or it is no file.
  }
}

import { lstatSync, mkdirSync, statSync, type Stats } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';

/** The layout of the cache: another one is another folder, so that versions of this package do not meet. */
export const LAYOUT = 'v1';

/** Bytes that the cache may take, where `$ELF_PLUGIN_CACHE_MAX` says nothing. */
const DEFAULT_LIMIT = 2 ** 30;

/** Where the cache is: `$ELF_PLUGIN_CACHE` (an empty one: nowhere), else as the XDG Base Directory Specification has it. Nothing is looked at. */
export function cacheRoot(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const { ELF_PLUGIN_CACHE: given, XDG_CACHE_HOME: xdg = '', HOME: home = '' } = env;
  if (given !== undefined) return given === '' ? undefined : resolve(given);
  // "All paths set in these environment variables must be absolute": others are to be ignored.
  if (isAbsolute(xdg)) return join(xdg, 'elf-plugin');
  return isAbsolute(home) ? join(home, '.cache', 'elf-plugin') : undefined;
}

/** Bytes that the cache may take: `$ELF_PLUGIN_CACHE_MAX`, `500M` or a plain number; what is neither is not read. */
export function cacheLimit(env: NodeJS.ProcessEnv = process.env): number {
  const [, digits, unit = ''] = /^(\d{1,15})([KMG]?)$/i.exec(env['ELF_PLUGIN_CACHE_MAX'] ?? '') ?? [];
  if (digits === undefined) return DEFAULT_LIMIT;
  return Number(digits) * 1024 ** ' KMG'.indexOf(unit.toUpperCase() || ' ');
}

/** The folder of that name in the cache; undefined if there is none that only this user can have written. */
export function findFolder(root: string, name: string): string | undefined {
  const layout = join(root, LAYOUT);
  const folder = join(layout, name);
  // The cache itself may be a link to another disk.
  return isOurs(statSync, root) && isOurs(lstatSync, layout) && isOurs(lstatSync, folder)
    ? folder
    : undefined;
}

/** As `findFolder`, and makes what is missing: of the way to the cache no more than the folder that it is in. */
export function makeFolder(root: string, name: string): string | undefined {
  const found = findFolder(root, name);
  if (found !== undefined) return found;
  // Not by Node's recursive mkdir: see makeCache in debuginfod/control.ts.
  makeOne(dirname(root));
  makeOne(root);
  // Nothing is put where it would not be used.
  if (!isOurs(statSync, root)) return undefined;
  makeOne(join(root, LAYOUT));
  makeOne(join(root, LAYOUT, name));
  return findFolder(root, name);
}

function makeOne(folder: string): void {
  try {
    mkdirSync(folder, 0o700);
  } catch {
    // It is there, or can't be made, which the next look will say.
  }
}

function isOurs(stat: (path: string) => Stats, path: string): boolean {
  try {
    const found = stat(path);
    return found.isDirectory() && onlyOurs(found);
  } catch {
    return false;
  }
}

/** Whether nobody else could write it: types that somebody plants are calls that end the process, or worse. */
export function onlyOurs({ uid, mode }: Stats): boolean {
  return uid === process.geteuid?.() && (mode & 0o022) === 0;
}

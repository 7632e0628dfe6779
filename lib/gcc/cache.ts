import { createHash, randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  linkSync,
  lstatSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { readEntry, type EntryName } from '../debuginfo/disk-cache/entry.js';
import { cacheLimit, cacheRoot, findFolder, makeFolder, onlyOurs } from '../debuginfo/disk-cache/folder.js';
import { makeRoom, TEMPORARY } from '../debuginfo/disk-cache/limit.js';
import { PluginError } from '../errors.js';
import { Hashes, type Input } from './inputs.js';
import { makeTemporaryRoot, temporaryRoot } from './temporary.js';

/** A library that was compiled. */
export interface Build {
  readonly path: string;
  /** What the compiler said. */
  readonly warnings: string;
}

/** What is kept beside a library. */
interface BuildRecord {
  /** The file's name. */
  readonly library: string;
  /** In bytes: a file that was cut off is not used. */
  readonly size: number;
  /** All that it was made from. */
  readonly inputs: readonly Input[];
  readonly warnings: string;
}

/** In milliseconds: how exactly the cache knows when a library was last of use. */
const TOUCH_INTERVAL = 3_600_000;
const RECORD = '.json';

/**
 * Where the libraries are that one command makes: a folder of the cache. Each has a name of its own there, and a record of what it was made from. Records are
 * named by that and never changed: when several processes compile the same, the first one's stays, and all load its file.
 */
export class CommandFolder {
  readonly #name: string;

  /** `command`: everything that makes a difference, other than what is in the files that are included. */
  constructor(command: unknown) {
    this.#name = `gcc-${digest(command)}`;
  }

  /** A library whose inputs are what they were. */
  find(): Build | undefined {
    const hashes = new Hashes();
    for (const root of [cache(), temporaryRoot()]) {
      const folder = root === undefined ? undefined : findFolder(root, this.#name);
      if (root === undefined || folder === undefined) continue;
      for (const name of namesIn(folder)) {
        const record = name.endsWith(RECORD) ? readRecord({ root, folder: this.#name, name }) : undefined;
        if (record?.inputs.every(([path, hash]) => hashes.of(path) === hash) !== true) continue;
        const build = buildOf(folder, record);
        if (build !== undefined) return build;
      }
    }
    return undefined;
  }

  /** Where the compiler can write. Throws `ERR_PLUGIN_COMPILE` if that is nowhere. */
  make(): string {
    for (const make of [cache, makeTemporaryRoot]) {
      const root = make();
      const folder = root === undefined ? undefined : makeFolder(root, this.#name);
      if (folder !== undefined && isWritable(folder)) return folder;
    }
    const reason = `neither the cache nor ${dirname(temporaryRoot())} can be written`;
    throw new PluginError('ERR_PLUGIN_COMPILE', `compile: there is no place for the library: ${reason}`);
  }

  /** Puts a record beside the library at `path`; or gives the library that another process has made from the same. */
  publish(path: string, inputs: readonly Input[], warnings: string): Build {
    // What the umask leaves to a group would not be used.
    chmodSync(path, 0o700);
    const folder = dirname(path);
    const { size } = lstatSync(path);
    const record: BuildRecord = { library: basename(path), size, inputs, warnings };
    const name = nameOf(inputs);
    const place = join(folder, name);
    const temporary = join(folder, `${TEMPORARY}${stamp()}`);
    writeFileSync(temporary, JSON.stringify(record), { mode: 0o600 });
    const root = dirname(dirname(folder));
    try {
      // Unlike a rename it fails if there is one.
      linkSync(temporary, place);
      rmSync(temporary);
    } catch {
      const first = readRecord({ root, folder: this.#name, name });
      const build = first && buildOf(folder, first);
      if (build !== undefined) {
        rmSync(temporary);
        rmSync(path);
        return build;
      }
      renameSync(temporary, place);
    }
    if (root === cache()) makeRoom(root, size);
    return { path, warnings };
  }
}

/** A part of a name that no other file has. */
export function stamp(): string {
  return randomBytes(6).toString('hex');
}

function cache(): string | undefined {
  return cacheLimit() === 0 ? undefined : cacheRoot();
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 40);
}

/** Another process may have removed the folder. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** The record of that name, if it is sound. Nobody else can have written it, but a crash may have cut it off. */
function readRecord(entry: EntryName): BuildRecord | undefined {
  try {
    const record = JSON.parse(readEntry(entry)?.toString() ?? '') as BuildRecord;
    const { inputs, library, warnings } = record;
    const isSound = nameOf(inputs) === entry.name && basename(library) === library;
    return isSound && typeof warnings === 'string' ? record : undefined;
  } catch {
    return undefined;
  }
}

function nameOf(inputs: readonly Input[]): string {
  return digest(inputs) + RECORD;
}

/** The library of a record, if it is there as it was made. */
function buildOf(folder: string, { library, size, warnings }: BuildRecord): Build | undefined {
  const path = join(folder, library);
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() !== true || stat.size !== size || !onlyOurs(stat)) return undefined;
  const now = Date.now();
  try {
    if (Math.abs(now - stat.mtimeMs) > TOUCH_INTERVAL) utimesSync(path, now / 1000, now / 1000);
  } catch {
    // The cache is read-only.
  }
  return { path, warnings };
}

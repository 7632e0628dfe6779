import { readdirSync, rmdirSync, rmSync, lstatSync } from 'node:fs';
import { join } from 'node:path';

import { cacheLimit, LAYOUT } from './folder.js';

/** How the name of a file begins that is being written. */
export const TEMPORARY = '.writing-';

/** In milliseconds: a file that is being written for longer is one of a process that was killed. */
const ABANDONED = 3_600_000;

/** What is removed, beyond what has to be: else each further entry would look at all of them. */
const SLACK = 0.1;

interface Entry {
  readonly path: string;
  readonly size: number;
  /** In milliseconds. */
  readonly used: number;
}

/** Bytes in a cache, by its folder, as far as this thread knows: what was there at its first look, and what it wrote. */
const sizes = new Map<string, number>();

/** Removes what was not of use for longest until `size` more bytes are within the limit; false if they never are. */
export function makeRoom(root: string, size: number): boolean {
  const limit = cacheLimit();
  if (size > limit) return false;
  let total = sizes.get(root);
  if (total === undefined || total + size > limit) total = shrink(root, limit - size, limit * SLACK);
  sizes.set(root, total + size);
  return total + size <= limit;
}

/** Bytes that are there afterwards. */
function shrink(root: string, most: number, slack: number): number {
  const entries = readEntries(join(root, LAYOUT));
  let total = entries.reduce((sum, { size }) => sum + size, 0);
  if (total <= most) return total;
  entries.sort((a, b) => a.used - b.used);
  for (const { path, size } of entries) {
    if (total <= Math.max(most - slack, 0)) break;
    if (removed(path)) total -= size;
  }
  return total;
}

function readEntries(layout: string): Entry[] {
  const entries: Entry[] = [];
  for (const folder of quietly(() => readdirSync(layout)) ?? []) {
    const names = quietly(() => readdirSync(join(layout, folder))) ?? [];
    for (const name of names) {
      const path = join(layout, folder, name);
      const entry = quietly(() => lstatSync(path));
      if (entry === undefined) continue;
      const isAbandoned = name.startsWith(TEMPORARY) && Date.now() - entry.mtimeMs > ABANDONED;
      if (!isAbandoned) entries.push({ path, size: entry.size, used: entry.mtimeMs });
      else removed(path);
    }
    // Fails unless it is empty. Whoever was to put a file into it does without.
    if (names.length === 0) {
      quietly(() => {
        rmdirSync(join(layout, folder));
      });
    }
  }
  return entries;
}

function removed(path: string): boolean {
  const done = quietly(() => {
    rmSync(path);
    return true;
  });
  return done ?? false;
}

/** What `action` gives; undefined if it fails, as where another process has removed the same. */
function quietly<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

import { readdirSync, rmdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { CLEAN_INTERVAL, MAX_UNUSED_AGE, readControl } from './control.js';

/** What clients of debuginfod store in a build-id's folder, also under the temporary name of one that was killed. Nothing else is touched. */
const ENTRY = /^(?:debuginfo|executable|source|section)/;

/** Seconds since a time in milliseconds. */
const age = (time: number): number => (Date.now() - time) / 1000;

/** Once a day takes out of the cache what was not read for a week, by elfutils' rules and with its settings. What can't be taken out stays. */
export function cleanCache(cache: string): void {
  quietly(() => {
    const control = join(cache, CLEAN_INTERVAL.name);
    if (age(statSync(control).mtimeMs) < readControl(cache, CLEAN_INTERVAL)) return;
    // First, so that others that start now do not clean too.
    const now = new Date();
    utimesSync(control, now, now);
    const maxAge = readControl(cache, MAX_UNUSED_AGE);
    for (const name of readdirSync(cache)) {
      if (/^[0-9a-f]+$/.test(name)) cleanFolder(join(cache, name), maxAge);
    }
  });
}

function cleanFolder(folder: string, maxAge: number): void {
  quietly(() => {
    // Of before its files are removed: a client that just made the folder has not put its file in yet.
    const { mtimeMs } = statSync(folder);
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      if (!ENTRY.test(name)) continue;
      quietly(() => {
        if (age(statSync(path).atimeMs) >= maxAge) rmSync(path);
      });
    }
    if (age(mtimeMs) >= maxAge) rmdirSync(folder);
  });
}

/** Other clients change the same cache meanwhile: what fails is left to the next one. */
function quietly(action: () => void): void {
  try {
    action();
  } catch {
    return;
  }
}

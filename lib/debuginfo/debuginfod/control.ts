import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * A number of seconds in a file directly in the cache, which people may change (debuginfod-find(1), "CACHE"). The names and defaults
 * are those of elfutils' client.
 */
export interface Control {
  readonly name: string;
  readonly fallback: number;
}

/** How long "not found" is believed. */
export const CACHE_MISS: Control = { name: 'cache_miss_s', fallback: 600 };
/** How often the cache is cleaned. The file's time of modification says when it last was. */
export const CLEAN_INTERVAL: Control = { name: 'cache_clean_interval_s', fallback: 86_400 };
/** How long a file that nobody reads stays. */
export const MAX_UNUSED_AGE: Control = { name: 'max_unused_age_s', fallback: 604_800 };

export function readControl(cache: string, { name, fallback }: Control): number {
  try {
    const value = Number.parseInt(readFileSync(join(cache, name), 'latin1'), 10);
    return Number.isNaN(value) ? fallback : value;
  } catch {
    return fallback;
  }
}

/**
 * Makes the cache and, if it is missing too, the folder that it is in; elfutils makes no more. Not by Node's recursive mkdir, which never returns
 * where a folder that is there can't hold another: behind a symbolic link to nothing, or in /proc.
 */
export function makeCache(cache: string): void {
  for (const folder of [dirname(cache), cache]) {
    try {
      mkdirSync(folder, 0o700);
    } catch {
      // It is there, or can't be made, which whoever stores a file will see.
    }
  }
}

/** Writes the files that are not there, as elfutils does, so that people find what they may change. */
export function writeControls(cache: string): void {
  makeCache(cache);
  for (const { name, fallback } of [CACHE_MISS, CLEAN_INTERVAL, MAX_UNUSED_AGE]) {
    try {
      writeFileSync(join(cache, name), String(fallback), { flag: 'wx' });
    } catch {
      // It is there, or the cache can't be written.
    }
  }
}

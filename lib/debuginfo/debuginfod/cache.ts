import { closeSync, mkdirSync, openSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CACHE_MISS, makeCache, readControl } from './control.js';
import { fault } from './verify.js';

/*
 * The cache of elfutils' client, which gdb and others fill and read too: CACHE/BUILDID/debuginfo. An empty file says that no
 * server had it.
 */

/** What the cache knows: where the file is, or that a short time ago no server had it. */
export type Cached = { readonly path: string } | 'absent' | undefined;

/** Where the debug file of a build-id is, or would be. */
export function cachePath(cache: string, buildId: string): string {
  return join(cache, buildId, 'debuginfo');
}

/** Makes the folder of a build-id, if it can be made. */
export function makeFolder(cache: string, buildId: string): void {
  makeCache(cache);
  try {
    mkdirSync(dirname(cachePath(cache, buildId)), 0o700);
  } catch {
    // It is there, or whoever puts a file into it will see that it is not.
  }
}

/** What the cache has for a build-id. A file that is not what it should be, as other clients may leave, is none. */
export function readCache(cache: string, buildId: string): Cached {
  const path = cachePath(cache, buildId);
  try {
    const stat = statSync(path);
    if (stat.size > 0) return fault(path, buildId) === undefined ? { path } : undefined;
    const age = (Date.now() - stat.mtimeMs) / 1000;
    return age <= readControl(cache, CACHE_MISS) ? 'absent' : undefined;
  } catch {
    // No such file, or one that we may not see.
    return undefined;
  }
}

/** Notes that no server has the file. If another client has just stored it after all, it stays. */
export function rememberAbsent(cache: string, buildId: string): void {
  const path = cachePath(cache, buildId);
  try {
    makeFolder(cache, buildId);
    closeSync(openSync(path, 'a'));
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // A cache that can't be written remembers nothing.
  }
}

import { cachePath, readCache, type Cached } from './cache.js';
import { CACHE_MISS, readControl } from './control.js';
import type { StoredFile } from './partial-file.js';
import { cacheFolder, type Settings } from './settings.js';

/*
 * What can be said of a build-id without asking a server. Loads nothing that does: libraries without debug info are looked up here, whether or not
 * servers may be asked.
 */

/** Why there is no debug file: a line for each server that was asked, `debuginfod http://127.0.0.1:8002: 404 Not Found`. */
export interface NotFetched {
  readonly tried: readonly string[];
}

export type FetchResult = StoredFile | NotFetched;

/** What is a build-id: lower-case hex, and nothing that could lead out of a folder. Linkers make 8 (lld's fast), 16 or 20 bytes; elfutils takes up to 64. */
const BUILD_ID = /^(?:[0-9a-f]{2}){4,64}$/;

/**
 * The debug file of a build-id in the cache that elfutils' client, gdb and this package share; `'absent'` if a short time ago no server had it. No
 * network is used, whatever the environment says.
 */
export function cachedDebugFile(buildId: string, env: NodeJS.ProcessEnv = process.env): Cached {
  return BUILD_ID.test(buildId) ? readCache(cacheFolder(env), buildId) : undefined;
}

/** What there is to say without asking a server; undefined if one has to be asked. */
export function answerLocally(buildId: string, { cache, servers }: Settings): FetchResult | undefined {
  if (!BUILD_ID.test(buildId))
    return { tried: [`debuginfod: ${buildId} is not a build-id that servers know`] };
  const cached = readCache(cache, buildId);
  if (cached === 'absent') {
    const seconds = readControl(cache, CACHE_MISS);
    const path = cachePath(cache, buildId);
    return {
      tried: [`debuginfod: no server had it less than ${seconds} s ago; remove ${path} to ask again`],
    };
  }
  if (cached !== undefined) return { path: cached.path, temporary: false };
  return servers.length === 0 ? { tried: ['debuginfod: DEBUGINFOD_URLS names no server'] } : undefined;
}

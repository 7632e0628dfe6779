import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where a debuginfod client (gdb, `debuginfod-find`) keeps the debug file of a build-id, whether it is there or not. An empty file remembers that no
 * server had it (debuginfod_find_debuginfo(3), "CACHE").
 */
export function cachedDebugFile(buildId: string, env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheFolder(env), buildId, 'debuginfo');
}

function cacheFolder(env: NodeJS.ProcessEnv): string {
  // A variable that is empty is as good as none.
  const { DEBUGINFOD_CACHE_PATH: own, XDG_CACHE_HOME: caches, HOME: home } = env;
  if (own) return own;
  return join(caches || join(home || homedir(), '.cache'), 'debuginfod_client');
}

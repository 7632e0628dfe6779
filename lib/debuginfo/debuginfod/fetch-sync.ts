import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { extname, isAbsolute, join } from 'node:path';
import type { FetchOptions } from './fetch.js';
import { answerLocally, type FetchResult } from './local.js';
import { readSettings } from './settings.js';

const SUFFIX = extname(__filename);
const CHILD = join(__dirname, `child${SUFFIX}`);
/** The package's own tests run its sources, which Node 20 can't read by itself. */
const LOADER = SUFFIX === '.ts' ? ['--require', require.resolve('tsx/cjs')] : [];

/**
 * Like `fetchDebugFile`, but returns when it is done. The event loop stands still meanwhile, so a child process does it: its requests and answers do not need this
 * one, it works in a worker too, and whatever happens to it ends the wait. Nothing is started if the cache has the answer.
 *
 * @example
 * const result = fetchDebugFileSync(plugin.buildId);
 */
export function fetchDebugFileSync(buildId: string, { env = process.env }: FetchOptions = {}): FetchResult {
  const settings = readSettings(env);
  const known = answerLocally(buildId, settings);
  if (known !== undefined) return known;
  const child = spawnSync(process.execPath, [...LOADER, CHILD], {
    // Not as an argument, which other users can read: URLs and headers may hold passwords.
    input: JSON.stringify({ buildId, settings }),
    cwd: workingFolder(settings.cache),
    // Progress is written to the standard error of both. The result has a pipe of its own, as `--require` in NODE_OPTIONS may print.
    stdio: ['pipe', 'ignore', 'inherit', 'pipe'],
  });
  // Without the pipe (a child that could not be started has none) `output` is null, whatever its type says.
  const output = (child.output as readonly (Buffer | null)[] | null)?.[3]?.toString() ?? '';
  if (child.status === 0 && output !== '') return JSON.parse(output) as FetchResult;
  const end = child.error?.message ?? child.signal ?? `exit ${String(child.status)}`;
  return { tried: [`debuginfod: the process that asks the servers failed: ${end}`] };
}

/** Node can't start in a folder that was removed. Anywhere else a `--require` of NODE_OPTIONS, or the cache, may be named by a relative path. */
function workingFolder(cache: string): string | undefined {
  try {
    // The system's own answer: Node's `process.cwd()` is what it was.
    return realpathSync.native('.');
  } catch {
    return isAbsolute(cache) ? '/' : undefined;
  }
}

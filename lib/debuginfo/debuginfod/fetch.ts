import { cachePath, rememberAbsent } from './cache.js';
import { cleanCache } from './clean.js';
import { writeControls } from './control.js';
import { printable } from './failure.js';
import { Federation } from './federation.js';
import { answerLocally, type FetchResult } from './local.js';
import { megabytes, ProgressLine, writeError, type Progress } from './progress.js';
import { readSettings, type Settings } from './settings.js';

export interface FetchOptions {
  /** Where the settings are read: `DEBUGINFOD_URLS` and the others. The process's own environment unless given. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface AsyncFetchOptions extends FetchOptions {
  /** Called as the file arrives, in place of the line on standard error. */
  readonly progress?: Progress;
}

/**
 * The debug file of a build-id (lower-case hex), from the cache or from the servers that `DEBUGINFOD_URLS` names, or why there is none. Never throws. Calls for
 * the same file at the same time fetch it once. What takes longer than a second writes about its progress on a terminal.
 *
 * @example
 * const result = await fetchDebugFile('8713b9c3fb8a720137a4a08b325905c7aaf8429d');
 * if ('path' in result) ElfFile.open(result.path);
 * else console.log(result.tried);   // ['debuginfod https://debuginfod.debian.net: 404 Not Found']
 */
export async function fetchDebugFile(
  buildId: string,
  { env = process.env, progress }: AsyncFetchOptions = {},
): Promise<FetchResult> {
  const settings = readSettings(env);
  return answerLocally(buildId, settings) ?? (await fetchOnce(buildId, settings, progress));
}

/** The fetches that are under way, by where their files will be. */
const underWay = new Map<string, Promise<FetchResult>>();

function fetchOnce(buildId: string, settings: Settings, progress?: Progress): Promise<FetchResult> {
  const key = cachePath(settings.cache, buildId);
  let result = underWay.get(key);
  if (result === undefined) {
    result = askServers(buildId, settings, progress).finally(() => underWay.delete(key));
    underWay.set(key, result);
  }
  return result;
}

/** Asks the servers; what they give is put into the cache. */
export async function askServers(
  buildId: string,
  settings: Settings,
  progress?: Progress,
): Promise<FetchResult> {
  writeControls(settings.cache);
  cleanCache(settings.cache);
  const line =
    progress === undefined && ProgressLine.wanted(settings.progress)
      ? new ProgressLine(`debuginfod: looking for build-id ${buildId}`)
      : undefined;
  const show: Progress = (received, total) => {
    if (line !== undefined) line.text = `debuginfod: ${megabytes(received, total)} of debug info`;
  };
  const trace = (text: string): void => {
    if (settings.verbose) writeError(`debuginfod: ${printable(text)}\n`);
  };
  const federation = new Federation(buildId, settings, { progress: progress ?? show, trace });
  try {
    const stored = await federation.fetch();
    if (stored !== undefined) return stored;
    if (federation.absent) rememberAbsent(settings.cache, buildId);
    return { tried: federation.reasons };
  } finally {
    line?.end();
  }
}

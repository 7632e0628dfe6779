import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What debuginfod's environment variables say (debuginfod-find(1), "ENVIRONMENT VARIABLES"). Plain data, so that a child process
 * can be handed it.
 */
export interface Settings {
  /** Base URLs, without a slash at the end. */
  readonly servers: readonly string[];
  /** The cache's folder. */
  readonly cache: string;
  /** Seconds within which 100 KiB must arrive; 0 is no limit. */
  readonly timeout: number;
  /** Seconds for a whole fetch; 0 is no limit. */
  readonly maxTime: number;
  /** Bytes; 0 is no limit. */
  readonly maxSize: number;
  /** How often a server that failed is asked again. */
  readonly retries: number;
  /** Further headers of requests. May hold a password. */
  readonly headers: Readonly<Record<string, string>>;
  readonly proxies: Proxies;
  /** Progress is written to standard error also where that is no terminal. */
  readonly progress: boolean;
  /** Requests and answers are written to standard error. */
  readonly verbose: boolean;
}

/** By way of what servers are asked: what the environment says, as it says it. May hold passwords. */
export interface Proxies {
  /** For servers of http. */
  readonly http: string | undefined;
  /** For servers of https. */
  readonly https: string | undefined;
  /** Hosts that are asked themselves. */
  readonly none: string;
}

/** elfutils' client takes any size, so that a server that never ends fills the disk. The largest debug files, of browsers, have 2 to 3 GiB. */
const DEFAULT_MAX_SIZE = 2 ** 32;

/** The servers that `DEBUGINFOD_URLS` names, each once. Reading it asks none of them. */
export function debuginfodServers(env: NodeJS.ProcessEnv = process.env): string[] {
  const words = (env['DEBUGINFOD_URLS'] ?? '').split(/\s+/);
  // From elfutils 0.192 on a word like `ima:enforcing` says how strict to be with the signatures of files from the servers behind it.
  const urls = words.filter((word) => word !== '' && !word.startsWith('ima:'));
  return [...new Set(urls.map((url) => url.replace(/\/+$/, '')))];
}

/** What `env` says, with elfutils' defaults where it says nothing. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const { DEBUGINFOD_HEADERS_FILE: headersFile, DEBUGINFOD_MAXSIZE: maxSize } = env;
  const size = limit(maxSize, DEFAULT_MAX_SIZE);
  return {
    servers: debuginfodServers(env),
    cache: cacheFolder(env),
    timeout: limit(env['DEBUGINFOD_TIMEOUT'], 90),
    maxTime: limit(env['DEBUGINFOD_MAXTIME'], 0),
    maxSize: size,
    retries: limit(env['DEBUGINFOD_RETRY_LIMIT'], 2),
    headers: {
      ...(headersFile ? readHeaders(headersFile) : {}),
      // The server then answers 406 for a larger file, instead of preparing it.
      ...(maxSize && size > 0 ? { 'X-DEBUGINFOD-MAXSIZE': String(size) } : {}),
    },
    proxies: proxiesOf(env),
    progress: Boolean(env['DEBUGINFOD_PROGRESS']),
    verbose: Boolean(env['DEBUGINFOD_VERBOSE']),
  };
}

/** elfutils' rule: a folder of its own in the home directory only if there is one from before it followed XDG. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  const { DEBUGINFOD_CACHE_PATH: given, XDG_CACHE_HOME: xdg, HOME: home = '/' } = env;
  if (given) return given;
  const old = join(home, '.debuginfod_client_cache');
  if (existsSync(old)) return old;
  return join(xdg ? xdg : join(home, '.cache'), 'debuginfod_client');
}

/** What libcurl, by which elfutils asks, takes for proxies (libcurl-env(3)). `HTTP_PROXY` is none: under CGI it is a header of whoever asks. */
function proxiesOf(env: NodeJS.ProcessEnv): Proxies {
  const first = (...names: string[]): string | undefined => names.map((name) => env[name]).find(Boolean);
  return {
    http: first('http_proxy', 'all_proxy', 'ALL_PROXY'),
    https: first('https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'),
    none: first('no_proxy', 'NO_PROXY') ?? '',
  };
}

/** A number as C's `atoi` reads it; negative is none, as 0 is. */
function limit(text: string | undefined, fallback: number): number {
  const value = Number.parseInt(text ?? '', 10);
  return Number.isNaN(value) ? fallback : Math.max(value, 0);
}

/** `Name: value` lines (RFC 9110 §5.1, §5.5). What is no header is skipped, as elfutils does, and so is a file that can't be read. */
function readHeaders(file: string): Record<string, string> {
  let text = '';
  try {
    text = readFileSync(file, 'latin1');
  } catch {
    return {};
  }
  const lines = text.matchAll(/^([\w!#$%&'*+.^`|~-]+):[ \t]*([\t\x20-\x7e\x80-\xff]+?)[ \t]*\r?$/gm);
  return Object.fromEntries(Array.from(lines, ([, name = '', value = '']) => [name, value]));
}

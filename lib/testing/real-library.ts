import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { print } from '../ctypes/print.js';
import { inspect } from '../library/inspect.js';
import { BUILD, hasTool, run } from './tools.js';

/** A C library whose sources lie in a package of npm's registry. The package is never installed: nothing of it runs. */
interface Recipe {
  readonly name: string;
  readonly version: string;
  /** What `npm view NAME@VERSION dist.integrity` prints. */
  readonly integrity: string;
  /** The folder of the tarball with the sources. */
  readonly folder: string;
  /** Files that are added to it: name and text. */
  readonly extra: Readonly<Record<string, string>>;
  readonly isSource: (file: string) => boolean;
  readonly flags: readonly string[];
  readonly libs: readonly string[];
  readonly output: string;
}

/** SQLite's amalgamation: one file of 9 MB, 17 s at -O1 and twice that at -O2. */
const SQLITE: Recipe = {
  name: 'better-sqlite3',
  version: '12.9.0',
  integrity:
    'sha512-wqUv4Gm3toFpHDQmaKD4QhZm3g1DjUBI0yzS4UBl6lElUmXFYdTQmmEDpAFa5o8FiFiymURypEnfVHzILKaxqQ==',
  folder: 'package/deps/sqlite3',
  extra: {},
  isSource: (file) => file === 'sqlite3.c',
  flags: ['-g', '-O1', '-shared', '-fPIC'],
  libs: ['-lm'],
  output: 'libsqlite3.so',
};

/** Lua 5.4.4. This package's `luaconf.h` includes a header with locks; an empty one makes it Lua as it was published. */
const LUA: Recipe = {
  name: 'react-native-lua',
  version: '0.1.4',
  integrity:
    'sha512-6VYrMOQiqvylJ8nJNhtPbwBG4g4TvRE/jGVfMesmZoWqMNLzmEWIV3MloQWo2s+UJjPtYzoWHkk3FB0KWfJK6w==',
  folder: 'package/cpp/lua_src',
  extra: { 'skrnlua_multithread_define.h': '' },
  isSource: (file) => file.endsWith('.c') && file !== 'lua.c' && file !== 'luac.c',
  flags: ['-g', '-O2', '-shared', '-fPIC', '-DLUA_USE_POSIX', '-DLUA_USE_DLOPEN'],
  libs: ['-lm', '-ldl'],
  output: 'liblua.so',
};

/**
 * The path of SQLite, fetched and compiled with its debug information once. Without a network it prints why, and no file of that
 * path exists: what `describeWith` takes.
 */
export function sqlite(): string {
  return library(SQLITE);
}

/** The path of Lua 5.4, in the same way. */
export function lua(): string {
  return library(LUA);
}

/** How docs/sqlite.md says to make it: what `sqlite` does. */
export const SQLITE_COMMANDS: string = [
  `npm pack ${SQLITE.name}@${SQLITE.version}`,
  `tar -xzf ${SQLITE.name}-${SQLITE.version}.tgz`,
  `gcc ${SQLITE.flags.join(' ')} -o sqlite3.so ${SQLITE.folder}/sqlite3.c ${SQLITE.libs.join(' ')}`,
].join('\n');

/** Where the sources and headers of such a library are. */
export function sourcesOf(library: string): string {
  return join(dirname(library), 'source');
}

/**
 * What gcc says to the types of all that `library` exports, as they are read from its debug information, declared once more behind the
 * headers that declare it by hand: an empty string, if each is compatible.
 */
export function disagreements(library: string, headers: string, flags: readonly string[] = []): string {
  const declarations = inspect(library).symbols.map(({ name, type }) => {
    const text = type === undefined ? `no type ${name}` : `extern ${print(type.ctype, name)};`;
    // What va_list is as a parameter has no name in C.
    return text.replaceAll('struct __va_list_tag *', '__builtin_va_list ');
  });
  const options = ['-fsyntax-only', '-xc', ...flags, '-'];
  const input = [headers, ...declarations, ''].join('\n');
  return spawnSync('gcc', options, { input, encoding: 'utf8' }).stderr;
}

function library(recipe: Recipe): string {
  const { name, version, flags, libs } = recipe;
  const key = createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 12);
  const folder = join(BUILD, 'real', `${name}-${version}-${key}`);
  const output = join(folder, recipe.output);
  if (existsSync(output)) return output;
  const sources = join(folder, 'source');
  const problem = existsSync(sources) ? undefined : fetchSources(recipe, sources);
  if (problem !== undefined) {
    console.warn(`${name}@${version}: ${problem}`);
    return output;
  }
  const files = readdirSync(sources).filter(recipe.isSource).sort();
  // Of two tests that need it at the same time, one compiles and the other waits.
  const script = 'test -e "$0" || { gcc -o "$0.tmp" "$@" && mv "$0.tmp" "$0"; }';
  run('flock', [`${output}.lock`, 'sh', '-c', script, output, ...flags, ...files, ...libs], { cwd: sources });
  return output;
}

/** Unpacks the sources into `target`; the reason if they can't be had. A package with other bytes than expected is an error. */
function fetchSources(recipe: Recipe, target: string): string | undefined {
  const { name, version, folder } = recipe;
  const missing = ['npm', 'tar', 'flock', 'gcc'].filter((tool) => !hasTool(tool));
  if (missing.length > 0) return `needs ${missing.join(', ')}`;
  mkdirSync(dirname(target), { recursive: true });
  const scratch = mkdtempSync(join(dirname(target), 'fetch-'));
  try {
    // Where there is no network, npm's own waits between its attempts would add up to a minute.
    const waits = ['--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=4000'];
    const pack = ['pack', `${name}@${version}`, '--ignore-scripts', '--pack-destination', scratch, ...waits];
    const npm = spawnSync('npm', pack, { encoding: 'utf8', timeout: 120_000 });
    const tarball = readdirSync(scratch)[0];
    if (npm.status !== 0 || tarball === undefined) return `npm pack failed\n${npm.stderr}`;
    const path = join(scratch, tarball);
    const sum = `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`;
    if (sum !== recipe.integrity) throw new Error(`${tarball}: ${sum}, not ${recipe.integrity}`);
    run('tar', ['-xzf', path, '-C', scratch, folder]);
    for (const [file, text] of Object.entries(recipe.extra)) writeFileSync(join(scratch, folder, file), text);
    try {
      renameSync(join(scratch, folder), target);
    } catch (error) {
      // Another test was faster.
      if (!existsSync(target)) throw error;
    }
    return undefined;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

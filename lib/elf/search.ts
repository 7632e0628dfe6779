import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { FormatError } from '../errors.js';
import { DF_1 } from './constants.js';
import type { Dynamic } from './dynamic.js';
import { ElfFile } from './file.js';
import { currentHost, fitsHost, type Host } from './host.js';
import { LdCache } from './ldcache.js';

/** A file that needs libraries, as far as it tells where they are. */
export interface Requester {
  /** Its directory: `$ORIGIN`. */
  readonly origin: string;
  readonly rpath?: string | undefined;
  readonly runpath?: string | undefined;
  /** Linked with `-z nodefaultlib`. */
  readonly noDefaultDirs?: boolean;
  /** The file that needed it in turn: its `rpath` counts too. */
  readonly loader?: Requester | undefined;
}

export interface SearchResult {
  /** Undefined if it was not found. */
  readonly path: string | undefined;
  /** The places looked at before, in order: paths of files, and that of the cache. */
  readonly tried: readonly string[];
}

export interface SearchOptions {
  /** What LD_LIBRARY_PATH was when the process started: the linker has read it then, and does not look again. */
  ldLibraryPath?: string | undefined;
  cachePath?: string;
  defaultDirs?: readonly string[];
  host?: Host;
}

/**
 * Finds libraries by name where ld.so would (ld.so(8); glibc elf/dl-load.c, _dl_map_object). Variants for some
 * processors (`glibc-hwcaps`) are left out: they are built from the same source.
 */
export class LibrarySearch {
  readonly #host: Host;
  readonly #environment: readonly string[];
  readonly #cachePath: string;
  #defaultDirs: readonly string[] | undefined;
  #cache: LdCache | undefined;

  constructor(options: SearchOptions = {}) {
    const { ldLibraryPath = environmentAtStart('LD_LIBRARY_PATH') } = options;
    this.#host = options.host ?? currentHost();
    this.#environment = splitPath(ldLibraryPath, /[:;]/);
    this.#cachePath = options.cachePath ?? '/etc/ld.so.cache';
    this.#defaultDirs = options.defaultDirs;
  }

  /** Where the library `name` is that `requester` needs. */
  findNeeded(name: string, requester: Requester): SearchResult {
    const tried: string[] = [];
    for (const place of this.#places(name, requester)) {
      // ld.so passes over a library for another machine, but stops, and fails, at one that is broken.
      if (place !== this.#cachePath && fits(place, this.#host) !== false) return { path: place, tried };
      if (!tried.includes(place)) tried.push(place);
    }
    return { path: undefined, tried };
  }

  /**
   * The path of a library of the system: `z`, `libz` and `libz.so` find the newest `libz.so.N`, `libz.so.1` that one.
   * Undefined if there is none.
   */
  findLibrary(name: string): string | undefined {
    if (name === '' || name.includes('/')) return undefined;
    const nowhere: Requester = { origin: '/' };
    if (/\.so\.\d/.test(name)) return this.findNeeded(name, nowhere).path;
    const stem = `lib${name.replace(/^lib/, '').replace(/\.so$/, '')}.so`;
    for (const candidate of this.#namesOf(stem)) {
      const { path } = this.findNeeded(candidate, nowhere);
      // `libc.so` can be a linker script.
      if (path !== undefined && fits(path, this.#host) === true) return path;
    }
    return undefined;
  }

  /**
   * `libz.so.1` and so on, the newest first, `libz.so` last: those in LD_LIBRARY_PATH, else in the cache, which has
   * sonames only, else (musl has no cache) in the system's directories.
   */
  #namesOf(stem: string): string[] {
    const matching = (names: readonly string[]): string[] =>
      names.filter((n) => n === stem || (n.startsWith(`${stem}.`) && /^[\d.]+$/.test(n.slice(stem.length))));
    const sources = [
      () => this.#environment.flatMap(listDirectory),
      () => this.#ldCache?.entries.map((e) => e.name) ?? [],
      () => this.#systemDirs.flatMap(listDirectory),
    ];
    const found = sources.flatMap((names) =>
      [...new Set(matching(names()))].sort((a, b) =>
        compareVersions(b.slice(stem.length), a.slice(stem.length)),
      ),
    );
    return [...new Set(found)];
  }

  *#places(name: string, requester: Requester): Generator<string> {
    if (name.includes('/')) {
      yield resolve(expand(name, requester, this.#host));
      return;
    }
    const inside = (dirs: readonly string[]): string[] => dirs.map((dir) => join(resolve(dir), name));
    const dirsOf = (path: string | undefined, owner: Requester): string[] =>
      splitPath(path, ':').map((dir) => expand(dir, owner, this.#host));
    if (requester.runpath === undefined) {
      for (let r: Requester | undefined = requester; r !== undefined; r = r.loader) {
        if (r.runpath === undefined) yield* inside(dirsOf(r.rpath, r));
      }
    }
    yield* inside(this.#environment.map((dir) => expand(dir, requester, this.#host)));
    yield* inside(dirsOf(requester.runpath, requester));
    if (requester.noDefaultDirs === true) return;
    const cached = this.#ldCache?.find(name).filter((e) => e.hwcap === 0n);
    yield* cached?.map((e) => e.path) ?? [];
    yield this.#cachePath;
    yield* inside(this.#systemDirs);
  }

  get #systemDirs(): readonly string[] {
    return (this.#defaultDirs ??= systemDirs(this.#host));
  }

  get #ldCache(): LdCache | undefined {
    return (this.#cache ??= LdCache.read(this.#cachePath));
  }
}

/** `file` as one that needs libraries; `loader` is the one that needed it. */
export function requesterOf(file: ElfFile, dynamic: Dynamic, loader?: Requester): Requester {
  return {
    origin: dirname(resolve(file.path)),
    rpath: dynamic.rpath,
    runpath: dynamic.runpath,
    noDefaultDirs: (dynamic.flags1 & DF_1.NODEFLIB) !== 0,
    loader,
  };
}

/** The path of the library that the system loader would take for `name`: `z`, `libz.so`, `libz.so.1`. */
export function findLibrary(name: string): string | undefined {
  return new LibrarySearch().findLibrary(name);
}

/** Whether `path` is a library for the host; false if it can't be read, undefined if it is not ELF. */
function fits(path: string, host: Host): boolean | undefined {
  try {
    using file = ElfFile.open(path);
    return fitsHost(file.header, host);
  } catch (error) {
    return error instanceof FormatError ? undefined : false;
  }
}

/** An empty path has no parts; an empty part is the working directory. */
function splitPath(path: string | undefined, separator: string | RegExp): string[] {
  return path === undefined || path === '' ? [] : path.split(separator).map((dir) => dir || '.');
}

/** Dynamic string tokens (ld.so(8)). */
function expand(text: string, { origin }: Requester, host: Host): string {
  return text.replace(
    /\$(?:\{(ORIGIN|LIB|PLATFORM)\}|(ORIGIN|LIB|PLATFORM)(?![A-Za-z0-9_]))/g,
    (_, a?: string, b?: string) => {
      const token = a ?? b;
      if (token === 'ORIGIN') return origin;
      return token === 'LIB' ? libDir(host) : (triplet()?.split('-')[0] ?? '');
    },
  );
}

/** Debian's name for the machine, a folder of its libraries. */
const TRIPLETS: Readonly<Partial<Record<string, string>>> = {
  arm: 'arm-linux-gnueabihf',
  arm64: 'aarch64-linux-gnu',
  ia32: 'i386-linux-gnu',
  loong64: 'loongarch64-linux-gnu',
  ppc64: 'powerpc64le-linux-gnu',
  riscv64: 'riscv64-linux-gnu',
  s390x: 's390x-linux-gnu',
  x64: 'x86_64-linux-gnu',
};

function triplet(): string | undefined {
  return TRIPLETS[process.arch];
}

/** What `$LIB` is: it was fixed when glibc was built, and shows in where the distribution puts libraries. */
function libDir(host: Host): string {
  const multiarch = `lib/${triplet() ?? ''}`;
  if (triplet() !== undefined && existsSync(`/${multiarch}`)) return multiarch;
  return host.class === 64 && existsSync('/lib64') ? 'lib64' : 'lib';
}

/** glibc's directories; where the process has no cache of glibc's but musl's linker, that one's. */
function systemDirs(host: Host): string[] {
  if (!existsSync('/etc/ld.so.cache')) {
    const linker = listDirectory('/lib').find((name) => MUSL_LINKER.test(name));
    if (linker !== undefined) return muslDirs(`/etc/${linker.replace(MUSL_LINKER, '$1')}.path`);
  }
  const dirs = [`lib/${triplet() ?? ''}`, ...(host.class === 64 ? ['lib64'] : []), 'lib'];
  return [...new Set(dirs)].flatMap((dir) => [`/${dir}`, `/usr/${dir}`]).filter((dir) => existsSync(dir));
}

const MUSL_LINKER = /^(ld-musl-\w+)\.so\.1$/;

/** Where musl looks behind LD_LIBRARY_PATH and the rpath: `/etc/ld-musl-ARCH.path`, with a directory a line or colons between (musl ldso/dynlink.c, load_library). */
export function muslDirs(path: string): string[] {
  let text = '/lib:/usr/local/lib:/usr/lib';
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    // Most systems have no such file.
  }
  return text.split(/[:\n]/).filter(Boolean);
}

function environmentAtStart(name: string): string | undefined {
  try {
    const start = `${name}=`;
    const entries = readFileSync('/proc/self/environ', 'utf8').split('\0');
    return entries.find((entry) => entry.startsWith(start))?.slice(start.length);
  } catch {
    return process.env[name];
  }
}

function listDirectory(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** `.10` is after `.9`, and `.1.2` after `.1`. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').filter(Boolean).map(Number));
  for (let i = 0; i < Math.max(left?.length ?? 0, right?.length ?? 0); i++) {
    const difference = (left?.[i] ?? -1) - (right?.[i] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

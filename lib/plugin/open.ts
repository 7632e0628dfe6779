import { realpathSync, statSync } from 'node:fs';

import { FileSource } from '../bytes/source.js';
import { bare } from '../ctypes/model.js';
import { print } from '../ctypes/print.js';
import { preflight } from '../elf/preflight.js';
import { ElfFile } from '../elf/file.js';
import {
  FormatError,
  isPluginError,
  messageOf,
  PluginError,
  typeError,
  type PluginErrorCode,
  type PluginErrorDetails,
} from '../errors.js';
import * as linker from '../ffi/linker.js';
import { forgetMappings } from '../ffi/mapping.js';
import { describe } from '../ffi/values/check.js';
import { Library } from '../library/library.js';
import type { Loaded } from '../symbols/table.js';
import { explain } from './explain.js';
import { copyOf, isStale } from './identity.js';
import { findNewcomers, needsDeepBinding, preflightDependencies, type Newcomers } from './newcomers.js';
import { checkOptions, type OpenOptions } from './options.js';
import { Plugin } from './plugin.js';
import { awaitInits, runInit, type InitFailure } from './registry.js';

/** PATH_MAX of <linux/limits.h>, its NUL included. koffi cuts longer names without a word. */
const PATH_MAX = 4096;

/** What Go appends to an error that it has given before. */
const PREVIOUS = ' (previous failure)';

/** A library that this thread has opened. */
interface OpenLibrary {
  readonly library: Library;
  readonly loaded: Loaded;
  /** The file as it was then, to notice that it was replaced. */
  readonly fileState: string;
  /** How it was loaded, as far as this thread knows. */
  readonly how: Readonly<Partial<OpenOptions>>;
  /** By the options that make a difference to values. */
  readonly plugins: Map<string, Plugin>;
}

/** What is open in this thread, by the linker's handle, which is the same for every name of a file. */
const libraries = new Map<bigint, OpenLibrary>();
/** Libraries that were refused as copies: as in Go that is remembered, until the file is another one. */
const refusedCopies = new Map<string, string>();
/**
 * The asynchronous open that was asked for last. They take turns, as the linker lets one in at a time: while a constructor runs, planning
 * the next open would wait for the linker's lock, and the event loop with it.
 */
let lastTurn: Promise<unknown> = Promise.resolve();

/** See `open` in entry.ts. */
export function open(path: string, options: OpenOptions = {}): Plugin {
  const opening = new Opening(path, options);
  const plan = opening.plan();
  return opening.finish(plan === undefined ? opening.pin() : linker.open(opening.path, plan.flags), plan);
}

/** See `openAsync` in entry.ts. */
export async function openAsync(path: string, options: OpenOptions = {}): Promise<Plugin> {
  const opening = new Opening(path, options);
  const turn = lastTurn.then(async () => {
    const plan = opening.plan();
    if (plan === undefined) return opening.finish(opening.pin(), undefined);
    return opening.finish(await linker.openAsync(opening.path, plan.flags), plan);
  });
  lastTurn = turn.catch(() => undefined);
  return turn;
}

/** A library that is to be loaded, and how. */
interface Plan extends Newcomers {
  readonly flags: number;
}

/** One call of `open`. Its steps come in the order of Go's. */
class Opening {
  /** As the caller wrote it, for messages. */
  readonly name: string;
  /** The real path. */
  readonly path: string;
  readonly #options: OpenOptions;
  readonly #fileState: string;

  constructor(name: string, options: OpenOptions) {
    if (typeof name !== 'string') {
      throw typeError('ERR_INVALID_ARG_TYPE', `open: expected a path, got ${describe(name)}`);
    }
    checkOptions(options);
    this.name = name;
    this.#options = options;
    if (process.platform !== 'linux') this.#fail('ERR_PLUGIN_OPEN', 'plugin: not implemented', {}, false);
    this.path = this.#realpath();
    this.#fileState = this.#readFileState();
  }

  /** What has to be loaded; undefined if the library is in the process already. Refuses before any of its code runs. */
  plan(): Plan | undefined {
    const handle = linker.loadedHandle(this.path);
    if (handle !== undefined) return undefined;
    if (this.#options.copies !== 'allow' && refusedCopies.get(this.path) === this.#fileState)
      this.#fail('ERR_PLUGIN_ALREADY_LOADED', `plugin already loaded${PREVIOUS}`);
    const library = this.#readLibrary();
    let plan: Plan | undefined;
    try {
      return (plan = this.#planFor(library));
    } finally {
      if (plan === undefined) library.file.close();
    }
  }

  #planFor(library: Library): Plan | undefined {
    const original = this.#options.copies === 'allow' ? undefined : copyOf(library);
    if (original !== undefined) {
      // Another thread has loaded this very file since the first look.
      if (linker.loadedHandle(this.path) !== undefined) return undefined;
      refusedCopies.set(this.path, this.#fileState);
      const lines = [
        `plugin already loaded`,
        `it is a copy of ${original}; a second instance takes the option copies: 'allow'`,
      ];
      this.#fail('ERR_PLUGIN_ALREADY_LOADED', lines.join('\n  '));
    }
    const newcomers = findNewcomers(library);
    const reason = preflightDependencies(newcomers);
    if (reason !== undefined) this.#fail('ERR_PLUGIN_OPEN', indent(reason), { dlerror: firstLine(reason) });
    return { ...newcomers, flags: this.#flags(newcomers) };
  }

  /** Keeps a library that is loaded already in memory for good, whoever loaded it. */
  pin(): linker.Opened {
    return linker.open(this.path, linker.RTLD.NOW | linker.RTLD.NOLOAD | linker.RTLD.NODELETE);
  }

  /** The plugin for what `dlopen` gave. */
  finish(opened: linker.Opened, plan: Plan | undefined): Plugin {
    if ('dlerror' in opened) {
      const lines = [opened.dlerror, ...(plan === undefined ? [] : explain(opened.dlerror, plan))];
      plan?.library.file.close();
      this.#fail('ERR_PLUGIN_OPEN', lines.join('\n  '), { dlerror: opened.dlerror });
    }
    // Relocations have made pages read-only.
    forgetMappings();
    const entry = this.#entry(opened.handle, plan);
    this.#initialise(entry);
    const { int64 = 'bigint' } = this.#options;
    let plugin = entry.plugins.get(int64);
    if (plugin === undefined) {
      plugin = new Plugin(entry.library, entry.loaded, int64);
      entry.plugins.set(int64, plugin);
    }
    entry.loaded.stale ||= this.#isReplaced(entry);
    return plugin;
  }

  #realpath(): string {
    const { name } = this;
    const invalid =
      name === ''
        ? 'the name is empty'
        : name.includes('\0')
          ? 'the name has a NUL byte inside'
          : Buffer.byteLength(name) >= PATH_MAX
            ? `the name is longer than PATH_MAX, ${PATH_MAX} bytes`
            : undefined;
    if (invalid !== undefined) this.#fail('ERR_PLUGIN_OPEN', `realpath failed\n  ${invalid}`);
    let path: string;
    try {
      path = realpathSync.native(name);
    } catch (error) {
      return this.#fail('ERR_PLUGIN_OPEN', `realpath failed\n  ${messageOf(error)}`, { cause: error });
    }
    // dlopen expands them in any path (glibc elf/dl-load.c, is_dst), and would open another file than the one that was read here.
    const [token] =
      /\$(?:\{(?:ORIGIN|LIB|PLATFORM)\}|(?:ORIGIN|LIB|PLATFORM)(?![A-Za-z0-9_]))/.exec(path) ?? [];
    if (token === undefined) return path;
    const reason = `the dynamic linker takes ${token} in a path for another directory's name`;
    return this.#fail('ERR_PLUGIN_OPEN', `${path}: cannot open shared object file\n  ${reason}: rename it`);
  }

  #readFileState(): string {
    const stat = statSync(this.path, { bigint: true, throwIfNoEntry: false });
    // It went meanwhile, or its path is no UTF-8, and so none that JavaScript can name.
    if (stat === undefined) {
      const reason = 'cannot open shared object file: No such file or directory';
      return this.#fail('ERR_PLUGIN_OPEN', `${this.path}: ${reason}`);
    }
    // A FIFO would be waited for, a device read without an end.
    if (!stat.isFile() && !stat.isDirectory()) {
      this.#fail('ERR_PLUGIN_OPEN', `${this.path}: cannot read file data: it is no regular file`);
    }
    return [stat.dev, stat.ino, stat.size, stat.mtimeNs].join(':');
  }

  /** Reads the file, and refuses what `dlopen` would die of or misreport. */
  #readLibrary(): Library {
    const refuse = (reason: string): never => {
      const text = `${this.path}: ${reason}`;
      return this.#fail('ERR_PLUGIN_OPEN', indent(text), { dlerror: firstLine(text) });
    };
    let source: FileSource;
    try {
      source = new FileSource(this.path);
    } catch (error) {
      const denied = (error as { code?: unknown }).code === 'EACCES';
      return refuse(`cannot open shared object file: ${denied ? 'Permission denied' : messageOf(error)}`);
    }
    try {
      const file = readable(source);
      const reason = preflight(file ?? source);
      return reason === undefined && file !== undefined
        ? new Library(file)
        : refuse(reason ?? 'invalid ELF header');
    } catch (error) {
      source.close();
      if (error instanceof FormatError) refuse(error.message);
      throw error;
    }
  }

  #flags(newcomers: Newcomers): number {
    const { scope = 'local', binding = 'now', deepBind = 'auto' } = this.#options;
    const { RTLD } = linker;
    const deep = deepBind === 'auto' ? needsDeepBinding(newcomers) : deepBind;
    return (
      (binding === 'now' ? RTLD.NOW : RTLD.LAZY) |
      (scope === 'global' ? RTLD.GLOBAL : RTLD.LOCAL) |
      (deep ? RTLD.DEEPBIND : 0) |
      RTLD.NODELETE
    );
  }

  /** This thread's record of the library, made at the first open. */
  #entry(handle: bigint, plan: Plan | undefined): OpenLibrary {
    const known = libraries.get(handle);
    if (known !== undefined) {
      // It was opened meanwhile, by its own constructor or while this open waited.
      plan?.library.file.close();
      this.#checkConflict(known);
      return known;
    }
    const library = plan?.library ?? this.#readLibrary();
    if (isStale(library, handle)) {
      library.file.close();
      const reason =
        'the file was replaced since another thread loaded it: what it says is not what is in memory';
      this.#fail('ERR_PLUGIN_OPEN', `${this.path}: ${reason}`);
    }
    const { scope, binding, deepBind } = this.#options;
    const how =
      plan === undefined
        ? {}
        : { scope: scope ?? 'local', binding: binding ?? 'now', deepBind: deepBind ?? 'auto' };
    const { base } = linker.linkMap(handle);
    const entry = {
      library,
      loaded: { handle, base, stale: false },
      fileState: this.#fileState,
      how,
      plugins: new Map<string, Plugin>(),
    };
    libraries.set(handle, entry);
    return entry;
  }

  /** A library is bound once: asking for it in another way can't be honoured. */
  #checkConflict({ how }: OpenLibrary): void {
    for (const option of ['scope', 'binding', 'deepBind'] as const) {
      const wanted = this.#options[option];
      const had = how[option];
      if (wanted === undefined || had === undefined || wanted === had) continue;
      const reason = `it is loaded with ${option}: ${JSON.stringify(had)}, which can't change to ${JSON.stringify(wanted)}`;
      this.#fail('ERR_PLUGIN_OPEN', reason);
    }
  }

  /** Runs the init function that was asked for, or waits for one that runs in another thread. */
  #initialise({ library, loaded }: OpenLibrary): void {
    const { init } = this.#options;
    const failure = init === undefined ? awaitInits(loaded.handle) : this.#runInit(init, library, loaded);
    if (failure === undefined) return;
    const suffix = failure.previous ? PREVIOUS : '';
    this.#fail('ERR_PLUGIN_INIT', `${failure.reason}${suffix}`, { cause: failure.cause });
  }

  #runInit(init: string, library: Library, loaded: Loaded): InitFailure | undefined {
    const symbol = library.find(init);
    if (symbol === undefined) {
      this.#fail('ERR_PLUGIN_SYMBOL', `could not find symbol ${init}: the library does not export it`, {
        symbol: init,
      });
    }
    const { type, reason } = library.typed(symbol);
    const result = type?.kind === 'function' ? bare(type.result) : undefined;
    const fits = type?.kind === 'function' && type.parameters.length === 0 && !type.variadic;
    if (
      result === undefined ||
      !fits ||
      (result.kind !== 'void' && !(result.kind === 'int' && result.size === 4))
    ) {
      const is = type === undefined ? `of unknown type (${reason ?? 'no types'})` : print(type, init);
      this.#fail('ERR_PLUGIN_INIT', `init function ${init} is ${is}, not void (void) or int (void)`, {
        symbol: init,
      });
    }
    return runInit(loaded.handle, init, () => {
      const call = new Plugin(library, loaded, 'bigint').lookup(init);
      return result.kind === 'void' ? (call(), 0) : Number(call());
    });
  }

  /** Whether the path now leads to another file than the one in memory. */
  #isReplaced(entry: OpenLibrary): boolean {
    if (entry.fileState === this.#fileState) return false;
    try {
      const library = this.#readLibrary();
      const replaced = isStale(library, entry.loaded.handle);
      library.file.close();
      return replaced;
    } catch (error) {
      // What can't be loaded any more is not what was loaded.
      if (isPluginError(error)) return true;
      throw error;
    }
  }

  #fail(code: PluginErrorCode, reason: string, details: PluginErrorDetails = {}, prefix = true): never {
    // Go shows the name without ".so" in whatever it finds out after dlopen has succeeded, but not when it remembers that.
    const afterwards = code !== 'ERR_PLUGIN_OPEN' && !firstLine(reason).endsWith(PREVIOUS);
    const name = afterwards && this.name.length > 3 ? this.name.replace(/\.so$/, '') : this.name;
    const path = (this.path as string | undefined) ?? this.name;
    throw new PluginError(code, prefix ? `plugin.Open("${name}"): ${reason}` : reason, { path, ...details });
  }
}

/** `source` as an ELF file; undefined if it has not even the header of one. */
function readable(source: FileSource): ElfFile | undefined {
  try {
    return new ElfFile(source);
  } catch {
    return undefined;
  }
}

function indent(text: string): string {
  return text.replaceAll('\n', '\n  ');
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}

import { resolve } from 'node:path';

import type { FetchResult } from '../debuginfo/debuginfod/local.js';
import { typeError } from '../errors.js';
import { koffiFailure, notImplemented } from '../ffi/koffi.js';
import * as linker from '../ffi/linker.js';
import type { MemoryFile } from '../ffi/memory-file.js';
import { forgetMappings } from '../ffi/mapping.js';
import { describe } from '../ffi/values/check.js';
import { Library } from '../library/library.js';
import type { Loaded } from '../symbols/table.js';
import { checkBinding, loadFlags, recordBinding } from './binding.js';
import { asRefusal, fileState, readLibrary, realPath } from './file.js';
import { isStale, objectOf, originalOf } from './identity.js';
import { checkUnchanged } from './unchanged.js';
import { initialise, resultOfInit } from './init.js';
import { mayDiffer } from './main-program.js';
import { closeDependencies, findNewcomers, preflightDependencies, type Newcomers } from './newcomers.js';
import { checkOptions, type OpenOptions } from './options.js';
import { Plugin } from './plugin.js';
import { Refusal, refusedFile } from './refusal.js';

/** Most libraries need nothing that is not in the main program anyway. */
const verdict = () => require('./verdict.js') as typeof import('./verdict.js');
const versions = () => require('./versions.js') as typeof import('./versions.js');

/** A library that this thread has opened. */
interface OpenLibrary {
  readonly library: Library;
  readonly loaded: Loaded;
  /** The file as it was then, to notice that it was replaced. */
  readonly fileState: string;
  /** By the options that make a difference to types and values; each with the library as those types have it. */
  readonly plugins: Map<string, { readonly plugin: Plugin; readonly library: Library }>;
}

/** Most libraries export nothing that Node does. */
const interposerFor = (path: string, plan: Plan): MemoryFile | undefined =>
  (plan.flags & linker.RTLD.DEEPBIND) === 0
    ? undefined
    : (require('./live-symbols.js') as typeof import('./live-symbols.js')).interposerFor(path, plan);

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
export function open(name: string, options: OpenOptions = {}): Plugin {
  const opening = new Opening(name, options);
  return opening.named(() => {
    const plan = opening.plan();
    return opening.finish(plan === undefined ? opening.pin() : opening.load(plan), plan);
  });
}

/** See `openAsync` in entry.ts. */
export async function openAsync(name: string, options: OpenOptions = {}): Promise<Plugin> {
  const opening = new Opening(name, options);
  const turn = lastTurn.then(async () => {
    const plan = await opening.withFetched(opening.named(() => opening.plan()));
    const opened = plan === undefined ? opening.pin() : await opening.loadAsync(plan);
    return opening.named(() => opening.finish(opened, plan));
  });
  lastTurn = turn.catch(() => undefined);
  return turn;
}

/** The machines of 64 bits, little-endian, that koffi serves. */
const MACHINES: readonly NodeJS.Architecture[] = ['x64', 'arm64', 'riscv64', 'loong64'];

function isImplemented(): boolean {
  return process.platform === 'linux' && MACHINES.includes(process.arch) && koffiFailure === undefined;
}

/** A library that is to be loaded, and how. */
interface Plan extends Newcomers {
  readonly flags: number;
  /** The library with the types that the caller gives, if any. */
  readonly typed: Library | undefined;
}

/** One call of `open`. Its steps come in the order of Go's. */
class Opening {
  /** As the caller wrote it, for messages. */
  readonly name: string;
  /** The real path. */
  readonly path: string;
  readonly #options: OpenOptions;
  readonly #fileState: string;
  /** Of the options that make a difference to types and values. */
  readonly #key: string;
  /** What the linker calls the library, where that is not its path. */
  #loadedAs: string | undefined;
  /** What debuginfod's servers have answered. */
  #fetched: FetchResult | undefined;

  constructor(name: string, options: OpenOptions) {
    if (typeof name !== 'string') {
      throw typeError('ERR_INVALID_ARG_TYPE', `open: expected a path, got ${describe(name)}`);
    }
    checkOptions(options);
    this.name = name;
    this.#options = options;
    if (!isImplemented()) throw notImplemented(name);
    this.path = this.named(() => realPath(name));
    this.#fileState = this.named(() => fileState(this.path));
    const { int64, types, declarations, debuginfod } = options;
    // Another working directory makes another file of a relative path.
    const typesFile = types === undefined ? undefined : resolve(types);
    this.#key = JSON.stringify([int64 ?? 'bigint', typesFile, declarations, debuginfod === true]);
  }

  /** Runs a step; a refusal becomes an error with the name that the caller used. */
  named<T>(step: () => T): T {
    try {
      return step();
    } catch (error) {
      throw asRefusal(error)?.toPluginError(this.name, this.path) ?? error;
    }
  }

  /** What has to be loaded; undefined if the library is in the process already. Refuses before any of its code runs. */
  plan(): Plan | undefined {
    if (linker.loadedHandle(this.path) !== undefined) return undefined;
    if (this.#options.copies !== 'allow' && refusedCopies.get(this.path) === this.#fileState) {
      throw new Refusal('plugin already loaded', { code: 'ERR_PLUGIN_ALREADY_LOADED', previous: true });
    }
    const library = readLibrary(this.path);
    let newcomers: Newcomers | undefined;
    let plan: Plan | undefined;
    try {
      if (this.#isLoaded(library)) return undefined;
      newcomers = findNewcomers(library);
      return (plan = this.#planFor(newcomers));
    } finally {
      if (plan === undefined) {
        library.file.close();
        if (newcomers !== undefined) closeDependencies(newcomers);
      }
    }
  }

  /** Asks debuginfod's servers ahead, without stopping the event loop, if there are no types nearer by. */
  async withFetched(plan: Plan | undefined): Promise<Plan | undefined> {
    if (this.#options.debuginfod !== true) return plan;
    const known = this.#known();
    const library = plan?.library ?? known?.library;
    if (library?.buildId === undefined || library.debugInfo.isFound) return plan;
    if (known?.plugins.has(this.#key) === true || this.#isGivenFor(library)) return plan;
    const { fetchDebugFile } =
      require('../debuginfo/debuginfod/fetch.js') as typeof import('../debuginfo/debuginfod/fetch.js');
    this.#fetched = await fetchDebugFile(library.buildId);
    return plan && { ...plan, typed: this.#withTypes(plan.library) };
  }

  /** Whether the types that the caller gives are all that the symbols of a library need. */
  #isGivenFor(library: Library): boolean {
    const { types, declarations } = this.#options;
    if (types === undefined && declarations === undefined) return false;
    const given = this.named(() => library.withTypes({ types, declarations }));
    for (const symbol of library.symbols.exported()) {
      given.typed(symbol);
      if (given.debugInfo.isAskedFor) return false;
    }
    return true;
  }

  /** What this thread has open by that path. */
  #known(): OpenLibrary | undefined {
    const handle = linker.loadedHandle(this.path);
    return handle === undefined ? undefined : libraries.get(handle);
  }

  /** Keeps a library that is loaded already in memory for good, whoever loaded it. */
  pin(): linker.Opened {
    return linker.open(
      this.#loadedAs ?? this.path,
      linker.RTLD.NOW | linker.RTLD.NOLOAD | linker.RTLD.NODELETE,
    );
  }

  load(plan: Plan): linker.Opened {
    using interposer = this.#interposer(plan);
    const opened = linker.open(interposer?.path ?? this.path, plan.flags);
    return interposer === undefined || 'dlerror' in opened ? opened : this.pin();
  }

  async loadAsync(plan: Plan): Promise<linker.Opened> {
    using interposer = this.named(() => this.#interposer(plan));
    const opened = await linker.openAsync(interposer?.path ?? this.path, plan.flags);
    return interposer === undefined || 'dlerror' in opened ? opened : this.pin();
  }

  /** The last to look at what is about to be loaded. */
  #interposer(plan: Plan): ReturnType<typeof interposerFor> {
    try {
      return interposerFor(this.path, plan);
    } finally {
      closeDependencies(plan);
    }
  }

  /** The plugin for what `dlopen` gave. */
  finish(opened: linker.Opened, plan: Plan | undefined): Plugin {
    if ('dlerror' in opened) {
      const { dlerror } = opened;
      plan?.library.file.close();
      const { explain } = require('./explain.js') as typeof import('./explain.js');
      throw new Refusal(dlerror, { dlerror, lines: plan === undefined ? [] : explain(dlerror, plan) });
    }
    // Relocations have made pages read-only.
    forgetMappings();
    const { handle } = opened;
    if (plan !== undefined) checkUnchanged(plan, handle);
    if (plan === undefined) checkBinding(handle, this.#options);
    else recordBinding(handle, this.#options);
    const entry = this.#entry(handle, plan);
    const { init, int64 = 'bigint' } = this.#options;
    let known = entry.plugins.get(this.#key);
    // What is wrong with given types is said before the init function runs, whose type they may be.
    const library = known?.library ?? this.#typed(entry.library, plan) ?? entry.library;
    initialise(init, library, entry.loaded);
    known ??= entry.plugins.get(this.#key);
    if (known === undefined) {
      known = { plugin: new Plugin(library, entry.loaded, int64), library };
      entry.plugins.set(this.#key, known);
    }
    entry.loaded.stale ||= this.#isReplaced(entry);
    return known.plugin;
  }

  /** Whether the library is in the process under another name; throws if it is a copy of one that is. */
  #isLoaded(library: Library): boolean {
    const original = originalOf(library);
    if (original?.same) {
      // Another thread has loaded it since the first look, or it is the linker itself, which does not know itself by its path.
      this.#loadedAs = original.path;
      return true;
    }
    if (original !== undefined && this.#options.copies !== 'allow') {
      refusedCopies.set(this.path, this.#fileState);
      const hint = `it is a copy of ${original.path}; a second instance takes the option copies: 'allow'`;
      throw new Refusal('plugin already loaded', { code: 'ERR_PLUGIN_ALREADY_LOADED', lines: [hint] });
    }
    return false;
  }

  #planFor(newcomers: Newcomers): Plan {
    const { library } = newcomers;
    const broken = preflightDependencies(newcomers);
    if (broken !== undefined) throw refusedFile(broken.path, broken.reason);
    const flags = loadFlags(this.#options, newcomers);
    if (this.#options.versionCheck !== false && mayDiffer(newcomers)) {
      const deep = (flags & linker.RTLD.DEEPBIND) !== 0;
      const found = new (verdict().Verdict)(newcomers, deep);
      if (!found.isKnown)
        versions().checkVersions(newcomers, deep, (handle) => libraries.get(handle)?.library, found);
    }
    const typed = this.#withTypes(library);
    // Nothing of it has run yet.
    if (this.#options.init !== undefined) resultOfInit(this.#options.init, typed ?? library);
    return { ...newcomers, flags, typed };
  }

  /** The library in memory with the types that the caller gives; undefined if it gives none. */
  #typed(inMemory: Library, plan: Plan | undefined): Library | undefined {
    return plan?.library === inMemory ? plan.typed : this.#withTypes(inMemory);
  }

  #withTypes(library: Library): Library | undefined {
    const { types, declarations, debuginfod } = this.#options;
    if (types === undefined && declarations === undefined && debuginfod !== true) return undefined;
    return library.withTypes({ types, declarations, debuginfod: this.#fetched ?? debuginfod });
  }

  /** This thread's record of the library, made at the first open. */
  #entry(handle: bigint, plan: Plan | undefined): OpenLibrary {
    const known = libraries.get(handle);
    if (known !== undefined) {
      // It was opened meanwhile, by its own constructor or while this open waited.
      plan?.library.file.close();
      return known;
    }
    const loaded = { handle, base: linker.linkMap(handle).base, stale: false };
    const library = this.#libraryInMemory(plan?.library ?? readLibrary(this.path), loaded);
    const entry = { library, loaded, fileState: this.#fileState, plugins: new Map() } satisfies OpenLibrary;
    libraries.set(handle, entry);
    return entry;
  }

  /** The file's library, or, if the file was replaced since another thread loaded it, what is in memory. */
  #libraryInMemory(library: Library, loaded: Loaded): Library {
    const object = objectOf(loaded.handle);
    if (object === undefined || !isStale(library, object)) return library;
    library.file.close();
    loaded.stale = true;
    const { memoryImage } = require('./memory-image.js') as typeof import('./memory-image.js');
    return new Library(memoryImage(object, `${this.path} (replaced since it was loaded)`), this.path);
  }

  /** Whether the path now leads to another file than the one in memory. */
  #isReplaced({ fileState, loaded }: OpenLibrary): boolean {
    if (fileState === this.#fileState) return false;
    const object = objectOf(loaded.handle);
    try {
      const library = readLibrary(this.path);
      const stale = object !== undefined && isStale(library, object);
      library.file.close();
      return stale;
    } catch (error) {
      // What can't be loaded any more is not what was loaded.
      if (error instanceof Refusal) return true;
      throw error;
    }
  }
}

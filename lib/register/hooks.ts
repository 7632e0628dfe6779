import { fileURLToPath } from 'node:url';

import type { Importer } from './importer.js';
import { isLibraryUrl } from './names.js';

/** Loaded with the first library. */
const reader = () => require('./read.js') as typeof import('./read.js');
const source = () => require('./source.js') as typeof import('./source.js');

/*
 * The hooks of Node's module loader, for `module.registerHooks`, whose `next` functions give values, and for `module.register`, which runs them
 * in a thread of their own, where they give promises. There nothing may be loaded: what they give is source text.
 */

interface ResolveContext {
  readonly parentURL?: string | undefined;
}

interface Resolved {
  readonly url: string;
}

interface LoadContext {
  /** `require` among them for a `require`. */
  readonly conditions?: Iterable<string>;
}

interface Loaded {
  readonly format: string | null | undefined;
  readonly source?: unknown;
  readonly shortCircuit?: boolean;
}

/** The modules that asked last for a library, by its URL. */
const importers = new Map<string, Importer>();

/** Notes who asks for a library; how modules are found is Node's. */
export function resolve(
  specifier: string,
  context: ResolveContext,
  nextResolve: (specifier: string, context: ResolveContext) => Resolved | Promise<Resolved>,
): Resolved | Promise<Resolved> {
  const note = (resolved: Resolved): Resolved => {
    if (isLibraryUrl(resolved.url)) importers.set(resolved.url, { url: context.parentURL, specifier });
    return resolved;
  };
  const resolved = nextResolve(specifier, context);
  return resolved instanceof Promise ? resolved.then(note) : note(resolved);
}

/** The module of a library. Throws a `PluginError` for a file that is none. */
export function load(
  url: string,
  context: LoadContext,
  nextLoad: (url: string, context: LoadContext) => Loaded | Promise<Loaded>,
): Loaded | Promise<Loaded> {
  if (!isLibraryUrl(url)) return nextLoad(url, context);
  if (new Set(context.conditions).has('require')) {
    return { format: 'commonjs', source: source().commonJsSource(), shortCircuit: true };
  }
  const path = fileURLToPath(url);
  const importer = importers.get(url) ?? { specifier: url };
  const names = reader().readNames(path, importer);
  return { format: 'module', source: source().moduleSource(path, names, importer), shortCircuit: true };
}

import type { Forward } from '../ffi/calls/function.js';
import { isModuleExport } from '../library/module-names.js';
import { open } from '../plugin/open.js';
import { tableOf, type Plugin } from '../plugin/plugin.js';
import { blaming } from './blame.js';
import type { Importer } from './importer.js';

/** What an ES module of the library at `path` exports: the plugin, then the symbols of these names, each with what passes on calls if it is a function. */
export function importLibrary(
  path: string,
  symbols: readonly (readonly [name: string, forward: Forward])[],
  importer: Importer,
): unknown[] {
  return blaming(
    () => {
      const plugin = open(path);
      const table = tableOf(plugin);
      return [plugin, ...symbols.map(([name, forward]) => table.imported(name, forward))];
    },
    path,
    importer,
  );
}

/**
 * What `require` gives for the library at `path`: the symbols by their names, looked up as they are touched, and the plugin as `default`. Like the
 * namespace of an ES module it has no prototype. `__esModule` says to TypeScript and Babel that `default` is the default export.
 */
export function requireLibrary(path: string): object {
  const plugin = blaming(() => open(path), path);
  const exports = Object.create(null) as object;
  Object.defineProperty(exports, '__esModule', { value: true });
  Object.defineProperty(exports, 'default', { value: plugin, enumerable: true });
  for (const name of Object.keys(plugin.symbols).filter(isModuleExport)) {
    // Configurable, for what replaces a function in a test.
    Object.defineProperty(exports, name, { get: getter(plugin, name), enumerable: true, configurable: true });
  }
  return exports;
}

function getter(plugin: Plugin, name: string): () => unknown {
  return () => plugin.lookup(name);
}

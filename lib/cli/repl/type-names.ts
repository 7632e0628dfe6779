import type { TypeKeyword } from '../../ctypes/type-source.js';
import { libraryOf, type Plugin } from '../../plugin/plugin.js';

const NONE: ReadonlySet<string> = new Set();

/** The names that types have in libraries. Each library's are read once. */
export class TypeNames {
  readonly #known = new WeakMap<Plugin, Map<TypeKeyword, Set<string>>>();

  of(plugin: Plugin, keyword: TypeKeyword): ReadonlySet<string> {
    let names = this.#known.get(plugin);
    if (names === undefined) this.#known.set(plugin, (names = read(plugin)));
    return names.get(keyword) ?? NONE;
  }
}

function read(plugin: Plugin): Map<TypeKeyword, Set<string>> {
  const names = new Map<TypeKeyword, Set<string>>();
  try {
    for (const { keyword, name } of libraryOf(plugin).debugInfo.typeNames()) {
      const list = names.get(keyword);
      if (list === undefined) names.set(keyword, new Set([name]));
      else list.add(name);
    }
  } catch {
    // Corrupt debug info: whoever uses a type is told.
  }
  return names;
}

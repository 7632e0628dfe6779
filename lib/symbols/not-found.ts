import { isUnexported } from '../debuginfo/unexported.js';
import type { Library } from '../library/library.js';
import { suggest } from './suggest.js';

/** What is said of a name that a library does not export: that it has it, but keeps it to itself, or the names that are close; `more`: what else was possible. */
export function notFound(library: Library, name: string, more: readonly string[] = []): string {
  const { path, symbols, cxxNames } = library;
  const text = `plugin: symbol ${name} not found in plugin ${path}`;
  if (name !== '' && isUnexported(library, name)) {
    return `${text}\n  it has ${name}, but does not export it: it is static, hidden, or local by the linker's version script`;
  }
  const close = suggest(name, [...Array.from(symbols.exported(), (s) => s.name), ...cxxNames, ...more]);
  return close.length === 0 ? text : `${text}\n  did you mean ${close.join(', ')}?`;
}

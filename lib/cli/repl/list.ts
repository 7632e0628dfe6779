import { print } from '../../ctypes/print.js';
import type { Library } from '../../library/library.js';
import { namePattern } from '../pattern.js';

/** More are not listed without a pattern. */
const MAX_LISTED = 200;

/**
 * The symbols of a library by name, as C declares them; `pattern` is that of the command line: see `namePattern`. What has no known type stands
 * by its name and kind.
 */
export function listSymbols(library: Library, pattern: string): string[] {
  const wanted = namePattern(pattern);
  const symbols = [...library.symbols.exported()].filter((s) => wanted.test(s.name));
  symbols.sort((a, b) => (a.name < b.name ? -1 : 1));
  const shown = pattern === '' ? symbols.slice(0, MAX_LISTED) : symbols;
  library.expect(shown.length);
  const lines = shown.map((symbol) => {
    const { kind, type } = library.typed(symbol);
    return type === undefined ? `${symbol.name}  // ${kind} of unknown type` : `${print(type, symbol.name)};`;
  });
  const left = symbols.length - shown.length;
  return left === 0 ? lines : [...lines, `… and ${left} more: .symbols PATTERN`];
}

import { print } from '../../ctypes/print.js';
import type { Library } from '../../library/library.js';

/** More are not listed without a pattern. */
const MAX_LISTED = 200;

/**
 * The symbols of a library by name, as C declares them; `pattern` is a part of the name or, with `*` and `?`, the whole of it. What has no known type stands
 * by its name and kind.
 */
export function listSymbols(library: Library, pattern: string): string[] {
  const fits = matcher(pattern);
  const symbols = [...library.symbols.exported()].filter((s) => fits(s.name));
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

function matcher(pattern: string): (name: string) => boolean {
  if (!/[*?]/.test(pattern)) return (name) => name.includes(pattern);
  const parts = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const whole = new RegExp(`^${parts}$`);
  return (name) => whole.test(name);
}

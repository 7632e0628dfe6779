import { UsageError } from './command.js';
import { messageOf } from '../errors.js';

/**
 * What a user means by a pattern for names: `add` every name with that in it, `Py*_From?` a whole name as in a shell's file names, `/^add_|_sub$/` a regular
 * expression. Throws a `UsageError` for an expression that is none.
 *
 * @example
 * namePattern('deflate*').test('deflateInit_'); // true
 */
export function namePattern(text: string, ignoreCase = false): RegExp {
  const flags = ignoreCase ? 'iu' : 'u';
  const [, expression] = /^\/(.+)\/$/s.exec(text) ?? [];
  try {
    if (expression !== undefined) return new RegExp(expression, flags);
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
  if (!/[*?]/.test(text)) return new RegExp(escaped(text), flags);
  const parts = Array.from(text, (c) => (c === '*' ? '.*' : c === '?' ? '.' : escaped(c)));
  return new RegExp(`^${parts.join('')}$`, `${flags}s`);
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

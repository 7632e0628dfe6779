import type { Qualifier } from './model.js';
import { TYPE_WORDS } from './names.js';

/** Storage classes and function specifiers, which prototypes of headers have and types have not (C17 §6.7.1, §6.7.4). */
export const IGNORED: ReadonlySet<string> = new Set([
  ...['extern', 'static', 'register', 'inline', '__inline', '__inline__', '_Noreturn'],
  ...['_Thread_local', '__thread', '__extension__'],
]);

/** Words that look like names and are none: `int while`, `int struct` (C17 §6.4.1). */
const KEYWORDS: ReadonlySet<string> = new Set([
  ...TYPE_WORDS,
  ...IGNORED,
  ...'struct union enum const volatile restrict _Atomic typedef auto _Alignas _Alignof _Generic'.split(' '),
  ...'_Imaginary _Static_assert break case continue default do else for goto if return sizeof'.split(' '),
  ...'switch while typeof __typeof __typeof__ __attribute__ __attribute asm __asm __asm__ __vector'.split(
    ' ',
  ),
]);

/** Whether a word may be a name. */
export const isName = (word: string | undefined): boolean =>
  word !== undefined && /^[\p{XID_Start}_$]/u.test(word) && !KEYWORDS.has(word);

/** What a word means that qualifies a type (C17 §6.7.3), in the standard's spelling or GNU C's. */
export function qualifierOf(word: string | undefined): Qualifier | undefined {
  switch (word) {
    case 'const':
    case 'volatile':
    case 'restrict':
    case '_Atomic':
      return word;
    case '__const':
    case '__const__':
      return 'const';
    case '__volatile':
    case '__volatile__':
      return 'volatile';
    case '__restrict':
    case '__restrict__':
      return 'restrict';
    default:
      return undefined;
  }
}

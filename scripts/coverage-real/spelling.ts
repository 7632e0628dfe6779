import { plain } from '../../lib/testing/gdb.js';

/**
 * A type of C, as gdb, pfunct and we can be compared: `plain`, with qualifiers in one order (C17 §6.7.3p5: any is the same type), and anonymous types without what is in them, which gdb does
 * not show.
 */
export function spelledAsC(text: string): string {
  return plain(withoutMembers(text.replaceAll('volatile const', 'const volatile')));
}

/**
 * The same for C++. gdb says in which namespace or class a name is, the C type model has names as C has them: only the last part of each
 * counts. `class` is `struct` to C. Whether a parameter itself is const does not count for the type of a function (C17 §6.7.6.3p15), and only the
 * definition of a member function says it of `this`.
 */
export function spelledAsCxx(text: string): string {
  const named = text
    .replaceAll('(anonymous namespace)::', '')
    .replaceAll(/\b(?:class|struct|union|enum) (?!\{)/g, '');
  return spelledAsC(withoutScopes(named)).replaceAll(/(?<=\*)const(?=[,)])/g, '');
}

function withoutMembers(text: string): string {
  let at = text;
  for (;;) {
    const next = at.replaceAll(/\b(struct|union|enum) \{[^{}]+\}/g, '$1 ...');
    if (next === at) return at;
    at = next;
  }
}

/**
 * `std::vector<std::pair<int, int> >::iterator` is `iterator`, `std::allocator<std::locale>` is `allocator<locale>`. Among the arguments of a template the compiler writes const in
 * front, gdb behind: it is left out.
 */
function withoutScopes(text: string): string {
  let result = '';
  let at = 0;
  while (at < text.length) {
    const name = /^[A-Za-z_]\w*/.exec(text.slice(at))?.[0];
    if (name === undefined) {
      result += text[at++] ?? '';
      continue;
    }
    const start = at + name.length;
    at = start + templateLength(text, start);
    if (text.startsWith('::', at)) at += 2;
    else result += name + withoutScopes(text.slice(start, at)).replaceAll(/\bconst\b ?/g, '');
  }
  return result;
}

/** The length of the template's arguments at `start`, in characters; 0 if there are none. */
function templateLength(text: string, start: number): number {
  if (text[start] !== '<') return 0;
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    if (text[i] === '<') depth++;
    else if (text[i] === '>' && --depth === 0) return i + 1 - start;
  }
  return 0;
}

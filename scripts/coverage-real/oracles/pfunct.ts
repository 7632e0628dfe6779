import { run } from '../../../lib/testing/tools.js';
import { messageOf } from '../../../lib/errors.js';
import type { Library } from '../../../lib/library/library.js';
import { withoutNames } from '../../../lib/testing/gdb.js';
import type { Typed } from '../survey.js';

/**
 * What pfunct (of pahole) prints for functions of C: it can't read all of C++. It also knows those without code of their own, which gdb leaves aside: gcc has made one of several that are
 * alike. `file` has the debug info.
 */
export function askPfunct(library: Library, file: string, symbols: readonly Typed[]): (string | undefined)[] {
  const prototypes = new Map<string, string>();
  for (const line of run('pfunct', ['--prototypes', file]).split('\n')) {
    const name = /(\w+)\(/.exec(line)?.[1];
    // Two spaces are around a result that is not there: the function is written in assembler.
    if (name !== undefined && !line.startsWith('void  '))
      prototypes.set(name, line.replace(/^inline /, '').replace(/;$/, ''));
  }
  return symbols.map(({ elf }) => {
    const found = prototypes.get(elf.name);
    if (found === undefined) return undefined;
    try {
      // As we spell it, without the names of parameters.
      return withoutNames(library.parse(found));
    } catch (error) {
      return `${found} (${messageOf(error)})`;
    }
  });
}

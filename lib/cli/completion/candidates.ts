import { existsSync } from 'node:fs';

import { orUndefined } from '../../errors.js';
import { Library } from '../../library/library.js';
import { libraryPath } from '../command.js';
import { systemLibraries } from '../system-libraries.js';

/** What only the shell can complete. */
export const FILES = ':files';

/** What of a command completion needs to know: its help, which is loaded when it is asked for. */
export type Helps = Readonly<Record<string, () => string>>;

/**
 * What may stand at place `at` of the words of a command line, whose first is the program. Goes by the help of the commands: the options that it lists, and
 * whether they take a FILE. Empty if nothing is known.
 *
 * @example
 * candidates(['elf-plugin', 'sym'], 1, helps); // ['symbols']
 */
export function candidates(words: readonly string[], at: number, helps: Helps): string[] {
  const [, command = ''] = words;
  const word = unquoted(words[at] ?? '');
  const fits = (names: Iterable<string>): string[] =>
    [...names].filter((name) => name.startsWith(word)).sort();
  const names = Object.keys(helps);
  if (at <= 1) return fits(word.startsWith('-') ? ['--help', '--version'] : [...names, 'help']);
  if (command === 'help') return fits(names);
  if (!Object.hasOwn(helps, command)) return [];
  const options = optionsOf(helps[command]?.() ?? '');
  const before = options.get(words[at - 1] ?? '');
  if (before !== undefined && before !== '')
    return valuesOf(before).filter((value) => value.startsWith(word));
  if (word.startsWith('-')) return fits([...options.keys()].filter((option) => option.startsWith('--')));
  if (command === 'completion') return fits(['bash', 'zsh']);
  const given = words
    .slice(2, at)
    .filter((w, i, all) => !w.startsWith('-') && !options.get(all[i - 1] ?? ''));
  const [library] = given;
  if (command === 'find') return fits(systemLibraries());
  if (library === undefined) return [FILES];
  return command === 'call' || command === 'symbols' ? symbols(unquoted(library), word) : [FILES];
}

/** The options in a help, with what they take, if anything: `-d, --declare TEXT   C declarations`. */
function optionsOf(help: string): Map<string, string> {
  const options = new Map([['--help', '']]);
  for (const [, short, long, value] of help.matchAll(/^ {2}(?:(-\w), )?(--[\w-]+)(?: ([A-Z]+))?/gm)) {
    if (short !== undefined) options.set(short, value ?? '');
    if (long !== undefined) options.set(long, value ?? '');
  }
  return options;
}

/** What an option takes, by what its help calls it. */
function valuesOf(what: string): readonly string[] {
  switch (what) {
    case 'FILE':
    case 'HEADER':
      return [FILES];
    case 'KIND':
      return ['absolute', 'function', 'ifunc', 'tls', 'unknown', 'variable'];
    case 'ORDER':
      return ['address', 'file', 'name', 'size'];
    default:
      return [];
  }
}

/** The symbols that go on what is typed: of an expression its last name. Types are not read. */
function symbols(library: string, word: string): string[] {
  const [, head = '', name = ''] = /^(.*?)([\p{ID_Continue}$]*)$/su.exec(word) ?? [];
  // Members, numbers and strings are no symbols.
  if (/[.\d"]$|->$/.test(head)) return [];
  const found = orUndefined(() => {
    const path = existsSync(library) ? library : libraryPath(library);
    return Array.from(Library.open(path).symbols.exported(), (s) => s.name);
  });
  const names = new Set(found?.filter((one) => one.startsWith(name)));
  return [...names].sort().map((one) => head + one);
}

/** A word as the shell has it before it takes quotes away, of which the last may not be closed. */
function unquoted(word: string): string {
  return word.replace(/^(["'])(.*?)\1?$/s, '$2').replaceAll(/\\(.)/gs, '$1');
}

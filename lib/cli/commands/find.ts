import { LibrarySearch } from '../../elf/search.js';
import { type Command, parse, UsageError } from '../command.js';
import { didYouMean } from '../did-you-mean.js';
import { writeJson } from '../json.js';
import { systemLibraries } from '../system-libraries.js';

const help = `Usage: elf-plugin find [--json] NAME…

Prints the path of the library that the system loader would take for each NAME, a line each, for open(path). z, libz and libz.so find the
newest libz.so.N, libz.so.1 that one. Exit code 1 if one of them is not found.

  --json   [{ name, path }], without a path for what is not found

Examples:
  elf-plugin find z
  elf-plugin find libsqlite3.so.0 libm
  elf-plugin symbols "$(elf-plugin find z)"
`;

export const find: Command = {
  help,
  run(args) {
    const { values, positionals } = parse({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean' } },
    });
    if (positionals.length === 0) throw new UsageError('which library?');
    if (positionals.includes('')) throw new UsageError('the name of a library is empty');
    const search = new LibrarySearch();
    const found = positionals.map((name) => ({ name, path: search.findLibrary(name) }));
    if (values.json === true) writeJson(found);
    else process.stdout.write(found.map(({ path }) => (path === undefined ? '' : `${path}\n`)).join(''));
    const missing = found.filter(({ path }) => path === undefined).map(({ name }) => notFound(name));
    if (missing.length > 0) throw new Error(missing.join('\n'));
  },
};

function notFound(name: string): string {
  if (name.includes('/')) return `${name}: a path, which is not searched for`;
  return `${name}: no library of the system by that name${didYouMean(name, systemLibraries())}`;
}

import { writeFileSync } from 'node:fs';

import { words } from '../../debuginfo/header-probe/words.js';
import { messageOf } from '../../errors.js';
import { Library } from '../../library/library.js';
import { makeTypesFile } from '../../library/types-file.js';
import { writeJson } from '../json.js';
import { origin } from '../library.js';
import { type Command, joined, libraryPath, parse, UsageError } from '../command.js';

const help = `Usage: elf-plugin types [--header HEADER]… [--cflags FLAGS] [--any-build] [--json] LIBRARY [-o FILE]

Writes the C types of what LIBRARY exports to FILE, as JSON, for open(path, { types: FILE }). LIBRARY is a path, or a name that
the system loader knows: z, libz.so.1. It is not loaded.

  --header HEADER  asks the C compiler what HEADER declares: a name as in #include <sqlite3.h>, or a path (./mine.h). May be given
                   several times. Without it the types are those of LIBRARY's own debug info, which is fetched from
                   the debuginfod servers that DEBUGINFOD_URLS names if it is not on this machine.
  --cflags FLAGS   for the compiler: --cflags="$(pkg-config --cflags gtk4)"
  --any-build      leaves out the build-id, so that FILE serves every build with LIBRARY's soname
  -o, --output FILE  where to write; - or nothing prints
  --json           prints { path, buildId, typeSource, file, exported, typed } of what it has written. What is printed is JSON anyway

The compiler is $CC, or gcc, clang or cc. It is not needed afterwards.

Examples:
  elf-plugin types --header sqlite3.h libsqlite3.so.0 -o sqlite3.types.json
  elf-plugin types --header stdio.h --header jpeglib.h jpeg -o jpeg.types.json
  elf-plugin types ./libmine.so -o mine.types.json && strip libmine.so
`;

export const types: Command = {
  help,
  // The compiler works in a temporary directory.
  cleansUp: true,
  run(args) {
    const { values, positionals } = parse({
      args: joined(args, '--cflags'),
      allowPositionals: true,
      options: {
        header: { type: 'string', multiple: true },
        cflags: { type: 'string', multiple: true },
        'any-build': { type: 'boolean' },
        json: { type: 'boolean' },
        output: { type: 'string', short: 'o' },
      },
    });
    const [name, ...more] = positionals;
    if (name === undefined || more.length > 0)
      throw new UsageError(`one library is wanted, ${positionals.length} are given`);
    const { header: headers = [], cflags = [], output = '-', json = false } = values;
    if (cflags.length > 0 && headers.length === 0)
      throw new UsageError('--cflags is for the compiler, which only --header needs');
    const flags = cflags.flatMap(flagsOf);
    // As gdb does: here it is a person who asks.
    const library = Library.open(libraryPath(name), { debuginfod: Boolean(process.env['DEBUGINFOD_URLS']) });
    const made = makeTypesFile(library, {
      headers,
      cflags: flags,
      anyBuild: values['any-build'] === true,
    });
    const { text, exported, typed } = made;
    if (output === '-') process.stdout.write(text);
    else writeFileSync(output, text);
    if (json && output !== '-') {
      const typeSource = headers.length > 0 ? headers.join(', ') : library.debugInfo.source;
      writeJson({ ...origin(library), typeSource, file: output, exported, typed });
    }
    if (!json) process.stderr.write(`types of ${typed} of ${exported} exported symbols\n`);
  },
};

function flagsOf(text: string): string[] {
  try {
    return words(text);
  } catch (error) {
    throw new UsageError(`--cflags: ${messageOf(error)}`);
  }
}

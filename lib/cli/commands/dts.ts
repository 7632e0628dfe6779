import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { isUpToDate } from '../../dts/header.js';
import { declarationFile } from '../../dts/names.js';
import { makeDts } from '../../dts/module.js';
import { Library } from '../../library/library.js';
import { type Command, libraryPath, parse, UsageError } from '../command.js';
import { writeJson } from '../json.js';
import { origin, sayWhatHelps } from '../library.js';

const help = `Usage: elf-plugin dts [--types FILE] [--int64 number] [--check] [--json] LIBRARY [-o FILE]

Writes TypeScript declarations of what LIBRARY exports, lib.d.so.ts beside lib.so, for import of './lib.so' and for
open<typeof import('./lib.so')>('./lib.so'). LIBRARY is a path, or a name that the system loader knows: z, libz.so.1. It is not loaded.

  --types FILE       where its types are, if not in LIBRARY: a debug file, or a types file
  --int64 number     for open(path, { int64: 'number' }), which reads 64-bit integers as numbers
  --check            writes nothing: exit code 1 if the declarations are missing, or of another build than LIBRARY
  -o, --output FILE  where to write; - prints
  --json             prints { path, buildId, typeSource, file, exported, typed } of what it has written; of -o - text in place
                     of file; of --check { path, buildId, file, upToDate }

TypeScript finds the declarations with "allowArbitraryExtensions": true in tsconfig.json.

Examples:
  elf-plugin dts ./libmine.so
  elf-plugin dts --check ./libmine.so
  elf-plugin dts --types sqlite3.types.json libsqlite3.so.0 -o sqlite3.d.so.ts
`;

export const dts: Command = {
  help,
  run(args) {
    const { values, positionals } = parse({
      args: [...args],
      allowPositionals: true,
      options: {
        types: { type: 'string' },
        int64: { type: 'string' },
        check: { type: 'boolean' },
        json: { type: 'boolean' },
        output: { type: 'string', short: 'o' },
      },
    });
    const [name, ...more] = positionals;
    if (name === undefined || more.length > 0)
      throw new UsageError(`one library is wanted, ${positionals.length} are given`);
    const { types, int64 = 'bigint', check = false, json = false } = values;
    if (int64 !== 'bigint' && int64 !== 'number')
      throw new UsageError(`--int64 is bigint or number, not ${int64}`);
    const path = libraryPath(name);
    const output = values.output ?? besides(name, path);
    if (check && output === '-') throw new UsageError('--check is for a file');
    // As gdb does: here it is a person who asks.
    const debuginfod = Boolean(process.env['DEBUGINFOD_URLS']);
    const opened = Library.open(path);
    if (check) {
      checkFile(output, opened, json);
      return;
    }
    const library = opened.withTypes({ types, debuginfod });
    const made = makeDts(library, { int64 });
    const { text, exported, typed } = made;
    const isPrinted = output === '-';
    if (!isPrinted) writeFileSync(output, text);
    if (json)
      writeJson({ ...origin(library), ...(isPrinted ? { text } : { file: output }), exported, typed });
    else if (isPrinted) process.stdout.write(text);
    if (json) return;
    process.stderr.write(`types of ${typed} of ${exported} exported symbols\n`);
    if (exported > 0) sayWhatHelps(library);
  },
};

/** The file beside a library. What the loader has found lies in a folder of the system, which is nobody's to write in. */
function besides(name: string, path: string): string {
  if (name !== path) throw new UsageError(`${name} is ${path}: say where to write, -o FILE`);
  return join(dirname(path), declarationFile(path));
}

function checkFile(file: string, library: Library, json: boolean): void {
  const text = readIfThere(file);
  const upToDate = text !== undefined && isUpToDate(text, library);
  if (json) writeJson({ path: library.path, buildId: library.buildId, file, upToDate });
  if (upToDate) return;
  throw new Error(
    text === undefined
      ? `${file} does not exist: elf-plugin dts writes it`
      : `${file} is of another build than ${library.path}: elf-plugin dts writes it again`,
  );
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

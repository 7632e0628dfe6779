import { Library } from '../library/library.js';
import { typesCommand } from '../symbols/untyped.js';
import { libraryPath, UsageError } from './command.js';

/** The options of commands that read types. */
export const TYPE_OPTIONS = {
  types: { type: 'string' },
  declare: { type: 'string', short: 'd' },
  json: { type: 'boolean' },
} as const;

/** Their lines of help. */
export const TYPE_HELP = `  -d, --declare TEXT   C declarations of what LIBRARY exports, where no type is known: 'int add(int, int);'
  --types FILE         a debug file, or a types file of 'elf-plugin types'`;

/** What a user gave for `TYPE_OPTIONS`. */
export interface TypeValues {
  readonly types?: string | undefined;
  readonly declare?: string | undefined;
}

/** The same as options of the library. debuginfod's servers are asked, as gdb does: here it is a person who asks. */
export function typeOptions({ types, declare }: TypeValues): {
  types?: string;
  declarations?: string;
  debuginfod: boolean;
} {
  return {
    ...(types === undefined ? {} : { types }),
    ...(declare === undefined ? {} : { declarations: declare }),
    debuginfod: Boolean(process.env['DEBUGINFOD_URLS']),
  };
}

/** The library that a user names, read and not loaded. */
export function openLibrary(name: string, values: TypeValues): Library {
  return Library.open(libraryPath(name), typeOptions(values));
}

/** What JSON says of a library whose types were read. */
export function origin({ path, buildId, debugInfo }: Library): {
  path: string;
  buildId: string | undefined;
  typeSource: string | undefined;
} {
  return { path, buildId, typeSource: debugInfo.source };
}

/** Tells people how a library gets types, if none were found. */
export function sayWhatHelps(library: Library): void {
  if (library.debugInfo.source !== undefined) return;
  process.stderr.write(`no types were found: compile the library with -g, or ask its header, for --types:
  ${typesCommand(library, 'HEADER.h')}
elf-plugin symbols --untyped says what was tried\n`);
}

/** The first of what is given besides options, which is a library, and the rest. */
export function libraryAnd(positionals: readonly string[]): [name: string, rest: readonly string[]] {
  const [name, ...rest] = positionals;
  if (name === undefined) throw new UsageError('which library?');
  return [name, rest];
}

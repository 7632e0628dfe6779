import { readFileSync, statSync } from 'node:fs';

import type { TypeSource } from '../../ctypes/type-source.js';
import type { ElfFile } from '../../elf/file.js';
import { FormatError, PluginError } from '../../errors.js';
import { quoted } from '../header-probe/words.js';
import { hasDwarf, type Subject } from '../sources.js';
import type { Origin } from './format.js';
import { identityOf, targetOf } from './identity.js';
import { TypesFileReader } from './read.js';

/** A hundred times what libpython's take. */
const MAX_BYTES = 256 << 20;

/**
 * The types file at `path`, for the library `subject`. Throws a `FormatError` if it is none, a `PluginError` (`ERR_PLUGIN_TYPE`) if it was made for
 * another library or another build of it, and the system's error if it can't be read.
 */
export function typesFileSource(path: string, subject: Subject): TypeSource {
  const { size } = statSync(path);
  if (size > MAX_BYTES)
    throw new FormatError(path, undefined, `${size} bytes: a types file has at most ${MAX_BYTES}`);
  const reader = new TypesFileReader(readFileSync(path, 'utf8'), path);
  const difference = differenceOf(reader, subject.file);
  if (difference !== undefined) {
    const isStripped = reader.origin.headers === undefined && !hasDwarf(subject.file);
    const how = isStripped ? 'make it again, from the library before it was stripped' : 'make it again';
    const remedy = `${how}: ${commandFor(reader.origin, subject.path, path)}`;
    throw new PluginError(
      'ERR_PLUGIN_TYPE',
      `types file ${path} is not for ${subject.path}: ${difference}\n${remedy}`,
      {
        path: subject.path,
      },
    );
  }
  return {
    name: `types file ${path} (${reader.origin.from})`,
    symbol: (query) => reader.symbol(query),
    typeNamed: (keyword, name) => reader.typeNamed(keyword, name),
    typeNames: () => reader.typeNames(),
    constants: () => reader.constants(),
  };
}

/** Why types that were made for one library do not serve another; undefined if they do. */
function differenceOf({ library, target }: TypesFileReader, file: ElfFile): string | undefined {
  const own = targetOf(file);
  for (const key of ['machine', 'addressSize', 'littleEndian'] as const) {
    if (target[key] !== own[key])
      return `it has the types of a library whose ${key} is ${String(target[key])}, not ${String(own[key])}`;
  }
  const { buildId, soname } = identityOf(file);
  if (library.buildId !== undefined) {
    if (library.buildId === buildId) return undefined;
    return `it was made for the build-id ${library.buildId}, and the library has ${buildId ?? 'none'}`;
  }
  if (library.soname === soname) return undefined;
  return `it was made for the soname ${library.soname ?? '(none)'}, and the library has ${soname ?? 'none'}`;
}

/** The command that makes such a file. */
function commandFor({ headers = [], cflags = [] }: Origin, library: string, path: string): string {
  const options = headers.flatMap((header) => ['--header', header]);
  if (cflags.length > 0) options.push(`--cflags=${cflags.map(quoted).join(' ')}`);
  return ['elf-plugin', 'types', ...options, library, '-o', path].map(quoted).join(' ');
}

import { basename } from 'node:path';

import { ALL_THE_WAYS } from '../debuginfo/sources.js';
import type { Library, LibrarySymbol } from '../library/library.js';

/** Folders whose libraries were built by somebody else: a distribution, Nix, Guix. */
const INSTALLED = /^\/(?:usr\/(?!local\/)|lib\w*\/|nix\/store\/|gnu\/store\/)/;

/** What is said of a symbol whose type is not known: what was tried, a line each, and what would supply it. `example` is a declaration such as it could have. */
export function untyped(library: Library, { elf, reason }: LibrarySymbol, example: string): string {
  const declared = `say the type yourself: lookup('${elf.name}', '${example}')`;
  const remedy = remedyFor(library);
  return [
    `plugin: the type of symbol ${elf.name} of plugin ${library.path} is not known`,
    ...(reason ?? 'no source of types has it').split('\n'),
    remedy === undefined ? declared : `${remedy}, or ${declared}`,
    ALL_THE_WAYS,
  ].join('\n  ');
}

/** What gives a library types that has none; undefined if it has some, but not for this symbol. */
function remedyFor({ debugInfo, path, buildId, soname }: Library): string | undefined {
  if (debugInfo.isFound) return undefined;
  if (!INSTALLED.test(path) || buildId === undefined) return 'compile the library with -g';
  const name = basename(soname ?? path).replace(/^lib|\.so.*$/g, '');
  return `make a types file from its header: elf-plugin types --header ${name}.h ${path} -o ${name}.types.json`;
}

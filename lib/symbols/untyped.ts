import { basename } from 'node:path';

import { ALL_THE_WAYS } from '../debuginfo/sources.js';
import type { Library, LibrarySymbol } from '../library/library.js';

/** Folders whose libraries were built by somebody else: a distribution, Nix, Guix. */
const INSTALLED = /^\/(?:usr\/(?!local\/)|lib\w*\/|nix\/store\/|gnu\/store\/)/;

/** What is said of a symbol whose type is not known: what was tried, a line each, and what would supply it. `declared` is how the caller can say it. */
export function untyped(library: Library, { elf, reason }: LibrarySymbol, declared: string): string {
  const remedy = remedyFor(library);
  return [
    `plugin: the type of symbol ${elf.name} of plugin ${library.path} is not known`,
    ...(reason ?? 'no source of types has it').split('\n'),
    remedy === undefined ? declared : `${remedy}, or ${declared}`,
    ALL_THE_WAYS,
  ].join('\n  ');
}

/** A type that a variable of `size` bytes may have: what is of another size is refused. */
export function exampleOf(size: number): string {
  return { 0: 'int', 1: 'char', 2: 'short', 4: 'int', 8: 'long' }[size] ?? `char [${size}]`;
}

/** What gives a library types that has none; undefined if it has some, but not for this symbol. */
function remedyFor(library: Library): string | undefined {
  const { debugInfo, path, buildId } = library;
  if (debugInfo.isFound) return undefined;
  if (!INSTALLED.test(path) || buildId === undefined) return 'compile the library with -g';
  return `make a types file from its header: ${typesCommand(library, `${stemOf(library)}.h`)}`;
}

/** The command that makes a types file for a library, of a header. */
export function typesCommand(library: Library, header: string): string {
  return `elf-plugin types --header ${header} ${library.path} -o ${stemOf(library)}.types.json`;
}

/** What a linker calls it: `z` is libz.so.1. */
function stemOf({ soname, path }: Library): string {
  return basename(soname ?? path)
    .replace(/(?<=.)\.so.*$/, '')
    .replace(/^lib(?=.)/, '');
}

import { identityOf, targetOf } from '../debuginfo/types-file/identity.js';
import { writeTypesFile, type SymbolToWrite, type TypesToWrite } from '../debuginfo/types-file/write.js';
import type { ElfSymbol } from '../elf/symbol.js';
import { PluginError } from '../errors.js';
import { kindOf, type Library } from './library.js';

/** Only headers need a compiler. */
const headerProbe = () =>
  require('../debuginfo/header-probe/header-types.js') as typeof import('../debuginfo/header-probe/header-types.js');

export interface TypesFileOptions {
  /** As in `#include <sqlite3.h>`, or paths; none takes the types that the library has. */
  readonly headers?: readonly string[];
  /** Words for the compiler. */
  readonly cflags?: readonly string[];
  /** Leaves out the build-id: the file then serves every build with the library's soname. */
  readonly anyBuild?: boolean;
}

export interface MadeTypesFile {
  readonly text: string;
  /** Of exported symbols, those that have a type. */
  readonly typed: number;
  readonly exported: number;
}

/**
 * A types file for `library`, which is not loaded: of what headers declare, or of the debug info that it has. Throws `ERR_PLUGIN_TYPE` if there
 * are no types, and as `readHeaders` does.
 */
export function makeTypesFile(library: Library, options: TypesFileOptions = {}): MadeTypesFile {
  const { headers = [], cflags = [] } = options;
  const exported = [...library.symbols.exported()];
  const identity = identityOf(library.file);
  if (options.anyBuild === true && identity.soname === undefined)
    throw new PluginError('ERR_PLUGIN_TYPE', `${library.path} has no soname by which its builds are known`);
  const found =
    headers.length > 0 ? fromHeaders(library, exported, headers, cflags) : fromDebugInfo(library, exported);
  if (found.symbols.length === 0) {
    const reason =
      headers.length > 0 ? `${headers.join(', ')} declares nothing that it exports` : noTypes(library);
    throw new PluginError('ERR_PLUGIN_TYPE', `no types for ${library.path}: ${reason}`, {
      path: library.path,
    });
  }
  const kept = options.anyBuild === true ? { soname: identity.soname } : identity;
  const text = writeTypesFile({ library: kept, target: targetOf(library.file), ...found });
  return { text, typed: found.symbols.length, exported: exported.length };
}

type Found = Omit<TypesToWrite, 'library' | 'target'>;

function fromHeaders(
  library: Library,
  symbols: readonly ElfSymbol[],
  headers: readonly string[],
  cflags: readonly string[],
): Found {
  const exported = symbols.map((s) => ({ name: s.name, threadLocal: kindOf(s) === 'tls' }));
  const types = headerProbe().readHeaders({ headers, cflags, library: library.file, exported });
  return {
    origin: { from: headers.join(', '), headers, cflags, compiler: types.compiler },
    symbols: Array.from(types.symbols, ([name, symbol]) => ({ name, address: 0n, ...symbol })),
    source: types.source,
    words: types.words,
    compilers: false,
  };
}

function fromDebugInfo(library: Library, exported: readonly ElfSymbol[]): Found {
  const symbols: SymbolToWrite[] = [];
  library.expect(exported.length);
  for (const elf of exported) {
    const { type } = library.typed(elf);
    if (type !== undefined) symbols.push({ name: elf.name, address: elf.value, type });
  }
  const { debugInfo } = library;
  return { origin: { from: debugInfo.source ?? '' }, symbols, source: debugInfo, compilers: true };
}

function noTypes(library: Library): string {
  const reason =
    library.debugInfo.source === undefined ? library.debugInfo.tried.join('\n') : 'it types no symbol';
  return `${reason}\ngive its header: --header NAME.h`;
}

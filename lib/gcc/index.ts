import { rmSync } from 'node:fs';

import type { Constants } from '../library/constants.js';
import type { AnySymbols } from '../plugin/any-symbol.js';
import type { NoTypes, Opened, OptionsFor } from '../plugin/opened.js';
import type { Plugin } from '../plugin/plugin.js';
import { Compilation } from './build.js';
import type { Build } from './cache.js';
import { checkCompilerOptions, splitOptions, type CompileOptions, type CompilerOptions } from './options.js';
import { openCompiled } from './open.js';
import type { Source } from './source.js';

export type { CompileOptions, CompilerOptions } from './options.js';
export type { Source } from './source.js';

/** Libraries whose warnings were shown. */
const shown = new Set<string>();

/**
 * Compiles C, with `-g -shared -fPIC`, and opens it. The library is kept in the cache: the same sources, with the same headers, flags and compiler, are
 * compiled once, and are one library in a process. With `fresh` it is a copy of its own each time, with variables of its own.
 *
 * Throws a `PluginError`: `ERR_PLUGIN_COMPILE` with the compiler's words if it refuses the source, or if there is no compiler; and what `open` throws. Warnings are
 * shown as those of Node are, with the type `CompilerWarning`.
 *
 * The type argument is that of `open`: generated declarations, or an interface of the symbols.
 *
 * @example
 * const { add } = compile('add.c').symbols;
 * const { twice } = compile('int twice(int x) { return 2 * x; }', { flags: '-O2' }).symbols;
 * const { next } = compile<{ next(): number }>('counter.c').symbols;
 */
export function compile<M = AnySymbols>(
  source: Source | readonly Source[],
  options?: OptionsFor<M, CompileOptions>,
): Opened<M>;
export function compile(
  source: Source | readonly Source[],
  options: CompileOptions & { int64: 'number' },
): Plugin<AnySymbols, Constants, NoTypes, number>;
export function compile(source: Source | readonly Source[], options: CompileOptions | undefined): Plugin;
export function compile(source: Source | readonly Source[], options: CompileOptions = {}): unknown {
  const { compiler, fresh, opening } = splitOptions(options);
  const compilation = new Compilation(source, compiler);
  const build = compilation.build();
  showWarnings(build);
  const open = (path: string): Plugin => openCompiled(path, opening, compilation.names, whereElse);
  if (!fresh) return open(build.path);
  const copy = compilation.copy(build);
  try {
    return open(copy);
  } finally {
    // What is open stays readable.
    rmSync(copy, { force: true });
  }
}

function whereElse(symbol: string): string {
  return `neither it nor what it is linked with defines ${symbol}: give the source that does, or flags: '-lNAME' for its library, or open that first with scope: 'global'`;
}

/**
 * Compiles C as `compile` does, and opens nothing: the path of the shared object, which is in the cache and not to be changed. Without a cache it is removed
 * when the thread ends.
 *
 * @example
 * const path = compileLibrary('add.c', { compiler: 'clang' });
 */
export function compileLibrary(source: Source | readonly Source[], options: CompilerOptions = {}): string {
  checkCompilerOptions(options);
  const build = new Compilation(source, options).build();
  showWarnings(build);
  return build.path;
}

function showWarnings({ path, warnings }: Build): void {
  if (warnings === '' || shown.has(path)) return;
  shown.add(path);
  process.emitWarning(`compile: ${warnings}`, 'CompilerWarning');
}

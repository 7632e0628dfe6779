import { accessSync, constants, realpathSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';

import { CCompiler } from '../debuginfo/header-probe/compiler.js';
import { PluginError } from '../errors.js';
import { languageOf, type ReadSource } from './source.js';

/** What changes the outcome of gcc and clang besides their arguments (gcc: "Environment Variables Affecting GCC"). */
const VARIABLES = [
  'COMPILER_PATH',
  'CPATH',
  'C_INCLUDE_PATH',
  'CPLUS_INCLUDE_PATH',
  'GCC_EXEC_PREFIX',
  'LIBRARY_PATH',
  'SOURCE_DATE_EPOCH',
];

/** The compiler for `sources`. Throws `ERR_PLUGIN_COMPILE` if there is none, or if it is tcc. */
export function findCompiler(sources: readonly ReadSource[], command: string | undefined): CCompiler {
  const compiler = CCompiler.find({
    user: 'compile',
    code: 'ERR_PLUGIN_COMPILE',
    language: languageOf(sources),
    command,
  });
  const isNamedTcc = compiler.command.some((word) => /^([^-].*-)?tcc$/.test(basename(word)));
  if (isNamedTcc || compiler.version.startsWith('tcc version')) {
    // tcc 0.9.27 -g writes .stab and .stabstr, and nothing else.
    const reason = 'its debug info is stabs, which has no types that are read here: take gcc or clang';
    throw new PluginError(
      'ERR_PLUGIN_COMPILE',
      `compile: ${compiler.command.join(' ')} is tcc, which is refused: ${reason}`,
    );
  }
  return compiler;
}

/** What tells a compiler from every other, and from its other versions. */
export function identityOf({ command, version }: CCompiler): unknown[] {
  const environment = VARIABLES.map((name) => process.env[name]);
  return [command, programOf(command[0] ?? ''), version, environment];
}

/** The file that is run for a command. */
function programOf(command: string): string {
  if (command.includes('/')) return command;
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, command);
    try {
      accessSync(path, constants.X_OK);
      return realpathSync(path);
    } catch {
      // It is in another one.
    }
  }
  return command;
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { type ChildOptions, type ChildResult, runChild } from './run-child.js';
import { BUILD, ROOT, run } from './tools.js';

/** Where `cli` runs. */
export const FOLDER: string = join(BUILD, 'cli');
export const MAIN: string = join(ROOT, 'lib/cli/main.ts');

/** Runs `elf-plugin ARGS` from its sources. */
export function cli(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  options: ChildOptions = {},
): ChildResult {
  mkdirSync(FOLDER, { recursive: true });
  return runChild(MAIN, { args, env, cwd: FOLDER, ...options });
}

/** The same in a terminal of that many columns, of script(1): what it shows, with what steers it. */
export function inTerminal(args: readonly string[], columns: number, env: NodeJS.ProcessEnv = {}): string {
  mkdirSync(FOLDER, { recursive: true });
  const words = [process.execPath, '--require', require.resolve('tsx/cjs'), MAIN, ...args];
  const command = `stty cols ${columns} rows 50; ${words.map(quoted).join(' ')}`;
  const shown = run('script', ['-qec', command, '/dev/null'], {
    cwd: FOLDER,
    env: { ...process.env, TERM: 'xterm', NO_COLOR: undefined, FORCE_COLOR: undefined, ...env },
  });
  return shown.replaceAll('\r\n', '\n');
}

/** As a shell reads it back. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

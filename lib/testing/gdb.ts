import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { copyOf, type CType } from '../ctypes/model.js';
import { print } from '../ctypes/print.js';
import { run } from './tools.js';

/** What gdb answers to each command, in one run; `prelude` are lines before them. Throws if one of them is an error. */
export function askGdb(library: string, commands: readonly string[], prelude = ''): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'gdb-'));
  try {
    const script = join(folder, 'script');
    writeFileSync(script, prelude + commands.map((command) => `echo @@\\n\n${command}\n`).join(''));
    const output = run('gdb', [
      '-nx',
      '-batch',
      '-ex',
      'set max-value-size unlimited',
      '-x',
      script,
      library,
    ]);
    const answers = output.split('@@\n').slice(1);
    // An error ends the script.
    if (answers.length < commands.length)
      throw new Error(`gdb ended at: ${commands[answers.length - 1] ?? 'the start'}`);
    return answers.map((answer) => answer.trim());
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The types that gdb gives to symbols of a library, as `plain` makes them comparable. */
export function gdbTypes(library: string, names: readonly string[]): string[] {
  const answers = askGdb(
    library,
    names.map((name) => `whatis '${name}'`),
  );
  return answers.map((answer) => plain(answer.replace(/^type = /, '')));
}

/** A type as gdb prints it: without the names of parameters. */
export function asGdb(type: CType): string {
  return plain(withoutNames(type));
}

/** A type as gdb spells it, but for `plain`. */
export function withoutNames(type: CType): string {
  if (type.kind !== 'function') return print(type);
  return print({ ...copyOf(type), parameters: type.parameters.map((p) => ({ ...p, name: undefined })) });
}

/** Words that make up the name of an integer type, in whatever order (C17 §6.7.2p2). */
const INTEGER = /\b(?:long|short|unsigned|signed|int|char)(?:\s+(?:long|short|unsigned|signed|int|char))*\b/g;

/** gdb's spelling and ours, less what does not count: spaces, the word order of integers. */
export function plain(text: string): string {
  return text.replaceAll(INTEGER, integerName).replaceAll(/\s+/g, '');
}

function integerName(text: string): string {
  const words = text.split(/\s+/);
  const isSized = words.some((word) => word === 'long' || word === 'short');
  return words
    .filter((word) => !(isSized && word === 'int'))
    .sort()
    .join('_');
}

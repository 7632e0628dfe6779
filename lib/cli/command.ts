import { existsSync, statSync } from 'node:fs';
import { parseArgs, type ParseArgsConfig } from 'node:util';

import { messageOf } from '../errors.js';
import { didYouMean } from './did-you-mean.js';

/** A command of `elf-plugin`. */
export interface Command {
  /** Its first line is the usage, each of its options has a line; the shell's completion goes by both. */
  readonly help: string;
  /** Whether a signal waits until `run` has ended, which removes temporary files. Otherwise it ends the process at once. */
  readonly cleansUp?: boolean;
  /** Throws a `UsageError` for a command line that it does not understand, and any other error for what fails. `commands`: all there are. */
  run(args: readonly string[], commands: Commands): void | Promise<void>;
}

/** Commands by name, each loaded when it is asked for. */
export type Commands = Readonly<Record<string, () => Command>>;

/** The command line is not understood. */
export class UsageError extends Error {}

/** `parseArgs` of Node; what it refuses is a `UsageError`. */
export function parse<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    const message = messageOf(error).replace(/\. To specify a positional.*/s, '');
    const unknown = /^Unknown option '(--[^']+)'/.exec(message)?.[1];
    const options = Object.keys(config.options ?? {}).map((name) => `--${name}`);
    throw new UsageError(unknown === undefined ? message : message + didYouMean(unknown, options));
  }
}

/** `--option VALUE` as `--option=VALUE`, which `parseArgs` wants where the value begins with a dash, as a compiler's flags do. */
export function joined(args: readonly string[], option: string): string[] {
  const at = args.indexOf(option);
  const value = args[at + 1];
  if (at < 0 || value === undefined) return [...args];
  return [...args.slice(0, at), `${option}=${value}`, ...joined(args.slice(at + 2), option)];
}

/** The library that a command is given: a path or, without a slash, a name that the system loader knows, `z` or `libz.so.1`; a file of that name goes first. */
export function libraryPath(name: string): string {
  if (name === '') throw new UsageError('the name of the library is empty');
  const stat = statSync(name, { throwIfNoEntry: false });
  if (stat?.isDirectory() === true) throw new Error(`${name}: it is a directory`);
  if (name.includes('/') || stat !== undefined) return name;
  // The commands that find what they need do not pay for the search.
  const { findLibrary } = require('../elf/search.js') as typeof import('../elf/search.js');
  const path = findLibrary(name);
  if (path !== undefined) return path;
  const { systemLibraries } = require('./system-libraries.js') as typeof import('./system-libraries.js');
  const text = `${name}: no such file, and no library of the system by that name`;
  const file = `./${name}.so`;
  throw new Error(text + didYouMean(name, existsSync(file) ? [file] : systemLibraries()));
}

import { existsSync } from 'node:fs';
import { parseArgs, type ParseArgsConfig } from 'node:util';

import { findLibrary } from '../elf/search.js';
import { messageOf } from '../errors.js';

/** A command of `elf-plugin`. */
export interface Command {
  /** Its first line is the usage. */
  readonly help: string;
  /** Throws a `UsageError` for a command line that it does not understand, and any other error for what fails. */
  run(args: readonly string[]): void;
}

/** The command line is not understood. */
export class UsageError extends Error {}

/** `parseArgs` of Node; what it refuses is a `UsageError`. */
export function parse<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError(messageOf(error).replace(/\. To specify a positional.*/s, ''));
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
  if (name.includes('/') || existsSync(name)) return name;
  const path = findLibrary(name);
  if (path === undefined) throw new Error(`${name}: no such file, and no library of the system by that name`);
  return path;
}

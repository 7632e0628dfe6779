#!/usr/bin/env node
import { messageOf } from '../errors.js';
import type { Command } from './command.js';
import { UsageError } from './command.js';

/** Each command is a file that is loaded when it is called. */
const COMMANDS: Readonly<Record<string, () => Command>> = {
  types: () => (require('./commands/types.js') as typeof import('./commands/types.js')).types,
};

const HELP = `Usage: elf-plugin COMMAND [OPTIONS] …

Commands:
  types   write the C types of a library to a file: from its headers, or from its debug info

elf-plugin COMMAND --help says more.
`;

/** Runs a command line; the exit code: 0, 1 if it fails, 2 if it is not understood. */
function main(args: readonly string[]): number {
  const [name = '', ...rest] = args;
  if (name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name]?.() : undefined;
  if (command === undefined) {
    process.stderr.write(name === '' ? HELP : `elf-plugin: there is no command '${name}'\n\n${HELP}`);
    return 2;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(command.help);
    return 0;
  }
  try {
    command.run(rest);
    return 0;
  } catch (error) {
    const usage = error instanceof UsageError ? `\n${command.help.split('\n')[0] ?? ''}` : '';
    process.stderr.write(`elf-plugin ${name}: ${messageOf(error)}${usage}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

process.exitCode = main(process.argv.slice(2));

#!/usr/bin/env node
import { messageOf } from '../errors.js';
import type { Command } from './command.js';
import { UsageError } from './command.js';

/** Each command is a file that is loaded when it is called. */
const COMMANDS: Readonly<Record<string, () => Command>> = {
  dts: () => (require('./commands/dts.js') as typeof import('./commands/dts.js')).dts,
  types: () => (require('./commands/types.js') as typeof import('./commands/types.js')).types,
};

const HELP = `Usage: elf-plugin COMMAND [OPTIONS] …

Commands:
  dts     write the TypeScript declarations of a library
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

// Whoever reads may stop reading: `| head -1`.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    process.exitCode = 1;
    if (stream === process.stdout) process.stderr.write(`elf-plugin: ${error.message}\n`);
  });

// While a command runs a signal waits: a temporary directory is removed before it ends the process.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => process.kill(process.pid, signal));

process.exitCode = main(process.argv.slice(2));
// Signals are seen in the event loop, and this is what keeps it going for a turn.
setImmediate(() => undefined);

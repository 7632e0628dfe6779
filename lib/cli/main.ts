#!/usr/bin/env node
import { messageOf } from '../errors.js';
import type { Commands } from './command.js';

/*
 * `elf-plugin --version` takes little more than Node itself does: whatever is not needed for it is loaded when a command is called.
 */
const usage = () => require('./command.js') as typeof import('./command.js');
const didYouMean = (typed: string, names: Iterable<string>): string =>
  (require('./did-you-mean.js') as typeof import('./did-you-mean.js')).didYouMean(typed, names);

/** Each command is a file that is loaded when it is called. */
const COMMANDS: Commands = {
  symbols: () => (require('./commands/symbols.js') as typeof import('./commands/symbols.js')).symbols,
  inspect: () => (require('./commands/inspect.js') as typeof import('./commands/inspect.js')).inspect,
  call: () => (require('./commands/call.js') as typeof import('./commands/call.js')).call,
  find: () => (require('./commands/find.js') as typeof import('./commands/find.js')).find,
  types: () => (require('./commands/types.js') as typeof import('./commands/types.js')).types,
  dts: () => (require('./commands/dts.js') as typeof import('./commands/dts.js')).dts,
  repl: () => (require('./commands/repl.js') as typeof import('./commands/repl.js')).repl,
  completion: () =>
    (require('./commands/completion.js') as typeof import('./commands/completion.js')).completion,
};

/** What the list of commands says of each. */
const SUMMARIES: Readonly<Record<string, string>> = {
  symbols: 'list what a library exports, with C types and where it is declared',
  inspect: 'show what a library is and needs, and what would be refused',
  call: "call a function, or show a variable: elf-plugin call ./lib.so 'add(2, 3)'",
  find: 'print the path of a library of the system: elf-plugin find z',
  types: 'write the C types of a library to a file: from its headers, or from its debug info',
  dts: 'write TypeScript declarations for a library',
  repl: 'use a library from a prompt',
  completion: 'print what makes bash or zsh complete all this',
};

function help(): string {
  const names = Object.keys(COMMANDS);
  const width = Math.max(...names.map((name) => name.length));
  const list = names.map((name) => `  ${name.padEnd(width)}   ${SUMMARIES[name] ?? ''}`.trimEnd());
  return `Usage: elf-plugin COMMAND [OPTIONS] …

Commands:
${list.join('\n')}

  -h, --help     elf-plugin COMMAND --help, or help COMMAND, says more
  -V, --version  prints the version

Exit codes: 0 if it worked, 1 if it failed, 2 if the command line is not understood.
`;
}

/** Runs a command line; the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const [name = '', ...rest] = args;
  if (['--version', '-V', '-v'].includes(name)) {
    const { version } = require('../../package.json') as { version: string };
    process.stdout.write(`${version}\n`);
    return 0;
  }
  const isHelp = name === '--help' || name === '-h' || name === 'help';
  const [topic] = rest;
  if (isHelp && topic === undefined) {
    process.stdout.write(help());
    return 0;
  }
  const wanted = isHelp ? (topic ?? '') : name;
  const command = Object.hasOwn(COMMANDS, wanted) ? COMMANDS[wanted]?.() : undefined;
  if (command === undefined) {
    const mistake = `elf-plugin: there is no command '${wanted}'${didYouMean(wanted, Object.keys(COMMANDS))}`;
    process.stderr.write(wanted === '' ? help() : `${mistake}\nelf-plugin --help lists them\n`);
    return 2;
  }
  if (isHelp || asksForHelp(rest)) {
    process.stdout.write(command.help);
    return 0;
  }
  if (command.cleansUp === true) deferSignals();
  try {
    await command.run(rest, COMMANDS);
    return 0;
  } catch (error) {
    const isUsage = error instanceof usage().UsageError;
    const line = isUsage ? `\n${command.help.split('\n')[0] ?? ''}` : '';
    process.stderr.write(`elf-plugin ${name}: ${messageOf(error)}${line}\n`);
    return isUsage ? 2 : 1;
  }
}

function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  const options = end < 0 ? args : args.slice(0, end);
  return options.includes('--help') || options.includes('-h');
}

/** Signals are seen in the event loop, which a command that works in one go leaves no turn. */
function deferSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => process.kill(process.pid, signal));
}

// Whoever reads may stop reading: `| head -1`.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    process.exitCode = 1;
    if (stream === process.stdout) process.stderr.write(`elf-plugin: ${error.message}\n`);
  });

void main(process.argv.slice(2)).then((code) => {
  // That what it wrote was lost is known already.
  process.exitCode ||= code;
  // A turn for the signals that have waited.
  setImmediate(() => undefined);
});

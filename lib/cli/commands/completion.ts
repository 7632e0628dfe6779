import { type Command, parse, UsageError } from '../command.js';
import { candidates } from '../completion/candidates.js';
import { SCRIPTS } from '../completion/scripts.js';

const help = `Usage: elf-plugin completion bash|zsh

Prints what makes the shell complete commands, options, files, and the symbols of a library at Tab.

Examples:
  eval "$(elf-plugin completion bash)"                                   in ~/.bashrc
  eval "$(elf-plugin completion zsh)"                                    in ~/.zshrc
  elf-plugin completion bash > /etc/bash_completion.d/elf-plugin
`;

export const completion: Command = {
  help,
  run(args, commands) {
    const { values, positionals } = parse({
      args: [...args],
      allowPositionals: true,
      // What the scripts ask: what may stand at that place of the words that follow.
      options: { at: { type: 'string' } },
    });
    if (values.at !== undefined) {
      const helps = Object.fromEntries(
        Object.entries(commands).map(([name, load]) => [name, () => load().help]),
      );
      const found = candidates(positionals, Number(values.at), helps);
      process.stdout.write(found.map((line) => `${line}\n`).join(''));
      return;
    }
    const [shell = '', ...more] = positionals;
    const script = Object.hasOwn(SCRIPTS, shell) && more.length === 0 ? SCRIPTS[shell] : undefined;
    if (script === undefined) throw new UsageError('which shell? bash or zsh');
    process.stdout.write(script);
  },
};

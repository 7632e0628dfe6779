import { Session } from '../repl/session.js';
import { type Command, libraryPath, parse } from '../command.js';

const help = `Usage: elf-plugin repl [--types FILE] [LIBRARY]…

A JavaScript prompt with the symbols of LIBRARY in scope by name. LIBRARY is a path, or a name that the system loader knows: z, libz.so.1.
It is loaded: its code runs. What is piped in is run without a prompt; the exit code is then 1 if a line failed.

  --types FILE  where the types are, if they are not in LIBRARY: a separate debug file, or what \`elf-plugin types\` has written

At the prompt:
  Tab                 completes symbols, fields, enumerators, and types within lookup(' alloc(' cast('
  .symbols [PATTERN]  what the libraries export, with C types: .symbols get_*, .symbols /^get_/
  .type NAME          the type of a symbol, or the definition of a type with offsets: .type struct point
  .source NAME        where a symbol is declared, and the lines if the file is there
  .open PATH          opens another library; .open --types FILE PATH
  .c CODE             compiles C, which may use the types and call the functions of what is open
  .load FILE          of a header (.h): types for the library; of JavaScript: runs it, as in Node's REPL
  .exit               ends it, as Ctrl-D does

Lines are kept in ~/.local/state/elf-plugin/repl_history. ELF_PLUGIN_REPL_HISTORY names another file; if it is empty none is kept.

Examples:
  elf-plugin repl ./libmine.so
  elf-plugin repl m
  echo 'add(2, 3)' | elf-plugin repl ./libmine.so
`;

export const repl: Command = {
  help,
  run(args) {
    const { values, positionals } = parse({
      args: [...args],
      allowPositionals: true,
      options: { types: { type: 'string' } },
    });
    // As gdb does: here it is a person who asks.
    const debuginfod = Boolean(process.env['DEBUGINFOD_URLS']);
    const open = { debuginfod, ...(values.types === undefined ? {} : { types: values.types }) };
    new Session(positionals.map(libraryPath), { input: process.stdin, output: process.stdout, open });
  },
};

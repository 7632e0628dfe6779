import { parseArgs } from 'node:util';

import { Library } from '../../library/library.js';
import { libc } from '../../ffi/koffi.js';
import { open } from '../../plugin/open.js';
import { evaluate } from '../call/evaluate.js';
import { asC, asJson } from '../call/show.js';
import { parseExpression } from '../call/syntax.js';
import { type Command, libraryPath, parse, UsageError } from '../command.js';
import { libraryAnd, TYPE_HELP, TYPE_OPTIONS, typeOptions } from '../library.js';

const help = `Usage: elf-plugin call [OPTIONS] LIBRARY EXPRESSION…

Opens LIBRARY, carries out each EXPRESSION and prints what it gives as C writes it. LIBRARY is a path, or a name that the system loader
knows: z, libz.so.1. Its code runs in this process: what would crash a program crashes this one.

An EXPRESSION is C, as far as it needs no operators that compute:
  add(2, -3)               a call: its arguments are checked as in JavaScript
  V, origin.x, p->next[1]  a variable, a member, an element
  &V, *p                   a pointer to it, what it points to
  V = 7                    an assignment
  42 0x2a 5n 1.5 'a' "hi"  values; also true, false, NULL, and the library's enumerators
  (unsigned char)300       a cast
  { .x = 1, .y = 2 }       a struct or an array as an argument, also { 1, 2 }
  (struct point){ 1, 2 }   the same anywhere

${TYPE_HELP}
  --json               for each EXPRESSION a line { expression, type, value, text }

Examples:
  elf-plugin call ./libmine.so 'add(2, 3)'
  elf-plugin call ./plugin_name.so 'V = 7' 'F()'
  elf-plugin call -d 'const char *zlibVersion(void);' z 'zlibVersion()'
`;

export const call: Command = {
  help,
  run(args) {
    const { values, positionals } = parse({
      args: withNegatives(args),
      allowPositionals: true,
      options: TYPE_OPTIONS,
    });
    const [name, texts] = libraryAnd(positionals);
    if (texts.length === 0) throw new UsageError('which expression?');
    const path = libraryPath(name);
    const options = typeOptions(values);
    // Whatever is not understood is said before any of the library's code runs.
    const library = Library.open(path, options);
    const expressions = texts.map((given) => {
      const text = given.trimStart();
      return { text, expression: parseExpression(text, (word) => isType(library, word)) };
    });
    const plugin = open(path, options);
    const flush = libc('int fflush(void *stream)') as (stream: null) => number;
    for (const { text, expression } of expressions) {
      const operand = evaluate(expression, plugin);
      const shown = asC(operand, plugin);
      // What C has printed comes before what it returns.
      flush(null);
      if (values.json === true) {
        const line = {
          expression: text,
          type: operand.type?.toString(),
          value: asJson(operand),
          text: shown,
        };
        process.stdout.write(`${JSON.stringify(line)}\n`);
      } else if (shown !== undefined) process.stdout.write(`${shown}\n`);
    }
  },
};

/** `-5` and `-days[0]` are expressions: behind LIBRARY only `-d` is an option with one dash. With a space before them they are none to `parseArgs`. */
function withNegatives(args: readonly string[]): string[] {
  const config = { options: TYPE_OPTIONS, allowPositionals: true, strict: false, tokens: true } as const;
  const library = parseArgs({ ...config, args: [...args] }).tokens.find(({ kind }) => kind === 'positional');
  const behind = library?.index ?? args.length;
  return args.map((arg, i) => (i > behind && /^-(?!-|d$)/.test(arg) ? ` ${arg}` : arg));
}

/** Whether a name in an expression is a type's: symbols go first. */
function isType(library: Library, name: string): boolean {
  if (library.find(name) !== undefined) return false;
  try {
    library.parse(name);
    return true;
  } catch {
    return false;
  }
}

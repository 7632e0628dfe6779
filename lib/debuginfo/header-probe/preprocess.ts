import { tokensOf, type Token } from './tokens.js';

/** A macro as it is defined at the end of the headers. */
export interface Macro {
  readonly name: string;
  /** Undefined for an object-like macro: `#define NAME BODY`. */
  readonly parameters: string | undefined;
  readonly body: string;
  /** Where: `/usr/include/sqlite3.h:432`. */
  readonly place: string;
}

/** What the preprocessor makes of the headers: `-E -dD` (gcc: "Preprocessor Options"). */
export interface Preprocessed {
  readonly tokens: readonly Token[];
  /** Those that a header defines: neither the compiler itself nor its command line. */
  readonly macros: ReadonlyMap<string, Macro>;
  /** The compiler's own, by name: `__clang__`, `__VERSION__`. */
  readonly predefined: ReadonlyMap<string, string>;
}

/** Splits the output of `-E -dD`: lines of `#define`, line markers (gcc: "Preprocessor Output"), and C. */
export function readPreprocessed(output: string): Preprocessed {
  const macros = new Map<string, Macro>();
  const predefined = new Map<string, string>();
  const tokens: Token[] = [];
  let file = '';
  let line = 0;
  for (const text of output.split('\n')) {
    const marker = /^#(?:line)? (\d+) "((?:[^"\\]|\\.)*)"/.exec(text);
    if (marker !== null) {
      line = Number(marker[1]);
      file = marker[2]?.replace(/\\(.)/g, '$1') ?? '';
      continue;
    }
    const define = /^#define ([\w$]+)(\([^)]*\))? ?(.*)$/.exec(text);
    if (define !== null) {
      const [, name = '', parameters, body = ''] = define;
      // `<built-in>`, `<command-line>` of gcc, `<command line>` of clang.
      if (file.startsWith('<')) predefined.set(name, body);
      else macros.set(name, { name, parameters, body, place: `${file}:${line}` });
    } else if (text.startsWith('#undef ')) macros.delete(text.slice('#undef '.length).trim());
    else if (!text.startsWith('#')) tokensOf(text, file, line, tokens);
    line++;
  }
  return { tokens, macros, predefined };
}

/** `gcc 12.2.0`, `clang 14.0.6`. */
export function compilerName({ predefined }: Preprocessed): string {
  const isClang = predefined.has('__clang__');
  const parts = isClang
    ? ['__clang_major__', '__clang_minor__', '__clang_patchlevel__']
    : ['__GNUC__', '__GNUC_MINOR__', '__GNUC_PATCHLEVEL__'];
  return `${isClang ? 'clang' : 'gcc'} ${parts.map((name) => predefined.get(name) ?? '0').join('.')}`;
}

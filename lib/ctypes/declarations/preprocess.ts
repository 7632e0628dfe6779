import { scan, type Report, type Token } from '../tokens.js';
import { wholeNumber } from '../literals.js';
import { packPragma, type PackStack } from './pack.js';
import type { SourceLines } from './source-lines.js';

/** More than any header needs: macros made of macros grow without end. */
const MAX_STEPS = 1 << 20;
/** Macros in macros. */
const MAX_DEPTH = 200;

/** `#define NAME body`. */
export interface Macro {
  readonly name: Token;
  readonly body: readonly Token[];
  /** Whether it takes arguments. */
  readonly isFunction: boolean;
}

const INCOMPLETE =
  "run the preprocessor first: 'gcc -E header.h' writes text that is understood here, and 'elf-plugin types --header' asks the compiler itself";

/** The pragmas that change the layout of structs (GCC manual §6.62.11-12, clang's "Microsoft extensions"), besides `pack`. */
const LAYOUT_PRAGMAS: ReadonlySet<string> = new Set([
  'scalar_storage_order',
  'ms_struct',
  'options',
  'align',
]);

/**
 * The tokens of `text` behind the preprocessor (C17 §6.10), as far as it is one here: line markers, `#define` of names, `#pragma pack`. What includes
 * files or asks conditions is refused. In what a preprocessor has written the names are replaced already.
 */
export function preprocess(
  text: string,
  lines: SourceLines,
  packs: PackStack,
  macros: Macros,
  report: Report,
): Token[] {
  const all = scan(text, report);
  const tokens: Token[] = [];
  let isFirst = true;
  for (let i = 0; i < all.length; i++) {
    const token = all[i];
    if (token === undefined || token.text === '\n') {
      isFirst = true;
    } else if (isFirst && token.text === '#') {
      const line: Token[] = [];
      for (let next = all[i + 1]; next !== undefined && next.text !== '\n'; next = all[++i + 1])
        line.push(next);
      directive(token, line, tokens.length);
    } else {
      isFirst = false;
      if (lines.marked || !macros.has(token.text)) tokens.push(token);
      else {
        const follows = all.slice(i + 1, i + 16).find((t) => t.text !== '\n');
        macros.expand(token, follows, tokens);
      }
    }
  }
  return tokens;

  function directive(sign: Token, [word, ...rest]: readonly Token[], index: number): void {
    if (word === undefined) return;
    switch (word.text) {
      case 'ident':
      case 'warning':
        return;
      case 'define':
        define(word, rest);
        return;
      case 'undef':
        macros.undefine(rest[0]?.text ?? '');
        return;
      case 'pragma':
        if (rest[0]?.text === 'pack') packPragma(rest, index, packs, report);
        else if (LAYOUT_PRAGMAS.has(rest[0]?.text ?? ''))
          throw report(
            `#pragma ${rest[0]?.text} changes layouts in a way that is not understood here`,
            rest[0],
          );
        return;
      case 'line':
        marker(rest, sign);
        return;
      default:
        if (!/^\d/.test(word.text)) throw report(`#${word.text} is not understood here: ${INCOMPLETE}`, sign);
        marker([word, ...rest], sign);
    }
  }

  function define(word: Token, [name, ...body]: readonly Token[]): void {
    if (name === undefined || !/^[\p{XID_Start}_$]/u.test(name.text))
      throw report('the name of the macro is missing here', name ?? word);
    const isFunction = body[0]?.text === '(' && body[0].at === name.at + name.text.length;
    macros.define({ name, body, isFunction });
  }

  function marker([number, file]: readonly Token[], sign: Token): void {
    const line = wholeNumber(number?.text.replace(/^0+(?=\d)/, ''));
    if (line === undefined) throw report('a line marker has a number', sign);
    lines.mark(sign.at, line, file && stringText(file.text));
  }
}

/** What `#define` gave, by name. */
export class Macros {
  readonly #macros = new Map<string, Macro>();
  readonly #report: Report;
  #steps = 0;

  constructor(report: Report) {
    this.#report = report;
  }

  has(name: string): boolean {
    return this.#macros.has(name);
  }

  /** Those that are names for something. */
  objects(): Macro[] {
    return [...this.#macros.values()].filter((macro) => !macro.isFunction);
  }

  define(macro: Macro): void {
    this.#macros.set(macro.name.text, macro);
  }

  undefine(name: string): void {
    this.#macros.delete(name);
  }

  /** Writes what `token` stands for into `into`: each macro replaced once on the way (C17 §6.10.3.4), all at the place of the first. */
  expand(token: Token, follows: Token | undefined, into: Token[], within: readonly string[] = []): void {
    if (++this.#steps > MAX_STEPS || within.length > MAX_DEPTH)
      throw this.#report('the macros are nested too deep', token);
    const macro = within.includes(token.text) ? undefined : this.#macros.get(token.text);
    if (macro === undefined || (macro.isFunction && follows?.text !== '(')) {
      into.push(token);
      return;
    }
    if (macro.isFunction) {
      const reason = `the macro ${token.text} takes arguments, which is not understood here: ${INCOMPLETE}`;
      throw this.#report(reason, token);
    }
    const inner = [...within, token.text];
    macro.body.forEach(({ text }, i) => {
      this.expand({ text, at: token.at }, macro.body[i + 1] ?? follows, into, inner);
    });
  }
}

const ESCAPES: ReadonlyMap<string, string> = new Map(
  Object.entries({ n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v', e: '\x1b' }),
);

/** What a string or character constant says (C17 §6.4.4.4, §6.4.5), without what is around it; undefined if it is not closed. */
export function stringText(text: string): string | undefined {
  const [, quote, inside] = /^(?:u8|[LuU])?(["'])((?:[^\\]|\\.)*)\1$/u.exec(text) ?? [];
  if (quote === undefined || inside === undefined) return undefined;
  return inside.replace(
    /\\(?:x([\da-fA-F]+)|([0-7]{1,3})|u([\da-fA-F]{4})|(.))/gu,
    (_, hex?: string, octal?: string, unicode?: string, one?: string): string => {
      const code = hex ?? unicode;
      if (code !== undefined) return String.fromCharCode(parseInt(code, 16));
      if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8));
      return ESCAPES.get(one ?? '') ?? one ?? '';
    },
  );
}

/**
 * Comments, line ends that a backslash hides (C17 §5.1.1.2), characters and strings (C17 §6.4.4.4, §6.4.5), names (§6.4.2; `$` is GNU C's, `geo::rect`
 * C++'s), numbers (§6.4.8), and signs. What is opened and not closed goes to its end, so that each character is looked at once.
 */
const TOKENS =
  /\/\*[^]*?(?:\*\/|$)|\/\/[^\n]*|\\\r?\n|\n|(?:u8|[LuU])?'(?:[^'\\\n]|\\.){0,16}'?|(?:u8|[LuU])?"(?:[^"\\\n]|\\.){0,4095}"?|[\p{XID_Start}_$][\p{XID_Continue}$]*(?:::[\p{XID_Start}_$][\p{XID_Continue}$]*)*|\.?\d(?:[eEpP][+-]|[\w.])*|\.\.\.|<<|>>|[<>=!]=|&&|\|\||\S/gu;

/** Parentheses, structs and operators nested deeper than this are refused, rather than the stack overflown. C asks for 63 (C17 §5.2.4.1). */
const MAX_DEPTH = 64;

/** More than any header has behind a preprocessor; each takes 100 bytes. */
const MAX_TOKENS = 600_000;

export interface Token {
  readonly text: string;
  /** Where it begins, counted in characters. */
  readonly at: number;
}

/** What a text consists of; the ends of lines among it, as the preprocessor goes by lines. A comment that is not closed is a token. */
export function scan(text: string, report: Report): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(TOKENS)) {
    const token = { text: match[0], at: match.index };
    if (/^(?:\/\*[^]*\*\/$|\/\/|\\\r?\n)/.test(token.text)) continue;
    if (tokens.length >= MAX_TOKENS)
      throw report(`the text has more than ${MAX_TOKENS} words and signs`, token);
    tokens.push(token);
  }
  return tokens;
}

/** The error for what is wrong at a place, counted in characters. */
export type Report = (reason: string, token: Token | undefined) => Error;

/** A sequence of tokens, one after the other. */
export class Tokens {
  readonly #tokens: readonly Token[];
  readonly #report: Report;
  /** The index of the next token. */
  position = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], report: Report) {
    this.#tokens = tokens;
    this.#report = report;
  }

  /** The next token, or one behind it; undefined at the end. */
  peek(ahead = 0): string | undefined {
    return this.#tokens[this.position + ahead]?.text;
  }

  /** Where a token begins. */
  token(position: number = this.position): Token | undefined {
    return this.#tokens[position];
  }

  /** Steps over the next token if it is `text`. */
  take(text: string): boolean {
    if (this.peek() !== text) return false;
    this.position++;
    return true;
  }

  /** Steps over the next token, which has to be `text`. */
  expect(text: string): void {
    if (!this.take(text)) this.fail(`'${text}' is missing here`);
  }

  /** What `read` gives, one level deeper. */
  nested<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) this.fail('nested too deep');
    const value = read();
    this.#depth--;
    return value;
  }

  /** Throws a `TypeError` that shows the place: that of the next token, unless told otherwise. */
  fail(reason: string, position: number = this.position): never {
    const token = this.#tokens[position];
    throw this.#report(token?.text.startsWith('/*') ? 'the comment is not closed' : reason, token);
  }
}

/** Characters of a declaration that are shown on each side of the mark. */
const SHOWN = 60;

/** The text with a mark under `at`; on one line, and of a long one the part around. */
export function marked(text: string, at: number): string {
  const from = text.length <= 2 * SHOWN ? 0 : Math.max(0, at - SHOWN);
  const to = text.length <= 2 * SHOWN ? text.length : at + SHOWN;
  const before = from > 0 ? '…' : '';
  const after = to < text.length ? '…' : '';
  const line = `${before}${text.slice(from, to)}${after}`.replace(/\s/g, ' ');
  return `  ${line}\n  ${' '.repeat(before.length + at - from)}^`;
}

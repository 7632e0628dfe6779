import { typeError } from '../errors.js';

/** Longer declarations are refused rather than cut into a million tokens. No C declaration is as long by far. */
const MAX_LENGTH = 1 << 16;

/** Comments, names (C17 §6.4.2; `$` is GNU C's, `geo::rect` C++'s), numbers (§6.4.8), and signs. */
const TOKENS =
  /\/\*[^]*?\*\/|\/\/[^\n]*|[\p{XID_Start}_$][\p{XID_Continue}$]*(?:::[\p{XID_Start}_$][\p{XID_Continue}$]*)*|\d[\w.]*|\.\.\.|&&|\S/gu;

/** What some tokens are told instead of where they don't belong. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['{', 'members and enumerators can not be defined here: name a type that the library has'],
  ['=', 'an initial value does not belong to a type'],
  ['typedef', 'a typedef can not be made here: write the type alone'],
  ...['__attribute__', '__attribute', '__declspec', '_Alignas', 'alignas'].map((word): [string, string] => [
    word,
    `${word} is not understood here: what it changes is known of the library's own types only`,
  ]),
  ...['asm', '__asm', '__asm__'].map((word): [string, string] => [
    word,
    'an asm name does not belong to a type',
  ]),
]);

interface Token {
  readonly text: string;
  readonly at: number;
}

/** The text of a declaration, token by token, and the place for error messages. */
export class Tokens {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  /** The index of the next token. */
  position = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = [];
    if (text.length > MAX_LENGTH) this.#fail(`more than ${MAX_LENGTH} characters`, MAX_LENGTH);
    this.#tokens = Array.from(text.matchAll(TOKENS), (m) => ({ text: m[0], at: m.index })).filter(
      (token) => !/^\/[*/]/.test(token.text),
    );
  }

  /** The next token, or one behind it; undefined at the end. */
  peek(ahead = 0): string | undefined {
    return this.#tokens[this.position + ahead]?.text;
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

  /** Throws a `TypeError` that shows the place: that of the next token, unless told otherwise. */
  fail(reason: string, position: number = this.position): never {
    const token = this.#tokens[position];
    this.#fail(REASONS.get(token?.text ?? '') ?? reason, token?.at ?? this.#text.length);
  }

  #fail(reason: string, at: number): never {
    throw typeError(
      'ERR_INVALID_ARG_VALUE',
      `C type at column ${at + 1}: ${reason}\n${marked(this.#text, at)}`,
    );
  }
}

/** Characters of a declaration that are shown on each side of the mark. */
const SHOWN = 60;

/** The text with a mark under `at`; on one line, and of a long one the part around. */
function marked(text: string, at: number): string {
  const from = text.length <= 2 * SHOWN ? 0 : Math.max(0, at - SHOWN);
  const to = text.length <= 2 * SHOWN ? text.length : at + SHOWN;
  const before = from > 0 ? '…' : '';
  const after = to < text.length ? '…' : '';
  const line = `${before}${text.slice(from, to)}${after}`.replace(/\s/g, ' ');
  return `  ${line}\n  ${' '.repeat(before.length + at - from)}^`;
}

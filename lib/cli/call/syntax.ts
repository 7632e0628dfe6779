import { stringText } from '../../ctypes/declarations/preprocess.js';
import { isName, qualifierOf } from '../../ctypes/keywords.js';
import { integerLiteral } from '../../ctypes/literals.js';
import { TYPE_WORDS } from '../../ctypes/names.js';
import { marked, scan, type Report, type Token, Tokens } from '../../ctypes/tokens.js';
import { UsageError } from '../command.js';

/** An expression of C, as far as `call` knows it: values, names, calls, members, elements, pointers, casts, one assignment. No operators that compute. */
export type Expression =
  | { readonly kind: 'value'; readonly value: number | bigint | string | boolean | null }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'call'; readonly callee: Expression; readonly args: readonly Expression[] }
  | { readonly kind: 'member'; readonly of: Expression; readonly name: string; readonly isArrow: boolean }
  | { readonly kind: 'element'; readonly of: Expression; readonly index: Expression }
  | { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly operand: Expression }
  | { readonly kind: 'cast'; readonly type: string; readonly operand: Expression }
  | { readonly kind: 'braces'; readonly items: readonly Item[] }
  | { readonly kind: 'assignment'; readonly to: Expression; readonly value: Expression };

/** A part of an initialiser: `1`, `.x = 1`. */
export interface Item {
  readonly name: string | undefined;
  readonly value: Expression;
}

const UNARY = ['-', '+', '~', '&', '*'] as const;
export type UnaryOperator = (typeof UNARY)[number];

/** Words that stand for a value. */
const VALUES: ReadonlyMap<string, boolean | null> = new Map([
  ['NULL', null],
  ['nullptr', null],
  ['true', true],
  ['false', false],
]);

const STRING = /^(?:u8|[LuU])?"/;

/** A decimal floating constant (C17 §6.4.4.2). */
const FLOAT = /^(?=.*[.eE])(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fFlL]?$/;

/**
 * Reads one expression. `isType` says whether a name is a type's, which decides what `(name)` is. Throws a `UsageError` that shows the place of what is not
 * understood.
 *
 * @example
 * parseExpression('add(2, -3)', () => false);
 */
export function parseExpression(text: string, isType: (name: string) => boolean): Expression {
  const report: Report = (reason, token) => {
    const at = token?.at ?? text.length;
    return new UsageError(`column ${at + 1}: ${reason}\n${marked(text, at)}`);
  };
  const tokens = new Tokens(
    scan(text, report).filter((token) => token.text !== '\n'),
    report,
  );
  const parser = new Parser(text, tokens, isType);
  const expression = parser.assignment();
  tokens.take(';');
  if (tokens.peek() !== undefined)
    tokens.fail('this does not belong to the expression: there are no operators that compute');
  return expression;
}

class Parser {
  readonly #text: string;
  readonly #tokens: Tokens;
  readonly #isType: (name: string) => boolean;

  constructor(text: string, tokens: Tokens, isType: (name: string) => boolean) {
    this.#text = text;
    this.#tokens = tokens;
    this.#isType = isType;
  }

  assignment(): Expression {
    return this.#tokens.nested(() => {
      const to = this.#unary();
      if (!this.#tokens.take('=')) return to;
      return { kind: 'assignment', to, value: this.#initializer() };
    });
  }

  /** A value, or one in braces for a struct or an array. */
  #initializer(): Expression {
    return this.#tokens.peek() === '{' ? this.#braces() : this.assignment();
  }

  #unary(): Expression {
    const operator = UNARY.find((one) => this.#tokens.take(one));
    if (operator !== undefined)
      return this.#tokens.nested(() => ({ kind: 'unary', operator, operand: this.#unary() }));
    return this.#cast() ?? this.#postfix(this.#primary());
  }

  /** `(struct point *)p`, `(struct point){ 1, 2 }`; undefined where no type is in parentheses. */
  #cast(): Expression | undefined {
    const tokens = this.#tokens;
    if (tokens.peek() !== '(' || !this.#opensType(tokens.peek(1))) return undefined;
    const first = tokens.token(tokens.position + 1);
    let depth = 0;
    do {
      if (tokens.peek() === undefined) tokens.fail("')' is missing here");
      depth += tokens.peek() === '(' ? 1 : tokens.peek() === ')' ? -1 : 0;
      tokens.position++;
    } while (depth > 0);
    const last = tokens.token(tokens.position - 1);
    const type = this.#text.slice(first?.at, last?.at).trim();
    return tokens.nested(() => {
      if (tokens.peek() !== '{') return { kind: 'cast', type, operand: this.#unary() };
      return this.#postfix({ kind: 'cast', type, operand: this.#braces() });
    });
  }

  #opensType(word: string | undefined): boolean {
    if (word === undefined) return false;
    if (TYPE_WORDS.has(word) || qualifierOf(word) !== undefined) return true;
    return ['struct', 'union', 'enum'].includes(word) || (isName(word) && this.#isType(word));
  }

  #postfix(start: Expression): Expression {
    const tokens = this.#tokens;
    let expression = start;
    for (;;) {
      if (tokens.take('(')) expression = { kind: 'call', callee: expression, args: this.#list(')') };
      else if (tokens.take('[')) {
        expression = { kind: 'element', of: expression, index: this.assignment() };
        tokens.expect(']');
      } else if (tokens.peek() === '-' && tokens.peek(1) === '>') {
        tokens.position += 2;
        expression = { kind: 'member', of: expression, name: this.#name(), isArrow: true };
      } else if (tokens.take('.')) {
        expression = { kind: 'member', of: expression, name: this.#name(), isArrow: false };
      } else return expression;
    }
  }

  /** What is between here and `end`, with commas. */
  #list(end: string): Expression[] {
    const list: Expression[] = [];
    if (this.#tokens.take(end)) return list;
    do list.push(this.#initializer());
    while (this.#tokens.take(','));
    this.#tokens.expect(end);
    return list;
  }

  #braces(): Expression {
    const tokens = this.#tokens;
    return tokens.nested(() => {
      tokens.expect('{');
      const items: Item[] = [];
      while (!tokens.take('}')) {
        const name = tokens.take('.') ? this.#name() : undefined;
        if (name !== undefined) tokens.expect('=');
        items.push({ name, value: this.#initializer() });
        // A comma may follow the last one (C17 §6.7.9).
        if (!tokens.take(',') && tokens.peek() !== '}') tokens.expect('}');
      }
      if (new Set(items.map((item) => item.name === undefined)).size > 1)
        tokens.fail('either all parts have a name or none has');
      return { kind: 'braces', items };
    });
  }

  #name(): string {
    const word = this.#tokens.peek();
    if (word === undefined || !isName(word)) this.#tokens.fail('a name is missing here');
    this.#tokens.position++;
    return word;
  }

  #primary(): Expression {
    const tokens = this.#tokens;
    if (tokens.take('(')) {
      const inner = this.assignment();
      tokens.expect(')');
      return inner;
    }
    const word = tokens.peek();
    const value = word === undefined ? undefined : VALUES.get(word);
    if (value !== undefined) {
      tokens.position++;
      return { kind: 'value', value };
    }
    if (isName(word)) return { kind: 'name', name: this.#name() };
    return { kind: 'value', value: this.#literal(tokens.token()) };
  }

  #literal(token: Token | undefined): number | bigint | string {
    const tokens = this.#tokens;
    const word = token?.text ?? tokens.fail('a value is missing here');
    if (STRING.test(word)) return this.#string();
    const value = word.startsWith("'") ? character(word) : number(word);
    if (value === undefined) return tokens.fail(`'${word}' is no value`);
    tokens.position++;
    return value;
  }

  /** One or several, which are one then (C17 §5.1.1.2). */
  #string(): string {
    let text = '';
    while (STRING.test(this.#tokens.peek() ?? '')) {
      text += stringText(this.#tokens.peek() ?? '') ?? this.#tokens.fail('nothing closes the "');
      this.#tokens.position++;
    }
    return text;
  }
}

/** An integer is a number where that is exact; `5n`, as JavaScript has it, is a bigint always. */
function number(word: string): number | bigint | undefined {
  if (FLOAT.test(word)) return Number(word.replace(/[fFlL]$/, ''));
  const isBigInt = /^\d+n$/.test(word) || /^0x[\da-f]+n$/i.test(word);
  const literal = integerLiteral(isBigInt ? word.slice(0, -1) : word);
  if (literal === undefined) return undefined;
  const plain = Number(literal.value);
  return isBigInt || !Number.isSafeInteger(plain) ? literal.value : plain;
}

/** The number that a character constant is: of type int, with the sign of a char (C17 §6.4.4.4p10). */
function character(word: string): number | undefined {
  const text = stringText(word);
  const code = text?.length === 1 ? text.charCodeAt(0) : NaN;
  if (!(code <= 0xff)) return undefined;
  return process.arch === 'arm64' ? code : (code << 24) >> 24;
}

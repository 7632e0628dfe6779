import { typeError } from '../errors.js';
import { INT_NAMES, integerOf, SIMPLE_TYPES } from './names.js';
import { bare, constOf, isQualified, type CType, type Parameter, type Qualifier } from './model.js';

/** What a declaration may refer to: the tags and typedefs of a library. Undefined for what it does not have. */
export type NameResolver = (
  keyword: 'struct' | 'union' | 'enum' | 'typedef',
  name: string,
) => CType | undefined;

/** Parentheses and brackets nested deeper than this are refused, rather than the stack overflown. */
const MAX_DEPTH = 64;
/** So are more stars, brackets and parameter lists: what walks the type has a stack, too. */
const MAX_DERIVATIONS = 500;

/**
 * The type that a C type name or declaration means: `int *`, `struct point[4]`, `void (*)(const char *, ...)`, `int add(int a, int b)`.
 * A name in it is allowed and says nothing. Throws a `TypeError` with the place where it is not understood (C17 §6.7.6, §6.7.7).
 */
export function parseType(text: string, resolve: NameResolver): CType {
  if (typeof text !== 'string')
    throw typeError('ERR_INVALID_ARG_TYPE', `C type: expected a declaration, a string, got ${typeof text}`);
  const parser = new Parser(text, resolve);
  return parser.whole();
}

interface Token {
  readonly text: string;
  readonly at: number;
}

/** What a declarator does to the type in front of it. */
type Wrap = (type: CType) => CType;

interface Declarator {
  readonly wrap: Wrap;
  readonly name: string | undefined;
}

/** Words that look like names and are none: `int int`, `int struct`. */
const KEYWORDS: ReadonlySet<string> = new Set([...INT_NAMES, 'struct', 'union', 'enum', 'void', '_Bool']);

class Parser {
  readonly #text: string;
  readonly #resolve: NameResolver;
  readonly #tokens: Token[];
  #next = 0;
  #depth = 0;
  #derivations = 0;

  constructor(text: string, resolve: NameResolver) {
    this.#text = text;
    this.#resolve = resolve;
    this.#tokens = [...text.matchAll(/[A-Za-z_]\w*|0[xX][0-9a-fA-F]+|\d+|\.\.\.|\S/g)].map((m) => ({
      text: m[0],
      at: m.index,
    }));
  }

  whole(): CType {
    this.#take('extern');
    const base = this.#specifiers();
    const type = this.#declarator().wrap(base);
    this.#take(';');
    if (this.#peek() !== undefined) this.#fail('this does not belong to a type');
    return type;
  }

  /** `const unsigned long`, `struct point`, `size_t`: everything up to the declarator, in any order (C17 §6.7.2p2). */
  #specifiers(): CType {
    const qualifiers: Qualifier[] = [];
    const words: string[] = [];
    let type: CType | undefined;
    for (;;) {
      const word = this.#peek();
      if (word === undefined) break;
      const qualifier = qualifierOf(word);
      if (qualifier !== undefined) qualifiers.push(qualifier);
      else if (word === 'struct' || word === 'union' || word === 'enum') {
        if (type !== undefined || words.length > 0) break;
        this.#next++;
        type = this.#named(word, this.#identifier(`the tag of the ${word}`));
        continue;
      } else if (type === undefined && INT_NAMES.has(word)) words.push(word);
      else if (type === undefined && words.length === 0 && /^[A-Za-z_]/.test(word))
        type = this.#typeName(word);
      else break;
      this.#next++;
    }
    if (words.length > 0) {
      const integer = integerOf(words);
      type = integer ?? this.#fail(`'${words.join(' ')}' is no type`);
    }
    if (type === undefined) return this.#fail('a type is missing here');
    return qualifiers.reduce<CType>((target, qualifier) => ({ kind: 'qualified', qualifier, target }), type);
  }

  #typeName(word: string): CType {
    return (
      SIMPLE_TYPES.get(word) ??
      this.#resolve('typedef', word) ??
      this.#fail(`there is no type '${word}' here`)
    );
  }

  #named(keyword: 'struct' | 'union' | 'enum', tag: string): CType {
    return this.#resolve(keyword, tag) ?? this.#fail(`there is no '${keyword} ${tag}' here`, this.#next - 1);
  }

  /**
   * `*const name[4]`, `(*name)(int)`: read from the outside in, applied from the inside out. What stands behind the name binds stronger
   * than the stars before it.
   */
  #declarator(): Declarator {
    if (++this.#depth > MAX_DEPTH) this.#fail('nested too deep');
    const stars: Wrap[] = [];
    while (this.#take('*')) {
      this.#derive();
      stars.push((target) => ({ kind: 'pointer', target, size: 8 }));
      for (let q = qualifierOf(this.#peek()); q !== undefined; q = qualifierOf(this.#peek())) {
        const qualifier = q;
        this.#next++;
        stars.push((target) => ({ kind: 'qualified', qualifier, target }));
      }
    }
    const { wrap: inner, name } = this.#inner();
    const suffixes = this.#suffixes();
    this.#depth--;
    const wrap: Wrap = (type) => {
      const pointed = stars.reduce((t, star) => star(t), type);
      return inner(suffixes.reduceRight((t, suffix) => suffix(t), pointed));
    };
    return { wrap, name };
  }

  /** The name, nothing, or a declarator in parentheses; `(` also opens the parameters of a nameless function. */
  #inner(): Declarator {
    const word = this.#peek();
    if (word !== undefined && /^[A-Za-z_]/.test(word) && !KEYWORDS.has(word)) {
      this.#next++;
      return { wrap: (type) => type, name: word };
    }
    if (word !== '(' || !this.#opensDeclarator()) return { wrap: (type) => type, name: undefined };
    this.#next++;
    const inner = this.#declarator();
    this.#expect(')');
    return inner;
  }

  #opensDeclarator(): boolean {
    const after = this.#tokens[this.#next + 1]?.text;
    if (after === '*' || after === '(' || after === '[') return true;
    return after !== undefined && /^[A-Za-z_]/.test(after) && !this.#startsType(after);
  }

  #startsType(word: string): boolean {
    if (qualifierOf(word) !== undefined || INT_NAMES.has(word) || SIMPLE_TYPES.has(word)) return true;
    return ['struct', 'union', 'enum'].includes(word) || this.#resolve('typedef', word) !== undefined;
  }

  #derive(): void {
    if (++this.#derivations > MAX_DERIVATIONS) this.#fail('nested too deep');
  }

  #suffixes(): Wrap[] {
    const suffixes: Wrap[] = [];
    for (;;) {
      const at = this.#next;
      if (this.#take('[')) {
        this.#derive();
        const length = this.#peek() === ']' ? undefined : this.#number();
        this.#expect(']');
        suffixes.push((element) => {
          const { kind } = bare(element);
          if (kind === 'void' || kind === 'function') this.#fail(`there are no arrays of ${kind}s`, at);
          return { kind: 'array', element, length, vector: false };
        });
      } else if (this.#take('(')) {
        this.#derive();
        const { parameters, variadic, prototyped } = this.#parameters();
        suffixes.push((result) => {
          const { kind } = bare(result);
          if (kind === 'array' || kind === 'function') this.#fail(`functions return no ${kind}s`, at);
          return { kind: 'function', result, parameters, variadic, prototyped };
        });
      } else return suffixes;
    }
  }

  #parameters(): { parameters: Parameter[]; variadic: boolean; prototyped: boolean } {
    const parameters: Parameter[] = [];
    if (this.#take(')')) return { parameters, variadic: false, prototyped: false };
    for (;;) {
      if (this.#take('...')) {
        this.#expect(')');
        return { parameters, variadic: true, prototyped: true };
      }
      const from = this.#next;
      const base = this.#specifiers();
      const { wrap, name } = this.#declarator();
      const type = adjusted(wrap(base));
      // `(void)` is no parameters (C17 §6.7.6.3p10).
      const isVoid = bare(type).kind === 'void';
      if (isVoid && (parameters.length > 0 || name !== undefined || this.#peek() !== ')'))
        this.#fail('a parameter can not be void', from);
      if (!isVoid) parameters.push({ name, type });
      if (this.#take(')')) return { parameters, variadic: false, prototyped: true };
      this.#expect(',');
    }
  }

  #identifier(what: string): string {
    const word = this.#peek();
    if (word === undefined || !/^[A-Za-z_]/.test(word)) return this.#fail(`${what} is missing here`);
    this.#next++;
    return word;
  }

  #number(): number {
    const word = this.#peek() ?? '';
    // A leading 0 means octal (C17 §6.4.4.1).
    const value = /^[0-9]/.test(word) ? Number(word.replace(/^0(?=\d)/, '0o')) : NaN;
    if (!Number.isSafeInteger(value)) this.#fail('an array length is a whole number');
    this.#next++;
    return value;
  }

  #peek(): string | undefined {
    return this.#tokens[this.#next]?.text;
  }

  #take(text: string): boolean {
    if (this.#peek() !== text) return false;
    this.#next++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) this.#fail(`'${text}' is missing here`);
  }

  #fail(reason: string, token: number = this.#next): never {
    const at = this.#tokens[token]?.at ?? this.#text.length;
    throw typeError('ERR_INVALID_ARG_VALUE', `C type: ${reason}\n  ${this.#text}\n  ${' '.repeat(at)}^`);
  }
}

function qualifierOf(word: string | undefined): Qualifier | undefined {
  switch (word) {
    case 'const':
    case 'volatile':
    case 'restrict':
    case '_Atomic':
      return word;
    case '__restrict':
    case '__restrict__':
      return 'restrict';
    default:
      return undefined;
  }
}

/** A parameter that is declared as an array or a function is a pointer (C17 §6.7.6.3p7-8). */
function adjusted(type: CType): CType {
  const t = bare(type);
  if (t.kind === 'array' && !t.vector) {
    const target = isQualified(type, 'const') ? constOf(t.element) : t.element;
    return { kind: 'pointer', target, size: 8 };
  }
  return t.kind === 'function' ? { kind: 'pointer', target: type, size: 8 } : type;
}

import { typeError } from '../errors.js';
import { IGNORED, isName, qualifierOf } from './keywords.js';
import { sizeOf } from './layout.js';
import { bare, isQualified, qualified, type CType, type Parameter, type Qualifier } from './model.js';
import { ABI_TYPEDEFS, DEFAULT_TYPEDEFS, TYPE_WORDS, typeOfWords } from './names.js';
import { print } from './print.js';
import { Tokens } from './tokens.js';

type Keyword = 'struct' | 'union' | 'enum' | 'typedef';

/** What a declaration may refer to: the tags and typedefs of a library. Undefined for what it does not have. */
export type NameResolver = (keyword: Keyword, name: string) => CType | undefined;

/** What a struct or union is of which nothing is known but its tag. */
export type OpaqueResolver = (keyword: 'struct' | 'union', tag: string) => CType;

/** Parentheses nested deeper than this are refused, rather than the stack overflown. C asks for 63 (C17 §5.2.4.1). */
const MAX_DEPTH = 64;
/** So are more pointers, arrays and functions within each other: what walks the type has a stack, too. C asks for 12. */
const MAX_DERIVATIONS = 500;

/**
 * The type that a C type name or declaration means: `int *`, `struct point[4]`, `void (*)(const char *, ...)`, `int add(int a, int b)`.
 * A name in it is allowed and says nothing. What `print` writes is understood again, C++'s references and gdb's `__vector` included. Throws a
 * `TypeError` with the place where it is not understood (C17 §6.7.6, §6.7.7): also a tag that `resolve` does not have, unless `opaque` is given.
 */
export function parseType(text: string, resolve: NameResolver, opaque?: OpaqueResolver): CType {
  if (typeof text !== 'string')
    throw typeError('ERR_INVALID_ARG_TYPE', `C type: expected a declaration, a string, got ${typeof text}`);
  return new Parser(new Tokens(text), resolve, opaque).whole();
}

/** What a declarator does to the type in front of it. */
type Wrap = (type: CType) => CType;

interface Declarator {
  readonly wrap: Wrap;
  readonly name: string | undefined;
}

/** What `[…]` says besides the length, which only the outermost one of a parameter may (C17 §6.7.6.3p7). */
interface Bracket {
  readonly qualifiers: readonly Qualifier[];
  /** What is wrong where it is no parameter's, and the token. */
  readonly reason: string;
  readonly position: number;
}

const NO_LENGTH = 'an array length is a whole number';

class Parser {
  readonly #tokens: Tokens;
  readonly #resolve: NameResolver;
  readonly #opaque: OpaqueResolver | undefined;
  #depth = 0;
  #derivations = 0;
  /** Array types whose brackets say what only a parameter's may, until that is found to be so. */
  readonly #brackets = new Map<CType, Bracket>();

  constructor(tokens: Tokens, resolve: NameResolver, opaque: OpaqueResolver | undefined) {
    this.#tokens = tokens;
    this.#resolve = resolve;
    this.#opaque = opaque;
  }

  whole(): CType {
    const type = this.#typed().type;
    this.#tokens.take(';');
    this.#noBrackets();
    if (this.#tokens.peek() !== undefined) this.#tokens.fail('this does not belong to a type');
    return type;
  }

  /** Specifiers and a declarator. */
  #typed(): { type: CType; name: string | undefined } {
    const base = this.#specifiers();
    const { wrap, name } = this.#declarator();
    return { type: wrap(base), name };
  }

  /** `const unsigned long`, `struct point`, `size_t`: everything up to the declarator, in any order (C17 §6.7.2p2). */
  #specifiers(): CType {
    const tokens = this.#tokens;
    const start = tokens.position;
    const qualifiers = new Map<Qualifier, number>();
    const words: string[] = [];
    let type: CType | undefined;
    const read = (): CType | undefined => {
      if (type !== undefined || words.length === 0) return type;
      return (type = typeOfWords(words) ?? tokens.fail(`'${words.join(' ')}' is no type`, start));
    };
    for (let word = tokens.peek(); word !== undefined; word = tokens.peek()) {
      const qualifier = qualifierOf(word);
      const isFirst = type === undefined && words.length === 0;
      if (isFirst && word === '_Atomic' && tokens.peek(1) === '(') type = this.#atomic();
      else if (qualifier !== undefined) {
        if (!qualifiers.has(qualifier)) qualifiers.set(qualifier, tokens.position);
        tokens.position++;
      } else if (IGNORED.has(word)) tokens.position++;
      else if (type === undefined && TYPE_WORDS.has(word)) {
        words.push(word);
        tokens.position++;
      } else if (word === '__vector' && tokens.peek(1) === '(') type = this.#vector(read());
      else if (isFirst && (word === 'struct' || word === 'union' || word === 'enum'))
        type = this.#tagged(word);
      else if (isFirst && isName(word)) type = this.#typedef(word);
      else break;
    }
    return this.#qualify(read() ?? tokens.fail('a type is missing here'), qualifiers);
  }

  /** `_Atomic(int *)` (C17 §6.7.2.4). */
  #atomic(): CType {
    const { position } = this.#tokens;
    this.#tokens.position += 2;
    this.#enter();
    const { type } = this.#typed();
    this.#depth--;
    this.#tokens.expect(')');
    if (type.kind === 'qualified') this.#tokens.fail('the type of _Atomic() has no qualifiers', position);
    return this.#qualify(type, new Map([['_Atomic', position]]));
  }

  /** `float __vector(4)`, as gdb and `print` write `__attribute__((vector_size(16)))`. */
  #vector(element: CType | undefined): CType {
    const tokens = this.#tokens;
    const kind = element && bare(element).kind;
    if (element === undefined || (kind !== 'int' && kind !== 'float'))
      return tokens.fail('a vector is one of numbers');
    tokens.position += 2;
    const length = this.#number();
    tokens.expect(')');
    return { kind: 'array', element, length, vector: true };
  }

  #typedef(word: string): CType {
    const type = ABI_TYPEDEFS.get(word) ?? this.#resolve('typedef', word) ?? DEFAULT_TYPEDEFS.get(word);
    if (type === undefined) return this.#tokens.fail(`there is no type '${word}' here${this.#hint(word)}`);
    this.#tokens.position++;
    return type;
  }

  #tagged(keyword: 'struct' | 'union' | 'enum'): CType {
    const tokens = this.#tokens;
    tokens.position++;
    const tag = tokens.peek();
    if (tag === undefined || !isName(tag)) return tokens.fail(`the tag of the ${keyword} is missing here`);
    const type =
      this.#resolve(keyword, tag) ?? (keyword === 'enum' ? undefined : this.#opaque?.(keyword, tag));
    if (type === undefined) return tokens.fail(`there is no '${keyword} ${tag}' here${this.#hint(tag)}`);
    tokens.position++;
    return type;
  }

  /** What else has the name that was not found: tags and typedefs are easily mistaken for each other. */
  #hint(name: string): string {
    const others = (['struct', 'union', 'enum', 'typedef'] as const).filter((k) => this.#resolve(k, name));
    const names = others.map((keyword) => (keyword === 'typedef' ? `'${name}'` : `'${keyword} ${name}'`));
    return names.length === 0 ? '' : `; there is ${names.join(' and ')}`;
  }

  /** `type` with qualifiers, given with their places, that are known to fit it (C17 §6.7.3p2-3). The first is written first. */
  #qualify(type: CType, qualifiers: ReadonlyMap<Qualifier, number>): CType {
    for (const [qualifier, position] of qualifiers) {
      const t = bare(type);
      const isData = t.kind === 'pointer' && t.reference === undefined && bare(t.target).kind !== 'function';
      if (qualifier === 'restrict' && !isData)
        this.#tokens.fail('only a pointer to data can be restrict', position);
      if (qualifier === '_Atomic' && (t.kind === 'function' || (t.kind === 'array' && !t.vector)))
        this.#tokens.fail(`${t.kind}s can not be _Atomic`, position);
    }
    // Said twice is said once (C17 §6.7.3p5): `_Atomic _Atomic(int)`.
    const own = new Set<Qualifier>();
    for (let at = type; at.kind === 'qualified'; at = at.target) own.add(at.qualifier);
    return qualified(
      type,
      [...qualifiers.keys()].filter((q) => !own.has(q)),
    );
  }

  /**
   * `*const name[4]`, `(*name)(int)`: read from the outside in, applied from the inside out. What stands behind the name binds stronger
   * than the stars before it.
   */
  #declarator(): Declarator {
    this.#enter();
    const stars: Wrap[] = [];
    for (let star = this.#star(); star !== undefined; star = this.#star()) stars.push(star);
    const { wrap: inner, name } = this.#inner();
    const suffixes = this.#suffixes();
    this.#depth--;
    const wrap: Wrap = (type) => {
      const pointed = stars.reduce((t, star) => star(t), type);
      return inner(suffixes.reduceRight((t, suffix) => suffix(t), pointed));
    };
    return { wrap, name };
  }

  /** `*const`, or C++'s `&` and `&&`; undefined if none is next. */
  #star(): Wrap | undefined {
    const tokens = this.#tokens;
    const { position } = tokens;
    const sign = tokens.peek();
    if (sign !== '*' && sign !== '&' && sign !== '&&') return undefined;
    this.#derive();
    tokens.position++;
    const qualifiers = new Map<Qualifier, number>();
    for (let q = qualifierOf(tokens.peek()); q !== undefined; q = qualifierOf(tokens.peek())) {
      if (sign !== '*') tokens.fail('a reference has no qualifiers');
      qualifiers.set(q, tokens.position++);
    }
    return (target) => {
      const t = bare(target);
      if (t.kind === 'pointer' && t.reference !== undefined)
        tokens.fail('there are no pointers or references to references', position);
      if (sign === '*') return this.#qualify({ kind: 'pointer', target, size: 8 }, qualifiers);
      if (t.kind === 'void') tokens.fail('there are no references to void', position);
      return { kind: 'pointer', target, size: 8, reference: sign };
    };
  }

  /** The name, nothing, or a declarator in parentheses; `(` also opens the parameters of a nameless function. */
  #inner(): Declarator {
    const tokens = this.#tokens;
    const word = tokens.peek();
    if (isName(word)) {
      tokens.position++;
      return { wrap: (type) => type, name: word };
    }
    if (word !== '(' || !this.#opensDeclarator()) return { wrap: (type) => type, name: undefined };
    tokens.position++;
    const inner = this.#declarator();
    tokens.expect(')');
    return inner;
  }

  /** A typedef's name in parentheses is a parameter's type (C17 §6.7.6.3p11). */
  #opensDeclarator(): boolean {
    const after = this.#tokens.peek(1);
    if (after === undefined) return false;
    if (['*', '&', '&&', '(', '['].includes(after)) return true;
    if (!isName(after)) return false;
    return (
      ![ABI_TYPEDEFS, DEFAULT_TYPEDEFS].some((names) => names.has(after)) && !this.#resolve('typedef', after)
    );
  }

  #suffixes(): Wrap[] {
    const suffixes: Wrap[] = [];
    for (;;) {
      const { position } = this.#tokens;
      if (this.#tokens.take('[')) suffixes.push(this.#array(position));
      else if (this.#tokens.take('(')) suffixes.push(this.#function(position));
      else return suffixes;
    }
  }

  #array(position: number): Wrap {
    const tokens = this.#tokens;
    this.#derive();
    const first = tokens.position;
    const qualifiers: Qualifier[] = [];
    for (let word = tokens.peek(); word !== undefined; word = tokens.peek()) {
      const qualifier = qualifierOf(word);
      if (qualifier !== undefined) qualifiers.push(qualifier);
      else if (word !== 'static') break;
      tokens.position++;
    }
    let bracket: Bracket | undefined;
    if (tokens.position > first)
      bracket = { qualifiers, reason: 'this stands in the first [] of a parameter only', position: first };
    let length: number | undefined;
    const word = tokens.peek();
    // A length that another parameter gives, or that is not said: `int n, int values[n]`, `int values[*]`.
    if ((isName(word) || word === '*') && tokens.peek(1) === ']') {
      bracket ??= { qualifiers, reason: NO_LENGTH, position: tokens.position };
      tokens.position++;
    } else if (word !== ']') length = this.#number();
    tokens.expect(']');
    return (element) => {
      const t = bare(element);
      if (t.kind === 'function') tokens.fail('there are no arrays of functions', position);
      if (t.kind === 'pointer' && t.reference !== undefined)
        tokens.fail('there are no arrays of references', position);
      const size = sizeOf(element);
      if (size === undefined)
        return tokens.fail(`there are no arrays of ${print(element)}, which has no size`, position);
      if (!Number.isSafeInteger(size * (length ?? 0))) tokens.fail('the array is too large', position);
      const type: CType = { kind: 'array', element, length, vector: false };
      if (bracket !== undefined) this.#brackets.set(type, bracket);
      return type;
    };
  }

  #function(position: number): Wrap {
    this.#derive();
    const { parameters, variadic, prototyped } = this.#parameters();
    return (result) => {
      const t = bare(result);
      if (t.kind === 'function' || (t.kind === 'array' && !t.vector))
        this.#tokens.fail(`functions return no ${t.kind}s`, position);
      return { kind: 'function', result, parameters, variadic, prototyped };
    };
  }

  #parameters(): { parameters: Parameter[]; variadic: boolean; prototyped: boolean } {
    const tokens = this.#tokens;
    const parameters: Parameter[] = [];
    if (tokens.take(')')) return { parameters, variadic: false, prototyped: false };
    const derivations = this.#derivations;
    for (;;) {
      if (tokens.take('...')) {
        tokens.expect(')');
        return { parameters, variadic: true, prototyped: true };
      }
      const { position } = tokens;
      const { type: declared, name } = this.#typed();
      // `(void)` is no parameters (C17 §6.7.6.3p10).
      const isVoid = bare(declared).kind === 'void';
      if (isVoid && (parameters.length > 0 || name !== undefined || tokens.peek() !== ')'))
        tokens.fail('a parameter can not be void', position);
      if (!isVoid) parameters.push({ name, type: this.#adjusted(declared) });
      this.#noBrackets();
      this.#derivations = derivations;
      if (tokens.take(')')) return { parameters, variadic: false, prototyped: true };
      tokens.expect(',');
    }
  }

  /** A parameter that is declared as an array or a function is a pointer (C17 §6.7.6.3p7-8). */
  #adjusted(type: CType): CType {
    const t = bare(type);
    if (t.kind === 'function') return { kind: 'pointer', target: type, size: 8 };
    if (t.kind !== 'array' || t.vector) return type;
    // Behind a typedef of an array, qualifiers are the elements' (C17 §6.7.3p9).
    const ofElements = (['const', 'volatile', 'restrict', '_Atomic'] as const).filter(
      (q) => isQualified(type, q) && !isQualified(t.element, q),
    );
    const bracket = this.#brackets.get(type);
    this.#brackets.delete(type);
    const pointer: CType = { kind: 'pointer', target: qualified(t.element, ofElements), size: 8 };
    return qualified(pointer, [...new Set(bracket?.qualifiers)]);
  }

  /** Fails if an array that is no parameter has brackets as only a parameter's outermost are. */
  #noBrackets(): void {
    for (const { reason, position } of this.#brackets.values()) this.#tokens.fail(reason, position);
  }

  #number(): number {
    const word = this.#tokens.peek() ?? '';
    const digits = /^(0x[\da-f]+|0b[01]+|0[0-7]*|[1-9]\d*)(?:u?l{0,2}|l{1,2}u)$/i.exec(word)?.[1];
    // A leading 0 means octal (C17 §6.4.4.1).
    const value = digits === undefined ? NaN : Number(digits.replace(/^0(?=\d)/, '0o'));
    if (!Number.isSafeInteger(value)) this.#tokens.fail(NO_LENGTH);
    this.#tokens.position++;
    return value;
  }

  #enter(): void {
    if (++this.#depth > MAX_DEPTH) this.#tokens.fail('nested too deep');
  }

  #derive(): void {
    if (++this.#derivations > MAX_DERIVATIONS) this.#tokens.fail('nested too deep');
  }
}

import { IGNORED, isName, qualifierOf } from './keywords.js';
import { alignOf, sizeOf } from './layout.js';
import { wholeNumber } from './literals.js';
import { bare, isQualified, qualified, type CType, type Parameter, type Qualifier } from './model.js';
import { TYPE_WORDS, typeOfWords, type Machine } from './names.js';
import { print } from './print.js';
import type { Tokens } from './tokens.js';
import type { TypeKeyword } from './type-source.js';

export type Tag = Exclude<TypeKeyword, 'typedef'>;

/** What the names in a declaration mean; undefined for what there is not. */
export interface Names {
  /** The machine that the types are for; the one this runs on unless told otherwise. */
  readonly machine?: Machine;
  typedef(name: string): CType | undefined;
  tag(keyword: Tag, name: string): CType | undefined;
  /** Whether a name is a number's. */
  isConstant?(name: string): boolean;
  /** Every way in which `name` names a type, for a message: `struct point`. */
  similar(name: string): readonly string[];
}

/** More pointers, arrays and functions within each other are refused: what walks the type has a stack, too. C asks for 12 (C17 §5.2.4.1). */
const MAX_DERIVATIONS = 500;

/** What a declarator does to the type in front of it. */
export type Wrap = (type: CType) => CType;

export interface Declarator {
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

const TYPEOF: ReadonlySet<string> = new Set(['typeof', '__typeof', '__typeof__']);

const NO_LENGTH = 'an array length is a whole number';

export interface Typed {
  readonly type: CType;
  readonly name: string | undefined;
}

/**
 * Reads types as C declarations write them: specifiers and a declarator (C17 §6.7.2, §6.7.6), C++'s references and gdb's `__vector` included. What may
 * stand there besides, where there is more than one type, those who extend it say.
 */
export class TypeParser {
  protected readonly tokens: Tokens;
  protected readonly names: Names;
  #derivations = 0;
  /** Array types whose brackets say what only a parameter's may, until that is found to be so. */
  readonly #brackets = new Map<CType, Bracket>();

  constructor(tokens: Tokens, names: Names) {
    this.tokens = tokens;
    this.names = names;
  }

  /** One that stands alone: `int *`, `int *p`. */
  type(): CType {
    const { type } = this.typed();
    this.complete();
    return type;
  }

  /** Steps over a word or more among the specifiers that are no part of the type, such as `extern`; false if there is none. */
  protected special(word: string): boolean {
    if (!IGNORED.has(word)) return false;
    this.tokens.position++;
    return true;
  }

  /** Steps over what may stand where a declarator says `*`, `(` or ends. */
  protected attributes(): void {
    // A type has none.
  }

  /** The type of `struct`, `union` or `enum`, at which it stands. */
  protected tagged(keyword: Tag): CType {
    const { tokens } = this;
    tokens.position++;
    const tag = tokens.peek();
    if (tag === undefined || !isName(tag)) return tokens.fail(`the tag of the ${keyword} is missing here`);
    const type = this.names.tag(keyword, tag);
    if (type === undefined) return tokens.fail(`there is no '${keyword} ${tag}' here${this.#hint(tag)}`);
    tokens.position++;
    return type;
  }

  /** The length of an array. */
  protected length(): number {
    const value = wholeNumber(this.tokens.peek());
    if (value === undefined) return this.tokens.fail(NO_LENGTH);
    this.tokens.position++;
    return value;
  }

  /** Specifiers and a declarator. */
  protected typed(): Typed {
    const base = this.specifiers();
    const { wrap, name } = this.declarator();
    return { type: wrap(base), name };
  }

  /** `const unsigned long`, `struct point`, `size_t`: everything up to the declarator, in any order (C17 §6.7.2p2). */
  protected specifiers(): CType {
    const { tokens } = this;
    const start = tokens.position;
    const qualifiers = new Map<Qualifier, number>();
    const words: string[] = [];
    let type: CType | undefined;
    const read = (): CType | undefined => {
      if (type !== undefined || words.length === 0) return type;
      return (type =
        typeOfWords(words, this.names.machine) ?? tokens.fail(`'${words.join(' ')}' is no type`, start));
    };
    for (let word = tokens.peek(); word !== undefined; word = tokens.peek()) {
      const qualifier = qualifierOf(word);
      const isFirst = type === undefined && words.length === 0;
      if (isFirst && word === '_Atomic' && tokens.peek(1) === '(') type = this.#atomic();
      else if (qualifier !== undefined) {
        if (!qualifiers.has(qualifier)) qualifiers.set(qualifier, tokens.position);
        tokens.position++;
      } else if (this.special(word)) continue;
      else if (type === undefined && TYPE_WORDS.has(word)) {
        words.push(word);
        tokens.position++;
      } else if (word === '__vector' && tokens.peek(1) === '(') type = this.#vector(read());
      else if (isFirst && TYPEOF.has(word) && tokens.peek(1) === '(') type = this.#typeof();
      else if (isFirst && (word === 'struct' || word === 'union' || word === 'enum'))
        type = this.tagged(word);
      else if (isFirst && isName(word)) type = this.#typedef(word);
      else break;
    }
    return this.#qualify(read() ?? tokens.fail('a type is missing here'), qualifiers);
  }

  /** `_Atomic(int *)` (C17 §6.7.2.4). */
  #atomic(): CType {
    const { position } = this.tokens;
    this.tokens.position += 2;
    const { type } = this.tokens.nested(() => this.typed());
    this.tokens.expect(')');
    if (type.kind === 'qualified') this.tokens.fail('the type of _Atomic() has no qualifiers', position);
    return this.#qualify(type, new Map([['_Atomic', position]]));
  }

  /** `__typeof__(int *)` (C23 §6.7.2.5), of a type: what an expression's is can't be known here. */
  #typeof(): CType {
    this.tokens.position += 2;
    const { type } = this.tokens.nested(() => this.typed());
    this.tokens.expect(')');
    return type;
  }

  /** `float __vector(4)`, as gdb and `print` write `__attribute__((vector_size(16)))`. */
  #vector(element: CType | undefined): CType {
    const { tokens } = this;
    const kind = element && bare(element).kind;
    if (element === undefined || (kind !== 'int' && kind !== 'float'))
      return tokens.fail('a vector is one of numbers');
    tokens.position += 2;
    const length = this.length();
    tokens.expect(')');
    return { kind: 'array', element, length, vector: true };
  }

  #typedef(word: string): CType {
    const type = this.names.typedef(word);
    if (type === undefined) return this.tokens.fail(`there is no type '${word}' here${this.#hint(word)}`);
    this.tokens.position++;
    return type;
  }

  /** What else has the name that was not found: tags and typedefs are easily mistaken for each other. */
  #hint(name: string): string {
    const others = this.names.similar(name).map((other) => `'${other}'`);
    return others.length === 0 ? '' : `; there is ${others.join(' and ')}`;
  }

  /** `type` with qualifiers, given with their places, that are known to fit it (C17 §6.7.3p2-3). The first is written first. */
  #qualify(type: CType, qualifiers: ReadonlyMap<Qualifier, number>): CType {
    for (const [qualifier, position] of qualifiers) {
      const t = bare(type);
      const isData = t.kind === 'pointer' && t.reference === undefined && bare(t.target).kind !== 'function';
      if (qualifier === 'restrict' && !isData)
        this.tokens.fail('only a pointer to data can be restrict', position);
      if (qualifier === '_Atomic' && (t.kind === 'function' || (t.kind === 'array' && !t.vector)))
        this.tokens.fail(`${t.kind}s can not be _Atomic`, position);
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
  protected declarator(): Declarator {
    const derivations = this.#derivations;
    const declarator = this.tokens.nested(() => this.#declarator());
    this.#derivations = derivations;
    return declarator;
  }

  #declarator(): Declarator {
    const stars: Wrap[] = [];
    for (let star = this.#star(); star !== undefined; star = this.#star()) stars.push(star);
    const { wrap: inner, name } = this.#inner();
    const suffixes = this.#suffixes();
    const wrap: Wrap = (type) => {
      const pointed = stars.reduce((t, star) => star(t), type);
      return inner(suffixes.reduceRight((t, suffix) => suffix(t), pointed));
    };
    return { wrap, name };
  }

  /** `*const`, or C++'s `&` and `&&`; undefined if none is next. */
  #star(): Wrap | undefined {
    const { tokens } = this;
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
    this.attributes();
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
    const { tokens } = this;
    const word = tokens.peek();
    if (isName(word)) {
      tokens.position++;
      return { wrap: (type) => type, name: word };
    }
    if (word !== '(' || !this.#opensDeclarator()) return { wrap: (type) => type, name: undefined };
    tokens.position++;
    this.attributes();
    const inner = tokens.nested(() => this.#declarator());
    tokens.expect(')');
    return inner;
  }

  /** A typedef's name in parentheses is a parameter's type (C17 §6.7.6.3p11). */
  #opensDeclarator(): boolean {
    const after = this.tokens.peek(1);
    if (after === undefined) return false;
    if (['*', '&', '&&', '(', '[', '__attribute__', '__attribute'].includes(after)) return true;
    if (!isName(after)) return false;
    return this.names.typedef(after) === undefined;
  }

  #suffixes(): Wrap[] {
    const suffixes: Wrap[] = [];
    for (;;) {
      const { position } = this.tokens;
      // C23's attributes.
      if (this.tokens.peek() === '[' && this.tokens.peek(1) === '[') return suffixes;
      if (this.tokens.take('[')) suffixes.push(this.#array(position));
      else if (this.tokens.take('(')) suffixes.push(this.#function(position));
      else return suffixes;
    }
  }

  #array(position: number): Wrap {
    const { tokens } = this;
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
    const isOpen =
      word === '*' || (word !== undefined && isName(word) && this.names.isConstant?.(word) !== true);
    if (isOpen && tokens.peek(1) === ']') {
      bracket ??= { qualifiers, reason: NO_LENGTH, position: tokens.position };
      tokens.position++;
    } else if (word !== ']') length = this.length();
    tokens.expect(']');
    return (element) => {
      const t = bare(element);
      if (t.kind === 'function') tokens.fail('there are no arrays of functions', position);
      if (t.kind === 'pointer' && t.reference !== undefined)
        tokens.fail('there are no arrays of references', position);
      const size = sizeOf(element);
      if (size === undefined)
        return tokens.fail(`there are no arrays of ${print(element)}, which has no size`, position);
      if (size % alignOf(element) !== 0)
        tokens.fail(
          `there are no arrays of ${print(element)}, which are aligned to more than its size`,
          position,
        );
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
        this.tokens.fail(`functions return no ${t.kind}s`, position);
      return { kind: 'function', result, parameters, variadic, prototyped };
    };
  }

  #parameters(): { parameters: Parameter[]; variadic: boolean; prototyped: boolean } {
    const { tokens } = this;
    const parameters: Parameter[] = [];
    if (tokens.take(')')) return { parameters, variadic: false, prototyped: false };
    for (;;) {
      if (tokens.take('...')) {
        tokens.expect(')');
        return { parameters, variadic: true, prototyped: true };
      }
      const { position } = tokens;
      const { type: declared, name } = this.typed();
      // `(void)` is no parameters (C17 §6.7.6.3p10).
      const isVoid = bare(declared).kind === 'void';
      if (isVoid && (parameters.length > 0 || name !== undefined || tokens.peek() !== ')'))
        tokens.fail('a parameter can not be void', position);
      if (!isVoid) parameters.push({ name, type: this.#adjusted(declared) });
      this.complete();
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
  protected complete(): void {
    for (const { reason, position } of this.#brackets.values()) this.tokens.fail(reason, position);
  }

  #derive(): void {
    if (++this.#derivations > MAX_DERIVATIONS) this.tokens.fail('nested too deep');
  }
}

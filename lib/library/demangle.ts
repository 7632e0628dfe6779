import {
  BUILTIN,
  inFront,
  LITERAL_SUFFIX,
  mapped,
  OPERATORS,
  plain,
  pointer,
  qualifiedBy,
  reference,
  STANDARD,
  type Text,
  withQualifiers,
  written,
} from './cxx-text.js';

/** A C++ function's or variable's name as people write it. */
export interface CxxName {
  /** `geo::area`, `twice<int>`. */
  readonly name: string;
  /** With what tells overloads apart: `geo::area(double)`, `geo::rect::area() const`; of a variable its name. */
  readonly signature: string;
  /** As `c++filt` prints it: a function template's instance has its result in front, `int twice<int>(int)`. */
  readonly full: string;
  /** Which of the functions a constructor or destructor is made of: 1 is that of complete objects (§5.1.4.3). */
  readonly variant?: number;
}

/**
 * What a symbol of C++ is called in its source (Itanium C++ ABI §5.1). Undefined for other symbols, for the compiler's own (virtual tables, thunks,
 * guards), and for what the names of functions rarely have: expressions in template arguments, vectors, constraints.
 */
export function demangle(symbol: string): CxxName | undefined {
  if (!symbol.startsWith('_Z')) return undefined;
  try {
    return new Demangler(symbol).symbol();
  } catch (error) {
    if (error === NOT_UNDERSTOOD) return undefined;
    throw error;
  }
}

const NOT_UNDERSTOOD = new Error('not understood');

/** Types and names within each other, and characters of one: what a real name does not come near. */
const MAX_DEPTH = 200;
const MAX_LENGTH = 100_000;

/** A name within its scopes. */
interface Name {
  readonly text: string;
  /** Its last part without template arguments: what its constructors are called. */
  readonly last: string;
  /** It ends with template arguments; the result of such a function is a part of its symbol. */
  readonly template: boolean;
  /** A constructor, destructor or conversion, which has no result. */
  readonly special: boolean;
  /** ` const` and the like of a member function. */
  readonly suffix: string;
}

class Demangler {
  readonly #text: string;
  #pos = 2;
  #depth = 0;
  /** What `S_`, `S0_` … stand for, in order (§5.1.8). Names are types without a right part. */
  readonly #substitutions: (Text & { last?: string })[] = [];
  /** What `T_`, `T0_` … stand for: the arguments of the template that the function is an instance of. */
  #arguments: readonly Text[] = [];
  #variant: number | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  symbol(): CxxName {
    const found = this.#encoding();
    if (this.#pos !== this.#text.length) this.#fail();
    return this.#variant === undefined ? found : { ...found, variant: this.#variant };
  }

  #fail(): never {
    throw NOT_UNDERSTOOD;
  }

  /** The character that comes next; a call, since reading moves it. */
  #next(): string {
    return this.#text[this.#pos] ?? '';
  }

  #accept(prefix: string): boolean {
    if (!this.#text.startsWith(prefix, this.#pos)) return false;
    this.#pos += prefix.length;
    return true;
  }

  #expect(prefix: string): void {
    if (!this.#accept(prefix)) this.#fail();
  }

  /** What a pattern matches here, if it does. Patterns are sticky. */
  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#pos;
    const found = pattern.exec(this.#text)?.[0];
    this.#pos += found?.length ?? 0;
    return found;
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) this.#fail();
    const result = read();
    this.#depth--;
    return result;
  }

  #substitute<T extends Text & { last?: string }>(made: T): T {
    if (made.left.length + made.right.length > MAX_LENGTH) this.#fail();
    this.#substitutions.push(made);
    return made;
  }

  /** `<encoding>`: a variable's name, or a function's with the types of its parameters. */
  #encoding(): CxxName {
    const name = this.#name(true);
    if (this.#next() === '' || this.#next() === 'E') {
      return { name: name.text, signature: name.text + name.suffix, full: name.text + name.suffix };
    }
    const result = name.template && !name.special ? this.#type() : undefined;
    const signature = `${name.text}(${this.#parameters()})${name.suffix}`;
    const full = result === undefined ? signature : `${inFront(result)}${signature}${result.right}`;
    return { name: name.text, signature, full };
  }

  #parameters(): string {
    if (this.#next() === 'v' && /^(?:E|$)/.test(this.#text.slice(this.#pos + 1))) {
      this.#pos++;
      return '';
    }
    const types: string[] = [];
    while (
      this.#next() !== '' &&
      this.#next() !== 'E' &&
      !/[RO]E/.test(this.#text.slice(this.#pos, this.#pos + 2))
    )
      types.push(written(this.#type()));
    return types.filter((t) => t !== '').join(', ');
  }

  /** `<name>`. `own`: it is that of the function, whose template arguments its parameters may refer to. */
  #name(own: boolean): Name {
    return this.#nested(() => {
      if (this.#accept('N')) return this.#nestedName(own);
      if (this.#accept('Z')) return this.#localName(own);
      const before = this.#pos;
      let name: Name;
      if (this.#next() === 'S' && !this.#accept('St')) {
        const { left, last = left } = this.#substitution();
        // Alone it would be a type.
        if (this.#next() !== 'I') this.#fail();
        name = { text: left, last, template: false, special: false, suffix: '' };
      } else {
        const scope = this.#pos > before ? 'std::' : '';
        const part = this.#unqualified('');
        name = { ...part, text: scope + part.text, template: false, suffix: '' };
        if (this.#next() === 'I') this.#substitute({ ...plain(name.text), last: name.last });
      }
      return this.#next() === 'I' ? this.#instance(name, own) : name;
    });
  }

  #nestedName(own: boolean): Name {
    const qualifiers = this.#match(/r?V?K?/y) ?? '';
    const reference = this.#match(/[RO]/y);
    const suffix = withQualifiers(qualifiers) + (reference === 'R' ? ' &' : reference === 'O' ? ' &&' : '');
    let name: Name = { text: '', last: '', template: false, special: false, suffix };
    while (!this.#accept('E')) {
      if (this.#accept('St')) {
        name = { ...name, text: 'std', last: 'std' };
        continue;
      }
      if (this.#next() === 'S') {
        if (name.text !== '') this.#fail();
        const { left, last = left } = this.#substitution();
        name = { ...name, text: left, last };
        continue;
      }
      if (this.#next() === 'I') {
        name = this.#instance(name, own);
      } else if (this.#next() === 'T') {
        const parameter = written(this.#templateParameter());
        name = { ...name, text: parameter, last: parameter };
      } else {
        const scope = name.text === '' ? '' : `${name.text}::`;
        const part = this.#unqualified(name.last);
        name = { ...part, text: scope + part.text, template: false, suffix };
      }
      // The whole is one only where it is a type, which says so itself.
      if (this.#next() !== 'E') this.#substitute({ ...plain(name.text), last: name.last });
    }
    return name.text === '' ? this.#fail() : name;
  }

  /** `f(int)::x`: what is defined inside a function (§5.1.6). */
  #localName(own: boolean): Name {
    const outer = this.#arguments;
    const { signature } = this.#encoding();
    this.#expect('E');
    if (this.#accept('s')) this.#fail();
    const name = this.#name(own);
    this.#match(/_\d|__\d+_/y);
    if (!own) this.#arguments = outer;
    return { ...name, text: `${signature}::${name.text}` };
  }

  #instance(name: Name, own: boolean): Name {
    const list = this.#templateArguments();
    if (own) this.#arguments = list;
    const text = list
      .map(written)
      .filter((t) => t !== '')
      .join(', ');
    const open = name.text.endsWith('<') ? ' <' : '<';
    return { ...name, text: `${name.text}${open}${text}${text.endsWith('>') ? ' >' : '>'}`, template: true };
  }

  #templateArguments(): Text[] {
    this.#expect('I');
    const list: Text[] = [];
    while (!this.#accept('E')) list.push(this.#templateArgument());
    return list;
  }

  #templateArgument(): Text {
    if (this.#accept('L')) return this.#literal();
    if (this.#accept('J')) {
      const pack: Text[] = [];
      while (!this.#accept('E')) pack.push(this.#templateArgument());
      return { left: '', right: '', pack };
    }
    return this.#next() === 'X' ? this.#fail() : this.#type();
  }

  /** `<expr-primary>`: `Li5E` is 5, `Lb1E` is true, `LPKc0E` is `(char const*)0`. */
  #literal(): Text {
    if (this.#next() === '_') this.#fail();
    const code = this.#next();
    const type = written(this.#type());
    const digits = this.#match(/n?\d+(?=E)/y)?.replace('n', '-') ?? this.#fail();
    this.#expect('E');
    if (code === 'b') return plain(digits === '1' ? 'true' : 'false');
    const suffix = LITERAL_SUFFIX[code];
    return plain(suffix === undefined ? `(${type})${digits}` : digits + suffix);
  }

  /** `<unqualified-name>`; `scope` is the last name of the class around it. */
  #unqualified(scope: string): { text: string; last: string; special: boolean } {
    this.#accept('L');
    if (/\d/.test(this.#next())) return this.#tagged(this.#sourceName());
    const variant = scope === '' ? undefined : this.#match(/C[1-5]|D[0-5]/y);
    if (variant !== undefined) {
      this.#variant = Number(variant[1]);
      return this.#tagged(variant.startsWith('D') ? `~${scope}` : scope, true);
    }
    if (this.#accept('Ut')) return this.#tagged(`{unnamed type#${this.#number()}}`);
    if (this.#accept('Ul')) {
      const parameters = this.#parameters();
      this.#expect('E');
      return this.#tagged(`{lambda(${parameters})#${this.#number()}}`);
    }
    if (this.#accept('cv')) return this.#tagged(`operator ${written(this.#type())}`, true);
    if (this.#accept('li')) return this.#tagged(`operator"" ${this.#sourceName()}`);
    const operator = OPERATORS[this.#text.slice(this.#pos, this.#pos + 2)] ?? this.#fail();
    this.#pos += 2;
    return this.#tagged(`operator${operator}`);
  }

  #tagged(name: string, special = false): { text: string; last: string; special: boolean } {
    let text = name;
    while (this.#accept('B')) text += `[abi:${this.#sourceName()}]`;
    return { text, last: name, special };
  }

  #sourceName(): string {
    const length = Number(this.#match(/\d+/y) ?? this.#fail());
    // The length counts bytes.
    const bytes = Buffer.from(this.#text.slice(this.#pos, this.#pos + length)).subarray(0, length);
    const name = bytes.toString();
    this.#pos += name.length;
    if (bytes.length < length || length === 0) this.#fail();
    return name.startsWith('_GLOBAL__N') ? '(anonymous namespace)' : name;
  }

  /** `_` is 1, `0_` is 2, and so on. */
  #number(): number {
    const text = this.#match(/\d*_/y) ?? this.#fail();
    return text === '_' ? 1 : Number(text.slice(0, -1)) + 2;
  }

  #substitution(): Text & { last?: string } {
    this.#expect('S');
    const standard = STANDARD[this.#next()];
    if (standard !== undefined) {
      this.#pos++;
      const [text, last] = standard;
      return { ...plain(text), last };
    }
    const text = this.#match(/[0-9A-Z]*_/y) ?? this.#fail();
    const index = text === '_' ? 0 : parseInt(text, 36) + 1;
    return this.#substitutions[index] ?? this.#fail();
  }

  #templateParameter(): Text {
    this.#expect('T');
    const text = this.#match(/\d*_/y) ?? this.#fail();
    return this.#arguments[text === '_' ? 0 : Number(text.slice(0, -1)) + 1] ?? this.#fail();
  }

  #type(): Text {
    return this.#nested(() => {
      const code = this.#next() === 'D' ? this.#text.slice(this.#pos, this.#pos + 2) : this.#next();
      const builtin = BUILTIN[code];
      if (builtin !== undefined) {
        this.#pos += code.length;
        return plain(builtin);
      }
      // A pack was made one of all that stand for it already.
      if (this.#accept('Dp')) return this.#type();
      return this.#substitutable();
    });
  }

  /** A type that a later one may refer to. */
  #substitutable(): Text {
    const qualifiers = this.#match(/r?V?K?/y) ?? '';
    if (qualifiers !== '') {
      const suffix = withQualifiers(qualifiers);
      return this.#substitute(mapped(this.#type(), (t) => qualifiedBy(t, suffix)));
    }
    if (this.#accept('P')) return this.#substitute(mapped(this.#type(), (t) => pointer(t, '*')));
    if (this.#accept('R')) return this.#substitute(mapped(this.#type(), (t) => reference(t, '&')));
    if (this.#accept('O')) return this.#substitute(mapped(this.#type(), (t) => reference(t, '&&')));
    if (this.#accept('C'))
      return this.#substitute(mapped(this.#type(), (t) => plain(`${written(t)} _Complex`)));
    if (this.#accept('F')) return this.#substitute(this.#function());
    if (this.#accept('A')) {
      const length = this.#match(/\d*/y) ?? '';
      this.#expect('_');
      const element = this.#type();
      const right = ` [${length}]${element.right.trimStart()}`;
      return this.#substitute({ left: element.left, right, binds: 'array' });
    }
    if (this.#accept('M')) {
      const scope = written(this.#type());
      return this.#substitute(pointer(this.#type(), `${scope}::*`));
    }
    if (this.#next() === 'T' && !/^T[sue]/.test(this.#text.slice(this.#pos))) {
      const parameter = this.#substitute(this.#templateParameter());
      return this.#next() === 'I' ? this.#substitute(this.#instanceOf(parameter)) : parameter;
    }
    if (this.#next() === 'S' && !this.#text.startsWith('St', this.#pos)) {
      const found = this.#substitution();
      return this.#next() === 'I' ? this.#substitute(this.#instanceOf(found)) : found;
    }
    // The elaborated forms (struct, union, enum) are printed without.
    this.#match(/T[sue]/y);
    const name = this.#name(false);
    return this.#substitute({ ...plain(name.text), last: name.last });
  }

  #instanceOf(template: Text & { last?: string }): Text {
    const last = template.last ?? template.left;
    const text = written(template);
    return plain(this.#instance({ text, last, template: false, special: false, suffix: '' }, false).text);
  }

  /** Its result is always there; `Do` is noexcept, `Y` says extern "C" and is not printed. */
  #function(): Text {
    this.#accept('Y');
    const result = this.#type();
    const parameters = this.#parameters();
    const own = this.#match(/[RO](?=E)/y);
    this.#expect('E');
    const suffix = own === 'R' ? ' &' : own === 'O' ? ' &&' : '';
    return {
      left: inFront(result),
      right: `(${parameters})${suffix}${result.right}`,
      binds: 'function',
    };
  }
}

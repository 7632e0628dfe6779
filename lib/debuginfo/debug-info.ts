import type { CType } from '../ctypes/model.js';
import type { NameResolver } from '../ctypes/parse.js';
import type {
  Absent,
  ConstantValue,
  ConstantValues,
  DeclaredSymbol,
  SymbolQuery,
  TypedSymbol,
  TypeKeyword,
  TypeName,
  TypeSource,
} from '../ctypes/type-source.js';
import { findSource, type Subject, type TypeOptions } from './sources.js';

/** Few libraries are given types. */
const given = () => require('./given.js') as typeof import('./given.js');

/** The types of one library: of each symbol from the first source that knows it, in the order of trust. Sources are looked for when they are needed. */
export class DebugInfo {
  /** What was tried so far, a line each, and why it did not answer. */
  readonly tried: string[] = [];
  /** What the caller gave. */
  readonly #file: TypeSource | undefined;
  readonly #declared: TypeSource | undefined;
  readonly #subject: Subject;
  readonly #options: TypeOptions;
  #found: { readonly source: TypeSource | undefined } | undefined;

  /** Reads nothing but what `options` give. Throws what is wrong with that: see `givenFile` and `givenDeclarations`. */
  constructor(subject: Subject, options: TypeOptions = {}) {
    this.#subject = subject;
    this.#options = options;
    const { types, declarations, debuginfod } = options;
    if (types !== undefined) this.#file = given().givenFile(types, subject);
    if (declarations !== undefined) {
      // What they do not say, the sources behind them may know.
      const resolve: NameResolver = (keyword, name) => this.#named(this.#behind(), keyword, name);
      this.#declared = given().givenDeclarations(declarations, subject, resolve);
    }
    // A file that was fetched may be temporary, and is gone once it is open.
    if (typeof debuginfod === 'object') this.#found = this.#find();
  }

  /** Whether a source that the caller did not give describes the library. */
  get isFound(): boolean {
    return this.#own !== undefined;
  }

  /** Whether something was asked for that the caller did not give. */
  get isAskedFor(): boolean {
    return this.#found !== undefined;
  }

  /** Which sources answer, for people: `DWARF in /lib/libx.so`; undefined if none does. */
  get source(): string | undefined {
    const names = Array.from(this.#sources(), (source) => source.name);
    return names.length === 0 ? undefined : names.join(', ');
  }

  /** See `TypeSource.expect`. */
  expect(count: number): void {
    for (const source of this.#sources()) source.expect?.(count);
  }

  symbol(query: SymbolQuery): TypedSymbol | Absent {
    const isOnly = this.#file === undefined && this.#declared === undefined;
    const only = isOnly ? this.#own : undefined;
    if (only !== undefined) return only.symbol(query);
    const reasons: string[] = [];
    for (const source of this.#sources()) {
      const found = source.symbol(query);
      if (!('reason' in found)) return found;
      reasons.push(`${source.name}: ${found.reason}`);
    }
    return { reason: [...reasons, ...(this.isFound ? [] : this.tried)].join('\n') };
  }

  /** Throws a `FormatError` where types are corrupt. */
  typeNamed(keyword: TypeKeyword, name: string): CType | undefined {
    return this.#named(this.#sources(), keyword, name);
  }

  #named(sources: Iterable<TypeSource>, keyword: TypeKeyword, name: string): CType | undefined {
    for (const source of sources) {
      const type = source.typeNamed(keyword, name);
      if (type !== undefined) return type;
    }
    return undefined;
  }

  /** The types that can be named, each once. Reads all of their names; throws a `FormatError` where they are corrupt. */
  typeNames(): TypeName[] {
    const names = new Map<string, TypeName>();
    for (const source of this.#sources()) {
      for (const type of source.typeNames()) names.set(`${type.keyword} ${type.name}`, type);
    }
    return [...names.values()];
  }

  /** Every constant at file scope, each from the first source that has it. Reads all of them; throws a `FormatError` where they are corrupt. */
  constants(): ConstantValues {
    const all = new Map<string, readonly ConstantValue[]>();
    for (const source of this.#sources()) {
      for (const [name, values] of source.constants()) if (!all.has(name)) all.set(name, values);
    }
    return all;
  }

  /** What the library uses of others, as far as the first source says it: further ones are not looked for. */
  declarations(): Iterable<DeclaredSymbol> {
    const [source] = this.#sources();
    return source?.declarations?.() ?? [];
  }

  /** What was given, then what there is. */
  *#sources(): Generator<TypeSource> {
    if (this.#declared !== undefined) yield this.#declared;
    yield* this.#behind();
  }

  /** All but declarations. */
  *#behind(): Generator<TypeSource> {
    if (this.#file !== undefined) yield this.#file;
    const own = this.#own;
    if (own !== undefined) yield own;
  }

  get #own(): TypeSource | undefined {
    return (this.#found ??= this.#find()).source;
  }

  #find(): { readonly source: TypeSource | undefined } {
    return { source: findSource(this.#subject, this.#options, this.tried) };
  }
}

import type { CType } from '../ctypes/model.js';
import type {
  Absent,
  ConstantValue,
  ConstantValues,
  DeclaredSymbol,
  SymbolQuery,
  TypedSymbol,
  TypeKeyword,
  TypeSource,
} from '../ctypes/type-source.js';
import { findSources, type Subject } from './sources.js';

/** The types of one library: of each symbol from the first source that knows it, in the order of trust. Sources are looked for when they are needed. */
export class DebugInfo {
  /** What was tried so far, a line each, and why it did not answer. */
  readonly tried: string[] = [];
  readonly #found: TypeSource[] = [];
  readonly #search: Iterator<TypeSource>;

  /** Reads nothing yet. */
  constructor(subject: Subject) {
    this.#search = findSources(subject, this.tried);
  }

  /** Which sources answer, for people: `DWARF in /lib/libx.so`; undefined if none does. */
  get source(): string | undefined {
    const names = Array.from(this.#sources(), (source) => source.name);
    return names.length === 0 ? undefined : names.join(', ');
  }

  symbol(query: SymbolQuery): TypedSymbol | Absent {
    const reasons: string[] = [];
    for (const source of this.#sources()) {
      const found = source.symbol(query);
      if (!('reason' in found)) return found;
      reasons.push(this.#found.length === 1 ? found.reason : `${source.name}: ${found.reason}`);
    }
    return { reason: (reasons.length === 0 ? this.tried : reasons).join('\n') };
  }

  /** Throws a `FormatError` where types are corrupt. */
  typeNamed(keyword: TypeKeyword, name: string): CType | undefined {
    for (const source of this.#sources()) {
      const type = source.typeNamed(keyword, name);
      if (type !== undefined) return type;
    }
    return undefined;
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

  /** Those that were found already, then further ones. */
  *#sources(): Generator<TypeSource> {
    for (let i = 0; ; i++) {
      if (i === this.#found.length) {
        const next = this.#search.next();
        if (next.done === true) return;
        this.#found.push(next.value);
      }
      const source = this.#found[i];
      if (source !== undefined) yield source;
    }
  }
}

import { demangle, type CxxName } from './demangle.js';

/** A symbol that a name may mean. */
export interface Overload extends CxxName {
  readonly symbol: string;
}

/** The symbols of one library by what they are called in C++. */
export class CxxNames {
  readonly #named = new Map<string, Overload[]>();

  /** Reads the names of all symbols that are mangled. */
  constructor(symbols: Iterable<string>) {
    for (const symbol of new Set(symbols)) {
      const name = demangle(symbol);
      if (name === undefined) continue;
      const keys = new Set([name.name, name.signature, name.full].map(normalised));
      for (const key of keys) {
        const list = this.#named.get(key);
        if (list === undefined) this.#named.set(key, [{ ...name, symbol }]);
        else list.push({ ...name, symbol });
      }
    }
  }

  /**
   * What `geo::area` or `geo::area(double)` may mean, one for each signature. Blanks, and where `const` stands, mean nothing; `std::string` is what it stands
   * for. Of a constructor it is the one that makes complete objects, of a destructor the one that does not free them.
   */
  find(name: string): Overload[] {
    const bySignature = new Map<string, Overload>();
    for (const found of this.#named.get(normalised(name)) ?? []) {
      const known = bySignature.get(found.signature);
      if (known === undefined || rank(found) < rank(known)) bySignature.set(found.signature, found);
    }
    return [...bySignature.values()];
  }

  /** Every name that finds something. */
  *[Symbol.iterator](): Generator<string> {
    const seen = new Set<string>();
    for (const list of this.#named.values()) {
      for (const { name } of list) if (!seen.has(name)) yield (seen.add(name), name);
    }
  }
}

function rank({ variant = 1 }: Overload): number {
  return variant === 0 ? 9 : variant;
}

const STRING = /\bstd::(?:__cxx11::)?basic_string<char,std::char_traits<char>,std::allocator<char>>/g;

/** One spelling for what C++ allows several for. */
function normalised(name: string): string {
  const tight = name
    .trim()
    .replace(/\s+/g, ' ')
    .replace(/(?<!\w) | (?!\w)/g, '')
    .replace(STRING, 'std::string')
    .replace(/\(void\)/g, '()')
    .replace(/\bunsigned\b(?! (?:int|char|short|long|__int128)\b)/g, 'unsigned int')
    .replace(/\b(long|short)( unsigned)? int\b/g, (_, size: string, sign?: string) =>
      sign === undefined ? size : `unsigned ${size}`,
    );
  return constBehind(tight);
}

const WORDS = /(?:(?:unsigned|signed|long|short|char|int|double) )*[\w:]+/y;

/** `char const*` for `const char*`, as the demangler writes it. */
function constBehind(name: string): string {
  let at = name.search(/(?<![\w ])const (?!volatile\b)/);
  let text = name;
  while (at >= 0) {
    const start = at + 'const '.length;
    let end = start;
    do {
      WORDS.lastIndex = end;
      end += WORDS.exec(text)?.[0].length ?? 0;
      end = behindAngles(text, end);
    } while (text.startsWith('::', end));
    const type = text.slice(start, end);
    text = `${text.slice(0, at)}${type}${type.endsWith('>') ? '' : ' '}const${text.slice(end)}`;
    at = text.search(/(?<![\w ])const (?!volatile\b)/);
  }
  return text;
}

/** Behind the template arguments that start at `at`, if any do. */
function behindAngles(text: string, at: number): number {
  if (text[at] !== '<') return at;
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    if (text[i] === '<') depth++;
    if (text[i] === '>' && --depth === 0) return i + 1;
  }
  return text.length;
}

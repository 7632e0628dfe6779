import { basename, extname } from 'node:path';

/** What can't be the name of a `const` or a parameter in a module (ECMA-262 §12.7.2, §13.1.1), and what TypeScript keeps to itself. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    'break case catch class const continue debugger default delete do else enum export extends false finally for function if import in instanceof ' +
    'new null return super switch this throw true try typeof var void while with await yield let static implements interface package private ' +
    'protected public arguments eval undefined globalThis async declare type'
  ).split(' '),
);

/** Names of types that a declaration can't have, or that the generated text needs itself. */
const TYPE_NAMES: readonly string[] = (
  'any unknown never string number boolean bigint symbol object void undefined null this keyof infer readonly unique asserts is ' +
  'Int8Array Uint8Array Int16Array Uint16Array Int32Array Uint32Array BigInt64Array BigUint64Array Float32Array Float64Array ArrayBuffer Exclude'
).split(' ');

/** Whether a name may stand where JavaScript declares one. */
export function isIdentifier(name: string): boolean {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) && !RESERVED.has(name);
}

/** A name that C gives as an identifier. */
export function identifier(name: string): string {
  const made = name.replaceAll(/[^\p{ID_Continue}$]+/gu, '_').replace(/^(?=[^\p{ID_Start}$_])/u, '_');
  return isIdentifier(made) ? made : `${made}_`;
}

/** A property's name. */
export function property(name: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) ? name : JSON.stringify(name);
}

/** Names that are given out once each. */
export class Names {
  readonly #taken: Set<string>;

  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  /** `wanted`, or with a number behind it if that is taken; so are the same with what goes along behind it. */
  unique(wanted: string, along: readonly string[] = []): string {
    const all = (name: string): string[] => [name, ...along.map((suffix) => name + suffix)];
    let name = wanted;
    for (let i = 2; all(name).some((one) => this.#taken.has(one)); i++) name = `${wanted}_${i}`;
    for (const one of all(name)) this.#taken.add(one);
    return name;
  }
}

/** The names of types in one file; `words` are those that it imports. */
export function typeNames(words: readonly string[]): Names {
  return new Names([...TYPE_NAMES, ...RESERVED, ...words]);
}

/** The file that TypeScript looks into for a library (`allowArbitraryExtensions`): `lib.d.so.ts` for `lib.so`, `libz.so.d.1.ts` for `libz.so.1`. */
export function declarationFile(library: string): string {
  const name = basename(library);
  const extension = extname(name);
  return `${extension === '' ? name : name.slice(0, -extension.length)}.d${extension}.ts`;
}

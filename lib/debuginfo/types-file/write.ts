import { isName } from '../../ctypes/keywords.js';
import type { CType } from '../../ctypes/model.js';
import type { ConstantValue, TypeKeyword, TypeSource } from '../../ctypes/type-source.js';
import { orUndefined } from '../../errors.js';
import {
  FORMAT,
  integer,
  VERSION,
  type ConstantEntry,
  type LibraryIdentity,
  type Origin,
  type SymbolEntry,
  type Target,
} from './format.js';
import { TypeGraph } from './graph.js';

/** An exported symbol and its type. */
export interface SymbolToWrite {
  readonly name: string;
  readonly address: bigint;
  readonly type: CType;
  readonly declFile?: string | undefined;
  readonly declLine?: number | undefined;
}

export interface TypesToWrite {
  readonly library: LibraryIdentity;
  readonly origin: Origin;
  readonly target: Target;
  readonly symbols: readonly SymbolToWrite[];
  /** Gives the constants, and says which type a name means. */
  readonly source: Pick<TypeSource, 'typeNamed' | 'constants'>;
  /** Words that may name a type, besides those of the types that the symbols lead to. */
  readonly words?: Iterable<string>;
  /** Whether what compiled a function's code is known, or only what read its header. */
  readonly compilers: boolean;
}

const KEYWORDS: readonly TypeKeyword[] = ['struct', 'union', 'enum', 'typedef'];

/**
 * The text of a types file: a line for each type, symbol and constant. The same input gives the same bytes: all that has a name is sorted by it, and types
 * stand in the order in which that leads to them.
 */
export function writeTypesFile(input: TypesToWrite): string {
  const graph = new TypeGraph({ compilers: input.compilers });
  const symbols = sortedBy([...input.symbols], (s) => s.name).map((s) => ({
    ...s,
    number: graph.add(s.type),
  }));
  const names = namedTypes(input, graph);
  const { nodes, number } = graph.merged([...symbols.map((s) => s.number), ...names.map((n) => n.type)]);
  const byName = new Map<string, (typeof symbols)[number][]>();
  for (const symbol of symbols) byName.set(symbol.name, [...(byName.get(symbol.name) ?? []), symbol]);
  const constants = sortedBy([...input.source.constants()], ([name]) => name);
  const fields = [
    field('format', FORMAT),
    field('version', VERSION),
    field('library', input.library),
    field('source', input.origin),
    field('target', input.target),
    `"types": ${list(
      '[',
      nodes.map((n) => JSON.stringify(n)),
      ']',
    )}`,
    `"symbols": ${table([...byName].map(([name, all]) => [name, oneOrAll(symbolEntries(all, number))]))}`,
    `"names": ${list(
      '{',
      KEYWORDS.map((keyword) => {
        const named = names.filter((n) => n.keyword === keyword);
        return `"${keyword}": ${table(named.map((n) => [n.name, number(n.type)]))}`;
      }),
      '}',
    )}`,
    `"constants": ${table(constants.map(([name, values]) => [name, oneOrAll(values.map(constantEntry))]))}`,
  ];
  return `{\n${fields.join(',\n')}\n}\n`;
}

interface NamedType {
  readonly keyword: TypeKeyword;
  readonly name: string;
  readonly type: number;
}

/** What C declarations may name: every tag and typedef that the types have, and of `words` those that mean one. */
function namedTypes({ source, words = [] }: TypesToWrite, graph: TypeGraph): NamedType[] {
  const asked = new Map<TypeKeyword, Map<string, number | undefined>>(KEYWORDS.map((k) => [k, new Map()]));
  const ask = (keyword: TypeKeyword, name: string): void => {
    const known = asked.get(keyword);
    if (known === undefined || known.has(name)) return;
    const type = orUndefined(() => source.typeNamed(keyword, name));
    known.set(name, type && graph.add(type));
  };
  for (const word of new Set(words)) if (isName(word)) for (const keyword of KEYWORDS) ask(keyword, word);
  // What is named may lead to further names, which are added behind.
  for (const type of graph.types) {
    const name = nameOf(type);
    if (name !== undefined) ask(name.keyword, name.name);
  }
  return KEYWORDS.flatMap((keyword) => {
    const found = [...(asked.get(keyword) ?? [])].flatMap(([name, type]) =>
      type === undefined ? [] : [{ keyword, name, type }],
    );
    return sortedBy(found, (n) => n.name);
  });
}

function nameOf(type: CType): { keyword: TypeKeyword; name: string } | undefined {
  switch (type.kind) {
    case 'struct':
    case 'union':
    case 'enum':
      return type.tag === undefined ? undefined : { keyword: type.kind, name: type.tag };
    case 'typedef':
      return { keyword: 'typedef', name: type.name };
    default:
      return undefined;
  }
}

/** One entry if all symbols of a name have one type, as `foo` and its older version `foo@V1` mostly do. */
function symbolEntries(
  symbols: readonly (SymbolToWrite & { readonly number: number })[],
  renumber: (added: number) => number,
): SymbolEntry[] {
  const entries = symbols.map(({ address, number, declFile, declLine }): SymbolEntry => {
    const declared = declFile === undefined ? undefined : `${declFile}:${declLine ?? 0}`;
    return { type: renumber(number), address: `0x${address.toString(16)}`, declared };
  });
  const [first] = entries;
  if (first === undefined || entries.some((e) => e.type !== first.type)) return entries;
  return [{ ...first, address: undefined }];
}

function constantEntry({ value, origin }: ConstantValue): ConstantEntry {
  switch (typeof value) {
    case 'bigint':
      return { int: integer(value), origin };
    case 'number':
      return { float: floatText(value), origin };
    default:
      return { text: value, origin };
  }
}

function floatText(value: number): number | string {
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? value : String(value).replace('Infinity', 'inf').replace('NaN', 'nan');
}

function field(name: string, value: unknown): string {
  return `"${name}": ${JSON.stringify(value)}`;
}

function table(entries: readonly (readonly [string, unknown])[]): string {
  return list(
    '{',
    entries.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`),
    '}',
  );
}

function list(open: string, lines: readonly string[], close: string): string {
  return lines.length === 0 ? `${open}${close}` : `${open}\n${lines.join(',\n')}\n${close}`;
}

function oneOrAll<T>(values: readonly T[]): T | readonly T[] {
  const [first] = values;
  return values.length === 1 && first !== undefined ? first : values;
}

/** By code units, which no locale changes. */
function sortedBy<T>(values: T[], key: (value: T) => string): T[] {
  return values.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

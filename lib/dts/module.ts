import { TypeGraph } from '../debuginfo/types-file/graph.js';
import { print } from '../ctypes/print.js';
import type { CType } from '../ctypes/model.js';
import type { ElfSymbol } from '../elf/symbol.js';
import { messageOf, orUndefined } from '../errors.js';
import type { Library } from '../library/library.js';
import { isModuleExport } from '../library/module-names.js';
import { comment, DeclaredTypes } from './declared-types.js';
import { header } from './header.js';
import { identifier, isIdentifier, Names, property, typeNames } from './names.js';
import { Types } from './nodes.js';

/** What the declarations are written in. */
const WORDS: readonly string[] = (
  'ArrayItems ArrayView Bytes Callable Complex Const ConstArrayView ConstPointer ConstPointerArgument ConstVariable FunctionArgument FunctionProperties ' +
  'Opaque Plugin Pointer PointerArgument Snapshot StoredPointer TextArgument Variable VariadicArgument View VoidArgument VoidPointer'
).split(' ');

export interface DtsOptions {
  /** How the plugin is opened: with `int64: 'number'` 64-bit integers are read as numbers. */
  readonly int64?: 'bigint' | 'number';
}

export interface MadeDts {
  readonly text: string;
  /** Of exported symbols, those that have a type. */
  readonly typed: number;
  readonly exported: number;
}

interface DeclaredSymbol {
  readonly elf: ElfSymbol;
  readonly isFunction: boolean;
  /** Its number among the types; undefined if it is not known. */
  readonly type: number | undefined;
  readonly comment: string;
}

/**
 * The TypeScript declarations of a library as a module: its symbols as exports, sorted by name, and the plugin as the default export. The library is not
 * loaded. The same library and types give the same text.
 */
export function makeDts(library: Library, { int64 = 'bigint' }: DtsOptions = {}): MadeDts {
  const { symbols, types } = read(library);
  const declared = new DeclaredTypes(types, typeNames([...WORDS, 'Symbols', 'Constants', 'Types']), int64);
  const locals = new Names([...WORDS, 'default']);
  const values: string[] = [];
  const listed: string[] = [];
  for (const [name, symbol] of symbols) {
    const text = symbolText(symbol, declared, types);
    const local = isModuleExport(name) ? locals.unique(localName(name)) : undefined;
    if (local !== undefined) values.push(exported(name, local, symbol, text));
    listed.push(`  readonly ${property(name)}: ${local === undefined ? text : `typeof ${local}`};`);
  }
  const declarations = [...declared.declarations()];
  const typedefs = [...declared.typedefs()];
  const known = declared.byC().map(([name, type]) => `  readonly ${property(name)}: ${type};`);
  const plugin = locals.unique('plugin');
  const parts = [
    header(library),
    `import type {\n${WORDS.map((word) => `  ${word},`).join('\n')}\n} from 'elf-plugin';`,
    ...values,
    ...declarations,
    ...typedefs,
    `interface Symbols ${braces(listed)}`,
    `interface Constants ${braces(constants(library))}`,
    `interface Types ${braces(known.sort())}`,
    `declare const ${plugin}: Plugin<Symbols, Constants, Types, ${int64}>;\nexport default ${plugin};`,
  ];
  const typed = [...symbols.values()].filter((s) => s.type !== undefined).length;
  return { text: `${parts.join('\n\n')}\n`, typed, exported: symbols.size };
}

/** The exported symbols by name, and all the types that they lead to. */
function read(library: Library): { symbols: Map<string, DeclaredSymbol>; types: Types } {
  const graph = new TypeGraph({ compilers: false });
  const elves = new Map<string, ElfSymbol>();
  for (const name of library.exportedNames()) {
    const elf = library.find(name);
    if (elf !== undefined) elves.set(name, elf);
  }
  library.expect(elves.size);
  const found = [...elves]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, elf]) => {
      const { type } = library.typed(elf);
      return { name, elf, type, added: type && graph.add(type) };
    });
  const { nodes, number } = graph.merged(found.flatMap(({ added }) => added ?? []));
  const symbols = new Map(
    found.map(({ name, elf, type, added }) => [
      name,
      {
        elf,
        isFunction: library.isFunction(elf),
        type: added === undefined ? undefined : number(added),
        comment: symbolComment(library, elf, type),
      },
    ]),
  );
  return { symbols, types: new Types(nodes) };
}

/** The C declaration, and where it stands. */
function symbolComment(library: Library, elf: ElfSymbol, type: CType | undefined): string {
  if (type === undefined) return 'Its type is not known.';
  const prototype = orUndefined(() => print(type, elf.name));
  const place = library.declaredAt(elf);
  const parts = [
    prototype === undefined ? [] : [`\`${prototype}\``],
    place === undefined ? [] : [`${place.file}:${place.line}`],
  ].flat();
  return comment(parts.join(' '));
}

/** The type of a live symbol. */
function symbolText(
  { elf, isFunction, type }: DeclaredSymbol,
  { text }: DeclaredTypes,
  types: Types,
): string {
  const hint = identifier(elf.name);
  if (type === undefined) return isFunction ? 'FunctionProperties' : 'Variable<never>';
  const { node } = types.bare(type);
  if (node.kind === 'function') return text.callable(node, hint);
  return isFunction ? 'FunctionProperties' : text.pointerTo(type, hint, 'Variable');
}

/** What a symbol is called in the file itself: not every name is an identifier. */
function localName(name: string): string {
  return isIdentifier(name) ? name : `$${identifier(name)}`;
}

function exported(name: string, local: string, symbol: DeclaredSymbol, text: string): string {
  const head = `/** ${symbol.comment} */`;
  if (local === name) return `${head}\nexport declare const ${name}: ${text};`;
  const outside = isIdentifier(name) ? name : JSON.stringify(name);
  return `${head}\ndeclare const ${local}: ${text};\nexport { ${local} as ${outside} };`;
}

/** The constants with their values. Corrupt debug info has none. */
function constants(library: Library): string[] {
  let all;
  try {
    all = library.constants;
  } catch (error) {
    return [`  // ${comment(messageOf(error))}`];
  }
  return Object.entries(all)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `  readonly ${property(name)}: ${literal(value)};`);
}

function literal(value: number | bigint | string): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  // What is no integer is not compared with ===.
  return Number.isInteger(value) && Math.abs(value) < 1e21 && !Object.is(value, -0)
    ? String(value)
    : 'number';
}

function braces(lines: readonly string[]): string {
  return lines.length === 0 ? '{}' : `{\n${lines.join('\n')}\n}`;
}

import { printDefinition } from '../ctypes/print.js';
import type { DwarfInfo } from '../dwarf/dwarf-info.js';
import type { TypeKeyword } from '../dwarf/name-index.js';
import type { TypedFile } from './typed-file.js';

/** Types of `fixtures/dwarf/sample.c` that are found by their names; the last one is not. */
const NAMED: readonly (readonly [TypeKeyword, string])[] = [
  ['struct', 'point'],
  ['struct', 'bits'],
  ['struct', 'node'],
  ['struct', 'handle'],
  ['union', 'num'],
  ['enum', 'color'],
  ['enum', 'big'],
  ['typedef', 'handle_t'],
  ['typedef', 'size_t'],
  ['base', 'int'],
  ['struct', 'nowhere'],
];

/** All that a library's debug info says, a line each: what tells whether two builds of one source describe the same. */
export function allTypes(file: TypedFile<DwarfInfo>): string[] {
  const symbols = [...file.symbols.keys()].map((name) => {
    const symbol = file.symbol(name);
    if ('reason' in symbol) return `${name}: ${symbol.reason}`;
    const { type, language, declFile, declLine } = symbol;
    const compiler = type.kind === 'function' ? JSON.stringify(type.compiler) : '';
    return [file.print(name), printDefinition(type), language, declFile, declLine, compiler].join(' | ');
  });
  const named = NAMED.map(([keyword, name]) => {
    const type = file.info.typeNamed(keyword, name);
    return `${keyword} ${name}: ${type === undefined ? 'none' : printDefinition(type)}`;
  });
  const constants = Array.from(file.info.constants(), ([name, values]) =>
    [name, ...values.map(({ value, origin }) => `${value} of ${origin}`)].join(' '),
  );
  return [...symbols, ...named, ...constants].sort();
}

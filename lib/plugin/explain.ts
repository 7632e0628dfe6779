import { ElfFile } from '../elf/file.js';
import { DynamicSymbols } from '../elf/symbol.js';
import { FormatError } from '../errors.js';
import type { Newcomers } from './newcomers.js';

/** What to know about a failure of `dlopen` beyond the linker's words: who needs what is missing, and where it was looked for. */
export function explain(dlerror: string, { library, dependencies }: Newcomers): string[] {
  const lines = dependencies
    .filter((d) => d.path === undefined)
    .flatMap((d) => [
      `${d.name} is needed by ${d.requestedBy}; looked for in`,
      ...d.tried.map((place) => `  ${place}`),
    ]);
  const symbol = /undefined symbol: ([^,\s]+)/.exec(dlerror)?.[1];
  if (symbol !== undefined)
    lines.push(...explainSymbol(symbol, dlerror, library.path, library.needed, dependencies));
  return lines;
}

function explainSymbol(
  symbol: string,
  dlerror: string,
  path: string,
  needed: readonly string[],
  dependencies: Newcomers['dependencies'],
): string[] {
  const user = /^([^:\n]+): (?:symbol lookup error: )?/.exec(dlerror)?.[1] ?? path;
  const owner = dependencies.find((d) => d.path !== undefined && defines(d.path, symbol));
  if (owner !== undefined)
    return [`${user} uses ${symbol}; ${owner.path ?? owner.name} has it, in another version than is wanted`];
  const list = needed.length === 0 ? 'no library' : needed.join(', ');
  return [
    `${user} uses ${symbol}, and neither it nor what it needs (${list}) defines it`,
    "link it against the library that does, or open that one first with scope: 'global'",
  ];
}

function defines(path: string, symbol: string): boolean {
  try {
    using file = ElfFile.open(path);
    return DynamicSymbols.of(file).lookup(symbol) !== undefined;
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
}

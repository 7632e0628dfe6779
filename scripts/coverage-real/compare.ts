import type { Library } from '../../lib/library/library.js';
import { withoutNames } from '../../lib/testing/gdb.js';
import type { RealLibrary } from './libraries.js';
import { askByAddress, askByName } from './oracles/gdb.js';
import { askHeaders } from './oracles/headers.js';
import { askPfunct } from './oracles/pfunct.js';
import { spelledAsC, spelledAsCxx } from './spelling.js';
import type { Typed } from './survey.js';

/** Where somebody else says something else. */
export interface Difference {
  readonly name: string;
  readonly ours: string;
  readonly theirs: string;
  /** Who. */
  readonly oracle: string;
}

export interface Comparison {
  /** How many types were compared, by with whom. */
  readonly compared: ReadonlyMap<string, number>;
  readonly differences: readonly Difference[];
  /** Differences that are known to be no mistake of ours: the symbols, by why. */
  readonly explained: ReadonlyMap<string, readonly string[]>;
  /** The symbols that nobody else has a type for. */
  readonly unknown: readonly string[];
}

/** Somebody else's types. */
interface Oracle {
  readonly name: string;
  /** Whether it can be asked about a symbol. */
  readonly knows?: (symbol: Typed) => boolean;
  /** Its types of the symbols; undefined for those that it does not know. */
  readonly ask: (symbols: readonly Typed[]) => readonly (string | undefined)[];
}

/** Compares each type with what the first of several others says that knows the symbol. */
export function compare(library: Library, about: RealLibrary, typed: readonly Typed[]): Comparison {
  const compared = new Map<string, number>();
  const differences: Difference[] = [];
  const explained = new Map<string, readonly string[]>();
  const spelled = about.cxx === true ? spelledAsCxx : spelledAsC;
  let left = typed;
  for (const { name: oracle, knows = () => true, ask } of oracles(library, about, typed)) {
    const asked = left.filter(knows);
    if (asked.length === 0) continue;
    const answers = ask(asked);
    const answered = new Set<Typed>();
    asked.forEach((symbol, i) => {
      const theirs = answers[i];
      if (theirs === undefined) return;
      answered.add(symbol);
      const ours = withoutNames(symbol.type);
      if (spelled(ours) === spelled(theirs)) return;
      const { name } = symbol.elf;
      const why = about.known?.find(({ symbols }) => symbols.test(name))?.why;
      if (why === undefined) differences.push({ name, ours, theirs, oracle });
      else explained.set(why, [...(explained.get(why) ?? []), name]);
    });
    compared.set(oracle, answered.size);
    left = left.filter((symbol) => !answered.has(symbol));
  }
  return { compared, differences, explained, unknown: left.map((s) => s.elf.name) };
}

/** Itanium C++ ABI §5.1.2. */
function isMangled(symbol: string): boolean {
  return symbol.startsWith('_Z');
}

function oracles(library: Library, about: RealLibrary, typed: readonly Typed[]): Oracle[] {
  const { header, assemblerHeaders = [] } = about;
  if (header !== undefined)
    return [{ name: `gdb of gcc's ${header}`, ask: (symbols) => askHeaders([header], symbols) }];
  const counts = new Map<string, number>();
  for (const { elf } of typed) counts.set(elf.name, (counts.get(elf.name) ?? 0) + 1);
  const source = library.debugInfo.source?.replace(/^DWARF in /, '') ?? library.path;
  // Of what has several versions gdb takes any, and for a symbol of C++ what has the same name without its mangling. At the address of others there may be a function
  // that gcc found to be alike.
  const isNamed = ({ kind, elf, type }: Typed): boolean =>
    kind !== 'ifunc' && counts.get(elf.name) === 1 && !(type.kind === 'function' && isMangled(elf.name));
  return [
    { name: 'gdb, by name', knows: isNamed, ask: (symbols) => askByName(library.path, symbols) },
    {
      name: 'gdb, by address',
      knows: (symbol) => !isNamed(symbol) || about.cxx === true,
      ask: (symbols) => askByAddress(library.path, symbols),
    },
    {
      name: 'pfunct',
      knows: () => about.cxx !== true,
      ask: (symbols) => askPfunct(library, source, symbols),
    },
    { name: "gdb of gcc's headers", ask: (symbols) => askHeaders(assemblerHeaders, symbols) },
  ];
}

import { relative } from 'node:path';

import { print } from '../../ctypes/print.js';
import type { SourceLocation } from '../../ctypes/type-source.js';
import type { ElfSymbol } from '../../elf/symbol.js';
import { kindOf, type Library, type SymbolKind } from '../../library/library.js';
import { type Command, parse, UsageError } from '../command.js';
import { didYouMean } from '../did-you-mean.js';
import { writeJson } from '../json.js';
import { libraryAnd, openLibrary, origin, sayWhatHelps, TYPE_HELP, TYPE_OPTIONS } from '../library.js';
import { namePattern } from '../pattern.js';
import { type Column, printTable } from '../table.js';
import { paintFor, printable, Progress, terminalWidth } from '../terminal.js';

/** Only the names of C++ need it. */
const demangler = () => require('../../library/demangle.js') as typeof import('../../library/demangle.js');

const KINDS: readonly SymbolKind[] = ['function', 'ifunc', 'variable', 'tls', 'absolute', 'unknown'];
const ORDERS = ['name', 'address', 'size', 'file'] as const;

const help = `Usage: elf-plugin symbols [OPTIONS] LIBRARY [PATTERN]…

Lists what LIBRARY exports: name, kind, size, version, where it is declared, C type. LIBRARY is a path, or a name that the system
loader knows: z, libz.so.1. It is not loaded.

A PATTERN selects names: deflate is in the name, 'deflate*' (with * and ?) is all of it, '/^deflate|^inflate/' is a regular
expression. With several, one of them has to fit. A name of C++ is also found by what it is called there.

  -k, --kind KIND      only function, ifunc, variable, tls, absolute or unknown; several with commas. Of an ifunc the code is
                       chosen when it is loaded, a tls variable is one in each thread, absolute is a number
  -t, --type PATTERN   only what has a C type like that: -t 'struct point'
  -u, --untyped        only what has no type, and why
  -i, --ignore-case    a pattern may differ in case
  -s, --sort ORDER     by name (the default), address, size, or file: where the library's table has it
  -r, --reverse        the other way round
  -C, --demangle       shows names of C++ as they are written there
  -1, --names          names alone, a line each: at once, as no types are read for that
${TYPE_HELP}
  --json               { path, buildId, typeSource, tried, symbols: [{ name, kind, type, size, version, source }] }

On a terminal long lines are cut; elsewhere they are not: elf-plugin symbols z | less -S

Examples:
  elf-plugin symbols ./libmine.so
  elf-plugin symbols z 'deflate*'
  elf-plugin symbols --kind variable -t 'const char' libpython3.11.so.1.0
  elf-plugin symbols --json ./libmine.so | jq -r '.symbols[].type'
`;

/** What is listed of a symbol. */
interface Listed {
  readonly elf: ElfSymbol;
  readonly name: string;
  readonly kind: SymbolKind;
  readonly type: string | undefined;
  readonly reason: string | undefined;
  readonly source: SourceLocation | undefined;
}

export const symbols: Command = {
  help,
  run(args) {
    const { values, positionals } = parse({
      args: [...args],
      allowPositionals: true,
      options: {
        ...TYPE_OPTIONS,
        kind: { type: 'string', short: 'k', multiple: true },
        type: { type: 'string', short: 't' },
        untyped: { type: 'boolean', short: 'u' },
        'ignore-case': { type: 'boolean', short: 'i' },
        sort: { type: 'string', short: 's' },
        reverse: { type: 'boolean', short: 'r' },
        demangle: { type: 'boolean', short: 'C' },
        names: { type: 'boolean', short: '1' },
      },
    });
    const [library_, patterns] = libraryAnd(positionals);
    const ignoreCase = values['ignore-case'] === true;
    const wanted = patterns.map((text) => namePattern(text, ignoreCase));
    const kinds = kindsOf(values.kind ?? []);
    const compare = orderOf(values.sort ?? 'name');
    const typePattern = values.type === undefined ? undefined : namePattern(values.type, ignoreCase);

    const library = openLibrary(library_, values);
    let chosen = [...library.symbols.exported()].filter(
      (s) =>
        (kinds === undefined || kinds.has(kindOf(s))) &&
        (wanted.length === 0 || wanted.some((p) => p.test(s.name) || p.test(written(s.name)))),
    );
    if (chosen.length === 0 && patterns.length > 0) throw new Error(noneFits(library, patterns));
    chosen.sort(compare);
    if (values.reverse === true) chosen = chosen.reverse();
    const nameOf = (s: ElfSymbol): string => (values.demangle === true ? written(s.name) : s.name);
    const { names: isNames = false, untyped = false } = values;
    if (isNames && typePattern === undefined && !untyped) {
      writeNames(chosen.map(nameOf));
      return;
    }

    const listed = read(library, chosen, nameOf).filter(
      (s) =>
        (typePattern === undefined || (s.type !== undefined && typePattern.test(s.type))) &&
        (!untyped || s.type === undefined),
    );
    // Of a selection that nothing fits the exit code tells, as with a pattern of names.
    if (listed.length === 0 && typePattern !== undefined)
      throw new Error(`no symbol of ${library.path} has a type like '${values.type ?? ''}'`);
    if (isNames) writeNames(listed.map((s) => s.name));
    else if (values.json === true) writeJson(asJson(library, listed));
    else {
      process.stdout.write(asTable(library, listed, untyped));
      if (listed.length > 0) sayWhatHelps(library);
    }
  },
};

function writeNames(names: readonly string[]): void {
  process.stdout.write(names.map((name) => `${printable(name)}\n`).join(''));
}

function kindsOf(given: readonly string[]): ReadonlySet<string> | undefined {
  const names = given.flatMap((text) => text.split(','));
  for (const name of names)
    if (!KINDS.some((kind) => kind === name))
      throw new UsageError(`--kind: there is none called '${name}'${didYouMean(name, KINDS)}`);
  return names.length === 0 ? undefined : new Set(names);
}

function orderOf(name: string): (a: ElfSymbol, b: ElfSymbol) => number {
  switch (name) {
    case 'name':
      // By code, as nm does in the C locale: the same everywhere.
      return (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.index - b.index);
    case 'address':
      return (a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : a.index - b.index);
    case 'size':
      return (a, b) => a.size - b.size || a.index - b.index;
    case 'file':
      return (a, b) => a.index - b.index;
    default:
      throw new UsageError(`--sort: there is no order called '${name}'${didYouMean(name, ORDERS)}`);
  }
}

/** What a symbol is called in its language. */
function written(symbol: string): string {
  return symbol.startsWith('_Z') ? (demangler().demangle(symbol)?.full ?? symbol) : symbol;
}

function noneFits({ path, symbols: table }: Library, patterns: readonly string[]): string {
  const names = Array.from(table.exported(), (s) => s.name);
  const hint = patterns.length === 1 ? didYouMean(patterns[0] ?? '', names) : '';
  return `no symbol of ${path} fits ${patterns.map((text) => `'${text}'`).join(' or ')}${hint}`;
}

/** The symbols with their types, in the order given. */
function read(
  library: Library,
  chosen: readonly ElfSymbol[],
  nameOf: (symbol: ElfSymbol) => string,
): Listed[] {
  const progress = new Progress('reading types', chosen.length);
  const listed = new Map<ElfSymbol, Listed>();
  library.expect(chosen.length);
  // By address, those of one source file come together: its debug info is read once.
  for (const elf of chosen.toSorted(orderOf('address'))) {
    const { kind, type, reason } = library.typed(elf);
    listed.set(elf, {
      elf,
      name: nameOf(elf),
      kind,
      type: type && print(type),
      reason,
      source: library.declaredAt(elf),
    });
    progress.at(listed.size);
  }
  progress.end();
  return chosen.flatMap((elf) => listed.get(elf) ?? []);
}

/** The documented form, in which what is not known is left out: docs/cli.md. */
function asJson(library: Library, listed: readonly Listed[]): unknown {
  const tried = triedFor(library, listed);
  return {
    ...origin(library),
    tried: tried.length === 0 ? undefined : tried,
    symbols: listed.map(({ elf, name, kind, type, reason, source }) => ({
      name,
      kind,
      type,
      reason: type === undefined ? ownReason(reason, tried)?.join('\n') : undefined,
      address: `0x${elf.value.toString(16)}`,
      size: elf.size,
      version: elf.version,
      source,
    })),
  };
}

/** What has no types at all, a line each: the same for every symbol without one. */
function triedFor({ debugInfo }: Library, listed: readonly Listed[]): readonly string[] {
  return listed.some((s) => s.type === undefined) && !debugInfo.isFound ? debugInfo.tried : [];
}

/** What is said of this symbol alone. */
function ownReason(reason: string | undefined, tried: readonly string[]): string[] | undefined {
  const own = reason?.split('\n').filter((line) => !tried.includes(line));
  return own === undefined || own.length === 0 ? undefined : own;
}

const COLUMNS: readonly Column[] = [
  { title: 'NAME', style: 'bold', cut: { end: 'right', least: 16 } },
  { title: 'KIND', style: 'cyan' },
  { title: 'SIZE', right: true },
  { title: 'VERSION', style: 'dim' },
  { title: 'SOURCE', style: 'dim', cut: { end: 'left', least: 12 } },
  { title: 'TYPE', cut: { end: 'right', least: 24 } },
];

function asTable(library: Library, listed: readonly Listed[], withReasons: boolean): string {
  const tried = withReasons ? triedFor(library, listed) : [];
  // Many are of one file.
  const files = new Map<string, string>();
  const shown = (file: string): string => {
    let path = files.get(file);
    if (path === undefined) files.set(file, (path = nearby(file)));
    return path;
  };
  const rows = listed.map(({ elf, name, kind, type, reason, source }) => [
    name,
    kind,
    String(elf.size),
    elf.version === undefined ? '' : `${elf.hiddenVersion ? '@' : '@@'}${elf.version}`,
    source === undefined ? '' : `${shown(source.file)}:${source.line}`,
    type ?? (withReasons ? (ownReason(reason, tried)?.join('; ') ?? '') : '?'),
  ]);
  const columns = withReasons ? COLUMNS.with(-1, { title: 'WHY IT HAS NO TYPE' }) : COLUMNS;
  const table = printTable(columns, rows, terminalWidth(), paintFor());
  if (tried.length === 0) return table;
  return `${table}\nNo types were found:\n${tried.map((line) => `  ${printable(line)}\n`).join('')}`;
}

/** A path as short as it can be written: what is below the working directory, from there. */
function nearby(file: string): string {
  const below = relative(process.cwd(), file);
  return below.startsWith('..') ? file : below;
}

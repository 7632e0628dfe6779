import { greatest } from '../../ctypes/layout.js';
import { type Command, libraryPath, parse, UsageError } from '../command.js';
import { describeLibrary, type Description } from '../inspection/describe.js';
import { writeJson } from '../json.js';
import { libraryAnd, TYPE_HELP, TYPE_OPTIONS, typeOptions } from '../library.js';
import { paintFor, printable, terminalWidth } from '../terminal.js';

const help = `Usage: elf-plugin inspect [OPTIONS] LIBRARY

Shows what LIBRARY is: its headers and build-id, what it needs and where that is, where its types come from, which of its functions Node
exports as well, and what would be refused and why. LIBRARY is a path, or a name that the system loader knows: z, libz.so.1. It is not
loaded.

${TYPE_HELP}
  -a, --all            shows every name, in place of the first ones
  --json               the same for programs: docs/cli.md

Examples:
  elf-plugin inspect ./libmine.so
  elf-plugin inspect z
  elf-plugin inspect --json ./libmine.so | jq -r '.needed[].path'
`;

export const inspect: Command = {
  help,
  run(args) {
    const { values, positionals } = parse({
      args: [...args],
      allowPositionals: true,
      options: { ...TYPE_OPTIONS, all: { type: 'boolean', short: 'a' } },
    });
    const [name, more] = libraryAnd(positionals);
    if (more.length > 0) throw new UsageError(`one library is wanted, ${positionals.length} are given`);
    const described = describeLibrary(libraryPath(name), typeOptions(values));
    if (values.json === true) writeJson(described);
    else process.stdout.write(asText(described, values.all === true ? Infinity : NAMES));
  },
};

/** Names that are shown of a long list. */
const NAMES = 12;

/** A heading, and lines below it. */
type Part = readonly [heading: string, lines: readonly string[]];

function asText(d: Description, most: number): string {
  const paint = paintFor();
  const order = d.byteOrder === 'little' ? 'little-endian' : 'big-endian';
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['format', `ELF${d.class} ${order}, ${d.type}, ${d.machine}, ${d.size} bytes`],
    ['soname', d.soname],
    ['build-id', d.buildId],
    ['interpreter', d.interpreter],
    ['rpath', d.rpath],
    ['runpath', d.runpath],
    ['flags', d.flags.length === 0 ? undefined : d.flags.join(' ')],
    ['types', d.types.source ?? 'none'],
    ['exports', exportsOf(d)],
  ];
  const head = facts.flatMap(([what, value]) =>
    value === undefined ? [] : [`${paint('dim', what.padEnd(12))} ${printable(value)}`],
  );
  const parts: Part[] = [
    ['Needs', [...needed(d.needed), ...(most === Infinity ? needed(d.indirect) : summary(d))]],
    ['No types were found', d.types.tried.map(printable)],
    [
      `Functions that Node exports, too (${d.clashes.length}): open binds the library to its own`,
      wrapped(d.clashes, most),
    ],
    ['open would refuse it', (d.refused ?? []).flatMap((text) => text.split('\n')).map(printable)],
    ...unusable(d, most),
  ];
  const blocks = parts
    .filter(([, lines]) => lines.length > 0)
    .map(([heading, lines]) =>
      [paint('bold', `${heading}:`), ...lines.map((line) => `  ${line}`)].join('\n'),
    );
  return `${[[paint('bold', printable(d.path)), ...head].join('\n'), ...blocks].join('\n\n')}\n`;
}

function summary({ indirect }: Description): string[] {
  const missing = indirect.filter(({ path }) => path === undefined);
  const others = indirect.length - missing.length;
  return [...needed(missing), ...(others === 0 ? [] : [`and ${others} that those need: --all`])];
}

function needed(list: Description['needed']): string[] {
  const width = greatest(
    list.map(({ name }) => name.length),
    0,
  );
  return list.map(({ name, path }) => `${printable(name).padEnd(width)}  ${printable(path ?? 'not found')}`);
}

function exportsOf({ symbols: { exported, typed, kinds } }: Description): string {
  const counts = Object.entries(kinds).map(([kind, count]) => `${count} ${kind}`);
  return exported === 0 ? 'nothing' : `${counts.join(', ')}; ${typed} of ${exported} with a type`;
}

/** What can't be used, by the reason. Where no types are, the reason is said once, above. */
function unusable(d: Description, most: number): Part[] {
  const reasons = new Map<string, string[]>();
  for (const { name, reason } of d.unusable) {
    const key = reason.split('\n')[0] ?? '';
    const names = reasons.get(key);
    if (names === undefined) reasons.set(key, [name]);
    else names.push(name);
  }
  return Array.from(reasons, ([reason, names]): Part => [
    `Not usable (${names.length}): ${d.types.source === undefined ? 'no type is known' : printable(reason)}`,
    wrapped(names, most),
  ]);
}

/** Names with blanks between them, as many on a line as fit. */
function wrapped(names: readonly string[], most: number): string[] {
  const width = (terminalWidth() ?? 100) - 2;
  const shown = names.slice(0, most).map(printable);
  if (names.length > most) shown.push(`… ${names.length - most} more`);
  const lines: string[] = [];
  for (const name of shown) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + name.length <= width)
      lines[lines.length - 1] = `${last} ${name}`;
    else lines.push(name);
  }
  return lines;
}

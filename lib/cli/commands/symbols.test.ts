import { join } from 'node:path';

import { Library } from '../../library/library.js';
import { cli, FOLDER, inTerminal } from '../../testing/cli.js';
import { asGdb, gdbTypes } from '../../testing/gdb.js';
import { compile, describeWith, FIXTURES, run } from '../../testing/tools.js';

interface Listing {
  readonly path: string;
  readonly buildId?: string;
  readonly typeSource?: string;
  readonly tried?: readonly string[];
  readonly symbols: readonly {
    readonly name: string;
    readonly kind: string;
    readonly type?: string;
    readonly reason?: string;
    readonly address: string;
    readonly size: number;
    readonly version?: string;
    readonly source?: { readonly file: string; readonly line: number };
  }[];
}

const library = (): string => compile('calls/calls.c');

function listing(...args: readonly string[]): Listing {
  const { status, stdout, stderr } = cli(['symbols', '--json', ...args]);
  expect([status, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as Listing;
}

/** The cells of a table. */
function cells(stdout: string): string[][] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/).map((cell) => cell.trim()));
}

/** What `nm` says is exported: name, address, size. */
function nm(path: string, ...options: readonly string[]): string[] {
  return run('nm', ['-D', '--defined-only', '-S', ...options, path])
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '))
    .filter((words) => words.length === 4 && /^[A-Zuvwi]$/.test(words[2] ?? '') && words[2] !== 'A')
    .map(
      ([address, size, , name]) =>
        `${name ?? ''} ${Number(`0x${address ?? ''}`)} ${Number(`0x${size ?? ''}`)}`,
    );
}

const asNm = ({ name, version, address, size }: Listing['symbols'][number]): string =>
  `${name}${version === undefined ? '' : `@@${version}`} ${Number(address)} ${size}`;

describeWith(['gcc', 'nm', 'gdb'], 'elf-plugin symbols', () => {
  it('lists names, addresses and sizes as nm does, and in its orders', () => {
    const env = { ...process.env, LC_ALL: 'C' };
    const orders: readonly (readonly string[])[][] = [
      [[], []],
      [['--sort', 'address'], ['-n']],
      [['-r'], ['-r']],
    ];
    for (const [ours = [], theirs = []] of orders) {
      const expected = run('nm', ['-D', '--defined-only', '-S', ...theirs, library()], { env });
      const names = expected.match(/\S+$/gm) ?? [];
      const found = listing(...ours, library());
      expect(found.symbols.map((s) => s.name)).toEqual(names);
    }
    expect(listing(library()).symbols.map(asNm).sort()).toEqual(nm(library()).sort());
  });

  it('gives the types that gdb gives', () => {
    const path = compile('values/scalars.c');
    // To gdb what is in quotes and short is a character.
    const symbols = listing(path).symbols.filter((s) => s.name.length > 2);
    const opened = Library.open(path);
    const ours = symbols.map((s) => asGdb(opened.parse(s.type ?? '')));
    const names = symbols.map((s) => s.name);
    expect(names.length).toBeGreaterThan(20);
    // gcc writes this one the other way round, and takes both.
    const theirs = gdbTypes(path, names).map((type) => type.replace('__int128unsigned', 'unsigned__int128'));
    expect(ours).toEqual(theirs);
  });

  it('prints a table with the same', () => {
    const { status, stdout, stderr } = cli(['symbols', library()]);
    expect([status, stderr]).toEqual([0, '']);
    const [head, ...rows] = cells(stdout);
    expect(head).toEqual(['NAME', 'KIND', 'SIZE', 'SOURCE', 'TYPE']);
    const { symbols } = listing(library());
    expect(rows).toEqual(
      symbols.map((s) => [
        s.name,
        s.kind,
        String(s.size),
        `${s.source?.file ?? ''}:${s.source?.line ?? ''}`,
        s.type,
      ]),
    );
    expect(symbols.map((s) => s.source?.file)).toContain(`${FIXTURES}/calls/calls.c`);
  });

  it('knows versions', () => {
    const { symbols } = listing('z', 'deflate');
    expect(symbols.map(asNm)).toEqual(
      nm(listing('z').path)
        .filter((line) => line.startsWith('deflate') || line.includes('deflate'))
        .sort((a, b) => ((a.split('@')[0] ?? '') < (b.split('@')[0] ?? '') ? -1 : 1)),
    );
    expect(cli(['symbols', 'z', 'deflateSetHeader']).stdout).toMatch(/ @@ZLIB_1\.2\.2 /);
  });

  it('does not load the library', () => {
    const loud = compile(
      '#include <stdio.h>\n__attribute__((constructor)) void loaded(void) { puts("loaded"); }\nint twice(int n) { return 2 * n; }\n',
    );
    expect(cli(['symbols', loud]).stdout).not.toMatch(/^loaded$/m);
  });

  const SOURCE = `struct point { int x, y; };
struct point origin; __thread int each; const char *name = "x"; int add(int a, int b) { return a + b; }
int Add(int a) { return a; }
struct point *middle(struct point *p) { return p; }
`;
  const names = (...args: readonly string[]): string[] =>
    cli(['symbols', '--names', compile(SOURCE), ...args])
      .stdout.split('\n')
      .slice(0, -1);

  const SELECTIONS: readonly [args: readonly string[], found: readonly string[]][] = [
    [['add'], ['add']],
    [
      ['-i', 'add'],
      ['Add', 'add'],
    ],
    [['a*'], ['add']],
    [['?dd'], ['Add', 'add']],
    [
      ['/^.dd$/', 'each'],
      ['Add', 'add', 'each'],
    ],
    [
      ['--kind', 'variable'],
      ['name', 'origin'],
    ],
    [
      ['-k', 'variable,tls'],
      ['each', 'name', 'origin'],
    ],
    [
      ['--kind', 'tls', '--kind', 'function', 'e'],
      ['each', 'middle'],
    ],
    [
      ['--sort', 'size', '-k', 'variable,tls', '-r'],
      ['name', 'origin', 'each'],
    ],
  ];
  it.each(SELECTIONS)('selects by %j', (args, expected) => {
    expect(names(...args)).toEqual(expected);
  });

  it('selects by type', () => {
    const found = listing(compile(SOURCE), '-t', 'struct point');
    expect(found.symbols.map((s) => [s.name, s.type])).toEqual([
      ['middle', 'struct point *(struct point *p)'],
      ['origin', 'struct point'],
    ]);
  });

  it('fails if no type is like that', () => {
    expect(cli(['symbols', '-t', 'struct nothing', compile(SOURCE)])).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/: no symbol of .* has a type like 'struct nothing'\n$/) as string,
    });
  });

  it('says what has no type, and why', () => {
    const stripped = compile('int add(int a, int b) { return a + b; }\n', { flags: ['-shared', '-fPIC'] });
    const { symbols, tried } = listing('-u', stripped);
    expect(tried?.[0]).toBe(`DWARF in ${stripped}: it has no .debug_info`);
    // Said once: no symbol has a reason of its own.
    expect(symbols.map(({ name, type, reason }) => [name, type, reason])).toEqual([
      ['add', undefined, undefined],
    ]);
    expect(listing('-d', 'int sub(int);', stripped)).toMatchObject({
      tried,
      symbols: [{ name: 'add', reason: "declarations: 'add' is not declared" }],
    });
    const { stdout, stderr } = cli(['symbols', stripped]);
    expect(stdout).toMatch(/^add +function +\d+ +\?$/m);
    expect(stderr).toContain(`\n  elf-plugin types --header HEADER.h ${stripped} -o `);
    const untyped = cli(['symbols', '-u', stripped]).stdout;
    expect(untyped.split('\nNo types were found:\n')[1]).toBe(tried?.map((line) => `  ${line}\n`).join(''));
    expect(cells(cli(['symbols', '-d', 'int add(int, int);', stripped]).stdout)[1]?.at(-1)).toBe(
      'int (int, int)',
    );
  });

  it('finds names of C++ by what they are called there', () => {
    const path = compile('languages/geo.cc', { compiler: 'g++', output: 'libgeo.so' });
    const [mangled = ''] = cli(['symbols', '-1', path, 'geo::area(double)']).stdout.split('\n');
    expect(mangled).toMatch(/^_ZN3geo4area/);
    expect(cli(['symbols', '-1', '-C', path, `/^${mangled}$/`]).stdout).toBe('geo::area(double)\n');
  });

  it('says what nothing fits, and what would', () => {
    expect(cli(['symbols', library(), 'no_such_thing'])).toMatchObject({
      status: 1,
      stdout: '',
      stderr: `elf-plugin symbols: no symbol of ${library()} fits 'no_such_thing'\n`,
    });
    expect(cli(['symbols', compile(SOURCE), 'midle']).stderr).toMatch(
      /fits 'midle', did you mean middle\?\n$/,
    );
  });

  it.each([
    [[], /which library\?/],
    [['x', '--jsno'], /Unknown option '--jsno', did you mean --json\?/],
    [['x', '--kind', 'functoin'], /--kind: there is none called 'functoin', did you mean function\?/],
    [['x', '--sort', 'adress'], /--sort: there is no order called 'adress', did you mean address\?/],
    [['x', '/(/'], /Invalid regular expression/],
  ] as const)('%j is not understood', (args, message) => {
    const { status, stdout, stderr } = cli(['symbols', ...args]);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/\nUsage: elf-plugin symbols /);
  });

  it('lets a name steer no terminal', () => {
    const object = join(FOLDER, 'odd.o');
    const odd = join(FOLDER, 'odd.so');
    run('gcc', ['-c', '-fPIC', '-o', object, join(FIXTURES, 'plugin_name.c')]);
    run('objcopy', ['--redefine-sym', 'F=a\x1b[31mb', object]);
    run('gcc', ['-shared', '-o', odd, object]);
    expect(cli(['symbols', odd]).stdout).toMatch(/^a\\x1b\[31mb /m);
    expect(listing(odd).symbols.map((one) => one.name)).toContain('a\x1b[31mb');
  });
});

describeWith(['gcc', 'script'], 'on a terminal', () => {
  const path = (): string => compile('calls/calls.c');
  const bare = (text: string): string => text.replaceAll(/\x1b\[\d+m/g, '');

  // The widest shows the file's own path, wherever the checkout is.
  it.each([50, 80, 100, 1000])('lines are not longer than %d columns', (columns) => {
    const shown = inTerminal(['symbols', path()], columns);
    const lines = bare(shown).trimEnd().split('\n');
    expect(lines.length).toBe(cells(cli(['symbols', path()]).stdout).length);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
    expect(shown.includes('…')).toBe(columns < 1000);
  });

  it('there are colours, unless NO_COLOR', () => {
    const colour = /\x1b\[1m/;
    expect(inTerminal(['symbols', path()], 100)).toMatch(colour);
    expect(inTerminal(['symbols', path()], 100, { NO_COLOR: '1' })).not.toMatch(colour);
    expect(inTerminal(['symbols', path()], 100, { TERM: 'dumb' })).not.toMatch(colour);
    expect(cli(['symbols', path()]).stdout).not.toMatch(colour);
    expect(cli(['symbols', path()], { FORCE_COLOR: '1' }).stdout).toMatch(colour);
    expect(cli(['symbols', path()], { FORCE_COLOR: '1', NO_COLOR: '1' }).stdout).not.toMatch(colour);
  });
});

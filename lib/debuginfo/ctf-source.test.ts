import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { namedMembers } from '../ctypes/layout.js';
import { printDefinition } from '../ctypes/print.js';
import { sourcesOf, sqlite } from '../testing/real-library.js';
import { compile, describeWith, FIXTURES, run } from '../testing/tools.js';
import { typeDifferences } from '../testing/type-differences.js';
import { TypedFile } from '../testing/typed-file.js';
import { ctfSource } from './ctf-source.js';
import { dwarfSource } from './dwarf-source.js';

const SHARED = ['-w', '-shared', '-fPIC', '-DBY=1'];

/** The same source with DWARF, and with CTF behind `strip -s`. */
function both(
  source: string,
  libs: readonly string[] = [],
): { dwarf: TypedFile; ctf: TypedFile; path: string } {
  const dwarf = compile(source, { flags: [...SHARED, '-g'], libs });
  const path = compile(source, { flags: [...SHARED, '-gctf', '-s'], libs });
  return { dwarf: new TypedFile(dwarf, dwarfSource), ctf: new TypedFile(path, ctfSource), path };
}

/** Every symbol whose types are not the same, with why it has none or each difference. */
function differences(dwarf: TypedFile, ctf: TypedFile): string[] {
  return [...dwarf.symbols.keys()].flatMap((name) => {
    const [x, y] = [dwarf.symbol(name), ctf.symbol(name)];
    if ('reason' in y) return 'reason' in x ? [] : [`${name}: ${y.reason}`];
    if ('reason' in x) return [`${name}: not in the DWARF`];
    return typeDifferences(x.type, y.type).map((text) => name + text);
  });
}

/** What CTF can't say, by what a difference looks like. */
const UNSAID: readonly (readonly [what: string, difference: RegExp])[] = [
  ['thread-local variables', /^\w+: CTF has no types of thread-local variables$/],
  ['functions whose code is chosen when they are loaded', /^ifn: CTF has no types of functions whose code/],
  ['symbols that are called otherwise in the source', /^real_asm_name: it has no type in the CTF$/],
  ['vectors and _Float16', /CTF has no such type: a vector, _Float16/],
  [
    'their parts',
    /\.(kind|element|length|vector|name|size|format): ("array"|"float"|int|\d|true|none|"_Float16"|"binary16"), (none|"unsupported"|"unknown")$/,
  ],
  ['enumerators past 32 bits', /\.enumerators: \[.*"\d{10,}"/],
  ['enums that have no others', /enum \w+( \w+)?: its enumerators do not fit|"its enumerators do not fit/],
  ['enums of 8 bytes', /enum \w+ \w+: it has more than 4 bytes|"it has more than 4 bytes/],
  [
    'their parts',
    /\.(kind|tag|signed|name): ("enum"|"\w+"|false|true|none), (none|"unsupported"|"enum \w+")$/,
  ],
  ['such an enum that only a function has', /^(echo_wide|wide_bits)\..*type\.size: 8, 4$/],
  ['_Atomic', /\.(kind|qualifier|target): ("qualified"|"_Atomic"|int|struct), ("int"|"struct"|none)$/],
  ['what is behind it', /\.(name|tag|size|signed|text|\d \w+\.(type|offset)): none, (.*)$/],
  ['prototypes', /\.prototyped: false, true$/],
  ['[0]', /\.length: 0, none$/],
  ['alignments', /\.alignment: \d+, none$/],
  [
    'alignments of padded structs, which are taken as large as they can be',
    /\.alignment: (16|32|64), (32|64|128)$/,
  ],
  ['unnamed bit-fields in front', /^first\.0\.type\.0 d\.offset: 8, 0$/],
  ['bit-fields that such a one may be in front of', /^all\.8 bits3\.type\.0 a\./],
];

const SOURCES = [
  ...['values', 'calls'].flatMap((folder) =>
    readdirSync(join(FIXTURES, folder))
      .filter((file) => file.endsWith('.c'))
      .map((file) => `${folder}/${file}`),
  ),
  'dwarf/layout.c',
];

describeWith(['gcc'], 'CTF of gcc behind strip -s', () => {
  it('types dwarf/sample.c and sample2.c as its DWARF, but for what CTF can not say', () => {
    const { dwarf, ctf } = both('dwarf/sample.c', [join(FIXTURES, 'dwarf/sample2.c')]);
    const found = differences(dwarf, ctf);
    expect(found.filter((line) => !UNSAID.some(([, difference]) => difference.test(line)))).toEqual([]);
    const names = new Set(found.map((line) => line.replace(/[.:].*/s, '')));
    expect([...names].sort().join(' ')).toBe(
      'g_aint g_big g_f16 g_level g_none g_tls g_vec ifn noproto oldstyle real_asm_name vadd',
    );
    expect(dwarf.symbols.size).toBe(95);
  });

  it.each(SOURCES)('types %s as its DWARF, but for what CTF can not say', (source) => {
    const { dwarf, ctf } = both(source, ['-lm', '-pthread']);
    const found = differences(dwarf, ctf);
    expect(found.filter((line) => !UNSAID.some(([, difference]) => difference.test(line)))).toEqual([]);
    expect(dwarf.symbols.size).toBeGreaterThan(1);
  });

  it('gives a function its type by its address, if another name has one', () => {
    const { ctf } = both('dwarf/sample.c', [join(FIXTURES, 'dwarf/sample2.c')]);
    expect(['alias_target', 'alias_strong', 'alias_weak', 'g_alias'].map((name) => ctf.print(name))).toEqual([
      'int alias_target(int)',
      'int alias_strong(int)',
      'int alias_weak(int)',
      'int g_alias',
    ]);
  });

  it('knows the constants and the types by their names', () => {
    const { ctf } = both('dwarf/sample.c', [join(FIXTURES, 'dwarf/sample2.c')]);
    const { info } = ctf;
    expect(Array.from(info.constants(), ([name, [one]]) => [name, one?.value, one?.origin])).toEqual([
      ['RED', 0n, 'enum color'],
      ['GREEN', 5n, 'enum color'],
      ['BLUE', -1n, 'enum color'],
      ['LOW', 0n, 'enum level'],
      ['MIDDLE', 1n, 'enum level'],
    ]);
    const bits = info.typeNamed('struct', 'bits');
    expect(bits).toMatchObject({ kind: 'struct', tag: 'bits', size: 8 });
    expect(bits && printDefinition(bits)).toContain('long long unsigned int c : 40;');
    expect(info.typeNamed('typedef', 'cmp_fn')).toMatchObject({ kind: 'typedef', name: 'cmp_fn' });
    expect(info.typeNamed('struct', 'cmp_fn')).toBeUndefined();
    expect(info.name).toMatch(/^CTF in .*sample\.so$/);
  });
});

/** What objdump shows of the types and symbols of a `.ctf` section. */
function objdump(path: string): { symbols: [string, number][]; members: [string, number][] } {
  const text = run('objdump', ['--ctf=.ctf', path]);
  const symbols = [...text.matchAll(/^ {4}(\w+) -> 0x\w+: \(kind (\d+)\)/gm)];
  const records = [
    ...text.matchAll(/^ {4}0x\w+: \(kind 6\) struct (\w+) .*\n((?: {9,10}\[.*\n| {12,}.*\n)*)/gm),
  ];
  return {
    symbols: symbols.map(([, name = '', kind]) => [name, Number(kind)]),
    members: records.flatMap(([, tag = '', lines = '']) =>
      Array.from(
        lines.matchAll(/^ {9,10}\[0x(\w+)\] (\w+):/gm),
        ([, offset = '', name = '']): [string, number] => [`${tag}.${name}`, parseInt(offset, 16)],
      ),
    ),
  };
}

const CTF_KINDS: Readonly<Record<number, string>> = {
  1: 'int bool',
  2: 'float complex',
  3: 'pointer',
  4: 'array',
  5: 'function',
  6: 'struct',
  7: 'union',
  8: 'enum',
  10: 'typedef',
  11: 'qualified',
  12: 'qualified',
  13: 'qualified',
};

describeWith(['gcc', 'objdump'], 'CTF as objdump shows it', () => {
  const { ctf, path } = both('dwarf/sample.c', [join(FIXTURES, 'dwarf/sample2.c')]);
  const shown = objdump(path);

  it('has the same kind of type for every symbol', () => {
    const typed = shown.symbols.filter(([name]) => !('reason' in ctf.symbol(name)));
    expect(typed.length).toBe(87);
    expect(
      typed.filter(([name, kind]) => !CTF_KINDS[kind]?.split(' ').includes(ctf.typed(name).type.kind)),
    ).toEqual([]);
  });

  it('has every member of every struct at the same bit', () => {
    expect(shown.members.length).toBeGreaterThan(50);
    const found = shown.members.map(([path]): [string, number | undefined] => {
      const [tag = '', name] = path.split('.');
      const type = ctf.info.typeNamed('struct', tag);
      const member = type?.kind === 'struct' ? type.members.find((m) => m.name === name) : undefined;
      return [path, member && (member.bitOffset ?? member.offset * 8)];
    });
    expect(found).toEqual(shown.members);
  });
});

describeWith(['gcc'], 'the layout that CTF gives', () => {
  const RECORDS = `
    #include <stddef.h>
    enum __attribute__((packed)) tiny { ONE, TWO };
    struct plain { char c; double d; short s; };
    struct matrix { char c; int m[3][4]; float tail[2][2][5]; };
    struct nested { char c; struct plain p[2]; union { int i; char raw[7]; } u; };
    struct __attribute__((packed)) tight { char c; long l; short s; };
    struct bits { unsigned a : 3; long b : 40; _Bool c : 1; char d; };
    struct ends_in_bits { int i; struct { unsigned a : 3; long b : 40; _Bool c : 1; } in[3]; };
    struct small_enum { enum tiny a, b; char c; };
  `;
  const TAGS = [...RECORDS.matchAll(/^ {4}struct (?:__attribute__\(\(packed\)\) )?(\w+)/gm)].map(
    (m) => m[1] ?? '',
  );
  const variables = TAGS.map((tag) => `struct ${tag} *${tag};`).join('\n');
  const { ctf } = both(`${RECORDS}\n${variables}\n`);

  it.each(TAGS)('of struct %s is the one gcc computes', (tag) => {
    const type = ctf.info.typeNamed('struct', tag);
    if (type?.kind !== 'struct') throw new Error(`no struct ${tag}`);
    const plain = namedMembers(type.members).filter((m) => m.bitSize === undefined);
    // sizeof and offsetof become the sizes of arrays, which nm prints.
    const measured = [
      `char size[sizeof(struct ${tag})];`,
      ...plain.map((m) => `char at_${m.name}[1 + offsetof(struct ${tag}, ${m.name})];`),
    ].join('\n');
    const object = compile(`${RECORDS}\n${measured}\n`, { flags: ['-w', '-c', '-fcommon'] });
    const sizes = new Map(
      [...run('nm', ['-S', object]).matchAll(/^\w+ (\w+) C (\w+)$/gm)].map(([, size = '', name = '']) => [
        name,
        parseInt(size, 16),
      ]),
    );
    expect(type.size).toBe(sizes.get('size'));
    expect(plain.map((m) => [m.name, m.offset])).toEqual(
      plain.map((m) => [m.name, (sizes.get(`at_${m.name}`) ?? NaN) - 1]),
    );
  });
});

const SQLITE = sqlite();

describeWith([SQLITE, 'gcc'], 'SQLite with CTF, stripped', () => {
  // Compiling its 9 MB takes 20 s.
  jest.setTimeout(300_000);

  it('has functions of the types that its DWARF has, all of them', () => {
    const path = join(dirname(SQLITE), 'libsqlite3.ctf.so');
    const script = 'test -e "$0" || { gcc -o "$0.tmp" "$@" && mv "$0.tmp" "$0"; }';
    const flags = ['-w', '-O1', '-gctf', '-s', '-shared', '-fPIC'];
    run('flock', [`${path}.lock`, 'sh', '-c', script, path, ...flags, 'sqlite3.c', '-lm'], {
      cwd: sourcesOf(SQLITE),
    });
    const [dwarf, ctf] = [new TypedFile(SQLITE, dwarfSource), new TypedFile(path, ctfSource)];
    const unsaid = /\.prototyped: false, true$|\.length: 0, none$|alignment: \d+, none$/;
    expect(differences(dwarf, ctf).filter((line) => !unsaid.test(line))).toEqual([]);
    const functions = [...ctf.symbols.keys()].filter((name) => ctf.query(name).kind === 'function');
    expect(functions.length).toBeGreaterThan(250);
    expect(functions.filter((name) => 'reason' in ctf.symbol(name))).toEqual([]);
    expect(ctf.print('sqlite3_exec')).toBe(
      'int sqlite3_exec(sqlite3 *, const char *, sqlite3_callback, void *, char **)',
    );
  });
});

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { sizeOf } from '../ctypes/layout.js';
import { print, printDefinition } from '../ctypes/print.js';
import { BUILD, compile, describeWith, FIXTURES, run } from '../testing/tools.js';
import { TypedFile } from '../testing/typed-file.js';
import { ctfSource } from './ctf-source.js';

const CTF = ['-w', '-shared', '-fPIC', '-gctf'];

/** A second source file for a library. */
function part(name: string, text: string): string {
  const folder = join(BUILD, 'fixtures', 'ctf-parts');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}-${process.pid}.c`);
  writeFileSync(path, text);
  return path;
}

function open(source: string, flags: readonly string[] = [], libs: readonly string[] = []): TypedFile {
  return new TypedFile(compile(source, { flags: [...CTF, ...flags], libs }), ctfSource);
}

const A = `
  struct conflict { int a; };
  struct shared { int q; struct opaque *o; };
  static int hidden(int x) { return x; }
  struct conflict from_a(void) { return (struct conflict){hidden(1)}; }
  int takes_a(struct conflict *c, struct shared *s) { return c->a; }
  static int same(int x) { return x; }
  int uses(void) { return same(1); }
`;
const B = `
  struct conflict { double b[2]; };
  struct shared { int q; struct opaque *o; };
  struct opaque { long l; };
  double hidden(double x) { return x; }
  struct conflict g_b;
  int takes_b(struct conflict *c, struct opaque *o) { return 1; }
  int same(int x) { return x; }
`;

describe.each([
  ['ld', 'an archive', ['gcc']],
  ['lld', 'dictionaries one behind the other', ['gcc', 'ld.lld']],
  ['gold', 'dictionaries one behind the other', ['gcc', 'ld.gold']],
])('source files that do not agree, linked by %s: %s', (linker, _, needs) => {
  describeWith(needs, 'have', () => {
    const file = (): TypedFile =>
      open(A, linker === 'ld' ? ['-s'] : [`-fuse-ld=${linker}`, '-s'], [part(`b-${linker}`, B)]);

    it('types for all their symbols', () => {
      const { symbols } = file();
      const shown = [...symbols.keys()].sort().map((name) => file().print(name));
      expect(shown).toEqual([
        'struct conflict from_a(void)',
        'struct conflict g_b',
        'no type: its CTF has int hidden(int) and double hidden(double), of which one is static in another source file',
        'int same(int)',
        'int takes_a(struct conflict *, struct shared *)',
        'int takes_b(struct conflict *, struct opaque *)',
        'int uses(void)',
      ]);
    });

    it('the struct of their own, unless ld has put no more than its name into what they share', () => {
      const { type } = file().typed('from_a');
      expect(type.kind === 'function' && printDefinition(type.result)).toBe(
        linker === 'ld' ? 'struct conflict' : 'struct conflict {\n  int a;\n}',
      );
      const other = file().typed('g_b').type;
      expect([printDefinition(other), sizeOf(other)]).toEqual(['struct conflict {\n  double b[2];\n}', 16]);
    });

    it('what is opaque in one of them', () => {
      const shared = file().info.typeNamed('struct', 'shared');
      const pointer = shared?.kind === 'struct' ? shared.members[1]?.type : undefined;
      expect(pointer?.kind === 'pointer' && sizeOf(pointer.target)).toBe(8);
    });
  });
});

describeWith(['gcc'], 'versions of symbols', () => {
  const file = (): TypedFile =>
    open('elf/symbols.c', [`-Wl,--version-script=${join(FIXTURES, 'elf/symbols.map')}`, '-s']);

  it('have types, where libctf itself is one symbol off', () => {
    expect(
      ['first', 'alias', 'variable', 'naïve', 'function', 'common', 'table'].map((n) => file().print(n)),
    ).toEqual([
      'char **first(void)',
      'int alias(void)',
      'int variable',
      'int naïve(void)',
      'int function(void)',
      'int common',
      'const int table[4]',
    ]);
  });

  it('are told apart by what else is at their address', () => {
    expect(file().print('foo')).toBe('int foo(void)');
  });
});

describeWith(['gcc'], 'enums, to which GNU ld gives the size of int', () => {
  const sizeIn = (source: string, flags: readonly string[] = []): string => {
    const found = open(source, flags).info.typeNamed('enum', 'e');
    return found === undefined ? 'none' : `${found.kind} ${String(sizeOf(found))}`;
  };
  const WIDE = 'enum e { SMALL, WIDE = 0x123456789LL };';
  const TINY = 'enum __attribute__((packed)) e { SMALL = -1, TINY = 1 };';
  const INT = 'enum e { ONE, TWO };';

  it.each([
    ['enum 4', 'in a function alone', `${INT}\nint f(enum e e) { return e; }\n`],
    ['enum 4', 'as a variable', `${INT}\nenum e v;\n`],
    [
      'enum 4',
      'behind a hole that a struct asks for',
      `${INT}\nenum e w; struct { enum e e; } __attribute__((aligned(8))) v;\n`,
    ],
    ['enum 4', 'among others', `${INT}\nstruct s { char c; enum e e; char d; double f; } v;\n`],
    ['unsupported 8', 'as a variable', `${WIDE}\nenum e v;\n`],
    ['unsupported 8', 'in an array', `${WIDE}\nenum e v[3];\n`],
    ['unsupported 8', 'in a struct', `${WIDE}\nstruct s { char c; enum e e; char d; } *v;\n`],
    ['unsupported 8', 'in an array in a struct', `${WIDE}\nstruct s { enum e e[2]; } *v;\n`],
    ['unsupported 8', 'as a bit-field', `${WIDE}\nstruct s { enum e e : 40; } *v;\n`],
    ['enum 1', 'as a variable', `${TINY}\nenum e v;\n`],
    ['enum 1', 'in a struct', `${TINY}\nstruct s { enum e e; char d; } *v;\n`],
    [
      'enum 2',
      'in a struct',
      `enum __attribute__((packed)) e { A, B = 300 };\nstruct s { enum e e; short d; } *v;\n`,
    ],
    [
      'unsupported undefined',
      'without others',
      `enum e { BIG = 0x123456789LL };\nint f(enum e e) { return 0; }\n`,
    ],
  ])('%s: %s', (expected, _, source) => {
    expect(sizeIn(source)).toBe(expected);
  });
});

describeWith(['gcc'], 'the first member of a struct, which libctf puts at 0', () => {
  it.each([
    ['struct s { unsigned : 4; unsigned a : 4; unsigned b : 8; };', 'unsupported'],
    ['struct s { int : 32; float a, b; };', 'unsupported'],
    ['struct s { unsigned a : 4; unsigned b : 8; };', 'int'],
    ['struct s { unsigned a : 30; unsigned b : 4; };', 'int'],
    ['struct s { char a; double b; };', 'int'],
    ['struct s { int a; _Alignas(64) int b; };', 'int'],
  ])('%s', (text, kind) => {
    const type = open(`${text}\nstruct s *v;\n`).info.typeNamed('struct', 's');
    expect(type?.kind === 'struct' && type.members[0]).toMatchObject({ name: 'a', type: { kind } });
  });
});

describeWith(['gcc'], 'functions', () => {
  it('have one prototype whether they take nothing or nobody knows what', () => {
    const file = open('int f(void) { return 1; }\nint g() { return 1; }\nint (*p)(); int (*q)(void);\n');
    expect(['f', 'g', 'p', 'q'].map((name) => file.print(name))).toEqual([
      'int f(void)',
      'int g(void)',
      'int (*p)()',
      'int (*q)(void)',
    ]);
  });

  it('name the gcc that compiled them, unless what they pass is in doubt', () => {
    const file = open(
      'struct e { int n; float none[0]; };\nint f(int a) { return a; }\nint g(struct e e) { return 1; }\n',
    );
    const version = Number(/\d+/.exec(run('gcc', ['-dumpversion']))?.[0]);
    expect(file.typed('f').type).toMatchObject({ compiler: { name: 'gcc', version } });
    expect(file.typed('g').type).toMatchObject({ compiler: undefined });
  });
});

describeWith(['gcc', 'objcopy'], 'arrays of several dimensions', () => {
  it('are refused where .comment is gone, and their struct stays', () => {
    const path = compile('int m[3][4]; int n[2][2]; struct s { char c; int m[3][4]; int last; } v;\n', {
      flags: [...CTF, '-s'],
    });
    const bare = `${path}.bare`;
    run('objcopy', ['--remove-section=.comment', path, bare]);
    const [whole, without] = [new TypedFile(path, ctfSource), new TypedFile(bare, ctfSource)];
    expect(['m', 'n', 'v'].map((name) => whole.print(name))).toEqual([
      'int m[3][4]',
      'int n[2][2]',
      'struct s v',
    ]);
    expect(without.print('m')).toMatch(/^no type: array m: gcc 12 and 13 reversed its dimensions/);
    expect(without.print('n')).toBe('int n[2][2]');
    const { type } = without.typed('v');
    expect(type.kind === 'struct' && type.members.map((m) => [print(m.type, m.name), m.offset])).toEqual([
      ['char c', 0],
      ['array m', 4],
      ['int last', 52],
    ]);
    expect(sizeOf(type)).toBe(56);
  });
});

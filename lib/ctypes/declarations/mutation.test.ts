import fc from 'fast-check';

import { print, printDefinition } from '../print.js';
import { parseDeclarations } from './declarations.js';

/** Reads `text` and looks at all that it declares; nothing but the parser's own errors may come of it. */
function read(text: string): string {
  try {
    const { symbols, constants } = parseDeclarations(text);
    constants();
    return [...symbols].map(([name, { type }]) => `${print(type, name)} ${printDefinition(type)}`).join('\n');
  } catch (error) {
    const { name, code, message } = error as { name: string; code?: unknown; message: string };
    if (name !== 'TypeError' || code !== 'ERR_INVALID_ARG_VALUE') throw error;
    return message;
  }
}

const SEEDS = [
  'unsigned long crc32(unsigned long, const unsigned char *, unsigned);',
  'typedef struct node node; struct node { node *next; int v[3 * 2], : 0, b : 3; } __attribute__((packed, aligned(4)));',
  '#define MAX (64 << 1)\n#pragma pack(push, 2)\nunion u { int a[MAX]; struct { char c; long d; }; };\n#pragma pack(pop)\n',
  'enum e { A, B = \'a\', C = sizeof(int) ? 1 : 2, D = -5 / 2 } f(enum e), (*g)(int, ...) asm("h");',
  'typedef float v4 __attribute__((vector_size(16))); _Alignas(32) extern v4 x, *y[2]; _Static_assert(1, "s");',
  '# 1 "a.h"\nstatic inline int f(int x) { return x; }\nint g(int[static 3], const char *restrict);\n',
];
const PARTS =
  '( ) [ ] { } * & ; : , = . ... ? + - / % << >> && || ! ~ # " \' 0 1 7 0x 1.5 \\ \n // /* */ \0 é 😀'
    .split(' ')
    .concat(
      'struct',
      'union',
      'enum',
      'typedef',
      'int',
      'const',
      'void',
      'long',
      'x',
      'node',
      'A',
      'sizeof',
      'static',
    )
    .concat(
      '__attribute__((',
      '))',
      'packed',
      'aligned',
      '_Alignas(',
      'asm',
      '#define',
      '#pragma pack(',
      '#if',
      '[[',
      ']]',
    )
    .concat(
      '_Atomic',
      '_Static_assert(',
      'typeof(',
      'inline',
      '_Complex',
      '__extension__',
      '#define A A B\n',
      ' ',
    );

describe('mutated declarations', () => {
  it.each(SEEDS)('%p gives types or an error', (seed) => {
    const place = fc.tuple(fc.nat(), fc.nat(6), fc.constantFrom(...PARTS));
    const edits = fc.array(place, { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(edits, (list) => {
        const text = list.reduce((t, [at, cut, part]) => {
          const from = at % (t.length + 1);
          return `${t.slice(0, from)} ${part} ${t.slice(from + cut)}`;
        }, seed);
        read(text);
      }),
      { numRuns: 1000 },
    );
  });

  it.each(SEEDS)('%p gives types or an error when parts change their places', (seed) => {
    const words = seed.split(/(\s+|\b)/).filter((word) => word !== '');
    const swaps = fc.array(fc.tuple(fc.nat(words.length - 1), fc.nat(words.length - 1)), { maxLength: 5 });
    fc.assert(
      fc.property(swaps, fc.nat(words.length), (list, length) => {
        const mixed = [...words];
        for (const [a, b] of list) [mixed[a], mixed[b]] = [mixed[b] ?? '', mixed[a] ?? ''];
        read(mixed.slice(0, length).join(''));
        read(mixed.join(''));
      }),
      { numRuns: 500 },
    );
  });

  /** What is written often, and what stands before and behind it. */
  const NESTED: [part: string, before?: string, behind?: string][] = [
    ['('],
    ['(*', 'int '],
    ['*', 'int '],
    ['[1]', 'int x'],
    ['int (int ', ''],
    ['struct { '],
    ['union { struct a { '],
    ['enum { A = '],
    ['(', 'int a['],
    ['-', 'int a['],
    ['!(', 'int a['],
    ['1 ? ', 'int a['],
    ['1 ? 1 : ', 'int a['],
    ['1 + ', 'int a[', '1];'],
    ['sizeof(int[', 'int a['],
    ['(int)', 'int a['],
    ['_Atomic('],
    ['typeof('],
    ['_Alignas('],
    ['__attribute__(('],
    ['__attribute__((x(', 'int a '],
    ['{', '# 1 "x"\ninline void f(void) '],
    ['const '],
    ['/*'],
    ['"'],
    ['"\\"'],
    ["'"],
    ['\\\n'],
    ['#define A A\n'],
    ['#pragma pack(push)\n'],
    ['#if\n'],
    ['# 1 "a"\n'],
    ['extern int x;\n'],
    ['struct s;\n'],
    ['x, ', 'int ', 'y;'],
    ['long ', 'int '],
    ['[['],
    ['a::'],
    ['aaaa'],
    ['9'],
    ['.'],
  ];
  it.each(NESTED)('%p written often overflows nothing and ends soon', (part, before = '', behind = '') => {
    for (const times of [70, 1000, 30_000]) {
      const start = performance.now();
      read(before + part.repeat(times) + behind);
      expect(performance.now() - start).toBeLessThan(10_000);
    }
  });

  const many = (count: number, line: (i: number) => string): string =>
    Array.from({ length: count }, (_, i) => line(i)).join('\n');

  it.each<[what: string, text: string]>([
    ['macros that double', `${many(60, (i) => `#define m${i + 1} m${i} m${i}`)}\n#define m0 x\nint a[m60];`],
    [
      'macros that double nothing',
      `${many(60, (i) => `#define m${i + 1} m${i} m${i}`)}\n#define m0\nint m60;`,
    ],
    ['macros of macros', `${many(20_000, (i) => `#define m${i + 1} m${i}`)}\n#define m0 1\nint a[m20000];`],
    ['typedefs of typedefs', `typedef int t0;\n${many(20_000, (i) => `typedef t${i} *t${i + 1};`)}`],
    [
      'typedefs that double',
      `typedef int t0(int);\n${many(80, (i) => `typedef int t${i + 1}(t${i}, t${i}, t${i});`)}\nt80 f; t80 f;`,
    ],
    [
      'structs that double',
      `struct s0 { };\n${many(5000, (i) => `struct s${i + 1} { struct s${i} a, b; };`)}`,
    ],
    [
      'structs in structs',
      `struct s0 { int x; };\n${many(20_000, (i) => `struct s${i + 1} { struct s${i} a; };`)}`,
    ],
    [
      'structs that grow',
      `struct s0 { char x; };\n${many(80, (i) => `struct s${i + 1} { struct s${i} a, b; };`)}`,
    ],
    [
      'pointers to structs',
      `struct s0 { int x; };\n${many(20_000, (i) => `struct s${i + 1} { struct s${i} *a; }; struct s${i + 1} *p${i};`)}`,
    ],
    [
      'the same twice',
      many(2, () =>
        many(2000, (i) => `struct s${i} { struct s${i + 1} *a, *b; }; extern struct s${i} x${i};`),
      ),
    ],
    ['many members', `struct s { ${many(20_000, (i) => `int m${i} : 3;`)} };`],
    ['many enumerators', `enum e { ${many(20_000, (i) => `E${i},`)} };`],
    ['many declarations', many(20_000, (i) => `int f${i}(int a, const char *b, struct s${i} *c);`)],
    ['long arithmetic', `int a[${many(20_000, (i) => `(${i} + 1) * 0 +`)} 5];`],
    ['large numbers', `int a[${'9'.repeat(20_000)}]; enum { A = 1 << 5000, B = 0x${'f'.repeat(5000)} };`],
  ])('%s overflow nothing and end soon', (_, text) => {
    const start = performance.now();
    read(text);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

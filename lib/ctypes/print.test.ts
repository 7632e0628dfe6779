import { openFixture } from '../testing/fixture.js';
import { VOID, type CType, type Member, type Qualifier } from './model.js';
import { print, printDefinition } from './print.js';

const int: CType = { kind: 'int', name: 'int', size: 4, signed: true, text: false };
const char: CType = { kind: 'int', name: 'char', size: 1, signed: true, text: true };
const to = (target: CType, reference?: '&'): CType => ({
  kind: 'pointer',
  target,
  size: 8,
  ...(reference && { reference }),
});
const of = (element: CType, length?: number, vector = false): CType => ({
  kind: 'array',
  element,
  length,
  vector,
});
const as = (qualifier: Qualifier, target: CType): CType => ({ kind: 'qualified', qualifier, target });
const f = (result: CType, ...parameters: CType[]): CType => ({
  kind: 'function',
  result,
  parameters: parameters.map((type) => ({ name: undefined, type })),
  variadic: false,
  prototyped: true,
});
const record = (
  kind: 'struct' | 'union',
  tag: string | undefined,
  ...members: [string | undefined, CType, number?][]
): CType => ({
  kind,
  tag,
  size: 8,
  members: members.map(([name, type, bitSize]): Member => ({
    name,
    type,
    offset: 0,
    ...(bitSize === undefined ? {} : { bitSize, bitOffset: 0 }),
  })),
});
const point = record('struct', 'point', ['x', int], ['y', int]);

it.each<[type: CType, abstract: string, named: string]>([
  [int, 'int', 'int x'],
  [VOID, 'void', 'void x'],
  [to(int), 'int *', 'int *x'],
  [to(to(int)), 'int **', 'int **x'],
  [of(int, 3), 'int[3]', 'int x[3]'],
  [of(int), 'int[]', 'int x[]'],
  [of(of(int, 3), 2), 'int[2][3]', 'int x[2][3]'],
  [to(of(int, 3)), 'int (*)[3]', 'int (*x)[3]'],
  [of(to(int), 3), 'int *[3]', 'int *x[3]'],
  [f(VOID), 'void (void)', 'void x(void)'],
  [to(f(int, int)), 'int (*)(int)', 'int (*x)(int)'],
  [of(to(f(int)), 2), 'int (*[2])(void)', 'int (*x[2])(void)'],
  [f(to(f(int, char)), int), 'int (*(int))(char)', 'int (*x(int))(char)'],
  [to(f(to(of(int, 3)))), 'int (*(*)(void))[3]', 'int (*(*x)(void))[3]'],
  [as('const', int), 'const int', 'const int x'],
  [as('const', as('volatile', int)), 'const volatile int', 'const volatile int x'],
  [as('const', to(char)), 'char *const', 'char *const x'],
  [to(as('const', char)), 'const char *', 'const char *x'],
  [as('const', to(as('const', char))), 'const char *const', 'const char *const x'],
  [as('restrict', as('const', to(int))), 'int *const restrict', 'int *const restrict x'],
  [as('const', of(int, 3)), 'const int[3]', 'const int x[3]'],
  [as('const', of(as('const', int), 3)), 'const int[3]', 'const int x[3]'],
  [of(as('const', to(char)), 2), 'char *const[2]', 'char *const x[2]'],
  [as('const', to(of(int, 3))), 'int (*const)[3]', 'int (*const x)[3]'],
  [as('const', to(f(int))), 'int (*const)(void)', 'int (*const x)(void)'],
  [as('_Atomic', int), '_Atomic int', '_Atomic int x'],
  [to(int, '&'), 'int &', 'int &x'],
  [of(int, 4, true), 'int __vector(4)', 'int __vector(4) x'],
  [point, 'struct point', 'struct point x'],
  [record('union', undefined, ['i', int]), 'union { int i; }', 'union { int i; } x'],
  [
    record('struct', undefined, [undefined, record('union', undefined, ['a', int, 3])]),
    'struct { union { int a : 3; }; }',
    'struct { union { int a : 3; }; } x',
  ],
  [{ kind: 'typedef', name: 'size_t', target: int }, 'size_t', 'size_t x'],
  [{ kind: 'enum', tag: 'color', size: 4, signed: false, enumerators: [] }, 'enum color', 'enum color x'],
  [
    { kind: 'enum', tag: undefined, size: 4, signed: false, enumerators: [{ name: 'A', value: 1n }] },
    'enum { A }',
    'enum { A } x',
  ],
  [{ ...(f(int, char) as object), variadic: true } as CType, 'int (char, ...)', 'int x(char, ...)'],
  [{ ...(f(int) as object), prototyped: false } as CType, 'int ()', 'int x()'],
])('%# %p', (type, abstract, named) => {
  expect(print(type)).toBe(abstract);
  expect(print(type, 'x')).toBe(named);
});

it('definitions have a member a line', () => {
  const shape = record(
    'struct',
    'shape',
    ['corner', point],
    ['f', to(f(int))],
    ['bits', int, 3],
    ['list', of(int, 2)],
  );
  expect(printDefinition(shape)).toBe(
    'struct shape {\n  struct point corner;\n  int (*f)(void);\n  int bits : 3;\n  int list[2];\n}',
  );
  expect(printDefinition(to(int))).toBe('int *');
  expect(
    printDefinition({
      kind: 'enum',
      tag: 'color',
      size: 4,
      signed: false,
      enumerators: [
        { name: 'RED', value: 0n },
        { name: 'BLUE', value: -2n },
      ],
    }),
  ).toBe('enum color {\n  RED = 0,\n  BLUE = -2,\n}');
  const plugin = openFixture('values/records.c');
  expect(plugin.lookup('point').type.definition).toBe('struct point {\n  int x;\n  double y;\n}');
});

it('a struct that holds itself through an anonymous one ends', () => {
  const members: Member[] = [];
  const self: CType = { kind: 'struct', tag: undefined, size: 8, members };
  members.push({ name: 'next', type: to(self), offset: 0 });
  expect(print(self)).toBe('struct { struct { struct { struct { ... } *next; } *next; } *next; }');
});

it('ends a type that doubles at each level', () => {
  let type: CType = { kind: 'int', name: 'int', size: 4, signed: true, text: false };
  for (let i = 0; i < 100; i++) {
    const parameters: { name: undefined; type: CType }[] = [
      { name: undefined, type },
      { name: undefined, type },
    ];
    type = {
      kind: 'pointer',
      size: 8,
      target: {
        kind: 'function',
        result: type,
        parameters,
        variadic: false,
        prototyped: true,
        convention: undefined,
      },
    };
  }
  const text = print(type);
  expect(text).toContain('...');
  expect(text.length).toBeLessThan(10_000_000);
});

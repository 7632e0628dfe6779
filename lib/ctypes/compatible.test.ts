import type { Variable } from '../index.js';
import { openFixture } from '../testing/fixture.js';
import { compatible, identical } from './compatible.js';
import type { CType } from './model.js';
import { parseType } from './parse.js';

const parse = (text: string): CType => parseType(text, () => undefined);

/** Pairs of function types; gcc says which are compatible (C17 §6.7.6.3p15). */
const PAIRS: [string, string][] = [
  ['int ()', 'int ()'],
  ['int ()', 'int (void)'],
  ['int ()', 'int (int, int)'],
  ['int ()', 'int (double, long, char *)'],
  ['int ()', 'int (unsigned int)'],
  ['int ()', 'int (float)'],
  ['int ()', 'int (char)'],
  ['int ()', 'int (int, unsigned short)'],
  ['int ()', 'int (_Bool)'],
  ['int ()', 'int (const char *, ...)'],
  ['int ()', 'long (int)'],
  ['int (int)', 'int (int)'],
  ['int (int)', 'int (long)'],
  ['int (int)', 'int (int, int)'],
  ['int (*(void))()', 'int (*(void))(int)'],
  ['int (*(void))()', 'int (*(void))(float)'],
];

it('functions with and without a prototype are compatible where gcc says so', () => {
  const tests = PAIRS.map((pair) => `__builtin_types_compatible_p(${pair.join(', ')})`);
  const theirs = openFixture(`int same[] = {\n${tests.join(',\n')}};\n`).lookup<Variable<Int32Array>>('same');
  const ours = PAIRS.map(([a, b]) => [compatible(parse(a), parse(b)), compatible(parse(b), parse(a))]);
  expect(ours).toEqual(Array.from(theirs.value, (same) => [same === 1, same === 1]));
});

it('are identical only where they say the same', () => {
  expect(identical(parse('int ()'), parse('int (int)'))).toBe(false);
  expect(identical(parse('int ()'), parse('int (void)'))).toBe(true);
  expect(identical(parse('int *'), parse('const int *'))).toBe(false);
  expect(identical(parse('int *'), parse('int *const'))).toBe(false);
  expect(identical(parse('char *'), parse('signed char *'))).toBe(false);
  expect(identical(parse('long'), parse('volatile int64_t'))).toBe(true);
  expect(identical(parse('const int (const int, char *const)'), parse('int (int, char *)'))).toBe(true);
  const named = (...names: string[]): CType => ({
    kind: 'enum',
    tag: undefined,
    size: 4,
    signed: false,
    enumerators: names.map((name, i) => ({ name, value: BigInt(i) })),
  });
  expect(identical(named('RED', 'GREEN'), named('RED', 'GREEN'))).toBe(true);
  expect(identical(named('RED', 'GREEN'), named('RED', 'BLUE'))).toBe(false);
  expect(identical(named('RED', 'GREEN'), named('RED'))).toBe(false);
  expect(compatible(named('RED', 'GREEN'), named('RED', 'BLUE'))).toBe(true);
});

it.each([
  ['int (*)[3]', 'int *', true],
  ['int (*)[3]', 'int (*)[3]', true],
  ['int (*)[3]', 'int (*)[4]', false],
  ['int (*)[]', 'int (*)[4]', true],
  ['int (*)[2][3]', 'int (*)[3]', true],
  ['int (*)[2][3]', 'int (*)[2]', false],
  ['int (*)[2][3]', 'int (*)[3][2]', false],
  ['int (*)[2][3]', 'int (*)[6]', false],
  ['int (*)[2][3]', 'int *', true],
  ['int (*)[2][3]', 'void *', true],
  ['int (*)[3]', 'unsigned (*)[3]', false],
  ['char (*)[3]', 'unsigned char (*)[3]', true],
  ['char (*)[3]', 'const signed char *', true],
  ['int *(*)[3]', 'int **', true],
  ['void (*)(void)', 'void *', false],
])('pointers %s and %s: %p', (a, b, together) => {
  expect([compatible(parse(a), parse(b)), compatible(parse(b), parse(a))]).toEqual([together, together]);
});

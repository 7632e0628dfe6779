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
});

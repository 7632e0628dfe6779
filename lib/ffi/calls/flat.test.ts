import { openFixture } from '../../testing/fixture.js';
import { childValue } from '../../testing/run-child.js';

/* The short way of small structs; by-value.test.ts has all shapes by both ways. What C adds is the oracle. */

type Add = (a: object, b: object) => Record<string, unknown>;

const CALLS: [name: string, a: object, b: object, sum: object][] = [
  ['pair', { x: 1, y: -2 }, { x: 3, y: 2147483647 }, { x: 4, y: 2147483645 }],
  ['longs', { a: 1n, b: -(2n ** 63n) }, { a: 2n ** 53n, b: 5n }, { a: 2n ** 53n + 1n, b: 5n - 2n ** 63n }],
  ['longs', { a: 1, b: -2 }, { a: 3n, b: 4 }, { a: 4n, b: 2n }],
  ['longs', { a: 2 ** 53 - 1, b: 0 }, { a: 1, b: -(2 ** 53) + 1 }, { a: 2n ** 53n, b: 1n - 2n ** 53n }],
  ['vector', { x: 0.5, y: -0 }, { x: 0.25, y: -0 }, { x: 0.75, y: -0 }],
  // In another order than C's, it goes the ordinary way.
  ['pair', { y: 1, x: 2 }, { x: 3, y: 4 }, { x: 5, y: 5 }],
];

it.each(CALLS)('%s: %p + %p', (name, a, b, sum) => {
  const plugin = openFixture('bench.c');
  expect(plugin.lookup<Add>(`add_${name}`)(a, b)).toEqual(sum);
});

it('gives numbers with int64: number, and an error where that is not exact', () => {
  const plugin = openFixture('bench.c', {}, { int64: 'number' });
  const add = plugin.lookup<Add>('add_longs');
  expect(add({ a: 1, b: 2 }, { a: 3n, b: -4 })).toEqual({ a: 4, b: -2 });
  expect(() => add({ a: 2 ** 53 - 1, b: 0 }, { a: 1, b: 0 })).toThrow(
    /struct longs\.a: 9007199254740992 is not exact/,
  );
});

it('a number that is no whole one, or not safe, is refused', () => {
  const add = openFixture('bench.c').lookup<Add>('add_longs');
  for (const a of [0.5, NaN, 2 ** 53, Infinity, 2n ** 63n])
    expect(() => add({ a, b: 0 }, { a: 0, b: 0 })).toThrow(/argument 1 \(a\)\.a/);
});

it('structs go where no code may be made from text', () => {
  const path = openFixture('bench.c').path;
  const got = childValue(
    `
    import { open } from '#lib/index.js';
    const plugin = open(process.argv[2]!);
    let allowed = true;
    try { new Function(''); } catch { allowed = false; }
    const add = plugin.lookup('add_pair');
    console.log(JSON.stringify([allowed, add({ x: 1, y: 2 }, { x: 3, y: 4 })]));
    `,
    { args: [path], execArgv: ['--disallow-code-generation-from-strings'] },
  );
  expect(got).toEqual([false, { x: 4, y: 6 }]);
});

import assert from 'node:assert';
import { isDeepStrictEqual } from 'node:util';

import { snapshot, type Pointer, type Variable } from '../../index.js';
import { openFixture, thrownBy } from '../../testing/fixture.js';
import { childValue, runChild } from '../../testing/run-child.js';

/* What is made for any object, and knows nothing of views. */
const plugin = openFixture('values/format.c');
const read = (name: string): unknown => plugin.lookup<Variable>(name).value;
const point = (x: number, y: number): unknown => plugin.alloc('struct point', { x, y }).value;

const OUTER = {
  at: { x: 1, y: 2 },
  u: { i: 3, halves: Int16Array.of(3, 0) },
  a: 4,
  b: 5,
  low: 6,
  high: -7,
  set: true,
  color: 5,
  tag: 'tag',
  title: 'title',
  none: null,
  list: BigInt64Array.of(8n, 9n),
};

describe('Jest', () => {
  it('compares views with objects', () => {
    expect(read('point')).toEqual({ x: 1, y: -2 });
    expect(read('outer')).toEqual(OUTER);
    expect(read('outer')).toEqual(
      expect.objectContaining({ a: 4, at: { x: 1, y: expect.any(Number) as number } }),
    );
    expect(read('outer')).toMatchObject({ at: { y: 2 }, tag: 'tag' });
    expect({ points: [read('point')] }).toEqual({ points: [{ x: 1, y: -2 }] });
    expect(read('points')).toEqual([
      { x: 1, y: 2 },
      { x: 3, y: 4 },
    ]);
    expect(read('matrix')).toEqual([Int32Array.of(1, 2), Int32Array.of(3, 4)]);
    expect(read('points')).toHaveLength(2);
    expect(read('points')).toContainEqual({ x: 3, y: 4 });
    expect(snapshot(read('outer'))).toStrictEqual({ ...OUTER, u: { i: 3, halves: [3, 0] }, list: [8n, 9n] });
  });

  it.each([
    ['another value', { x: 1, y: 2 }],
    ['a field that is missing', { x: 1 }],
    ['one too many', { x: 1, y: -2, z: 0 }],
  ])('finds %s', (_, other) => {
    expect(read('point')).not.toEqual(other);
    expect(other).not.toEqual(read('point'));
  });

  it('compares views with each other', () => {
    expect(point(1, 2)).toEqual(point(1, 2));
    expect(point(1, 2)).not.toEqual(point(1, 3));
    expect(read('points')).not.toEqual(read('matrix'));
  });

  it('shows what differs', () => {
    const fails = (): void => {
      expect(read('point')).toEqual({ x: 1, y: 2 });
    };
    const plain = thrownBy(fails).message.replaceAll(/\u001b\[\d+m/g, '');
    expect(plain).toContain('    "x": 1,\n-   "y": 2,\n+   "y": -2,');
  });
});

describe('node:assert', () => {
  it('compares views', () => {
    assert.deepEqual(read('point'), { x: 1, y: -2 });
    assert.notDeepEqual(read('point'), { x: 1, y: 2 });
    assert.deepStrictEqual(point(1, 2), point(1, 2));
    expect(isDeepStrictEqual(point(1, 2), point(1, 3))).toBe(false);
    // A view is no plain object, as an instance of a class is none.
    expect(isDeepStrictEqual(read('point'), { x: 1, y: -2 })).toBe(false);
    assert.deepStrictEqual(snapshot(read('point')), { x: 1, y: -2 });
  });
});

it('console.table has a column for each field', () => {
  const source = `
    import { openFixture } from '#lib/testing/fixture.js';
    import { snapshot } from '#lib/index.js';
    const p = openFixture('values/format.c');
    console.table(p.lookup('points').value);
    console.table(p.lookup('points').value, ['y']);
    console.table(snapshot(p.lookup('points').value));
    console.table([p.lookup('point').value].map((view) => snapshot(view)));
    console.table(p.lookup('numbers').value);
  `;
  const rows = (columns: string, ...lines: string[]): string[] => [
    `│ (index) │ ${columns} │`,
    ...lines.map((l) => `│ ${l} │`),
  ];
  const { stdout } = runChild(source);
  const words = stdout
    .split('\n')
    .filter((line) => line.startsWith('│'))
    .map((line) => line.replaceAll(/ +/g, ' '));
  expect(words).toEqual([
    ...rows('x │ y', '0 │ 1 │ 2', '1 │ 3 │ 4'),
    ...rows('y', '0 │ 2', '1 │ 4'),
    ...rows('x │ y', '0 │ 1 │ 2', '1 │ 3 │ 4'),
    ...rows('x │ y', '0 │ 1 │ -2'),
    ...rows('Values', '0 │ 1', '1 │ 2', '2 │ 3'),
  ]);
});

describe('JSON', () => {
  it('of a view is that of its snapshot', () => {
    expect(JSON.stringify({ point: read('point') })).toBe('{"point":{"x":1,"y":-2}}');
    expect(JSON.stringify(read('points'))).toBe('[{"x":1,"y":2},{"x":3,"y":4}]');
    expect(JSON.stringify(read('matrix'))).toBe('[[1,2],[3,4]]');
  });

  it('has no bigint, unless told what to make of it', () => {
    const outer = read('outer');
    expect(thrownBy(() => JSON.stringify(outer)).name).toBe('TypeError');
    const json = (bigint: 'string' | 'number'): unknown =>
      JSON.parse(JSON.stringify(snapshot(outer, { bigint })));
    const plain = { ...OUTER, u: { i: 3, halves: [3, 0] } };
    expect(json('string')).toEqual({ ...plain, list: ['8', '9'] });
    expect(json('number')).toEqual({ ...plain, list: [8, 9] });
    const largest: unknown = plugin.alloc('unsigned long[2]', [2n ** 53n - 1n, 2n ** 53n]).value;
    expect(snapshot(largest, { bigint: 'string' })).toEqual(['9007199254740991', '9007199254740992']);
    expect(thrownBy(() => snapshot(largest, { bigint: 'number' }))).toEqual({
      name: 'RangeError',
      code: 'ERR_OUT_OF_RANGE',
      message: "snapshot: 9007199254740992 is no exact number: ask for { bigint: 'string' }",
    });
    expect(thrownBy(() => snapshot(largest, { bigint: 'hex' as 'string' }))).toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
    });
    expect(snapshot(2n ** 64n, { bigint: 'string' })).toBe('18446744073709551616');
  });

  it('has the address of a pointer', () => {
    const to = plugin.lookup<Variable<Pointer>>('to_point');
    const address = `0x${plugin.lookup<Variable>('point').address.toString(16)}`;
    expect(JSON.stringify(to.value)).toBe(`"${address}"`);
    expect(JSON.parse(JSON.stringify(snapshot(read('ring'))))).toEqual({
      number: 1,
      self: expect.stringMatching(/^0x/) as string,
      first: expect.stringMatching(/^0x/) as string,
    });
  });
});

it('array views are arrays', () => {
  const points = read('points') as { x: number; y: number }[];
  expect(Array.isArray(points)).toBe(true);
  expect(Object.keys(points)).toEqual(['0', '1']);
  expect(Object.getOwnPropertyNames(points)).toEqual(['0', '1', 'length']);
  expect(points.map((p) => p.x)).toEqual([1, 3]);
  expect(Object.getPrototypeOf(points.map((p) => p.x))).toBe(Array.prototype);
  expect([0].concat(points.map((p) => p.y))).toEqual([0, 2, 4]);
  expect([points].flat()).toHaveLength(2);
  for (const change of [
    () => points.push({ x: 5, y: 6 }),
    () => (points.length = 0),
    () => Object.freeze(points),
    () => Object.setPrototypeOf(points, null) as unknown,
  ])
    expect(thrownBy(change).name).toMatch(/^(Type|Range)Error$/);
  expect(Reflect.deleteProperty(points, '0')).toBe(false);
  expect(points).toHaveLength(2);
});

it('fields that a tool was shown are live', () => {
  const view = point(1, 2) as { x: number; y: number };
  expect(view).toEqual({ x: 1, y: 2 });
  view.x = 7;
  expect(view).toEqual({ x: 7, y: 2 });
  expect(thrownBy(() => (view.x = 1.5)).name).toBe('TypeError');
  expect(thrownBy(() => ((view as { z?: number }).z = 1)).message).toContain('has no field z');
});

it('clones are refused or empty, never half a copy', () => {
  const source = `
    import { openFixture } from '#lib/testing/fixture.js';
    const p = openFixture('values/format.c');
    const attempt = (name) => { try { return structuredClone(p.lookup(name).value); } catch (error) { return error.name; } };
    console.log(JSON.stringify([attempt('point'), attempt('points')]));
  `;
  expect(childValue(source)).toEqual([{}, 'DataCloneError']);
});

it('a struct that leads to itself is compared, and the difference is shown', () => {
  const ring = openFixture('values/ring.c').lookup<Variable>('first').value as { next: unknown; v: number };
  for (const compare of [
    () => {
      expect(ring).toEqual({ v: 2 });
    },
    () => {
      expect(ring).toEqual({ ...(snapshot(ring) as object), v: 8 });
    },
    () => {
      expect([ring.next]).toEqual([1]);
    },
  ])
    expect(thrownBy(compare).message).toContain('deep equality');
  expect(ring).toEqual(ring);
});

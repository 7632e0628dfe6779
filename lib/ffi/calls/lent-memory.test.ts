import { snapshot } from '../../index.js';
import type { Pointer } from '../../index.js';
import { openFixture, thrownBy } from '../../testing/fixture.js';
import { childValue } from '../../testing/run-child.js';

const plugin = openFixture('calls/calls.c');
const f = (name: string): ((...args: unknown[]) => unknown) => plugin.lookup(name);

interface Point {
  x: number;
  y: number;
}

describe('a result that leads into an argument', () => {
  it('keeps the text that was passed', () => {
    const texts = ['abc', 'née', 'x'.repeat(5000)].map((t) => f('skip')(t) as Pointer);
    f('skip')('overwritten');
    expect(texts.map(String)).toEqual(['bc', 'ée', 'x'.repeat(4999)]);
    expect((f('nth')('abc', 2) as Pointer).cString()).toBe('c');
    expect((f('nth')('abc', 4n) as Pointer).address).toBeGreaterThan(0n);
    expect(thrownBy(() => (f('nth')('abc', 4) as Pointer).value).code).toBe('ERR_OUT_OF_RANGE');
    expect(f('skip')(null)).toBeNull();
  });

  it('keeps the copy of an object, and what that holds', () => {
    const point = f('id')({ x: 3, y: 4 }) as Pointer<Point>;
    f('id')({ x: 5, y: 6 });
    expect(snapshot(point.value)).toEqual({ x: 3, y: 4 });
    expect(thrownBy(() => point.at(1)).code).toBe('ERR_OUT_OF_RANGE');
    const given = {
      corner: { x: 1, y: 2 },
      sides: [3, 4, 5],
      name: 'old',
      color: 'GREEN',
      low: 1,
      high: 2,
      title: 'kept',
      next: null,
    };
    const shape = f('id_shape')(given) as Pointer<{ title: string }>;
    f('id_shape')({ ...given, title: 'other' });
    expect(shape.value.title).toBe('kept');
  });

  it('is bounded by the memory, with nothing but its own behind it', () => {
    const numbers = Int32Array.of(1, 2, 3, 4);
    const left = numbers.subarray(0, 2);
    const right = numbers.subarray(2);
    expect((f('later_of')(left, right) as Pointer).value).toBe(3);
    expect((f('later_of')(right, left) as Pointer).value).toBe(3);
    expect((f('end_of')(left, 2) as Pointer).at(-1)).toBe(2);
    const second = f('end_of')(right, 1) as Pointer;
    second.value = 40;
    expect(numbers[3]).toBe(40);
    expect(thrownBy(() => second.at(1)).code).toBe('ERR_OUT_OF_RANGE');
    const shared = new Int32Array(new SharedArrayBuffer(8)).fill(6);
    expect((f('begin_of')(shared) as Pointer).at(1)).toBe(6);
    const data = new DataView(new ArrayBuffer(8), 4);
    expect((f('same')(data) as Pointer).cast('int *').view()).toHaveLength(1);
    const own = plugin.alloc('int[3]', [7, 8, 9]) as Pointer<Int32Array>;
    expect((f('end_of')(own.value, 3) as Pointer).at(-3)).toBe(7);
    expect((f('begin_of')([5, 6]) as Pointer).at(1)).toBe(6);
  });

  it('survives garbage collection', () => {
    const source = `
      import { openFixture } from '#lib/testing/fixture.js';
      const plugin = openFixture('calls/calls.c');
      const f = (name) => plugin.lookup(name);
      const results = [];
      for (let i = 0; i < 200; i++) {
        results.push([
          f('skip')('-' + String(i).repeat(300)),
          f('id')(plugin.alloc('struct point', { x: i })),
          f('begin_of')(new Int32Array(1000).fill(i)),
        ]);
      }
      for (let round = 0; round < 5; round++) {
        gc();
        for (let i = 0; i < 300; i++) plugin.alloc('char[4000]').value = 'y'.repeat(3999), new Int32Array(1000).fill(-1);
      }
      const wrong = results.filter(([text, point, numbers], i) =>
        String(text) !== String(i).repeat(300) || point.value.x !== i || numbers.at(999) !== i);
      console.log(JSON.stringify(wrong.length));
    `;
    expect(childValue(source, { execArgv: ['--expose-gc'] })).toBe(0);
  });
});

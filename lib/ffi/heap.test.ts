import { addressOf, free, Pointer, sizeOf, snapshot } from '../index.js';
import type { Variable } from '../index.js';
import { childValue } from '../testing/run-child.js';
import { openFixture, thrownBy } from '../testing/fixture.js';

const plugin = openFixture('values/pointers.c');
const f = (name: string): ((...args: unknown[]) => unknown) => plugin.lookup(name);
const alloc = (type: string, ...init: unknown[]): Pointer => plugin.alloc(type, ...init) as Pointer;
const malloc = (type: string, ...init: unknown[]): Pointer => plugin.malloc(type, ...init) as Pointer;

interface Holder {
  name: string | null;
  number: Pointer<number> | null;
}

describe.each([
  ['alloc', alloc],
  ['malloc', malloc],
])('%s', (_name, make) => {
  const made: Pointer[] = [];
  const of = (type: string, ...init: unknown[]): Pointer => {
    const pointer = make(type, ...init);
    if (make === malloc) made.push(pointer);
    return pointer;
  };
  afterEach(() => {
    made.splice(0).forEach(free);
  });

  it.each<[type: string, init: unknown, value: unknown]>([
    ['int', undefined, 0],
    ['int', -7, -7],
    ['unsigned long', 2n ** 64n - 1n, 2n ** 64n - 1n],
    ['double', 1.5, 1.5],
    ['long double', 0.1, 0.1],
    ['_Bool', true, true],
    ['char', 65, 65],
    ['char[8]', undefined, ''],
    ['char[8]', 'text', 'text'],
    ['const char *', 'née', 'née'],
    ['int *', null, null],
    ['int[4]', undefined, [0, 0, 0, 0]],
    ['int[4]', [1, 2], [1, 2, 0, 0]],
    ['int[4]', Int32Array.of(1, 2, 3, 4), [1, 2, 3, 4]],
    [
      'int[2][2]',
      [[1], [2, 3]],
      [
        [1, 0],
        [2, 3],
      ],
    ],
    ['struct point', undefined, { x: 0, y: 0 }],
    ['struct point', { y: 2 }, { x: 0, y: 2 }],
    ['struct point', {}, { x: 0, y: 0 }],
    [
      'struct point[2]',
      [{ x: 1 }],
      [
        { x: 1, y: 0 },
        { x: 0, y: 0 },
      ],
    ],
    ['enum color', 'GREEN', 1],
    ['const int', 5, 5],
  ])('%s, %p', (type, init, value) => {
    const pointer = init === undefined ? of(type) : of(type, init);
    expect(snapshot(pointer.value)).toEqual(value);
    expect(pointer.type.size).toBeGreaterThan(0);
    expect(pointer.address % 16n).toBe(0n);
  });

  it.each<[type: string, init: unknown, code: string, message: string]>([
    ['int', 1.5, 'ERR_INVALID_ARG_VALUE', ': the number 1.5 is no int'],
    ['int[2]', [1, 2, 3], 'ERR_OUT_OF_RANGE', 'takes 2 elements, got 3'],
    ['int[2]', [1, 'x'], 'ERR_INVALID_ARG_TYPE', '[1]: expected a number'],
    ['struct point', { z: 1 }, 'ERR_INVALID_ARG_VALUE', 'has no field z; it has x, y'],
    ['struct point', { x: 'a' }, 'ERR_INVALID_ARG_TYPE', '.x: expected a number'],
    ['char[2]', 'abc', 'ERR_INVALID_ARG_VALUE', 'has 3 bytes of UTF-8, the array 2'],
    ['void', undefined, 'ERR_INVALID_ARG_VALUE', 'void has no size'],
    ['int (void)', undefined, 'ERR_INVALID_ARG_VALUE', 'has no size'],
    ['int[]', undefined, 'ERR_INVALID_ARG_VALUE', 'int[] has no size'],
    ['struct nothing', undefined, 'ERR_INVALID_ARG_VALUE', "there is no 'struct nothing' here"],
  ])('%s, %p is refused', (type, init, code, message) => {
    const error = thrownBy(() => of(type, init));
    expect(error.message).toContain(message);
    expect(error.code).toBe(code);
  });

  it('is bounded', () => {
    const pointer = of('int[4]', [1, 2, 3, 4]).cast('int *') as Pointer<number>;
    expect([pointer.at(3), (pointer.view() as Int32Array).length]).toEqual([4, 4]);
    expect(() => pointer.at(4)).toThrow(RangeError);
    expect(() => pointer.at(-1)).toThrow(RangeError);
    expect(sizeOf(of('struct point').value)).toBe(8);
  });

  it('is not moved to another thread', () => {
    const numbers = of('int[3]', [1, 2, 3]) as Pointer<Int32Array<ArrayBuffer>>;
    const view = numbers.value;
    try {
      structuredClone(view, { transfer: [view.buffer] });
    } catch {
      // Node 20 copies what can't be transferred, later ones throw.
    }
    view[0] = 4;
    expect(Array.from(numbers.value)).toEqual([4, 2, 3]);
  });

  it('is seen by C', () => {
    const number = of('int', 41) as Pointer<number>;
    f('keep')(number);
    number.value++;
    expect(f('read_kept')()).toBe(42);
    const holder = of('struct holder', { name: 'née', number }) as Pointer<Holder>;
    plugin.lookup<Variable<Pointer>>('holder').value = holder;
    expect([f('holder_name')(), f('holder_number')()]).toEqual(['née', 42]);
    holder.value.name = null;
    expect(f('holder_name')()).toBeNull();
    expect(holder.value.number?.value).toBe(42);
    holder.value = { name: 'both', number: null };
    expect(f('holder_name')()).toBe('both');
    plugin.lookup<Variable>('holder').value = null;
  });
});

describe('free', () => {
  it('gives back memory of malloc, and what C handed over', () => {
    const own = malloc('int[100]');
    free(own);
    const handed = f('make_number')(7) as Pointer<number>;
    expect(handed.value).toBe(7);
    free(handed);
    free(null);
    for (let i = 0; i < 1000; i++) free(malloc('struct holder', { name: `text ${i}` }));
  });

  const refusals: [what: string, pointer: () => unknown, message: string][] = [
    ['memory of alloc', () => alloc('int'), 'memory of alloc is not on the C heap, it goes by itself'],
    ['a variable', () => plugin.lookup('numbers'), 'it does not point to the start of memory from malloc'],
    [
      'an element of one',
      () => plugin.lookup<Variable>('numbers').cast('int *').offset(1),
      'it does not point',
    ],
    [
      'a pointer into the middle',
      () => malloc('int[4]').cast('int *').offset(1),
      'it does not point to the start',
    ],
    [
      'a field',
      () => addressOf(malloc('struct point').value as object, 'y'),
      'it does not point to the start',
    ],
  ];
  it.each(refusals)('refuses %s', (_what, pointer, message) => {
    const error = thrownBy(() => {
      free(pointer() as Pointer);
    });
    expect(error).toEqual({
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_VALUE',
      message: expect.stringContaining(message) as string,
    });
  });

  it('refuses the second time, by whatever pointer', () => {
    const own = malloc('int[4]');
    const other = own.cast('int *');
    const element = addressOf(own.value as object);
    free(other);
    expect(
      thrownBy(() => {
        free(other);
      }).message,
    ).toBe('free: it was freed before');
    for (const pointer of [own, element])
      expect(
        thrownBy(() => {
          free(pointer);
        }).message,
      ).toMatch(/^free: it /);
    const handed = f('make_number')(7) as Pointer;
    free(handed);
    expect(
      thrownBy(() => {
        free(handed);
      }).message,
    ).toBe('free: it was freed before');
  });

  it.each([5, 5n, 'x', {}, undefined])('refuses %p', (value) => {
    expect(
      thrownBy(() => {
        free(value as never);
      }),
    ).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
  });
});

it('what is stored in C memory lives until its place is written again', () => {
  const source = `
    import { openFixture } from '#lib/testing/fixture.js';
    import { free } from '#lib/index.js';
    const plugin = openFixture('values/pointers.c');
    const holder = plugin.lookup('holder');
    const gone = [];
    const collected = new FinalizationRegistry((name) => gone.push(name));
    const store = () => {
      const number = plugin.alloc('int', 42);
      const block = plugin.alloc('struct holder', { name: 'a text of some length', number });
      collected.register(number.cast('char *').view(4).buffer, 'number');
      holder.value = block;
    };
    const churn = async () => {
      for (let i = 0; i < 5; i++) {
        Array.from({ length: 2000 }, (_, i) => plugin.alloc('char[64]', 'other text ' + i));
        gc();
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    const read = () => [plugin.lookup('holder_name')(), plugin.lookup('holder_number')(), holder.value.value.number.value];
    const strings = plugin.malloc('struct holder');
    void (async () => {
      store();
      await churn();
      const kept = [read(), [...gone]];
      holder.value = strings;
      for (let i = 0; i < 1000; i++) strings.value.name = 'text ' + i;
      await churn();
      const name = plugin.lookup('holder_name')();
      holder.value = null;
      free(strings);
      await churn();
      console.log(JSON.stringify({ kept, name, gone }));
    })();
  `;
  expect(childValue(source, { execArgv: ['--expose-gc'] })).toEqual({
    kept: [['a text of some length', 42, 42], []],
    name: 'text 999',
    gone: ['number'],
  });
});

describe('addressOf, sizeOf', () => {
  it.each([5, 'x', null, undefined, {}, [1], new Int32Array(1)])('%p is no C memory', (value) => {
    expect(thrownBy(() => addressOf(value as never)).code).toBe('ERR_INVALID_ARG_TYPE');
    expect(thrownBy(() => sizeOf(value)).code).toBe('ERR_INVALID_ARG_TYPE');
  });

  it('of pointers and functions', () => {
    expect(sizeOf(plugin.lookup('numbers'))).toBe(8);
    expect(thrownBy(() => sizeOf(f('keep'))).message).toBe('sizeOf: void (int *p) has no size');
    expect(snapshot(5)).toBe(5);
    const own = [1, { a: 2 }];
    expect(snapshot(own)).toBe(own);
  });
});

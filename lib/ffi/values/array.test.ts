import { addressOf, snapshot, typeOf, sizeOf } from '../../index.js';
import type { Pointer, Variable } from '../../index.js';
import { openFixture, thrownBy } from '../../testing/fixture.js';

const plugin = openFixture('values/arrays.c');
const variable = <T = unknown>(name: string): Variable<T> => plugin.lookup<Variable<T>>(name);
const call = (name: string, ...args: unknown[]): unknown =>
  plugin.lookup<(...args: unknown[]) => unknown>(name)(...args);

const NUMBERS: [name: string, array: string, values: (number | bigint)[], bad: unknown][] = [
  ['a8', 'Int8Array', [-1, 0, 1], 128],
  ['b8', 'Uint8Array', [255, 0, 1], -1],
  ['a16', 'Int16Array', [-1, 0, 1], 1.5],
  ['b16', 'Uint16Array', [65535, 0, 1], 65536],
  ['a32', 'Int32Array', [-1, 0, 1], NaN],
  ['b32', 'Uint32Array', [4294967295, 0, 1], 2 ** 32],
  ['a64', 'BigInt64Array', [-1n, 0n, 1n], 2n ** 63n],
  ['b64', 'BigUint64Array', [2n ** 64n - 1n, 0n, 1n], -1],
  ['af', 'Float32Array', [-1, 0, 1], '1'],
  ['ad', 'Float64Array', [-1, 0, 1], 1n],
];

describe.each(NUMBERS)('%s', (name, array, values, bad) => {
  const v = variable<Int32Array>(name);

  it(`is a ${array} over the memory itself`, () => {
    expect(Object.prototype.toString.call(v.value)).toBe(`[object ${array}]`);
    expect(Array.from<number | bigint>(v.value)).toEqual(values);
    call(`set_${name}`);
    expect(Array.from(v.value, Number)).toEqual([1, 2, 3]);
    v.value[1] = (array.startsWith('Big') ? 5n : 5) as number;
    expect(call(`sum_${name}`)).toBe(351);
    expect(v.value).toBe(v.value);
    expect(v.value.buffer.byteLength).toBe(v.value.byteLength);
  });

  it('takes an array or a typed array of its length, all of it checked first', () => {
    const of = (...items: number[]): never => (array.startsWith('Big') ? items.map(BigInt) : items) as never;
    v.value = of(3, 2, 1);
    expect(call(`sum_${name}`)).toBe(123);
    const Typed = v.value.constructor as unknown as { from(items: unknown[]): never };
    v.value = Typed.from(of(7, 8, 9));
    expect(call(`sum_${name}`)).toBe(987);
    expect(thrownBy(() => (v.value = of(1, 2))).message).toMatch(/takes 3 elements, got 2$/);
    expect(thrownBy(() => (v.value = of(1, 2, 3, 4))).code).toBe('ERR_OUT_OF_RANGE');
    expect(thrownBy(() => (v.value = 1 as never)).code).toBe('ERR_INVALID_ARG_TYPE');
    const [a] = of(4) as number[];
    const error = thrownBy(() => (v.value = [a, a, bad] as never));
    expect(error.message.startsWith(`${name}[2]: `)).toBe(true);
    expect(call(`sum_${name}`)).toBe(987);
  });
});

describe('more than one dimension', () => {
  const matrix = variable<Int32Array[]>('matrix');
  const cube = variable<Int16Array[][]>('cube');

  it('reads rows that are live', () => {
    const row = matrix.value[1] as Int32Array;
    expect(snapshot(matrix.value)).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    row[2] = 9;
    expect(call('sum_matrix')).toBe(123459);
    call('set_matrix', 1, 2, 6);
    expect(row[2]).toBe(6);
    expect(snapshot(cube.value)).toEqual([
      [
        [1, 2],
        [3, 4],
      ],
      [
        [5, 6],
        [7, 8],
      ],
    ]);
  });

  it('takes nested arrays, of the right shape', () => {
    matrix.value = [[6, 5, 4], new Int32Array([3, 2, 1])] as never;
    expect(call('sum_matrix')).toBe(654321);
    matrix.value[0] = [1, 1, 1] as never;
    expect(call('sum_matrix')).toBe(111321);
    cube.value = [
      [
        [8, 7],
        [6, 5],
      ],
      [
        [4, 3],
        [2, 1],
      ],
    ] as never;
    expect(call('sum_cube')).toBe(87654321);
    expect(
      thrownBy(
        () =>
          (matrix.value = [
            [1, 2, 3],
            [1, 2],
          ] as never),
      ).message,
    ).toBe('matrix[1]: int[3] takes 3 elements, got 2');
    expect(
      thrownBy(
        () =>
          (cube.value = [
            [
              [1, 2],
              [3, 4],
            ],
            [
              [5, 6],
              [7, 2 ** 15],
            ],
          ] as never),
      ).message,
    ).toMatch(/^cube\[1\]\[1\]\[1\]: the number 32768 is out of range/);
    expect(call('sum_matrix')).toBe(111321);
    expect(call('sum_cube')).toBe(87654321);
  });
});

describe('arrays that are no typed arrays', () => {
  it.each([
    ['flags', [true, false, true]],
    ['colors', [2, 0, 1]],
    ['wide', [1.5, -2.25]],
    ['half', [0.5, 1]],
    ['huge', [-1n, 1n]],
    [
      'points',
      [
        { x: 1, y: 2 },
        { x: 3, y: 4 },
      ],
    ],
  ])('%s reads by index', (name, values) => {
    const { value } = variable<ArrayLike<unknown>>(name);
    expect(value.length).toBe(values.length);
    expect(snapshot(value)).toEqual(values);
    expect(value[values.length]).toBeUndefined();
  });

  it('take elements and whole arrays, as C sees', () => {
    variable('flags').value = [false, true, false];
    variable('colors').value = ['GREEN', 2, 'RED'];
    variable('wide').value = [3.5, 4];
    variable('half').value = Float64Array.of(0.25, 65504);
    variable('huge').value = [7, -8n];
    expect(call('show_others')).toBe('010 120 3.5 4 0.25 65504 7 -8');
    const flags = variable<boolean[]>('flags').value;
    flags[0] = true;
    expect(call('show_others')).toMatch(/^110/);
    expect(thrownBy(() => (flags[0] = 1 as never)).message).toMatch(
      /expected a boolean for _Bool, got the number 1/,
    );
    expect(thrownBy(() => (flags[3] = true)).code).toBe('ERR_OUT_OF_RANGE');
    expect(thrownBy(() => (flags.length = 1)).code).toBe('ERR_INVALID_ARG_VALUE');
    expect(() => flags.push(true)).toThrow(RangeError);
    expect(call('show_others')).toMatch(/^110/);
  });

  it('behave as arrays do', () => {
    variable('wide').value = [1, 2];
    const wide = variable<number[]>('wide').value;
    expect([...wide]).toEqual([1, 2]);
    expect(wide.map((x) => x * 2)).toEqual([2, 4]);
    expect(wide.indexOf(2)).toBe(1);
    expect(wide.slice(1)).toEqual([2]);
    expect(Object.keys(wide)).toEqual(['0', '1']);
    expect(1 in wide && !(2 in wide) && 'length' in wide).toBe(true);
    expect(wide.reverse()).toBe(wide);
    expect([...wide]).toEqual([2, 1]);
    expect(() => delete (wide as { 0?: number })[0]).toThrow(TypeError);
  });

  it('hold live structs', () => {
    const points = variable<{ x: number; y: number }[]>('points');
    const second = points.value[1] as { x: number; y: number };
    second.y = 9;
    expect(call('sum_points')).toBe(1239);
    points.value[0] = { x: 5, y: 6 };
    points.value[1] = points.value[0];
    expect(call('sum_points')).toBe(5656);
    expect(thrownBy(() => (points.value[0] = { x: 1 } as never)).message).toContain(
      'the field y of point is missing',
    );
    expect(
      thrownBy(
        () =>
          (points.value = [
            { x: 1, y: 2 },
            { x: 1, y: '2' as never },
          ]),
      ).message,
    ).toMatch(/^points\[1\]\.y: expected a number/);
    expect(call('sum_points')).toBe(5656);
  });

  it('hold pointers', () => {
    const pointers = variable<(Pointer<number> | null)[]>('pointers');
    expect(Array.from(pointers.value, (p) => p?.value ?? null)).toEqual([10, null, 20]);
    pointers.value[1] = pointers.value[2] ?? null;
    expect(call('show_pointers')).toBe('10 20 20');
    const own = plugin.alloc('int', 30);
    pointers.value = [own, null, own];
    own.value = 31;
    expect(call('show_pointers')).toBe('31 0 31');
    expect(thrownBy(() => (pointers.value[0] = 5 as never)).message).toContain(
      'expected a Pointer or null for int *',
    );
  });

  it('hold functions', () => {
    const functions = variable<((() => number) | null)[]>('functions');
    expect(Array.from(functions.value, (f) => f?.() ?? null)).toEqual([1, null, 2]);
    functions.value[1] = () => 42;
    expect(call('call_function', 1)).toBe(42);
    expect(() => (functions.value = [() => 7, () => 8, 9 as never])).toThrow(
      /^functions\[2\]: expected a function/,
    );
    expect(call('call_function', 1)).toBe(42);
    functions.value = [plugin.lookup('two'), null, () => 3];
    expect([0, 1, 2].map((i) => call('call_function', i))).toEqual([2, -1, 3]);
  });
});

describe('kinds of arrays', () => {
  it('vectors and arrays by typedef are typed arrays', () => {
    expect(Array.from(variable<Int32Array>('vector').value)).toEqual([1, 2, 3, 4]);
    expect(snapshot(variable('rows').value)).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(String(variable('rows').type)).toBe('int[2][3]');
  });

  it('know their address, type and size', () => {
    const matrix = variable<Int32Array[]>('matrix');
    expect(addressOf(matrix.value).equals(matrix)).toBe(true);
    expect(addressOf(matrix.value[1] as object).address - matrix.address).toBe(12n);
    expect(String(typeOf(matrix.value))).toBe('int[2][3]');
    expect(String(typeOf(matrix.value[1]))).toBe('int[3]');
    expect([sizeOf(matrix.value), sizeOf(matrix.value[0])]).toEqual([24, 12]);
    expect(() => addressOf([1, 2])).toThrow(TypeError);
  });
});

it.each(['char[1000000000000000]', 'double[1000000000000]'])(
  'an array of more than the engine can hold is refused: %s',
  (type) => {
    expect(thrownBy(() => plugin.alloc(type))).toMatchObject({
      name: 'RangeError',
      code: 'ERR_OUT_OF_RANGE',
    });
  },
);

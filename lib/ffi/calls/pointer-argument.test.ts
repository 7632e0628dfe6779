import { addressOf, open, snapshot } from '../../index.js';
import type { Pointer, Variable } from '../../index.js';
import { openFixture, thrownBy } from '../../testing/fixture.js';
import { compile } from '../../testing/tools.js';

const plugin = openFixture('calls/calls.c');
const f = (name: string): ((...args: unknown[]) => unknown) => plugin.lookup(name);

interface Point {
  x: number;
  y: number;
}
const origin = plugin.lookup<Variable<Point>>('origin');

describe('struct point *', () => {
  it('takes a Pointer, a view and null', () => {
    origin.value = { x: 3, y: 4 };
    expect([f('sum_point')(origin), f('sum_point')(origin.value), f('sum_point')(null)]).toEqual([7, 7, -1]);
    f('move_point')(origin, 10);
    f('move_point')(origin.value, 10);
    expect(origin.value.x).toBe(23);
    const own = plugin.alloc('struct point[2]', [{ x: 1 }, { x: 2 }]) as Pointer<Point[]>;
    const second = own.value[1] as Point;
    f('move_point')(second, 5);
    f('move_point')(addressOf(own.value), 100);
    f('move_point')(own.cast('struct point *').offset(1), 1);
    expect(snapshot(own.value)).toEqual([
      { x: 101, y: 0 },
      { x: 8, y: 0 },
    ]);
    expect(f('sum_points')(own, 2)).toBe(109);
    expect(f('sum_points')(own.value, 2)).toBe(109);
  });

  it('takes an object, and puts back what C changed', () => {
    const point = { x: 1, y: 2 };
    f('move_point')(point, 5);
    expect(point).toEqual({ x: 6, y: 2 });
    f('scribble_const')(point);
    expect(point).toEqual({ x: 6, y: 2 });
    const points = [point, { x: 7, y: 1.5 }];
    f('grow_points')(points, 2);
    expect(points).toEqual([
      { x: 6, y: 4 },
      { x: 7, y: 3 },
    ]);
    expect(points[0]).toBe(point);
  });

  it.each([
    [{ x: 1 }, 'ERR_INVALID_ARG_VALUE', 'the field y of const struct point is missing'],
    [{ x: 1, y: 2, z: 3 }, 'ERR_INVALID_ARG_VALUE', 'has no field z; it has x, y'],
    [{ x: 1.5, y: 2 }, 'ERR_INVALID_ARG_VALUE', 'argument 1 (p).x: the number 1.5'],
    [
      [
        { x: 1, y: 2 },
        { x: '1', y: 2 },
      ],
      'ERR_INVALID_ARG_TYPE',
      'argument 1 (p)[1].x: expected a number',
    ],
    [5, 'ERR_INVALID_ARG_TYPE', 'expected a Pointer, a view, an object with its fields or null'],
    [4096n, 'ERR_INVALID_ARG_TYPE', 'got the bigint 4096n'],
    ['x', 'ERR_INVALID_ARG_TYPE', 'got the string "x"'],
    [undefined, 'ERR_INVALID_ARG_TYPE', 'got undefined'],
    [new Int32Array(4), 'ERR_INVALID_ARG_TYPE', 'the elements of Int32Array are none'],
    [plugin.lookup('plain'), 'ERR_INVALID_ARG_TYPE', 'got a Pointer of type int (*)[3]'],
    [f, 'ERR_INVALID_ARG_TYPE', 'got the function f'],
  ])('refuses %p', (value, code, message) => {
    const error = thrownBy(() => f('sum_point')(value));
    expect(error.message).toContain(message);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/^int sum_point\(const struct point \*p\): argument 1 \(p\)/);
  });
});

describe('struct shape *, nested', () => {
  const shape = (): Record<string, unknown> => ({
    corner: { x: 1, y: 2 },
    sides: [3, 4, 5],
    name: 'old',
    color: 'GREEN',
    low: 1,
    high: 2,
    title: 'title',
    next: origin,
  });

  it.each<[what: number, changed: object]>([
    [0, {}],
    [1, { corner: { x: 1, y: 0.5 } }],
    [2, { sides: [3, 42, 5] }],
    [4, { name: 'new' }],
    [8, { high: 9 }],
    [16, { color: 0 }],
    [32, { title: 'changed' }],
    [63, { corner: { x: 1, y: 0.5 }, sides: [3, 42, 5], name: 'new', high: 9, color: 0, title: 'changed' }],
  ])('change_shape(%d) changes that only', (what, changed) => {
    const given = shape();
    const { corner, sides } = given;
    f('change_shape')(given, what);
    expect(given).toEqual({ ...shape(), ...changed });
    expect([given['corner'], given['sides'], given['next']]).toEqual([corner, sides, origin]);
    expect(given['corner'] === corner && given['sides'] === sides && given['next'] === origin).toBe(true);
  });

  it('texts of its fields live during the call', () => {
    expect(f('title_length')({ ...shape(), title: 'née' })).toBe(4n);
  });
});

describe('int *', () => {
  it('takes typed arrays, arrays and Pointers; C writes into them', () => {
    const typed = Int32Array.of(1, 2, 3);
    f('double_ints')(typed, 3);
    expect(Array.from(typed)).toEqual([2, 4, 6]);
    f('double_ints')(typed.subarray(1), 1);
    expect(Array.from(typed)).toEqual([2, 8, 6]);
    const array = [1, 2, 3];
    f('double_ints')(array, 2);
    expect(array).toEqual([2, 4, 3]);
    expect([f('sum_ints')(typed, 3), f('sum_ints')(array, 3), f('sum_ints')([], 0)]).toEqual([16n, 9n, 0n]);
    const plain = plugin.lookup<Variable<Int32Array>>('plain');
    f('double_ints')(plain, 3);
    f('double_ints')(plain.value, 3);
    f('double_ints')(plain.value.subarray(2), 1);
    expect(Array.from(plain.value)).toEqual([4, 8, 24]);
    plain.value = [1, 2, 3] as never;
    const own = plugin.alloc('int[3]', [5, 6, 7]) as Pointer<Int32Array>;
    f('double_ints')(own.value, 3);
    expect(Array.from(own.value)).toEqual([10, 12, 14]);
    const one = plugin.alloc('int', 21);
    f('double_ints')(one, 1);
    expect(one.value).toBe(42);
  });

  it('takes out-parameters', () => {
    const quotient = new Int32Array(1);
    const remainder = [0];
    f('divide')(17, 5, quotient, remainder);
    expect([quotient[0], remainder[0]]).toEqual([3, 2]);
    const text = [null] as unknown[];
    f('set_text')(text);
    expect(String(text[0])).toBe('set by C');
    const pointer = plugin.alloc('char *') as Pointer;
    f('set_text')(pointer);
    expect(String(pointer.value)).toBe('set by C');
  });

  it.each([
    [new Uint32Array(3), 'the elements of Uint32Array are none'],
    [new Float64Array(3), 'the elements of Float64Array are none'],
    [new BigInt64Array(3), 'the elements of BigInt64Array are none'],
    [Buffer.alloc(12), 'the elements of Buffer are none'],
    [new DataView(new ArrayBuffer(12)), 'the elements of DataView are none'],
    [[1, 2.5], 'argument 1 (p)[1]: the number 2.5 is no int'],
    [[1, 'x'], 'argument 1 (p)[1]: expected a number'],
    [{ x: 1 }, 'expected a Pointer, a typed array, an array or null for int *, got an object'],
    [0, 'got the number 0'],
    [new ArrayBuffer(8), 'got an instance of ArrayBuffer'],
    [origin, 'expected int *, got a Pointer of type struct point *'],
  ])('refuses %p', (value, message) => {
    expect(thrownBy(() => f('double_ints')(value, 0)).message).toContain(message);
  });

  it('refuses memory that is mapped read-only where C may write', () => {
    const fixed = plugin.lookup<Variable<ArrayLike<number>>>('fixed');
    expect(f('sum_ints')(fixed, 2)).toBe(3n);
    expect(f('sum_ints')(fixed.value, 2)).toBe(3n);
    for (const value of [fixed, fixed.value, fixed.cast('int *')]) {
      expect(thrownBy(() => f('double_ints')(value, 2))).toMatchObject({ code: 'ERR_READ_ONLY' });
      expect(thrownBy(() => f('fill')(value, 0, 8n))).toMatchObject({ code: 'ERR_READ_ONLY' });
    }
    expect(f('checksum')(fixed, 8n)).not.toBe(0);
  });
});

describe('other elements', () => {
  it('double, long, bool', () => {
    const doubles = Float64Array.of(1, 2);
    f('halve')(doubles, 2);
    expect(Array.from(doubles)).toEqual([0.5, 1]);
    const longs = BigInt64Array.of(1n, -2n);
    f('negate')(longs, 2);
    expect(Array.from(longs)).toEqual([-1n, 2n]);
    const mixed = [1, 2n];
    f('negate')(mixed, 1);
    expect(mixed).toEqual([-1n, 2n]);
    expect([f('all')([true, true], 2), f('all')([true, false], 2)]).toEqual([true, false]);
    expect(thrownBy(() => f('all')(Uint8Array.of(1), 1)).message).toContain(
      'the elements of Uint8Array are none',
    );
  });

  it('memory of C as a Pointer to it does: bytes of any kind are text', () => {
    const source = `unsigned char bytes[8] = "abc"; const unsigned char fixed[4] = "de"; int numbers[2];
      int length(const char *s) { int n = 0; while (s[n]) n++; return n; }
      void upper(char *s) { for (; *s; s++) *s -= 32; }\n`;
    const p = open(compile(source));
    const [bytes, fixed, numbers] = ['bytes', 'fixed', 'numbers'].map((name) => p.lookup<Variable>(name)) as [
      Variable<Uint8Array>,
      Variable<number[]>,
      Variable<Int32Array>,
    ];
    const length = (text: unknown): unknown => p.lookup('length')(text);
    const upper = (text: unknown): unknown => p.lookup('upper')(text);
    expect([length(bytes), length(bytes.value), length(fixed), length(fixed.value)]).toEqual([3, 3, 2, 2]);
    upper(bytes.value);
    expect(bytes.value[0]).toBe(65);
    expect(thrownBy(() => upper(fixed.value))).toMatchObject({ code: 'ERR_READ_ONLY' });
    expect(thrownBy(() => length(numbers.value)).message).toContain('got memory of type int *');
  });

  it('rows, for a parameter of two dimensions', () => {
    const matrix = [
      [1, 2, 3],
      [4, 5, 6],
    ];
    expect(f('sum_matrix')(matrix, 2)).toBe(21);
    expect(matrix).toEqual([
      [2, 3, 4],
      [5, 6, 7],
    ]);
    expect(f('sum_matrix')([1, 2, 3], 1)).toBe(6);
    expect(f('sum_matrix')(Int32Array.of(1, 2, 3, 4, 5, 6), 2)).toBe(21);
    expect(thrownBy(() => f('sum_matrix')([[1, 2]], 1)).message).toContain('takes 3 elements, got 2');
  });

  it('refuses an array whose memory was transferred away', () => {
    const gone = Int32Array.of(1, 2);
    structuredClone(gone, { transfer: [gone.buffer] });
    for (const name of ['double_ints', 'sum_ints']) {
      expect(thrownBy(() => f(name)(gone, 2)).message).toContain(
        '(p): the memory of this array was transferred away',
      );
    }
    expect(f('sum_ints')(new Int32Array(0), 0)).toBe(0n);
  });

  class Numbers extends Int32Array {}
  it('typed arrays by their kind, whatever their class', () => {
    const numbers = Numbers.of(1, 2);
    f('double_ints')(numbers, 2);
    expect(Array.from(numbers)).toEqual([2, 4]);
  });
});

describe('void *', () => {
  it('takes any memory', () => {
    const buffer = Buffer.alloc(4);
    f('fill')(buffer, 7, 4n);
    expect([...buffer]).toEqual([7, 7, 7, 7]);
    const view = new DataView(new ArrayBuffer(8), 2, 4);
    f('fill')(view, 1, 4);
    expect([...new Uint8Array(view.buffer)]).toEqual([0, 0, 1, 1, 1, 1, 0, 0]);
    const own = plugin.alloc('struct point') as Pointer<Point>;
    f('fill')(own, 1, 4);
    f('fill')(own.value, 1, 4);
    expect(own.value.x).toBe(0x01010101);
    expect(f('checksum')(Float32Array.of(1), 4n)).toBe(f('checksum')(Buffer.from([0, 0, 0x80, 0x3f]), 4n));
    expect(f('same')(null)).toBeNull();
    expect((f('same')(origin) as Pointer).address).toBe(origin.address);
    expect((f('same')(own) as Pointer).address).toBe(own.address);
  });

  it.each([
    [5, 'got the number 5'],
    [5n, 'got the bigint 5n'],
    ['text', 'got the string "text"'],
    [{ x: 1 }, 'got an object'],
    [[1, 2], 'got an array of 2'],
    [undefined, 'got undefined'],
  ])('refuses %p', (value, message) => {
    expect(thrownBy(() => f('same')(value)).message).toContain(message);
  });
});

it('a pointer that C returns leads into the memory it was given', () => {
  const plain = plugin.lookup<Variable<Int32Array>>('plain');
  const found = f('find')(plain, 3, 2) as Pointer<number>;
  expect(found.address - plain.address).toBe(4n);
  found.value = 20;
  expect(plain.value[1]).toBe(20);
  plain.value[1] = 2;
  expect(f('find')(plain, 3, 99)).toBeNull();
});

it('wild pointers are passed as they are: C may have a use for them', () => {
  const wild = origin.cast('char *').offset(0);
  expect((f('same')(wild) as Pointer).equals(origin)).toBe(true);
});

describe('memory that is too small', () => {
  const long = (given: number, wanted: number): object => ({
    name: 'RangeError',
    code: 'ERR_OUT_OF_RANGE',
    message: expect.stringMatching(
      new RegExp(`leads to ${wanted} bytes, this memory has ${given}$`),
    ) as string,
  });

  it('is refused as an argument', () => {
    const three = plugin.alloc('int[3]') as Pointer<Int32Array>;
    for (const value of [
      three,
      three.value,
      three.cast('int *'),
      new Int32Array(3),
      three.cast('int (*)[4]'),
    ])
      expect(thrownBy(() => f('sum_row')(value))).toEqual(long(12, 16));
    const four = plugin.alloc('int[4]', [1, 2, 3, 4]) as Pointer<Int32Array>;
    for (const value of [four, four.value, four.cast('int *'), Int32Array.of(1, 2, 3, 4)])
      expect(f('sum_row')(value)).toBe(10n);
    expect(thrownBy(() => f('sum_row')(four.cast('int *').offset(1)))).toEqual(long(12, 16));
    expect(thrownBy(() => f('clear_big')(four.cast('struct big *')))).toEqual(long(16, 40));
    expect(thrownBy(() => f('clear_big')(four.cast('void *')))).toEqual(long(16, 40));
    expect(thrownBy(() => f('id')(addressOf(origin.value, 'y').cast('void *')))).toEqual(long(8, 16));
    expect(thrownBy(() => f('double_ints')(plugin.alloc('char[3]').cast('int *'), 0))).toEqual(long(3, 4));
  });

  it('is refused in a pointer variable', () => {
    const four = plugin.lookup<Variable<Pointer | null>>('four');
    expect(thrownBy(() => (four.value = plugin.lookup('plain')))).toEqual(long(12, 16));
    four.value = plugin.alloc('int[5]');
    four.value = null;
  });

  it('may be none at all: an empty array, and one past the end', () => {
    expect(f('sum_ints')(new Int32Array(0), 0)).toBe(0n);
    const end = plugin.lookup<Variable>('plain').cast('int *').offset(3);
    expect(f('sum_ints')(end, 0)).toBe(0n);
    expect(f('length')(Buffer.from('\0'))).toBe(0n);
  });
});

it('an array that holds itself is no number', () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  expect(thrownBy(() => f('double_ints')(cyclic, 1)).code).toBe('ERR_INVALID_ARG_TYPE');
  expect(thrownBy(() => f('sum_points')(cyclic, 1)).code).toBe('ERR_INVALID_ARG_TYPE');
  expect(thrownBy(() => f('sum_matrix')(cyclic, 1)).code).toBe('ERR_OUT_OF_RANGE');
  expect(thrownBy(() => f('sum_row')(cyclic)).code).toBe('ERR_OUT_OF_RANGE');
});

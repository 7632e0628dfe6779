import { inspect } from 'node:util';
import { Pointer, sizeOf, snapshot, typeOf } from '../../index.js';
import type { Variable } from '../../index.js';
import { childValue } from '../../testing/run-child.js';
import { openFixture, thrownBy } from '../../testing/fixture.js';

const plugin = openFixture('values/pointers.c');
const variable = <T>(name: string): Variable<T> => plugin.lookup<Variable<T>>(name);
const call = (name: string, ...args: unknown[]): unknown =>
  plugin.lookup<(...args: unknown[]) => unknown>(name)(...args);

interface Point {
  x: number;
  y: number;
}
type IntPointer = Pointer<number>;
const numbers = variable<Int32Array>('numbers');
const cursor = variable<IntPointer | null>('cursor');
const at = (): IntPointer => cursor.value as IntPointer;
const first = (): IntPointer => numbers.cast('int *') as IntPointer;

beforeEach(() => {
  cursor.value = first().offset(1);
});

it('takes no property that it does not have', () => {
  const assigned = Object.assign.bind(undefined, numbers as object);
  expect(thrownBy(() => assigned({ x: 1 }) as unknown)).toMatchObject({
    code: 'ERR_INVALID_ARG_VALUE',
    message: 'numbers: a Pointer has no x to be set; what it points to is its .value',
  });
  expect(numbers).toBeInstanceOf(Object);
});

describe("C's p[1], p->x and p - 1", () => {
  const point = (): Pointer => variable<Pointer>('spot').value;
  it.each<[what: string, read: () => unknown, message: string]>([
    ['an element', () => Reflect.get(at(), '1') as unknown, '(int *): a Pointer has no 1; that is .at(1)'],
    [
      'of an array',
      () => Reflect.get(numbers, '1') as unknown,
      'numbers: a Pointer has no 1; that is .value[1]',
    ],
    [
      'a member',
      () => Reflect.get(point(), 'x') as unknown,
      '(struct point *): a Pointer has no x; that is .value.x',
    ],
  ])('%s is not undefined but refused', (_, read, message) => {
    expect(thrownBy(read)).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE', message });
  });

  it('is no number, and text where text is wanted', () => {
    const message =
      'numbers: a Pointer is no number; what it points to is its .value, a place n elements further .offset(n)';
    const pointer: unknown = numbers;
    const code = 'ERR_INVALID_ARG_VALUE';
    expect(thrownBy(() => (pointer as number) * 2)).toMatchObject({ name: 'TypeError', code, message });
    expect(thrownBy(() => (pointer as number) < 2)).toMatchObject({ code, message });
    expect('at ' + (pointer as string)).toBe(`at ${String(numbers)}`);
  });

  it('leaves alone what others ask any object for', async () => {
    expect([Reflect.get(point(), 'z'), Reflect.get(point(), 'length')]).toEqual([undefined, undefined]);
    expect(Reflect.get(Pointer.prototype, 'x')).toBeUndefined();
    expect(Reflect.get(Object.create(point()) as object, 'x')).toBeUndefined();
    expect(await (point() as unknown)).toBeInstanceOf(Pointer);
  });
});

describe('a pointer that C set', () => {
  it('is read, followed and moved as in C', () => {
    variable<IntPointer | null>('cursor').value = first().offset(1);
    expect(call('index_of_cursor')).toBe(1);
    const p = at();
    expect([p.value, p.at(0), p.at(1), p.at(-1), p.at(3)]).toEqual([11, 11, 12, 10, 14]);
    expect([p.offset(2).value, p.offset(-1).value, p.offset(2).offset(-2).value]).toEqual([13, 10, 11]);
    expect(p.offset(2).address - p.address).toBe(8n);
    expect(p.equals(numbers.cast('int *').offset(1))).toBe(true);
    expect([p.equals(p.offset(1)), p.equals(null)]).toEqual([false, false]);
  });

  it('writes C memory', () => {
    const p = at();
    p.value = 21;
    p.set(1, 22);
    p.set(-1, 20);
    expect(Array.from(numbers.value)).toEqual([20, 21, 22, 13, 14]);
    expect(call('read_cursor')).toBe(21);
    numbers.value = [10, 11, 12, 13, 14] as never;
    expect(p.value).toBe(11);
  });

  it('knows its type', () => {
    const p = at();
    expect([String(p.type), String(typeOf(p)), sizeOf(p), p.type.size]).toEqual(['int', 'int *', 8, 4]);
    expect(typeOf(p)).toBe(typeOf(p.offset(1)));
    expect([p.name, cursor.name]).toEqual([undefined, 'cursor']);
    expect(p).toBeInstanceOf(Pointer);
  });

  it('leads through pointers to pointers', () => {
    const deeper = variable<Pointer<Pointer<IntPointer>>>('deeper');
    expect(deeper.value.value.value.value).toBe(11);
    deeper.value.value.value = at().offset(2);
    expect(call('read_cursor')).toBe(13);
    expect(String(deeper.type)).toBe('int ***');
    variable<Pointer<IntPointer>>('deep').value.value.value = 33;
    expect(call('read_cursor')).toBe(33);
    numbers.value[3] = 13;
  });

  it('points to structs, arrays, enums and bool', () => {
    const spot = variable<Pointer<Point>>('spot').value;
    expect(snapshot(spot.value)).toEqual({ x: 3, y: 4 });
    expect(spot.at(-1).x).toBe(1);
    spot.set(-1, { x: 5, y: 6 });
    expect(snapshot(variable('points').value)).toEqual([
      { x: 5, y: 6 },
      { x: 3, y: 4 },
    ]);
    const row = variable<Pointer<Int32Array>>('row').value;
    expect([row.value.length, row.value[4]]).toEqual([5, 14]);
    const color = variable<Pointer<string | number>>('to_color').value;
    color.value = 'RED';
    expect(variable('color').value).toBe(0);
    expect(thrownBy(() => (color.value = 'BLUE')).message).toContain('its enumerators are RED, GREEN');
    variable<Pointer<boolean>>('to_flag').value.value = true;
    expect(variable('flag').value).toBe(true);
  });

  it('is null for address 0', () => {
    expect(variable('nothing').value).toBeNull();
    cursor.value = null;
    expect(call('read_cursor')).toBe(-1);
  });

  it.each([
    [1, 'expected a Pointer or null for int *, got the number 1'],
    [10n, 'got the bigint 10n'],
    [undefined, 'got undefined'],
    ['x', 'got the string "x"'],
    [[1], 'got an array of 1'],
    [{}, 'got an object'],
  ])('refuses %p', (value, message) => {
    const error = thrownBy(() => (cursor.value = value as never));
    expect(error.code).toBe('ERR_INVALID_ARG_TYPE');
    expect(error.message).toContain(message);
    expect(call('index_of_cursor')).toBe(1);
  });

  it('takes pointers of its own type only, or void *', () => {
    const error = thrownBy(() => (cursor.value = variable('number') as never));
    expect(error.message).toBe(
      "cursor: expected int *, got a Pointer of type double *; cast it if that is meant: p.cast('int *')",
    );
    cursor.value = variable<IntPointer>('anything').value;
    expect(call('index_of_cursor')).toBe(0);
    cursor.value = variable('number').cast('int *') as IntPointer;
    cursor.value = numbers as never;
    expect(call('index_of_cursor')).toBe(0);
  });
});

describe('bounds', () => {
  it('a variable can not be left', () => {
    const p = first();
    expect([p.at(4), p.offset(5).address - p.address]).toEqual([14, 20n]);
    const text = '(int *)[5]: outside the memory it points into: [0] to [4] are there';
    expect(thrownBy(() => p.at(5))).toEqual({ name: 'RangeError', code: 'ERR_OUT_OF_RANGE', message: text });
    for (const leave of [
      () => p.at(-1),
      () => {
        p.set(5, 1);
      },
      () => p.offset(6),
      () => p.offset(-1),
      () => p.offset(5).value,
      () => p.view(6),
      () => p.offset(1).view(5),
      () => numbers.at(1),
      () => variable<number>('number').at(1),
      () => variable<Point>('points').cast('struct point *').at(2),
      () => numbers.cast('char *').at(20),
      () => p.view(-1),
    ]) {
      expect(thrownBy(leave)).toMatchObject({ name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });
    }
    expect(numbers.cast('char *').at(19)).toBe(0);
  });

  it.each([1.5, NaN, '1', 1n, undefined])('an index is an integer, not %p', (index) => {
    expect(thrownBy(() => at().offset(index as never)).code).toBe('ERR_INVALID_ARG_TYPE');
    expect(thrownBy(() => at().at(index as never)).code).toBe('ERR_INVALID_ARG_TYPE');
  });
});

it('arithmetic wraps around the address space, as the machine does', () => {
  const spot = variable<Pointer<Point>>('spot').value;
  const far = spot.offset(-(2 ** 47));
  expect(far.address).toBe(BigInt.asUintN(64, spot.address - 2n ** 50n));
  expect(far.offset(2 ** 47).equals(spot)).toBe(true);
  expect(thrownBy(() => far.value).code).toBe('ERR_PLUGIN_BAD_ADDRESS');
  expect(thrownBy(() => spot.at(-(2 ** 47))).code).toBe('ERR_PLUGIN_BAD_ADDRESS');
  expect(inspect(far)).toMatch(/^\(struct point \*\)0x[0-9a-f]+ = <bad address>$/);
});

describe('view', () => {
  it('is a typed array over the memory', () => {
    const view = at().view(3) as Int32Array;
    expect(Array.from(view)).toEqual([11, 12, 13]);
    view[0] = 99;
    expect(numbers.value[1]).toBe(99);
    numbers.value[1] = 11;
    expect(view[0]).toBe(11);
    expect((first().view() as Int32Array).length).toBe(5);
    expect((first().offset(3).view() as Int32Array).length).toBe(2);
    expect(at().view(0)).toHaveLength(0);
    const unbounded = variable<Pointer<Point>>('spot').value;
    expect(thrownBy(() => unbounded.view()).message).toContain('is not known: give the length');
    expect(unbounded.view(1)[0]).toMatchObject({});
  });

  it('of structs, pointers and enums is a live array-like', () => {
    const points = variable<Point>('points').cast('struct point *').view(2) as unknown as Point[];
    (points[0] as Point).x = 77;
    expect(variable<Point[]>('points').value[0]?.x).toBe(77);
    const colors = variable<Pointer>('to_color').value.view(1) as unknown as unknown[];
    colors[0] = 'GREEN';
    expect([...colors]).toEqual([1]);
  });
});

describe('cast', () => {
  it('reads the same memory as another type', () => {
    numbers.value[0] = 0x01020304;
    const bytes = numbers.cast('unsigned char *') as IntPointer;
    expect([0, 1, 2, 3].map((i) => bytes.at(i))).toEqual([4, 3, 2, 1]);
    expect(numbers.cast('long *').value).toBe(0x0000000b_01020304n);
    expect(String(numbers.cast('const struct point *').type)).toBe('const struct point');
    numbers.value[0] = 10;
  });

  it('takes a pointer type that is known', () => {
    expect(thrownBy(() => at().cast('int')).message).toBe(
      "cast('int'): int is no pointer type: write the pointer type, as in C",
    );
    expect(thrownBy(() => at().cast('struct nothing *')).message).toContain(
      "there is no 'struct nothing' here",
    );
    expect(thrownBy(() => variable<Pointer>('anything').value.value).message).toContain(
      'void has no value: cast the pointer to what it really points to',
    );
  });
});

describe('printing', () => {
  const hex = (p: Pointer): string => `0x${p.address.toString(16)}`;

  it('shows type, address and value, as C', () => {
    const p = at();
    expect(inspect(p)).toBe(`(int *)${hex(p)} = 11`);
    expect(String(p)).toBe(`(int *) ${hex(p)}`);
    const anything = variable<Pointer>('anything').value;
    expect(inspect(anything)).toBe(`(void *)${hex(anything)}`);
    expect(inspect(variable('points').value)).toBe(
      '(struct point[2]){ { .x = 77, .y = 6 }, { .x = 3, .y = 4 } }',
    );
  });
});

describe('in Jest', () => {
  it.each<[string, () => unknown]>([
    ['a number', first],
    ['an array', () => numbers],
  ])('a pointer to %s is compared, and what differs is shown', (_, pointer) => {
    const { message } = thrownBy(() => {
      expect({ at: pointer() }).toEqual({ at: { value: 'other' } });
    });
    expect(message.replaceAll(/\x1b\[\d+m/g, '')).toMatch(/-     "value": "other",\n-   },\n\+   "at": "0x/);
    expect(first()).toMatchObject({ value: first().value });
  });
});

describe('wild pointers', () => {
  const source = `
    import { inspect } from 'node:util';
    import { openFixture, thrownBy } from '#lib/testing/fixture.js';
    const plugin = openFixture('values/pointers.c');
    const names = ['wild', 'wild_text', 'wild_point', 'wild_row'];
    const wild = names.map((name) => plugin.lookup(name).value);
    wild.push(plugin.lookup('no_access')(), plugin.lookup('last_int')().offset(1));
    const bad = (action) => thrownBy(action).code;
    const code = 'ERR_PLUGIN_BAD_ADDRESS';
    const failures = wild.flatMap((p, i) => [
      [i, 'value', bad(() => p.value)],
      [i, 'at', bad(() => p.at(2))],
      [i, 'set', bad(() => p.set(0, 1))],
      [i, 'write', bad(() => { p.value = 1; })],
      [i, 'view', bad(() => p.view(4))],
      [i, 'cString', bad(() => p.cast('char *').cString())],
    ]).filter((f) => f[2] !== code);
    const across = plugin.lookup('last_int')();
    console.log(JSON.stringify({
      failures,
      printed: wild.slice(0, 4).map((p) => inspect(p).replace(/0x[0-9a-f]+/, 'ADDRESS')),
      string: bad(() => plugin.lookup('wild_string').value),
      shown: inspect(plugin.lookup('wild_string')).replace(/0x[0-9a-f]+/, 'ADDRESS'),
      across: [across.value, bad(() => across.at(1)), bad(() => across.view(2)), bad(() => across.cast('long *').value)],
    }));
  `;

  it('are ERR_PLUGIN_BAD_ADDRESS when followed, and print', () => {
    expect(childValue(source)).toEqual({
      failures: [],
      printed: [
        '(int *)ADDRESS = <bad address>',
        '(char *)ADDRESS <bad address>',
        '(struct point *)ADDRESS = <bad address>',
        '(int (*)[4])ADDRESS = <bad address>',
      ],
      string: 'ERR_PLUGIN_BAD_ADDRESS',
      shown: '(const char **)ADDRESS = 0xdead0000beef <bad address>',
      across: [0, 'ERR_PLUGIN_BAD_ADDRESS', 'ERR_PLUGIN_BAD_ADDRESS', 'ERR_PLUGIN_BAD_ADDRESS'],
    });
  });
});

it("a thread-local variable is each thread's own", () => {
  const source = `
    import { isMainThread, parentPort } from 'node:worker_threads';
    import { openFixture } from '#lib/testing/fixture.js';
    import { inWorkers } from '#lib/testing/run-child.js';
    const plugin = openFixture('values/pointers.c');
    const V = plugin.lookup('per_thread');
    const read = plugin.lookup('read_per_thread');
    if (isMainThread) {
      V.value = 55;
      void inWorkers(2, __filename).then((seen) => {
        console.log(JSON.stringify([V.value, read(), ...seen]));
      });
    } else {
      const before = V.value;
      V.value = 7;
      parentPort.postMessage([before, read(), V.value]);
    }
  `;
  expect(childValue(source)).toEqual([55, 55, [5, 7, 7], [5, 7, 7]]);
});

import { inspect } from 'node:util';
import { callback, cast, free, Pointer } from '../../index.js';
import type { CValue, Variable } from '../../index.js';
import { openFixture, thrownBy } from '../../testing/fixture.js';

/* `cast`, which is C's; `callback` is in callback.test.ts. */

type Call = (...args: unknown[]) => unknown;

const plugin = openFixture('calls/variadic.c');
const f = (name: string): Call => plugin.lookup(name);
const value = (type: string, of: unknown): unknown => (cast(type, of) as CValue).value;

/** A cast as C writes it, and as JavaScript. */
const INTEGERS: [type: string, c: string, js: unknown][] = [
  ...[
    'char',
    'signed char',
    'unsigned char',
    'short',
    'unsigned short',
    'int',
    'unsigned',
    'long',
    'unsigned long',
  ].flatMap((type): [string, string, unknown][] => [
    [type, '300', 300],
    [type, '-1', -1],
    [type, '0x123456789abcdefLL', 0x123456789abcdefn],
    [type, '-0x123456789abcdefLL', -0x123456789abcdefn],
    [type, '4294967301LL', 4294967301],
    [type, '-2147483649LL', -2147483649],
    [type, '(_Bool)1', true],
    [type, '99.99', 99.99],
    [type, '0.999', 0.999],
    [type, '-0.0', -0],
  ]),
  ['long', '-1e15 + 0.5', -1e15 + 0.5],
  ['int', '-99.99', -99.99],
  ['signed char', '-0.999', -0.999],
  ['unsigned long', '18446744073709551615ULL', 2n ** 64n - 1n],
  ['long long', '9223372036854775807LL', 2n ** 63n - 1n],
  ['_Bool', '5', 5],
  ['_Bool', '0.1', 0.1],
  ['_Bool', '-0.0', -0],
  ['_Bool', '0', 0],
];
const FLOATS: [type: string, c: string, js: unknown][] = [
  ['float', '0.1', 0.1],
  ['float', '1e39', 1e39],
  ['float', '16777217', 16777217],
  ['float', '1e-46', 1e-46],
  ['double', '0.1', 0.1],
  ['double', '5', 5],
  ['double', '5LL', 5n],
  ['double', '9007199254740993LL', 9007199254740993n],
  ['float', '16777217LL', 16777217n],
];

describe('a number is what C makes of it', () => {
  const c = openFixture(
    `
    const char *bits(int which) {
      static char text[100];
      long bits = 0;
      switch (which) {
      ${INTEGERS.map(([type, text], i) => `case ${i}: bits = (long)(${type})(${text}); __builtin_sprintf(text, (${type})-1 > 0 ? "%lu" : "%ld", bits); break;`).join('\n')}
      ${FLOATS.map(([type, text], i) => `case ${1000 + i}: __builtin_sprintf(text, "%.17g", (double)(${type})(${text})); break;`).join('\n')}
      }
      return text;
    }`,
    { flags: ['-g', '-shared', '-fPIC', '-w'] },
  ).lookup<(which: number) => string>('bits');

  it.each(INTEGERS.map((row, i): [string, string, unknown, number] => [...row, i]))(
    '(%s)%s',
    (type, _, js, i) => {
      expect(String(BigInt(value(type, js) as number | bigint | boolean))).toBe(c(i));
    },
  );

  it.each(FLOATS.map((row, i): [string, string, unknown, number] => [...row, i]))(
    '(%s)%s',
    (type, _, js, i) => {
      expect(value(type, js)).toBe(Number(c(1000 + i).replace('inf', 'Infinity')));
    },
  );

  it('128 bits', () => {
    expect(value('__int128', -5)).toBe(-5n);
    expect(value('unsigned __int128', -1)).toBe(2n ** 128n - 1n);
    expect(value('__int128', 2n ** 127n)).toBe(-(2n ** 127n));
  });

  it('of 64 bits a bigint, of fewer a number', () => {
    expect([value('long', 5), value('int', 5n), value('unsigned char', 5n)]).toEqual([5n, 5, 5]);
    expect(value('size_t', -1)).toBe(2n ** 64n - 1n);
  });
});

it.each<[type: unknown, of: unknown, name: string]>([
  ['int', NaN, 'RangeError'],
  ['int', Infinity, 'RangeError'],
  ['int', '5', 'TypeError'],
  ['int', undefined, 'TypeError'],
  ['int', null, 'TypeError'],
  ['int', {}, 'TypeError'],
  ['_Bool', undefined, 'TypeError'],
  ['_Bool', 'false', 'TypeError'],
  ['_Bool', {}, 'TypeError'],
  ['double', '5', 'TypeError'],
  ['double', undefined, 'TypeError'],
  ['double _Complex', 5, 'TypeError'],
  ['double _Complex', { re: 1 }, 'TypeError'],
  ['int *', 'text', 'TypeError'],
  ['int *', undefined, 'TypeError'],
  ['int *', {}, 'TypeError'],
  ['int *', 1.5, 'TypeError'],
  ['int *', 2 ** 53, 'TypeError'],
  ['int (*)(int)', () => 1, 'TypeError'],
  ['void', 5, 'PluginError'],
  ['int (int)', 5, 'PluginError'],
  ['int (', 5, 'TypeError'],
  ['struct point', { x: 1, y: 2 }, 'TypeError'],
  [5, 5, 'TypeError'],
  [undefined, 5, 'TypeError'],
])('cast(%p, %p) is refused with a code', (type, of, name) => {
  const error = thrownBy(() => cast(type as string, of));
  expect([error.name, typeof error.code]).toEqual([name, 'string']);
});

describe('a typed value', () => {
  it('counts and shows as what it is', () => {
    expect((cast('int', 5) as unknown as number) + 1).toBe(6);
    expect((cast('long', 5) as unknown as bigint) + 1n).toBe(6n);
    expect(String(cast('unsigned char', 300))).toBe('(unsigned char)44');
    expect(inspect(cast('long', 7))).toBe('(long)7');
    expect(String((cast('unsigned', 7) as CValue).type)).toContain('unsigned');
    expect(value('int', cast('signed char', 300))).toBe(44);
    expect(thrownBy(() => cast('int[2]', [1, 2]))).toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
      message: 'cast: C has no cast to an array, int[2]: cast to a pointer to its elements',
    });
  });

  it('of a struct is checked at once', () => {
    const point = plugin.type('struct point');
    expect((cast(point, { x: 1, y: 2 }) as CValue).value).toEqual({ x: 1, y: 2 });
    for (const wrong of [{ x: 1 }, { x: 1, y: 2, z: 3 }, { x: 1.5, y: 2 }, 5, null])
      expect(thrownBy(() => cast(point, wrong)).name).toMatch(/^(Type|Range)Error$/);
  });

  it('goes where a value of its type does', () => {
    expect(f('plain')(cast('int', 5))).toBe(15);
  });
});

describe('a pointer', () => {
  it('to another type of the same memory, with its bounds', () => {
    const own = plugin.alloc('int[2]', [1, -1]) as Pointer;
    const bytes = cast('unsigned char *', own) as Pointer<number>;
    expect([bytes.at(0), bytes.at(4), bytes.at(7)]).toEqual([1, 255, 255]);
    expect(thrownBy(() => bytes.at(8)).code).toBe('ERR_OUT_OF_RANGE');
    expect(bytes.equals(own)).toBe(true);
    const point = cast(plugin.type('struct point *'), own) as Pointer<{ x: number; y: number }>;
    expect(point.value.y).toBe(-1);
  });

  it('from an address, null from none', () => {
    const number = plugin.lookup<Variable<number>>('number');
    const again = cast('int *', number.address) as Pointer<number>;
    expect([again.value, again.equals(number)]).toEqual([number.value, true]);
    expect([cast('int *', null), cast('int *', 0), cast('int (*)(int)', null)]).toEqual([null, null, null]);
    const marks = [cast('void *', -1), cast('void *', 2n ** 64n - 1n)] as [Pointer, Pointer];
    expect(marks.map((m) => m.address)).toEqual([2n ** 64n - 1n, 2n ** 64n - 1n]);
    expect(thrownBy(() => (cast('int *', -1) as Pointer).value).code).toBe('ERR_PLUGIN_BAD_ADDRESS');
  });

  it('to memory that was freed stays refused', () => {
    const p = plugin.malloc('int[4]') as Pointer;
    const other = cast('char *', p) as Pointer;
    free(p);
    expect(thrownBy(() => other.value).code).toBe('ERR_PLUGIN_BAD_ADDRESS');
    expect(thrownBy(() => (cast('char *', p) as Pointer).value).code).toBe('ERR_PLUGIN_BAD_ADDRESS');
  });

  it('to a function is the function', () => {
    const plain = plugin.lookup<Call & { address: bigint }>('plain');
    for (const from of [plain, plain.address, cast('void *', plain.address)])
      expect((cast('int (*)(int)', from) as Call)(7)).toBe(21);
    using lasting = callback((x: number) => x + 1, 'int (int)');
    expect((cast('int (*)(int)', lasting) as Call)(7)).toBe(8);
    const mark = cast('void (*)(void *)', -1) as Call;
    expect(thrownBy(() => mark(null)).code).toBe('ERR_PLUGIN_BAD_ADDRESS');
  });

  it('marks of a library’s own are passed on, and not called here', () => {
    // SQLITE_TRANSIENT is ((sqlite3_destructor_type)-1).
    const library = openFixture(`
      typedef void (*destructor)(void *);
      long which(destructor d) { return (long)d; }
      struct options { destructor d; } options;
    `);
    const mark = cast('void (*)(void *)', -1);
    expect(library.lookup<Call>('which')(mark)).toBe(-1n);
    const options = library.lookup<Variable<{ d: unknown }>>('options');
    options.value.d = mark;
    expect(library.lookup<Call>('which')(options.value.d)).toBe(-1n);
  });
});

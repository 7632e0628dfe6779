import { callback, cast, findLibrary, open } from '../../index.js';
import type { Pointer, Variable } from '../../index.js';
import { openFixture, thrownBy } from '../../testing/fixture.js';
import { compile } from '../../testing/tools.js';

type Call = (...args: unknown[]) => unknown;

const plugin = openFixture('calls/variadic.c');
const f = (name: string): Call => plugin.lookup(name);
const calls = plugin.lookup<Variable<number>>('calls');
const say = f('say');
const take = f('take');
const type = (name: string): ReturnType<typeof plugin.type> => plugin.type(name);

/** A format, the arguments as C has them, and as JavaScript. */
const PRINTED: [format: string, c: string, js: unknown[]][] = [
  ['plain', '', []],
  ['%d', '42', [42]],
  ['%d %i %u', '-1, 0, 7', [-1, -0, 7]],
  ['%d %d', '2147483647, -2147483647 - 1', [2 ** 31 - 1, -(2 ** 31)]],
  ['%d', '1', [true]],
  ['%lld', '2147483648LL', [2 ** 31]],
  [
    '%lld %lld',
    '-9007199254740991LL, 9007199254740991LL',
    [-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ],
  ['%lld %lld', '9223372036854775807LL, -9223372036854775807LL - 1', [2n ** 63n - 1n, -(2n ** 63n)]],
  ['%lld', '5LL', [5n]],
  ['%llu', '18446744073709551615ULL', [2n ** 64n - 1n]],
  ['%ld %lu', '-5L, 5UL', [cast('long', -5), cast('unsigned long', 5)]],
  ['%lu', 'ULONG_MAX', [cast('unsigned long', -1)]],
  ['%zu %zd', '(size_t)7, (ssize_t)-7', [cast('size_t', 7), cast('ssize_t', -7)]],
  [
    '%hhd %hhu',
    '(signed char)300, (unsigned char)300',
    [cast('signed char', 300), cast('unsigned char', 300)],
  ],
  ['%hd %hu', '(short)70000, (unsigned short)-1', [cast('short', 70000), cast('unsigned short', -1)]],
  ['%u %x', '4294967295u, 0xdeadbeefu', [cast('unsigned', -1), cast('unsigned int', 0xdeadbeef)]],
  ['%d', '(_Bool)5', [cast('_Bool', 5)]],
  ['%c%c%c', "'a', 66, 0x7a", [97, 66, 0x7a]],
  ['%c', "(char)'!'", [cast('char', 33)]],
  ['%f %g %e', '0.5, 1.25, -1e300', [0.5, 1.25, -1e300]],
  ['%f %f', '1.0, (double)3', [cast('double', 1), cast('double', 3)]],
  ['%a %a %a', '0.1, 5e-324, -0.0', [0.1, 5e-324, cast('double', -0)]],
  ['%f %f', '(double)INFINITY, (double)-INFINITY', [Infinity, -Infinity]],
  ['%d', '!!__builtin_isnan(NAN)', [1]],
  ['%a', '(double)0.1f', [cast('float', 0.1)]],
  ['%Lf %La', '1.5L, -2.0L', [cast('long double', 1.5), cast('long double', -2)]],
  ['%d %Lf %d', '1, 1.5L, 2', [1, cast('long double', 1.5), 2]],
  ['%s|%s|%5s|%.2s', '"one", "n\\303\\251e", "x", "long"', ['one', 'née', 'x', 'long']],
  ['%s', '""', ['']],
  ['%*d|%-*d|%.*f', '5, 42, 5, 42, 2, 3.14159', [5, 42, 5, 42, 2, 3.14159]],
  ['%p', '(void *)0', [null]],
  ['%p', '(void *)0x1234', [cast('void *', 0x1234)]],
  ['%%%d%%', '5', [5]],
  ['%d %d %d %d %d %d %d %d %d %d', '1, 2, 3, 4, 5, 6, 7, 8, 9, 10', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
  [
    '%g %g %g %g %g %g %g %g %g %g',
    '.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5',
    Array.from({ length: 10 }, (_, i) => i + 0.5),
  ],
  [
    '%d %g %s %lld %g %d %Lg %g %s %d %g %d %g %lld %g %d %g %g %Lg %g %s',
    '1, .5, "a", 2LL, 1.5, 3, 0.25L, 2.5, "b", 4, 3.5, 5, 4.5, 6LL, 5.5, 7, 6.5, 7.5, 0.75L, 8.5, "c"',
    [
      ...[1, 0.5, 'a', 2n, 1.5, 3, cast('long double', 0.25), 2.5, 'b', 4, 3.5, 5, 4.5, 6n, 5.5, 7, 6.5, 7.5],
      ...[cast('long double', 0.75), 8.5, 'c'],
    ],
  ],
];

describe('printf', () => {
  // What C prints of the same constants, by its own compiler and library.
  const expected = open(
    compile(
      `#include <limits.h>
      #include <math.h>
      #include <stdio.h>
      #include <sys/types.h>
      static char text[4000];
      const char *expected(int which) {
        switch (which) {
        ${PRINTED.map(([format, c], i) => `case ${i}: snprintf(text, sizeof text, ${[JSON.stringify(format), ...(c === '' ? [] : [c])].join(', ')}); break;`).join('\n')}
        }
        return text;
      }`,
      { flags: ['-g', '-shared', '-fPIC', '-w'] },
    ),
  ).lookup<(which: number) => string>('expected');
  const libc = open(findLibrary('libc.so.6') ?? '');
  const snprintf = libc.lookup<Call>('snprintf', 'int (char *, size_t, const char *, ...)');

  it.each(PRINTED.map(([format, , js], i): [string, unknown[], number] => [format, js, i]))(
    '%j, ...%p',
    (format, js, i) => {
      expect(say(format, ...js)).toBe(expected(i));
      const buffer = Buffer.alloc(4000);
      expect(snprintf(buffer, 4000, format, ...js)).toBe(Buffer.byteLength(expected(i)));
      expect(buffer.toString('utf8', 0, buffer.indexOf(0))).toBe(expected(i));
    },
  );

  it('prints a pointer as C has it, and writes where %n leads', () => {
    const number = plugin.lookup<Variable<number>>('number');
    expect(say('%p', number)).toBe(`0x${number.address.toString(16)}`);
    const n = plugin.alloc('int');
    const at = Int32Array.of(0);
    expect(say('12%n345%n', n, at)).toBe('12345');
    expect([n.value, at[0]]).toEqual([2, 5]);
    const chars = plugin.alloc('char[6]', 'chars') as Pointer;
    expect(say('%s %s', chars, Buffer.from('bytes\0'))).toBe('chars bytes');
  });
});

describe('what is promoted to what', () => {
  it.each<[kinds: string, args: unknown[], seen: string]>([
    ['iii', [true, false, -7], '1 0 -7 '],
    ['iqi', [1, 2 ** 40, 2], `1 ${2 ** 40} 2 `],
    ['qU', [-1n, 2n ** 63n], `-1 ${2n ** 63n} `],
    ['dd', [0.5, NaN], '0x1p-1 nan '],
    ['dd', [-Infinity, Number.MIN_VALUE], '-inf 0x0.0000000000001p-1022 '],
    ['ss', ['é', ''], 'é  '],
    ['p', [null], 'null '],
    ['f', [plugin.lookup('plain')], 'f15 '],
    [
      'iuLdl',
      [
        cast('short', -3),
        cast('unsigned char', 256),
        cast('long double', 0.5),
        cast('float', 2),
        cast('long', 7),
      ],
      '-3 0 0.5 0x1p+1 7 ',
    ],
    ['C', [cast('double _Complex', { re: 1.5, im: -2 })], '{1.5 -2} '],
    ['ix', [1, cast('__int128', (2n << 64n) + 3n)], '1 {2 3} '],
    ['P', [cast(type('struct point'), { x: 1, y: -2 })], '{1 -2} '],
    ['iD', [1, cast(type('struct pair'), { a: 0.5, b: 1.5 })], '1 {0.5 1.5} '],
    [
      'MB',
      [cast(type('struct mixed'), { d: 0.5, l: 3 }), cast(type('struct big'), { a: 1, b: 2, c: 3 })],
      '{0.5 3} {1 2 3} ',
    ],
    [
      'FN',
      [cast(type('struct floats'), { v: [1, 2, 3] }), cast(type('union number'), { f: 0.5 })],
      '{1 2 3} {0.5} ',
    ],
  ])('%s of %p', (kinds, args, seen) => {
    expect(take(kinds, ...args)).toBe(seen);
  });

  it('with registers used up, of every kind at once', () => {
    const point = cast(type('struct point'), { x: 1, y: 2 });
    const pair = cast(type('struct pair'), { a: 3, b: 4 });
    const mixed = cast(type('struct mixed'), { d: 5, l: 6 });
    const big = cast(type('struct big'), { a: 7, b: 8, c: 9 });
    const args = [
      1,
      0.5,
      point,
      pair,
      mixed,
      big,
      's',
      1.5,
      mixed,
      pair,
      point,
      big,
      2n,
      2.5,
      mixed,
      7,
      point,
      pair,
    ];
    expect(take('idPDMBsdMDPBqdMiPD', ...args)).toBe(
      '1 0x1p-1 {1 2} {3 4} {5 6} {7 8 9} s 0x1.8p+0 {5 6} {3 4} {1 2} {7 8 9} 2 0x1.4p+1 {5 6} 7 {1 2} {3 4} ',
    );
  });

  it('pointers are C memory, in and out', () => {
    const number = plugin.lookup<Variable<number>>('number');
    const before = number.value;
    const own = plugin.alloc('int', 7);
    const array = Int32Array.of(8);
    expect(take('ppp', number, own, array)).toBe(`*${before} *7 *8 `);
    expect([number.value, own.value, array[0]]).toEqual([before + 1, 8, 9]);
  });

  it('callbacks that last, and functions that were looked up, are function pointers', () => {
    using lasting = callback((x: number) => x * 100, 'int (int)');
    expect(take('ff', lasting, f('plain'))).toBe('f500 f15 ');
    expect(take('f', cast('int (*)(int)', lasting))).toBe('f500 ');
  });

  it('a view goes by value as cast says', () => {
    const p = plugin.alloc('struct point', { x: 5, y: 6 }) as Pointer;
    expect(take('P', cast(type('struct point'), p.value))).toBe('{5 6} ');
    const error = thrownBy(() => take('P', p.value));
    expect(error.message).toContain('argument 2: a struct goes by value as cast(type, view)');
  });
});

describe('besides', () => {
  it('a result in memory, and callbacks and structs among the named parameters', () => {
    expect(f('sum_of')(3, 1, 2, 3, 0.5, 1.5, 2.5)).toEqual({ a: 3n, b: 6n, c: 9n });
    expect(f('sum_of')(0)).toEqual({ a: 0n, b: 0n, c: 0n });
    expect(f('each')((x: number) => x * 2, { x: 1, y: 2 }, 3, 10, 20, 30)).toBe(1320);
    const failing = (): never => {
      throw new Error('in each');
    };
    expect(thrownBy(() => f('each')(failing, { x: 1, y: 2 }, 1, 10)).message).toBe('in each');
  });

  it('more kinds of argument lists than are remembered', () => {
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 128; i++) {
        const kinds = Array.from({ length: 7 }, (_, bit) => 'id'[(i >> bit) & 1] ?? '').join('');
        const args = kinds.split('').map((k, n) => (k === 'i' ? n : n + 0.5));
        const hex = (x: number): string => say('%a', x + 0.5) as string;
        const expected = kinds
          .split('')
          .map((k, n) => (k === 'i' ? `${n} ` : `${hex(n)} `))
          .join('');
        expect([kinds, take(kinds, ...args)]).toEqual([kinds, expected]);
      }
    }
  });

  it('shows its prototype', () => {
    expect(String(plugin.lookup('take'))).toBe('const char *take(const char *kinds, ...)');
  });
});

describe('is refused, and nothing called', () => {
  it.each<[args: unknown[], code: string, message: string]>([
    [[], 'ERR_ARGUMENT_COUNT', 'takes at least 1 argument, got 0'],
    [[5], 'ERR_INVALID_ARG_TYPE', 'argument 1 (kinds): expected a string'],
    [[undefined], 'ERR_INVALID_ARG_TYPE', 'argument 1 (kinds)'],
    [['i', undefined], 'ERR_INVALID_ARG_TYPE', 'argument 2: there is no C type for undefined'],
    [['ii', 1, Symbol('s')], 'ERR_INVALID_ARG_TYPE', 'argument 3: there is no C type for '],
    [['p', {}], 'ERR_INVALID_ARG_TYPE', 'argument 2'],
    [['p', { x: 1 }], 'ERR_INVALID_ARG_TYPE', 'argument 2'],
    [['p', [1, 2]], 'ERR_INVALID_ARG_TYPE', 'argument 2'],
    [['p', new Date()], 'ERR_INVALID_ARG_TYPE', 'argument 2'],
    [['p', Promise.resolve(1)], 'ERR_INVALID_ARG_TYPE', 'argument 2'],
    [['f', () => 1], 'ERR_INVALID_ARG_TYPE', 'make a callback(fn, type) of it'],
    [['q', 2n ** 64n], 'ERR_OUT_OF_RANGE', 'does not fit 64 bits'],
    [['q', -(2n ** 63n) - 1n], 'ERR_OUT_OF_RANGE', 'does not fit 64 bits'],
    [['s', 'a\0b'], 'ERR_INVALID_ARG_VALUE', 'first NUL'],
  ])('%p', (args, code, message) => {
    const before = calls.value;
    const error = thrownBy(() => take(...args));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
    expect(error.message.startsWith('const char *take(const char *kinds, ...): ')).toBe(true);
    expect(calls.value).toBe(before);
  });

  it('a callback that was disposed', () => {
    const gone = callback(() => 1, 'int (int)');
    gone[Symbol.dispose]();
    const error = thrownBy(() => take('f', gone));
    expect([error.code, error.message]).toEqual([
      'ERR_PLUGIN_BAD_ADDRESS',
      expect.stringContaining('disposed'),
    ]);
  });

  it('more arguments than koffi passes', () => {
    const error = thrownBy(() => take('i'.repeat(70), ...Array<number>(70).fill(1)));
    expect([error.code, error.message]).toEqual(['ERR_PLUGIN_UNSUPPORTED', expect.stringContaining('64')]);
    expect(take('i'.repeat(60), ...Array<number>(60).fill(1))).toBe('1 '.repeat(60));
  });
});

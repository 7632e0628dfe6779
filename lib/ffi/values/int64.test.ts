import { inspect } from 'node:util';

import { open, snapshot, type ArrayView, type Pointer, type Variable } from '../../index.js';
import { openFixture, thrownBy } from '../../testing/fixture.js';

/* Where 64-bit integers are read, as bigints and with `int64: 'number'`. C says what is stored. */

const exact = openFixture(`
#include <stdint.h>
#include <stdio.h>
#define BIG (1L << 53)                  /* one more than a number holds for certain */
enum wide { SMALL = 1, HUGE = 1L << 60 };
struct inner { long l; unsigned long ul; };
struct outer {
  struct inner inner;
  long list[2];
  long long bits : 60, few : 10;
  unsigned __int128 wider : 100;
  enum wide e;
  union { uint64_t u; int64_t s; unsigned char bytes[8]; };
};
union word { uint64_t u; struct { uint32_t low, high; } half; double d; };
long variable = BIG;
unsigned long list[3] = { 1, BIG + 1, 3 };
const long fixed[2] = { 5, -BIG };
long grid[2][2] = { { 1, 2 }, { 3, BIG } };
long *to_long = &variable;
enum wide e = HUGE;
enum wide es[2] = { SMALL, HUGE };
__int128 i128 = 7;
struct outer outer = { { -BIG, BIG - 1 }, { BIG, 1 }, BIG, 3, (unsigned __int128)7, HUGE, { BIG + 2 } };
union word word;
_Atomic long atomic = -BIG - 1;
static char text[99];
const char *show(void) { return sprintf(text, "%ld %lu %ld %lu", variable, list[1], outer.inner.l, word.u), text; }
`);
const numbers = open(exact.path, { int64: 'number' });

const variable = <T>(name: string): Variable<T> => numbers.lookup<Variable<T>>(name);
const BIG = 2n ** 53n;

interface Outer {
  inner: { l: number; ul: number };
  list: ArrayView<number>;
  bits: number;
  few: number;
  wider: bigint;
  e: number;
  u: number;
  s: number;
}

/** How a value is reached, what messages call the place, and what lies there. */
const INEXACT: [read: () => unknown, place: string, stored: bigint][] = [
  [() => variable('variable').value, 'variable', BIG],
  [() => variable('atomic').value, 'atomic', -BIG - 1n],
  [() => variable('e').value, 'e', 2n ** 60n],
  [() => variable<Pointer<number>>('to_long').value.value, '(long int *)', BIG],
  [() => variable<Pointer<number>>('to_long').value.at(0), '(long int *)', BIG],
  [
    () => numbers.lookup<Pointer<ArrayView>>('list').cast('unsigned long *').at(1),
    '(unsigned long *)[1]',
    BIG + 1n,
  ],
  [() => variable<ArrayView>('list').value[1], 'long unsigned int[3] at [1]', BIG + 1n],
  [() => variable<ArrayView>('fixed').value[1], 'const long int[2] at [1]', -BIG],
  [() => variable<ArrayView<ArrayView>>('grid').value[1]?.[1], 'long int[2] at [1]', BIG],
  [() => variable<ArrayView>('es').value[1], 'enum wide[2] at [1]', 2n ** 60n],
  [() => variable<Outer>('outer').value.inner.l, 'struct inner.l', -BIG],
  [() => variable<Outer>('outer').value.list[0], 'long int[2] at [0]', BIG],
  [() => variable<Outer>('outer').value.bits, 'struct outer.bits', BIG],
  [() => variable<Outer>('outer').value.e, 'struct outer.e', 2n ** 60n],
  [() => variable<Outer>('outer').value.u, 'struct outer.u', BIG + 2n],
  [() => snapshot(variable('outer').value), 'struct inner.l', -BIG],
  [() => snapshot(variable('list').value), 'long unsigned int[3] at [1]', BIG + 1n],
  [() => Array.from(variable<ArrayView>('list').value), 'long unsigned int[3] at [1]', BIG + 1n],
];

describe("int64: 'number'", () => {
  it.each(INEXACT)('%# %s: an inexact value is refused with its place: %s', (read, place, stored) => {
    expect(thrownBy(read)).toEqual({
      name: 'RangeError',
      code: 'ERR_OUT_OF_RANGE',
      message: `${place}: ${stored} is not exact as a number: open the plugin with int64: 'bigint'`,
    });
  });

  it('gives numbers where they are exact', () => {
    const outer = variable<Outer>('outer').value;
    expect([
      variable<ArrayView>('list').value[0],
      variable<ArrayView>('fixed').value[0],
      variable<ArrayView>('es').value[0],
    ]).toEqual([1, 5, 1]);
    expect([outer.inner.ul, outer.list[1], outer.few]).toEqual([2 ** 53 - 1, 1, 3]);
    expect(snapshot(variable<ArrayView<ArrayView>>('grid').value[0])).toEqual([1, 2]);
    for (const limit of [2 ** 53 - 1, -(2 ** 53) + 1, 0]) {
      numbers.lookup<Variable<number>>('atomic').value = limit;
      expect(variable('atomic').value).toBe(limit);
    }
  });

  it('leaves 128 bits, and addresses, bigints', () => {
    expect([variable('i128').value, variable<Outer>('outer').value.wider]).toEqual([7n, 7n]);
    expect(typeof variable('variable').address).toBe('bigint');
  });

  it('takes bigints as well as numbers', () => {
    variable('variable').value = BIG + 5n;
    numbers.lookup<Variable<ArrayView<number | bigint>>>('list').value[1] = BIG + 6n;
    variable<{ inner: unknown }>('outer').value.inner = { l: 2n ** 62n, ul: 1 };
    variable('word').value = { u: 2n ** 63n + 1n };
    expect(numbers.lookup<() => string>('show')()).toBe(
      `${BIG + 5n} ${BIG + 6n} ${2n ** 62n} ${2n ** 63n + 1n}`,
    );
    expect(thrownBy(() => (variable('variable').value = 2 ** 53)).code).toBe('ERR_INVALID_ARG_VALUE');
  });

  it('takes members of a union whose bytes agree, exact or not', () => {
    const word = numbers.lookup<Variable<{ u: number; half: unknown }>>('word');
    word.value = { u: 2n ** 32n * 0x40000000n + 5n, half: { low: 5, high: 0x40000000 } } as never;
    expect(exact.lookup<Variable<{ u: bigint }>>('word').value.u).toBe(0x4000000000000005n);
    expect(thrownBy(() => (word.value = { u: 2n ** 60n, half: { low: 1, high: 0 } } as never)).code).toBe(
      'ERR_INVALID_ARG_VALUE',
    );
    word.value = snapshot(exact.lookup<Variable>('word').value) as never;
    expect(exact.lookup<Variable<{ u: bigint }>>('word').value.u).toBe(0x4000000000000005n);
  });

  it('prints what it can not read', () => {
    exact.lookup<Variable<bigint>>('variable').value = BIG;
    expect(inspect(variable('to_long').value)).toMatch(/^\(long int \*\)0x[0-9a-f]+ = 9007199254740992$/);
    expect(inspect(variable('outer').value)).toContain('.bits = 9007199254740992');
  });

  it('gives typed arrays as they are in memory where they are asked for', () => {
    const list = numbers.lookup<Variable>('list').cast('unsigned long *').view(3);
    expect(list).toBeInstanceOf(BigUint64Array);
    (list as BigUint64Array)[0] = BIG;
    expect(exact.lookup<Variable<BigUint64Array>>('list').value[0]).toBe(BIG);
    expect(exact.lookup<Variable>('list').value).toBeInstanceOf(BigUint64Array);
    // Read-only memory has no typed arrays.
    const fixed = numbers.lookup<Variable>('fixed').cast('const long *').view(1) as ArrayView;
    expect([ArrayBuffer.isView(fixed), fixed[0]]).toEqual([false, 5]);
  });
});

describe("int64: 'bigint'", () => {
  it('reads all of them, exact', () => {
    const read = (name: string): unknown => snapshot(exact.lookup<Variable>(name).value);
    expect(read('fixed')).toEqual([5n, -BIG]);
    expect(read('es')).toEqual([1n, 2n ** 60n]);
    expect(read('outer')).toMatchObject({
      bits: BIG,
      few: 3n,
      wider: 7n,
      e: 2n ** 60n,
      u: BIG + 2n,
      s: BIG + 2n,
    });
  });
});

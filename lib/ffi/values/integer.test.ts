import type { Variable } from '../../index.js';
import { openFixture, thrownBy } from '../../testing/fixture.js';

const plugin = openFixture('values/scalars.c');
const asNumbers = openFixture('values/scalars.c', {}, { int64: 'number' });

type Integer = Variable<number | bigint>;
const variable = (name: string): Integer => plugin.lookup<Integer>(name);
const call = (name: string): unknown => plugin.lookup<() => unknown>(name)();
const shown = (name: string): unknown => call(`show_${name}`);

const NARROW: [name: string, type: string, least: number, most: number][] = [
  ['c', 'char', -128, 127],
  ['i8', 'signed char', -128, 127],
  ['u8', 'unsigned char', 0, 255],
  ['i16', 'short int', -32768, 32767],
  ['u16', 'short unsigned int', 0, 65535],
  ['i32', 'int', -(2 ** 31), 2 ** 31 - 1],
  ['u32', 'unsigned int', 0, 2 ** 32 - 1],
  ['chained', 'word_again', 0, 2 ** 32 - 1],
  ['vi32', 'volatile int', -(2 ** 31), 2 ** 31 - 1],
];

const WIDE: [name: string, type: string, least: bigint, most: bigint][] = [
  ['i64', 'long int', -(2n ** 63n), 2n ** 63n - 1n],
  ['u64', 'long unsigned int', 0n, 2n ** 64n - 1n],
  ['ll', 'long long int', -(2n ** 63n), 2n ** 63n - 1n],
  ['ull', 'long long unsigned int', 0n, 2n ** 64n - 1n],
  ['size', 'size_t', 0n, 2n ** 64n - 1n],
  ['ai64', '_Atomic long int', -(2n ** 63n), 2n ** 63n - 1n],
];

describe.each(NARROW)('%s, %s', (name, type, least, most) => {
  const v = variable(name);

  it('is of that type and of the size C says', () => {
    expect(String(v.type)).toBe(type);
    expect(BigInt(v.type.size ?? 0)).toBe(call(`sizeof_${name}`));
  });

  it('reads what C stored', () => {
    call(`set_least_${name}`);
    expect(v.value).toBe(least);
    call(`set_most_${name}`);
    expect(v.value).toBe(most);
  });

  it.each([least, most, 0, 1, -0])('takes %p, as C sees', (value) => {
    v.value = value;
    expect(shown(name)).toBe(String(value));
    v.set(0, 1);
    v.set(0, value);
    expect(shown(name)).toBe(String(value));
  });

  it.each([
    [least - 1, 'RangeError', 'ERR_OUT_OF_RANGE', `out of range for ${type} (${least} to ${most})`],
    [most + 1, 'RangeError', 'ERR_OUT_OF_RANGE', `out of range for ${type} (${least} to ${most})`],
    [2 ** 53, 'RangeError', 'ERR_OUT_OF_RANGE', 'out of range'],
    [Infinity, 'RangeError', 'ERR_OUT_OF_RANGE', 'the number Infinity is out of range'],
    [-Infinity, 'RangeError', 'ERR_OUT_OF_RANGE', 'the number -Infinity is out of range'],
    [NaN, 'TypeError', 'ERR_INVALID_ARG_VALUE', 'the number NaN is no'],
    [0.5, 'TypeError', 'ERR_INVALID_ARG_VALUE', 'the number 0.5 is no'],
    [1n, 'TypeError', 'ERR_INVALID_ARG_TYPE', 'expected a number for'],
    ['1', 'TypeError', 'ERR_INVALID_ARG_TYPE', 'got the string "1"'],
    [true, 'TypeError', 'ERR_INVALID_ARG_TYPE', 'got true'],
    [null, 'TypeError', 'ERR_INVALID_ARG_TYPE', 'got null'],
    [undefined, 'TypeError', 'ERR_INVALID_ARG_TYPE', 'got undefined'],
    [{}, 'TypeError', 'ERR_INVALID_ARG_TYPE', 'got an object'],
    [[1], 'TypeError', 'ERR_INVALID_ARG_TYPE', 'got an array of 1'],
  ])('refuses %p', (value, kind, code, message) => {
    v.value = 42;
    for (const write of [
      () => (v.value = value as never),
      () => {
        v.set(0, value as never);
      },
    ]) {
      const error = thrownBy(write);
      expect(error).toMatchObject({ name: kind, code });
      expect(error.message).toContain(message);
      expect(error.message.startsWith(`${name}: `)).toBe(true);
    }
    expect(shown(name)).toBe('42');
  });
});

describe.each(WIDE)('%s, %s', (name, type, least, most) => {
  const v = variable(name);
  const number = asNumbers.lookup<Variable<number | bigint>>(name);

  it('is of that type and of the size C says', () => {
    expect(String(v.type)).toBe(type);
    expect(call(`sizeof_${name}`)).toBe(8n);
  });

  it('reads what C stored', () => {
    call(`set_least_${name}`);
    expect(v.value).toBe(least);
    call(`set_most_${name}`);
    expect(v.value).toBe(most);
  });

  it.each([least, most, 0n, 7, -0, 2 ** 53 - 1])('takes %p, as C sees', (value) => {
    v.value = value;
    expect(shown(name)).toBe(String(value));
    expect(v.value).toBe(BigInt(value));
  });

  it.each([
    [least - 1n, 'RangeError', 'ERR_OUT_OF_RANGE', `out of range for ${type} (${least} to ${most})`],
    [most + 1n, 'RangeError', 'ERR_OUT_OF_RANGE', `the bigint ${most + 1n}n is out of range`],
    [2n ** 70n, 'RangeError', 'ERR_OUT_OF_RANGE', 'out of range'],
    [2 ** 53, 'TypeError', 'ERR_INVALID_ARG_VALUE', 'numbers past 2**53 are not exact, give a bigint'],
    [NaN, 'TypeError', 'ERR_INVALID_ARG_VALUE', 'not an integer'],
    [Infinity, 'TypeError', 'ERR_INVALID_ARG_VALUE', 'not an integer'],
    [1.5, 'TypeError', 'ERR_INVALID_ARG_VALUE', 'not an integer'],
    ['1', 'TypeError', 'ERR_INVALID_ARG_TYPE', 'expected a bigint or an integral number'],
    [false, 'TypeError', 'ERR_INVALID_ARG_TYPE', 'got false'],
    [null, 'TypeError', 'ERR_INVALID_ARG_TYPE', 'got null'],
  ])('refuses %p', (value, kind, code, message) => {
    v.value = 42n;
    const error = thrownBy(() => (v.value = value as bigint));
    expect(error).toMatchObject({ name: kind, code });
    expect(error.message).toContain(message);
    expect(shown(name)).toBe('42');
  });

  it("is a number with int64: 'number', where that is exact", () => {
    v.value = 2n ** 53n - 1n;
    expect(number.value).toBe(2 ** 53 - 1);
    number.value = 12;
    expect(v.value).toBe(12n);
    v.value = 2n ** 53n;
    const error = thrownBy(() => number.value);
    expect(error).toMatchObject({ name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });
    expect(error.message).toContain('9007199254740992 is not exact as a number');
    number.value = most;
    expect(shown(name)).toBe(String(most));
  });
});

describe.each<[name: string, least: bigint, most: bigint]>([
  ['i128', -(2n ** 127n), 2n ** 127n - 1n],
  ['u128', 0n, 2n ** 128n - 1n],
])('%s, 128 bits', (name, least, most) => {
  const v = variable(name);
  const hex = (value: bigint): string => BigInt.asUintN(128, value).toString(16).padStart(32, '0');

  it('reads what C stored', () => {
    call(`set_least_${name}`);
    expect(v.value).toBe(least);
    call(`set_most_${name}`);
    expect(v.value).toBe(most);
  });

  it.each([least, most, 0n, 1n, 2n ** 64n, 2n ** 64n - 1n, 2n ** 63n, 5])('takes %p, as C sees', (value) => {
    v.value = value;
    expect(shown(name)).toBe(hex(BigInt(value)));
    expect(v.value).toBe(BigInt(value));
  });

  it.each([least - 1n, most + 1n, 2 ** 60, 0.5, 'x'])('refuses %p', (value) => {
    v.value = 42n;
    expect(() => (v.value = value as bigint)).toThrow(new RegExp(`^${name}: `));
    expect(v.value).toBe(42n);
  });
});

describe('_Bool', () => {
  const flag = plugin.lookup<Variable<boolean>>('flag');
  const set = plugin.lookup<(on: number) => void>('set_flag');

  it('is a boolean', () => {
    set(2);
    expect(flag.value).toBe(true);
    set(0);
    expect(flag.value).toBe(false);
    flag.value = true;
    expect(shown('flag')).toBe(1);
    flag.value = false;
    expect(shown('flag')).toBe(0);
  });

  it.each([1, 0, 'true', null, undefined, 1n])('refuses %p', (value) => {
    const error = thrownBy(() => (flag.value = value as never));
    expect(error.code).toBe('ERR_INVALID_ARG_TYPE');
    expect(error.message).toContain('flag: expected a boolean for _Bool, got');
    expect(shown('flag')).toBe(0);
  });
});

describe('enums', () => {
  const color = plugin.lookup<Variable<number | string>>('color');
  const level = plugin.lookup<Variable<number | string>>('level');
  const mask = plugin.lookup<Variable<number | string>>('mask');
  const wide = plugin.lookup<Variable<number | bigint | string>>('wide');

  it('read as numbers, 64-bit ones as bigints', () => {
    call('set_enums');
    expect([color.value, level.value, mask.value, wide.value]).toEqual([6, -2, 0xffffffff, 0x100000000n]);
  });

  it('take numbers and the names of enumerators', () => {
    color.value = 'GREEN';
    level.value = 'HIGH';
    mask.value = 'ALL';
    wide.value = 'NEGATIVE';
    expect(shown('enums')).toBe('5 3 4294967295 -1');
    color.value = 17;
    level.value = -5;
    mask.value = 0;
    wide.value = 3;
    expect(shown('enums')).toBe('17 -5 0 3');
    wide.value = 'HUGE';
    expect(wide.value).toBe(2n ** 32n);
  });

  it('refuse other names and values', () => {
    color.value = 1;
    const error = thrownBy(() => (color.value = 'PINK'));
    expect(error.code).toBe('ERR_INVALID_ARG_VALUE');
    expect(error.message).toBe(
      'color: the string "PINK" is no enum color: its enumerators are RED, GREEN, BLUE',
    );
    expect(thrownBy(() => (color.value = -1)).code).toBe('ERR_OUT_OF_RANGE');
    expect(thrownBy(() => (level.value = 2 ** 31)).code).toBe('ERR_OUT_OF_RANGE');
    expect(thrownBy(() => (wide.value = 2n ** 63n)).code).toBe('ERR_OUT_OF_RANGE');
    expect(color.value).toBe(1);
  });
});

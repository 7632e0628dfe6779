import { addressOf, snapshot } from '../../index.js';
import type { Variable } from '../../index.js';
import { openFixture, thrownBy } from '../../testing/fixture.js';

const plugin = openFixture('values/unions.c');
const asNumbers = openFixture('values/unions.c', {}, { int64: 'number' });
const call = (name: string, ...args: unknown[]): unknown =>
  plugin.lookup<(...args: unknown[]) => unknown>(name)(...args);

type Fields = Record<string, unknown>;
const bits = plugin.lookup<Variable<Fields>>('bits');
const crossing = plugin.lookup<Variable<Fields>>('crossing');
const wide = plugin.lookup<Variable<Fields>>('wide_bits');

const shown = (fields: Fields): string => Object.values(fields).map(Number).join(' ');

const LIMITS: [field: string, least: unknown, most: unknown][] = [
  ['a', 0, 7],
  ['b', -16, 15],
  ['c', false, true],
  ['d', 0, 7],
  ['e', 0, 2047],
  ['whole', -(2 ** 31), 2 ** 31 - 1],
  ['f', 0n, 2n ** 40n - 1n],
  ['g', -(2n ** 23n), 2n ** 23n - 1n],
  ['h', 0, 127],
  ['one', -1, 0],
];

describe.each([0x00, 0xff])('among bits of 0x%s', (fill) => {
  it.each(LIMITS)('%s takes %p to %p, and leaves its neighbours alone', (field, least, most) => {
    for (const value of [least, most]) {
      call('fill_bits', fill);
      const expected = { ...(snapshot(bits.value) as Fields), [field]: value };
      const hex = BigInt(`0x${call('hex_bits') as string}`);
      bits.value[field] = value;
      expect(bits.value[field]).toBe(value);
      expect(call('show_bits')).toBe(shown(expected));
      // Unnamed bits are nobody's, and stay, too: all that changed is within the field.
      const width = BigInt(Number(most) - Number(least)).toString(2).length;
      const changed = hex ^ BigInt(`0x${call('hex_bits') as string}`);
      expect(changed.toString(2).replaceAll('0', '').length).toBeLessThanOrEqual(width);
    }
  });
});

it('read what C stored', () => {
  call('fill_bits', 0);
  call('set_bits', 5, -3, 1234, 2n ** 39n + 7n, -5n);
  expect(snapshot(bits.value)).toEqual({
    a: 5,
    b: -3,
    c: false,
    d: 0,
    e: 1234,
    whole: 0,
    f: 2n ** 39n + 7n,
    g: -5n,
    h: 0,
    one: 0,
  });
});

it('take a whole object', () => {
  call('fill_bits', 0xff);
  const fields = { a: 1, b: -1, c: true, d: 'AUTO', e: 2, whole: -9, f: 4n, g: 5, h: 6, one: -1 };
  bits.value = fields;
  expect(call('show_bits')).toBe('1 -1 1 6 2 -9 4 5 6 -1');
  bits.value = snapshot(bits.value) as Fields;
  expect(call('show_bits')).toBe('1 -1 1 6 2 -9 4 5 6 -1');
  expect(() => (bits.value = { ...fields, h: 128 })).toThrow(/^bits\.h: the number 128 is out of range/);
  expect(call('show_bits')).toBe('1 -1 1 6 2 -9 4 5 6 -1');
});

it.each([
  ['a', 8, 'ERR_OUT_OF_RANGE', 'the number 8 is out of range for unsigned int (0 to 7)'],
  ['a', -1, 'ERR_OUT_OF_RANGE', '(0 to 7)'],
  ['a', 0.5, 'ERR_INVALID_ARG_VALUE', 'not an integer'],
  ['a', 1n, 'ERR_INVALID_ARG_TYPE', 'expected a number'],
  ['b', 16, 'ERR_OUT_OF_RANGE', '(-16 to 15)'],
  ['b', -17, 'ERR_OUT_OF_RANGE', '(-16 to 15)'],
  ['c', 1, 'ERR_INVALID_ARG_TYPE', 'expected a boolean'],
  ['d', 8, 'ERR_OUT_OF_RANGE', '(0 to 7)'],
  ['d', 'PINK', 'ERR_INVALID_ARG_VALUE', 'its enumerators are OFF, ON, AUTO'],
  ['f', 2n ** 40n, 'ERR_OUT_OF_RANGE', '(0 to 1099511627775)'],
  ['g', -(2n ** 23n) - 1n, 'ERR_OUT_OF_RANGE', '(-8388608 to 8388607)'],
  ['one', 1, 'ERR_OUT_OF_RANGE', '(-1 to 0)'],
])('%s refuses %p', (field, value, code, message) => {
  call('fill_bits', 0x5a);
  const before = call('show_bits');
  const error = thrownBy(() => (bits.value[field] = value));
  expect(error.code).toBe(code);
  expect(error.message).toContain(message);
  expect(error.message).toContain(`struct bits.${field}: `);
  expect(call('show_bits')).toBe(before);
});

it('have no address', () => {
  expect(thrownBy(() => addressOf(bits.value, 'a')).message).toContain(
    'is a bit-field, which has no address',
  );
});

it('cross bytes', () => {
  crossing.value = { a: 127, b: 0x123456789abcden, c: 8191, d: -65536, last: -1 };
  expect(call('show_crossing')).toBe('127 123456789abcde 8191 -65536 -1');
  crossing.value['c'] = 1;
  expect(call('show_crossing')).toBe('127 123456789abcde 1 -65536 -1');
  crossing.value['b'] = 2n ** 57n - 1n;
  crossing.value['d'] = 65535;
  expect(call('show_crossing')).toBe('127 1ffffffffffffff 1 65535 -1');
  expect(crossing.value['b']).toBe(2n ** 57n - 1n);
});

it('of 64 and more bits are bigints', () => {
  wide.value = { e: 'LARGE', n: 2n ** 100n - 1n };
  expect(call('show_wide_bits')).toBe('4294967296 fffffffffffffffffffffffff');
  expect(snapshot(wide.value)).toEqual({ e: 2n ** 32n, n: 2n ** 100n - 1n });
  wide.value = snapshot({ e: -1n, n: 5 }) as Fields;
  expect(call('show_wide_bits')).toBe('-1 00000000000000005');
  expect(snapshot(wide.value)).toEqual({ e: -1n, n: 5n });
  expect(thrownBy(() => (wide.value['n'] = 2n ** 100n)).code).toBe('ERR_OUT_OF_RANGE');
});

it("are numbers with int64: 'number'", () => {
  call('fill_bits', 0xff);
  expect(asNumbers.lookup<Variable<Fields>>('bits').value['f']).toBe(2 ** 40 - 1);
});

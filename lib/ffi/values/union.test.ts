import { snapshot } from '../../index.js';
import type { Pointer, Variable } from '../../index.js';
import { openFixture, thrownBy } from '../../testing/fixture.js';

const plugin = openFixture('values/unions.c');
const call = (name: string, ...args: unknown[]): unknown =>
  plugin.lookup<(...args: unknown[]) => unknown>(name)(...args);

describe('union number', () => {
  const number = plugin.lookup<Variable<{ i: number; f: number; bytes: Uint8Array }>>('number');

  it('is a live view of all members', () => {
    number.value.f = 1;
    expect(call('number_as_int')).toBe(0x3f800000);
    expect(Array.from(number.value.bytes)).toEqual([0, 0, 0x80, 0x3f]);
    number.value.bytes[3] = 0xbf;
    expect(number.value.f).toBe(-1);
  });

  it.each([
    [{ i: 7 }, 7],
    [{ f: 1 }, 0x3f800000],
    [{ bytes: [1, 0, 0, 0] }, 1],
    [{ i: 1, bytes: [1, 0, 0, 0] }, 1],
    [{ bytes: Uint8Array.of(0, 0, 128, 63), f: 1 }, 0x3f800000],
    [{ f: 1, i: 0x3f800000, bytes: [0, 0, 128, 63] }, 0x3f800000],
    [{ f: NaN, i: 0x7fc00001 }, 0x7fc00001],
    [{ i: 0x7fc00001, f: NaN }, 0x7fc00001],
    [{ f: -0, i: -(2 ** 31) }, -(2 ** 31)],
  ])('takes one member, or several that agree: %p', (given, expected) => {
    number.value = given as never;
    expect(call('number_as_int')).toBe(expected);
  });

  it.each([
    [
      { i: 1, f: 1 },
      'ERR_INVALID_ARG_VALUE',
      'the members i, f share memory, and the values given for them differ',
    ],
    [{ i: 0x3f800000, f: 1, bytes: [0, 0, 128, 64] }, 'ERR_INVALID_ARG_VALUE', 'the members i, f, bytes'],
    [{}, 'ERR_INVALID_ARG_VALUE', 'number: the field i of union number is missing'],
    [{ x: 1 }, 'ERR_INVALID_ARG_VALUE', 'union number has no field x; it has i, f, bytes'],
    [{ i: 1, bytes: 'abcd' }, 'ERR_INVALID_ARG_TYPE', 'number.bytes: expected an array'],
    [{ i: '1', f: 1 }, 'ERR_INVALID_ARG_TYPE', 'number.i: expected a number'],
    [1, 'ERR_INVALID_ARG_TYPE', 'expected an object'],
  ])('refuses %p', (given, code, message) => {
    number.value = { i: 5 } as never;
    const error = thrownBy(() => (number.value = given as never));
    expect(error.message).toContain(message);
    expect(error.code).toBe(code);
    expect(call('number_as_int')).toBe(5);
  });
});

describe('snapshots of unions round-trip', () => {
  it.each([0n, 0x636261n, -1n, 0x00ff00ff00ff00ffn, 0x64636261_00000061n, 0x0102030405060708n, -(2n ** 63n)])(
    'chars, a long and a struct, %p',
    (bits) => {
      const words = plugin.lookup<Variable>('words');
      call('set_words', bits);
      const copy = snapshot(words.value);
      call('set_words', 0x1122334455667788n);
      words.value = copy;
      expect(call('words_as_long')).toBe(bits);
      const own = plugin.alloc('union text', copy) as Pointer<{ n: bigint }>;
      expect(own.value.n).toBe(bits);
    },
  );

  it('two structs with padding', () => {
    const crossed = plugin.lookup<Variable>('crossed');
    call('set_crossed');
    const before = call('show_crossed');
    expect(before).toBe('4 5060708 1020304 8');
    const copy = snapshot(crossed.value);
    crossed.value = { s: { a: 0, b: 0 } };
    expect(call('show_crossed')).toBe('0 0 0 0');
    crossed.value = copy;
    expect(call('show_crossed')).toBe(before);
  });

  it('float NaNs of any bits', () => {
    const number = plugin.lookup<Variable<{ i: number }>>('number');
    number.value.i = -4194303;
    number.value = snapshot(number.value) as never;
    expect(call('number_as_int')).toBe(-4194303);
  });
});

describe('unions inside a struct', () => {
  interface Value {
    kind: number;
    l: bigint;
    d: number;
    s: string | null;
    u: { small: number; large: number };
  }
  const value = plugin.lookup<Variable<Value>>('value');

  it('take one member', () => {
    value.value = { kind: 1, l: 5n, u: { small: -1 } } as never;
    expect(call('show_value')).toBe('1 5 65535');
    value.value = { kind: 2, d: 1, u: { large: 3, small: 3 } } as never;
    expect(call('show_value')).toBe('2 4607182418800017408 3');
    value.value = { kind: 3, s: 'text', u: { small: 0 } } as never;
    expect(call('show_value_text')).toBe('text');
    expect(value.value.s).toBe('text');
    value.value.l = 0n;
    expect(value.value.s).toBeNull();
  });

  it('and are needed', () => {
    value.value = { kind: 1, l: 1n, u: { large: 1 } } as never;
    expect(thrownBy(() => (value.value = { kind: 9, u: { large: 1 } } as never)).message).toContain(
      'the field l of',
    );
    expect(thrownBy(() => (value.value = { kind: 9, l: 1n } as never)).message).toContain('the field u of');
    expect(
      thrownBy(() => (value.value = { kind: 9, l: 1n, d: 1, u: { large: 1 } } as never)).message,
    ).toContain('value: the members l, d share memory');
    expect(call('show_value')).toBe('1 1 1');
  });
});

import type { Plugin, Pointer, Variable } from '../../index.js';
import { openFixture, thrownBy } from '../../testing/fixture.js';

const plugin: Plugin = openFixture('values/scalars.c');
const show = (name: string): string => plugin.lookup<() => string>(`show_${name}`)();

/** The number that printf's `%a` wrote. */
function hexFloat(text: string): number {
  const match = /^(-?)(?:(inf)|(nan)|0x([01])(?:\.([0-9a-f]+))?p([+-]\d+))$/.exec(text);
  if (match === null) throw new Error(`no %a: ${text}`);
  const [, sign, inf, nan, whole = '0', fraction = '', exponent = '0'] = match;
  if (nan !== undefined) return NaN;
  const digits = parseInt(whole + fraction, 16) * 2 ** (-4 * fraction.length);
  const power = Number(exponent);
  const half = Math.trunc(power / 2);
  const magnitude = inf === undefined ? digits * 2 ** half * 2 ** (power - half) : Infinity;
  return sign === '-' ? -magnitude : magnitude;
}

const SPECIAL = [
  0,
  -0,
  1,
  -1,
  0.1,
  1 / 3,
  65504,
  65519.99,
  65520,
  65536,
  5.96e-8,
  2.98e-8,
  2 ** -24,
  2 ** -25,
  3 * 2 ** -25,
  2 ** -14,
  2 ** -14 - 2 ** -25,
  1 + 2 ** -11,
  1 + 3 * 2 ** -11,
  2048 + 1,
  2048 + 3,
  3.4028234663852886e38,
  3.4028235677973366e38,
  1.401298464324817e-45,
  7e-46,
  Number.MAX_VALUE,
  Number.MIN_VALUE,
  2 ** -1022,
  2 ** -1022 - 2 ** -1074,
  Infinity,
  -Infinity,
  NaN,
];

/** Doubles of all kinds: any bits at all, and such as binary16 can almost hold. */
function randomDoubles(count: number): Float64Array {
  let seed = 12345n;
  const next = (): bigint => (seed = BigInt.asUintN(64, seed * 6364136223846793005n + 1442695040888963407n));
  const view = new DataView(new ArrayBuffer(8));
  return Float64Array.from({ length: count }, (_, i) => {
    const random = next() ^ (next() >> 32n);
    view.setBigUint64(0, random);
    if (i % 4 === 0) return view.getFloat64(0);
    const exponent = Number((random >> 52n) & 63n) - 34;
    const significand = Number(random & 0x7fffn) / 2 ** 12;
    return (random >> 60n) & 1n ? -significand * 2 ** exponent : significand * 2 ** exponent;
  });
}

const doubles = Float64Array.from([...SPECIAL, ...randomDoubles(4000)]);

describe.each(['f32', 'f64', 'f80', 'f16', 'f128'])('%s', (name) => {
  const v = plugin.lookup<Variable<number>>(name);

  it('is rounded as C rounds, and reads as C reads', () => {
    for (const value of SPECIAL) {
      v.value = value;
      expect(v.value).toBe(hexFloat(show(name)));
    }
  });

  it.each(['1', 1n, null, undefined, true, { re: 1, im: 0 }])('refuses %p', (value) => {
    v.value = 2;
    for (const write of [
      () => (v.value = value as never),
      () => {
        v.set(0, value as never);
      },
    ]) {
      const error = thrownBy(write);
      expect(error.code).toBe('ERR_INVALID_ARG_TYPE');
      expect(error.message).toMatch(new RegExp(`^${name}: expected a number for .*, got `));
    }
    expect(v.value).toBe(2);
  });
});

type Convert = (values: Float64Array, bits: Uint8Array | Uint16Array, back: Float64Array, n: number) => void;
type Round = (
  values: Float64Array,
  step: Float64Array,
  bits: Uint8Array,
  back: Float64Array,
  n: number,
) => void;

/** The bytes of a NaN are any of many. */
const bytesOf = (pointer: Pointer, bytes: number): number[] =>
  Array.from(pointer.cast('unsigned char *').view(bytes) as Uint8Array);

describe.each([
  ['f16', 2, '_Float16'],
  ['f80', 10, 'long double'],
  ['f128', 16, '_Float128'],
])('%s, against the conversions of the C compiler', (name, bytes, type) => {
  const v = plugin.lookup<Variable<number>>(name);

  it(`writes ${String(doubles.length)} doubles with C's bits, and reads them with C's value`, () => {
    expect(String(v.type)).toBe(type);
    const n = doubles.length;
    const bits = name === 'f16' ? new Uint16Array(n) : new Uint8Array(bytes * n);
    const back = new Float64Array(n);
    plugin.lookup<Convert>(`convert_${name}`)(doubles, bits, back, n);
    const all = new Uint8Array(bits.buffer);
    const wrong: unknown[] = [];
    doubles.forEach((value, i) => {
      v.value = value;
      const written = bytesOf(v, bytes);
      const expected = Array.from(all.subarray(i * bytes, (i + 1) * bytes));
      const sameBits = Number.isNaN(value) || written.join() === expected.join();
      if (!sameBits || !Object.is(v.value, back[i])) wrong.push([value, written, expected, v.value, back[i]]);
    });
    expect(wrong).toEqual([]);
  });
});

describe.each([
  ['f80', 10, 2 ** -53],
  ['f128', 16, 2 ** -53],
])('%s between two doubles', (name, bytes, ulp) => {
  it('reads as C rounds it, ties to even', () => {
    const v = plugin.lookup<Variable<number>>(name);
    const bases = [
      1,
      1 + 2 ** -52,
      1.5,
      4,
      2 ** 1023,
      Number.MAX_VALUE,
      2 ** -1022,
      2 ** -1074,
      3 * 2 ** -1074,
      2 ** -1030,
    ];
    const values: number[] = [];
    const steps: number[] = [];
    for (const base of bases) {
      const unit = Math.max(base * ulp, 2 ** -1074);
      for (const factor of [0, 0.5, 1, 1.5, 2, 3, -0.25, 1.001, 0.999]) {
        values.push(base);
        steps.push(unit * factor);
      }
    }
    const n = values.length;
    const bits = new Uint8Array(n * bytes);
    const back = new Float64Array(n);
    plugin.lookup<Round>(`round_${name}`)(Float64Array.from(values), Float64Array.from(steps), bits, back, n);
    const memory = v.cast('unsigned char *').view(bytes) as Uint8Array;
    const read = values.map((_, i) => {
      memory.set(bits.subarray(i * bytes, (i + 1) * bytes));
      return v.value;
    });
    expect(read).toEqual(Array.from(back));
  });

  it('reads numbers below and beyond all doubles', () => {
    const v = plugin.lookup<Variable<number>>(name);
    const memory = v.cast('unsigned char *').view(bytes) as Uint8Array;
    const set = (...top: number[]): number => {
      memory.fill(0);
      memory.set(top, bytes - top.length);
      return v.value;
    };
    // The smallest and the largest exponent, and half of the smallest double, which is a tie.
    const one = name === 'f80' ? [0x80] : [];
    expect(set(...one, 0x01, 0x00)).toBe(0);
    expect(set(...one, 0x01, 0x80)).toBe(-0);
    expect(set(...one, 0xfe, 0x7f)).toBe(Infinity);
    expect(set(...one, 0xfe, 0xff)).toBe(-Infinity);
    expect(set(...one, 0xcc, 0x3b)).toBe(0);
    expect(set(...(name === 'f80' ? [0xc0] : [0x80]), 0xcc, 0x3b)).toBe(2 ** -1074);
  });
});

describe('_Complex', () => {
  interface Complex {
    re: number;
    im: number;
  }
  const names = ['cf', 'cd', 'cl'];
  const all = names.map((name) => plugin.lookup<Variable<Complex>>(name));

  it('reads as { re, im }', () => {
    plugin.lookup<() => void>('set_complex')();
    expect(all.map((v) => v.value)).toEqual([
      { re: 1.5, im: -2.5 },
      { re: -0.1, im: 1e300 },
      { re: 3.25, im: 4.5 },
    ]);
    expect(all.map((v) => [String(v.type), v.type.size])).toEqual([
      ['float _Complex', 8],
      ['double _Complex', 16],
      ['long double _Complex', 32],
    ]);
  });

  it('takes the same, as C sees', () => {
    for (const v of all) v.value = { re: -0.5, im: Infinity };
    expect(show('complex')).toBe('-0.5+infi -0.5+infi -0.5+infi');
    for (const v of all) v.value = { im: 2, re: 0 };
    expect(show('complex')).toBe('0+2i 0+2i 0+2i');
  });

  it.each([1, null, { re: 1 }, { re: 1, im: 2, x: 3 }, { re: 1, im: 2n }, [1, 2], 'i'])(
    'refuses %p',
    (value) => {
      for (const v of all) {
        v.value = { re: 7, im: 8 };
        expect(thrownBy(() => (v.value = value as Complex)).code).toBe('ERR_INVALID_ARG_TYPE');
        expect(v.value).toEqual({ re: 7, im: 8 });
      }
    },
  );

  it('says which other part was given', () => {
    expect(thrownBy(() => ((all[0] as Variable).value = { re: 1, im: 2, arg: 3 })).message).toContain('arg');
  });
});

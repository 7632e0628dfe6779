import { openFixture, thrownBy } from '../../testing/fixture.js';
import { hasTool } from '../../testing/tools.js';

/*
 * Values of every shape, in both directions. Right is what C says: the fixture has the same values, written there once more, and compares.
 */

type Call = (...args: unknown[]) => unknown;

const flags = (...more: string[]): string[] => ['-g', '-shared', '-fPIC', '-Wno-psabi', ...more];
const COMPILERS: [name: string, compiler: string, optimize: string][] = [
  ['gcc -O0', 'gcc', '-O0'],
  ['gcc -O2', 'gcc', '-O2'],
  ...(hasTool('clang') ? [['clang -O1', 'clang', '-O1'] as [string, string, string]] : []),
];

const bytes16 = Array.from({ length: 16 }, (_, i) => i + 1);
const deep128 = (0x123456789abcdefn << 64n) | 0xfedcba987654321n;

/** A value, and what to look at where a union would show the same bytes as other members, too. */
const CASES: ([name: string, value: unknown] | [name: string, value: unknown, shown: object])[] = [
  ['unaligned', { c: 1, i: 1000 }],
  ['odd', { i: 70000, s: -300, c: 5 }],
  ['shifted', { c: -1, d: 1.25, f: -2.5 }],
  ['wide', { a: -5n }],
  ['wider', { a: 1, b: -2n, c: 3n }],
  ['member_aligned', { c: 3, s: -4 }],
  [
    'matrix',
    {
      m: [
        [1, -2],
        [3, -4],
      ],
    },
  ],
  ['cube', { m: [[[1, -2]], [[3, -4]]], f: 0.5 }],
  ['int128', -deep128],
  ['uint128', 2n ** 128n - 2n],
  ['in128', { n: 2n ** 126n + 7n }],
  ['after128', { c: -9, n: -(2n ** 100n) }],
  ['cfloat', { re: 1.5, im: -2.5 }],
  ['cdouble', { re: -1.5, im: 2.25 }],
  ['in_complex', { f: 0.5, z: { re: 3, im: -4 } }],
  ['long_double_complex', { re: 1.5, im: -2.5 }],
  ['long_double', -0.1],
  ['in_long_double', { x: 0.25 }],
  ['beside_long_double', { n: 8, x: 1e300 }],
  ['long_double_bytes', { b: bytes16 }, { b: bytes16 }],
  ['long_double_longs', { l: [-1234567890123n, 9876543210n] }, { l: [-1234567890123n, 9876543210n] }],
  ['long_double_int', { i: 12345 }, { i: 12345 }],
  ['bits', { a: 5, b: -16, c: 0xfedcba9876n }],
  ['crossing', { a: -1, b: 0x3ffff, c: -524288, on: true }],
  ['float_bits', { f: 1.5, a: 300, b: 0x7fffff, d: -0.75 }],
  ['empty', {}],
  ['holds_empty', { e: {}, n: 6 }, { n: 6 }],
  ['zero_length', { f: 2.5 }, { f: 2.5 }],
  ['number', { f: 1.5 }, { f: 1.5, i: 0x3fc00000 }],
  ['floating', { f: [1.5, -2.5] }, { f: [1.5, -2.5] }],
  ['tail', { f: [1, 2, 3] }, { f: [1, 2, 3] }],
  ['nested', { in: { a: -1, b: 300 }, f: 0.25, out: [{ d: 1e-300 }] }],
  ['anonymous', { a: 1, f: 2.5, d: -3, e: 4 }, { a: 1, f: 2.5, i: 0x40200000, d: -3, e: 4 }],
  ['qualified', { a: -7, b: 8.5, c: 9, none: null }],
  ['floats2', { x: 1.5, y: -2.5 }],
  ['floats3', { x: 1.5, y: -2.5, z: Math.fround(1e-40) }],
  ['floats4', { v: [1, 2, 3, 4] }],
  ['floats5', { v: [1, 2, 3, 4, 5] }],
  ['doubles2', { x: 5e-324, y: -1e308 }],
  ['doubles3', { x: 1, y: 2, z: 3 }],
  ['float_int', { f: 1.5, i: -2 }],
  ['double_long', { d: 1.5, l: -(2n ** 63n) + 1n }],
  ['long_then_double', { l: 0x20000000000001n, d: -1.5 }],
  ['char_floats', { c: -5, f: 1.5, g: 2.5 }],
  ['small', { on: true, color: 5, u: 255, s: -128 }],
  ['one', { on: true }],
  ['halves', { a: 1.5, b: -2, c: 65504, d: 0.5 }],
  ['half', -1.5],
];

/** What is in no register that koffi reads or writes: the results of the x87 (psABI x86-64 §3.2.3 "Returning of Values", 6 and 7). */
const X87 = ['long_double', 'in_long_double', 'long_double_complex'];
/** gcc puts 128 bits on the stack as a whole, clang before 18 splits them (LLVM D86310): a refusal is right, a wrong value is not. */
const DISPUTED = ['int128', 'uint128'];
/** Packed they would not be aligned on the stack, and look the same in debug info. */
const PERHAPS_PACKED = [
  'in128',
  'in_long_double',
  'long_double_bytes',
  'long_double_longs',
  'long_double_int',
];

describe.each(COMPILERS)('%s', (_, compiler, optimize) => {
  const plugin = openFixture('calls/by_value.c', { compiler, flags: flags(optimize) });
  const f = (name: string): Call => plugin.lookup(name);
  const there = CASES.map(([name, value, shown]): [string, unknown, object | undefined] => [
    name,
    value,
    shown,
  ]).filter(([name]) => plugin.has(`give_${name}`));
  // What clang says of `long double _Complex` in debug info is not understood: it is refused by that.
  const cases = there.filter(([name]) => compiler === 'gcc' || name !== 'long_double_complex');
  const returned = cases.filter(([name]) => !X87.includes(name));

  /** What a call gives, or that it is refused. */
  const outcome = (name: string, ...args: unknown[]): unknown => {
    try {
      return f(name)(...args);
    } catch (error) {
      const { code } = error as { code: unknown };
      if (code !== 'ERR_PLUGIN_UNSUPPORTED') throw error;
      return 'refused';
    }
  };
  const arrives = (name: string, got: unknown): void => {
    const disputed = name.startsWith('stacked_') ? [...DISPUTED, ...PERHAPS_PACKED] : DISPUTED;
    if (!disputed.some((d) => name === name.replace(/_.*/, `_${d}`))) expect(got).toBe(1);
    else expect([1, 'refused']).toContain(got);
  };

  it.each(cases)('%s arrives', (name, value) => {
    expect(f(`take_${name}`)(value)).toBe(1);
  });

  it.each(cases)('%s arrives between scalars', (name, value) => {
    expect(f(`between_${name}`)(1, 2.5, value, 3.5, 4)).toBe(1);
  });

  it.each(cases)('%s arrives where registers run out', (name, value) => {
    arrives(`sixth_${name}`, outcome(`sixth_${name}`, 1, 2, 3, 4, 5, value, 6, 7));
    arrives(`eighth_${name}`, outcome(`eighth_${name}`, 1, 2, 3, 4, 5, 6, 7, value, 8, 9));
  });

  it.each(cases)('%s arrives on the stack', (name, value) => {
    const scalars = [1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    arrives(`stacked_${name}`, outcome(`stacked_${name}`, ...scalars, value, -10, value));
  });

  it.each(cases)('%s arrives behind the address of a result', (name, value) => {
    const got = outcome(`hidden_${name}`, value, 1, 2, 3, value, 4, 5);
    if (got !== 'refused' || !DISPUTED.includes(name)) expect(got).toEqual({ a: 1n, b: 12345n, c: 1n });
  });

  it.each(returned)('%s is returned', (name, value, shown) => {
    const got = f(`give_${name}`)();
    if (shown === undefined) expect(got).toEqual(value);
    else expect(got).toMatchObject(shown);
    // What was returned is right for C again.
    expect(f(`take_${name}`)(got)).toBe(1);
    expect(f(`second_${name}`)(value, 5, value)).toEqual(got);
  });

  it.each(returned)('%s comes to a callback, and is given by one', (name, value) => {
    const given = f(`give_${name}`)();
    const seen: unknown[] = [];
    const look = (a: unknown, k: unknown, b: unknown): number => seen.push(a, k, b);
    expect(outcome(`call_${name}`, look, 77)).toBe(3);
    expect(seen).toEqual([given, 77, given]);
    const answer = (k: number): unknown => (k === 7 ? value : undefined);
    expect(f(`back_${name}`)(answer, 7)).toBe(1);
  });

  it.each(X87)('%s is not returned', (name) => {
    if (!there.some(([n]) => n === name) || (compiler === 'clang' && name === 'long_double_complex')) return;
    const [, value] = there.find(([n]) => n === name) ?? [];
    expect(outcome(`give_${name}`)).toBe('refused');
    expect(outcome(`second_${name}`, value, 5, value)).toBe('refused');
    expect(outcome(`back_${name}`, () => value, 7)).toBe('refused');
  });

  it('128 bits arrive in registers, and on the stack at an even place', () => {
    const [n, m] = [-deep128, 2n ** 128n - 2n];
    expect(f('stacked128')(1, 2, 3, 4, 5, 6, n, 7, 8, m)).toBe(1);
    expect(f('twice128')(n, 1, m, 2)).toBe(1);
  });

  it('what does not fit in the registers goes to the stack, and what comes later takes the last one', () => {
    expect(f('whole')(1, 2, 3, 4, 5, { a: 7, b: 8 }, 6)).toBe(87654321n);
    expect(f('whole_double')(1, 1, 1, 1, 1, 1, 1, { x: 3, y: 4 }, 2)).toBe(43207);
    expect(f('half_left')(1, 1, 1, 1, 1, 1, { d: 2, l: 3 }, 4)).toBe(43206);
  });

  it('an alignment that only a typedef asks for does not move an argument', () => {
    const first = { a: 1, b: 0, c: 0 };
    expect(f('typedef_aligned')(first, { a: 2, b: 3, c: 4 })).toBe(4321n);
    expect(f('typedef_aligned_scalar')(first, 0, 0, 0, 0, 0, 2, 3)).toBe(321n);
    expect(outcome('typedef_unaligned', first, (2n << 64n) + 3n)).toBe(321n);
  });
});

describe('a library that only has CTF', () => {
  const plugin = openFixture('calls/by_value.c', { flags: [...flags('-O2', '-s').slice(1), '-gctf'] });
  const outcome = (name: string, ...args: unknown[]): unknown => {
    try {
      return plugin.lookup<Call>(name)(...args);
    } catch (error) {
      const { code } = error as { code: unknown };
      if (code !== 'ERR_PLUGIN_UNSUPPORTED') throw error;
      return 'refused';
    }
  };
  const scalars = [1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const FORMS: [form: string, args: (value: unknown) => unknown[]][] = [
    ['take', (value) => [value]],
    ['between', (value) => [1, 2.5, value, 3.5, 4]],
    ['sixth', (value) => [1, 2, 3, 4, 5, value, 6, 7]],
    ['eighth', (value) => [1, 2, 3, 4, 5, 6, 7, value, 8, 9]],
    ['stacked', (value) => [...scalars, value, -10, value]],
    ['back', (value) => [() => value, 7]],
  ];
  /** What CTF says too little of: alignments beyond the largest member's, `[0]` against `[]`, half precision. */
  const REFUSED = ['wide', 'wider', 'member_aligned', 'zero_length', 'halves', 'half'];

  it.each(FORMS)('%s: every value arrives, or is refused', (form, args) => {
    const got = CASES.map(([name, value]) => [name, outcome(`${form}_${name}`, ...args(value))]);
    expect(got.filter(([, result]) => result !== 1 && result !== 'refused')).toEqual([]);
    const refused = got.flatMap(([name, result]) => (result === 'refused' ? [name] : []));
    // A place on the stack, or in a callback, may be refused for more, or less.
    if (form === 'take') expect(refused.toSorted()).toEqual(REFUSED.toSorted());
  });

  it('what is returned is right for C', () => {
    for (const [name, value, shown] of CASES) {
      if (REFUSED.includes(name) || X87.includes(name)) continue;
      const got = outcome(`give_${name}`);
      if (shown === undefined) expect(got).toEqual(value);
      else expect(got).toMatchObject(shown);
      expect([name, outcome(`take_${name}`, got)]).toEqual([name, 1]);
    }
  });
});

describe('each size', () => {
  const plugin = openFixture('calls/by_value_sizes.c');
  const KINDS: [prefix: string, most: number, wrap: (n: number) => number | bigint][] = [
    ['bytes', 40, (n) => n],
    ['shorts', 20, (n) => n],
    ['ints', 10, (n) => n],
    ['floats', 10, (n) => n],
    ['doubles', 5, (n) => n],
    ['longs', 5, BigInt],
  ];
  it.each(KINDS)('of %s', (prefix, most, element) => {
    for (let n = 1; n <= most; n++) {
      const f = (name: string): Call => plugin.lookup(`${name}_${prefix}${n}`);
      const of = (k: number): object => ({ a: Array.from({ length: n }, (_, i) => element(i * 3 + k)) });
      const all = f('most')(-1, -2, of(1), -3, -4, of(2), -5, -6, of(3), -7, -8, of(4), of(5), -9);
      expect([n, f('give')(9), f('take')(of(7), 7), f('take')(of(7), 8), all]).toEqual([n, of(9), 1, 0, 1]);
    }
  });
});

it('an array in a struct shows what C has, not a typed array over memory that is gone', () => {
  const plugin = openFixture('calls/by_value_sizes.c');
  const give = plugin.lookup<(k: number) => { a: unknown }>('give_ints4');
  const [one, two] = [give(1), give(2)];
  expect(Array.isArray(one.a)).toBe(true);
  expect([one.a, two.a]).toEqual([
    [1, 4, 7, 10],
    [2, 5, 8, 11],
  ]);
});

describe('what is refused', () => {
  const plugin = openFixture(`
    typedef int quad __attribute__((vector_size(16)));
    typedef double pair __attribute__((vector_size(32)));
    struct holder { quad q; };
    int take_quad(quad q) { return q[0]; }
    quad give_quad(void) { return (quad){1, 2, 3, 4}; }
    int take_pair(int n, pair p) { return p[0] + n; }
    int take_holder(struct holder h) { return h.q[0]; }
    __float128 give_float128(void) { return 1; }
    int take_float128(__float128 x) { return x; }
    struct __attribute__((aligned(64))) cacheline { char c[64]; };
    int take_cacheline(struct cacheline c) { return c.c[0]; }
    long double give(void) { return 1; }
    struct unknown;
    int take_unknown(struct unknown *u) { return u != 0; }
  `);
  it.each([
    ['take_quad', [[1, 2, 3, 4]], 'parameter 1: quad is a vector'],
    ['give_quad', [], 'the result: quad is a vector'],
    ['take_pair', [1, [1, 2, 3, 4]], 'parameter 2: pair is a vector'],
    ['take_holder', [{ q: [1, 2, 3, 4] }], 'parameter 1: '],
    ['give_float128', [], 'the result: '],
    ['take_float128', [1], 'parameter 1: '],
    ['take_cacheline', [{ c: 'x' }], 'an alignment of 64 bytes on the stack'],
    ['give', [], 'the result: it is returned in a register of the x87'],
  ])('%s', (name, args, reason) => {
    const call = plugin.lookup<Call>(name);
    const error = thrownBy(() => call(...args));
    expect(error).toMatchObject({ name: 'PluginError', code: 'ERR_PLUGIN_UNSUPPORTED' });
    expect(error.message).toContain(`${String(call)}: `);
    expect(error.message).toContain(reason);
  });
});

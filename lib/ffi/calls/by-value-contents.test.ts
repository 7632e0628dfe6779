import { sizeOf } from '../../index.js';
import { Pointer } from '../../index.js';
import type { Variable } from '../../index.js';
import { openFixture, thrownBy } from '../../testing/fixture.js';
import { childValue } from '../../testing/run-child.js';
import { describeWith } from '../../testing/tools.js';

/* What is in a struct that is passed by value, and what may not be; by-value.test.ts has the shapes. */

type Call = (...args: unknown[]) => unknown;

const plugin = openFixture('calls/by_value.c', { flags: ['-g', '-shared', '-fPIC', '-Wno-psabi'] });
const f = (name: string): Call => plugin.lookup(name);
const calls = plugin.lookup<Variable<number>>('calls');

describe('a wrong value is refused, and nothing is called', () => {
  it.each<[name: string, value: unknown, code: string, message: string]>([
    ['unaligned', { c: 1 }, 'ERR_INVALID_ARG_VALUE', 'the field i of struct unaligned is missing'],
    ['unaligned', { c: 1, i: 2, j: 3 }, 'ERR_INVALID_ARG_VALUE', 'has no field j; it has c, i'],
    ['unaligned', { c: 128, i: 2 }, 'ERR_OUT_OF_RANGE', '.c: the number 128 is out of range for char'],
    ['unaligned', { c: 1, i: 2.5 }, 'ERR_INVALID_ARG_VALUE', '.i: the number 2.5'],
    ['unaligned', { c: 1, i: '2' }, 'ERR_INVALID_ARG_TYPE', '.i: expected a number'],
    ['unaligned', { c: 1, i: undefined }, 'ERR_INVALID_ARG_TYPE', 'got undefined'],
    ['unaligned', null, 'ERR_INVALID_ARG_TYPE', 'got null'],
    ['unaligned', undefined, 'ERR_INVALID_ARG_TYPE', 'got undefined'],
    ['unaligned', 7, 'ERR_INVALID_ARG_TYPE', 'got the number 7'],
    ['unaligned', [1, 2], 'ERR_INVALID_ARG_TYPE', 'got an array of 2'],
    ['unaligned', plugin.alloc('struct unaligned'), 'ERR_INVALID_ARG_TYPE', 'got '],
    ['unaligned', plugin.alloc('struct odd').value, 'ERR_INVALID_ARG', 'struct odd'],
    ['matrix', { m: [1, 2, 3, 4] }, 'ERR_', '.m'],
    ['matrix', { m: [[1, 2]] }, 'ERR_', '.m'],
    ['matrix', { m: [[1, 2], [3]] }, 'ERR_', '.m'],
    ['bits', { a: 8, b: 0, c: 0 }, 'ERR_OUT_OF_RANGE', '.a: the number 8'],
    ['bits', { a: 0, b: -17, c: 0 }, 'ERR_OUT_OF_RANGE', '.b: the number -17'],
    ['int128', 2n ** 127n, 'ERR_OUT_OF_RANGE', 'out of range'],
    ['uint128', -1n, 'ERR_OUT_OF_RANGE', 'out of range'],
    ['int128', 0.5, 'ERR_INVALID_ARG_VALUE', 'not an integer'],
    ['int128', '1', 'ERR_INVALID_ARG_TYPE', 'the string "1"'],
    ['cdouble', 1, 'ERR_INVALID_ARG_TYPE', 'expected an object { re, im }'],
    ['cdouble', { re: 1 }, 'ERR_INVALID_ARG_TYPE', 'im is undefined'],
    ['cdouble', { re: 1, im: 2, other: 3 }, 'ERR_INVALID_ARG_TYPE', 'other'],
    ['long_double', 1n, 'ERR_INVALID_ARG_TYPE', 'expected a number'],
    ['number', {}, 'ERR_INVALID_ARG', 'union number'],
    ['number', { i: 1, f: 1 }, 'ERR_INVALID_ARG_VALUE', 'i, f share memory'],
    ['number', { g: 1 }, 'ERR_INVALID_ARG_VALUE', 'no field g'],
    ['nested', { in: { a: 1 }, f: 1, out: [{ d: 1 }] }, 'ERR_INVALID_ARG_VALUE', '.in: the field b'],
    ['nested', { in: { a: 1, b: 2 }, f: 1, out: [{ d: '1' }] }, 'ERR_INVALID_ARG_TYPE', '.out[0].d'],
    ['empty', { a: 1 }, 'ERR_INVALID_ARG_VALUE', 'no field a'],
    ['empty', 5, 'ERR_INVALID_ARG_TYPE', 'got the number 5'],
  ])('%s: %p', (name, value, code, message) => {
    const call = f(`take_${name}`);
    const before = calls.value;
    const error = thrownBy(() => call(value));
    expect(error.message.startsWith(`${String(call)}: argument 1 (v)`)).toBe(true);
    expect(error.message).toContain(message);
    expect(error.code).toEqual(expect.stringContaining(code));
    expect(calls.value).toBe(before);
  });

  it('names a later parameter', () => {
    const error = thrownBy(() => f('second_floats2')({ x: 1, y: 2 }, 5, { x: 1 }));
    expect(error.message).toBe(
      'struct floats2 second_floats2(struct floats2 v, int k, struct floats2 w): argument 3 (w): ' +
        'the field y of struct floats2 is missing',
    );
    expect(thrownBy(() => f('take_floats2')()).code).toBe('ERR_ARGUMENT_COUNT');
    expect(thrownBy(() => f('take_floats2')({ x: 1, y: 2 }, 1)).code).toBe('ERR_ARGUMENT_COUNT');
  });
});

describe('an argument may be', () => {
  it('a live view, of which it is a copy', () => {
    const own = plugin.alloc('struct three', { a: 1, b: 2, c: 3 }) as Pointer<Record<string, bigint>>;
    const seen: unknown[] = [];
    const change = (v: { a: bigint }): object => {
      own.value['a'] = 100n;
      seen.push(v.a);
      return { a: 0, b: 0, c: 0 };
    };
    expect(f('nest')(own.value, change, 1)).toEqual({ a: 1n, b: 0n, c: 1n });
    expect(seen).toEqual([1n]);
    expect(own.value['a']).toBe(100n);
  });

  it('what was returned, an object without a prototype, or with its fields in another order', () => {
    expect(f('take_unaligned')(Object.assign(Object.create(null) as object, { i: 1000, c: 1 }))).toBe(1);
    class Unaligned {
      readonly i = 1000;
      get c(): number {
        return 1;
      }
    }
    // Its getter is the class's, and no field of its own.
    expect([1, 'refused']).toContain(
      (() => {
        try {
          return f('take_unaligned')(new Unaligned());
        } catch {
          return 'refused';
        }
      })(),
    );
  });

  it('an object whose getter calls the same function', () => {
    const seen: unknown[] = [];
    const value = {
      get a() {
        seen.push(f('hidden_three')({ a: 5, b: 6, c: 7 }));
        return 1;
      },
      b: 2,
      get c() {
        seen.push(f('hidden_three')({ a: 8, b: 9, c: 10 }));
        return 3;
      },
    };
    expect(f('hidden_three')(value)).toEqual({ a: 2n, b: 4n, c: 6n });
    expect(seen).toEqual([
      { a: 10n, b: 12n, c: 14n },
      { a: 16n, b: 18n, c: 20n },
    ]);
    const thrower = {
      c: 1,
      get i(): number {
        throw new Error('from the getter');
      },
    };
    const before = calls.value;
    expect(thrownBy(() => f('take_unaligned')(thrower)).message).toBe('from the getter');
    expect(calls.value).toBe(before);
  });
});

it('a result is its own: no later call changes it', () => {
  const results = [1n, 2n, 3n].map((a) => f('hidden_three')({ a, b: 0, c: 0 }));
  expect(results).toEqual([2n, 4n, 6n].map((a) => ({ a, b: 0n, c: 0n })));
  const [one] = results as [Record<string, unknown>];
  expect(Object.getPrototypeOf(one)).toBe(Object.prototype);
  expect(Object.getOwnPropertyDescriptor(one, 'a')).toMatchObject({ value: 2n, writable: true });
  expect(structuredClone(one)).toEqual(one);
});

describe('floats to the last bit', () => {
  const bits = (x: number): bigint => new BigUint64Array(new Float64Array([x]).buffer)[0] ?? 0n;
  it.each([0, -0, Infinity, -Infinity, 5e-324, -1.5])('%p as double', (x) => {
    expect([f('bits_of')({ x, y: 1 }, 0), f('bits_of')({ x: 1, y: x }, 1)]).toEqual([bits(x), bits(x)]);
    expect(f('second_doubles2')({ x: 1, y: 2 }, 5, { x, y: x })).toEqual({ x: 1, y: 2 });
  });

  it('NaN is NaN', () => {
    expect((f('bits_of')({ x: NaN, y: 1 }, 0) as bigint) & 0x7ff8000000000000n).toBe(0x7ff8000000000000n);
    expect(f('same_three_doubles')({ x: NaN, y: -0, z: -Infinity })).toEqual({ x: NaN, y: -0, z: -Infinity });
    expect(f('same_floats')({ v: [NaN, -0, -Infinity, NaN] })).toEqual({ v: [NaN, -0, -Infinity, NaN] });
  });

  it.each([0, -0, NaN, Infinity, -Infinity, 1.5, 1e-45])('%p beside each other float', (y) => {
    const all = [0, -0, NaN, Infinity, -Infinity, 1.5, -1e-45].map(Math.fround);
    for (const x of all) {
      const v = [x, Math.fround(y), Math.fround(y), x];
      const wanted = Array.from(new Uint32Array(Float32Array.from(v).buffer));
      expect([x, [0, 1, 2, 3].map((i) => f('bits_of_floats')({ v }, i))]).toEqual([x, wanted]);
    }
  });

  it('a NaN with a payload does not disturb its neighbour, in either direction', () => {
    const payload = 0xffc12345;
    for (const other of [0x7f812345, 0xffffffff, 0x7ff00001, 0x00000001, 0x80000000, 0x3f800000]) {
      const [a, b] = [
        f('floats_of')(payload, other, other, payload),
        f('floats_of')(other, payload, payload, other),
      ];
      const isNaN_ = (u: number): boolean => (u & 0x7f800000) === 0x7f800000 && (u & 0x7fffff) !== 0;
      for (const [v, words] of [
        [a, [payload, other, other, payload]],
        [b, [other, payload, payload, other]],
      ] as const) {
        words.forEach((word, i) => {
          const got = f('word_of')(v, i) as number;
          expect([word, isNaN_(got)]).toEqual([word, isNaN_(word)]);
          if (!isNaN_(word)) expect(got).toBe(word);
        });
      }
    }
  });

  it('two floats whose bits are a NaN as a double stay two floats', () => {
    const low = Math.fround(1.234);
    for (const high of [NaN, Infinity, -Infinity]) {
      const value = { parts: { low, high } };
      const words = Array.from(new Uint32Array(Float32Array.of(low, high).buffer));
      expect([0, 1].map((i) => f('half_of_two')(value, i))).toEqual(words);
    }
  });
});

describe('what a struct leads to', () => {
  const strings = { text: 'four', chars: 'née', numbers: null, node: null, f: null };
  it('is there during the call', () => {
    expect(f('lengths')({ text: null, chars: null, numbers: null, node: null, f: null }, 1)).toBe(10009999);
    expect(f('lengths')(strings, 1)).toBe(44999);
    const last = plugin.alloc('struct node', { n: 6 }) as Pointer;
    const node = plugin.alloc('struct node', { n: 5, next: last }) as Pointer;
    const numbers = plugin.alloc('int[2]', [0, 7]).cast('int *');
    const double = (k: number): number => k * 2;
    expect(f('lengths')({ ...strings, numbers, node, f: double }, 4)).toBe(44768);
  });

  it('is checked as anywhere else', () => {
    const message = (change: object): string =>
      thrownBy(() => f('lengths')({ ...strings, ...change }, 1)).message;
    expect(message({ text: 'a\0b' })).toContain('(h).text: ');
    expect(message({ text: 5 })).toContain('(h).text: ');
    expect(message({ numbers: plugin.alloc('double') })).toContain('(h).numbers: ');
    expect(message({ node: { n: 1, next: null } })).toContain('(h).node: ');
    expect(message({ f: 'f' })).toContain('(h).f: ');
    expect(message({ f: plugin.lookup('calls') })).toContain('(h).f: ');
  });

  it('comes back as text, Pointers and null', () => {
    expect([0, 1, 2].map((n) => f('text_of')(n))).toEqual([
      { text: null, n: 0 },
      { text: 'née', n: 1 },
      { text: 'two', n: 2 },
    ]);
    expect(f('same_text')({ text: 'x'.repeat(5000), n: 1 })).toEqual({ text: 'x'.repeat(5000), n: 1 });
    const { next } = f('node_of')(2) as { next: Pointer<{ n: number }> };
    expect(next).toBeInstanceOf(Pointer);
    f('node_of')(3);
    expect(next.value.n).toBe(3);
  });

  it('a function in it that throws: C gets zero, the caller the exception', () => {
    const thrower = (): number => {
      throw new Error('in f');
    };
    expect(thrownBy(() => f('lengths')({ ...strings, f: thrower }, 1)).message).toBe('in f');
    expect(f('lengths')({ ...strings, f: () => 3 }, 1)).toBe(44993);
  });

  it('survives garbage collection during the call', () => {
    const source = `
      import { openFixture } from '#lib/testing/fixture.js';
      const plugin = openFixture('calls/by_value.c', { flags: ['-g', '-shared', '-fPIC', '-Wno-psabi'] });
      const f = (name) => plugin.lookup(name);
      const litter = () => { for (let i = 0; i < 3; i++) { gc(); for (let j = 0; j < 500; j++) plugin.alloc('char[8]', 'yyyyyyy'); } };
      const seen = [];
      for (let i = 0; i < 20; i++) {
        seen.push(f('lengths_after')({ text: 'four' + '', chars: 'née', numbers: plugin.alloc('int[2]', [0, 7]).cast('int *'),
          node: plugin.alloc('struct node', { n: 5, next: plugin.alloc('struct node', { n: 6 }) }), f: () => 8 }, 4, litter));
      }
      console.log(JSON.stringify([...new Set(seen)]));
    `;
    expect(childValue(source, { execArgv: ['--expose-gc'] })).toEqual([44768]);
  });
});

describe('a union of which C says elsewhere what it holds', () => {
  interface Variant {
    tag: number;
    as: { d: number; s: string | null; node: Pointer | null };
  }
  it('is returned, whatever the other members would be', () => {
    const [number, text, none] = [0, 1, 2].map((tag) => f('variant_of')(tag)) as [Variant, Variant, Variant];
    expect([number.tag, number.as.d]).toEqual([0, 0.1]);
    expect([text.tag, text.as.s]).toEqual([1, 'text']);
    expect([none.tag, none.as.node]).toEqual([2, null]);
  });

  it('comes to a callback', () => {
    const look = ({ tag, as }: Variant): number => (tag === 0 ? as.d : (as.s?.length ?? -1));
    expect([0, 1].map((tag) => f('ask_variant')(look, tag))).toEqual([0.1, 4]);
  });

  it('is passed', () => {
    expect(f('number_in')({ tag: 0, as: { d: 2.5 } })).toBe(2.5);
    expect(f('number_in')({ tag: 1, as: { s: 'five!' } })).toBe(5);
    expect(thrownBy(() => f('number_in')({ tag: 1, as: { s: 'a', d: 1 } })).code).toBe(
      'ERR_INVALID_ARG_VALUE',
    );
  });
});

it('a callback calls the function that called it, with results in memory at each level', () => {
  const model = (v: number[], depth: number): number[] => {
    const [a = 0, b = 0, c = 0] = depth === 0 ? v : model([v[0] ?? 0, (v[1] ?? 0) + 1, v[2] ?? 0], depth - 1);
    return [a + 1, b * 2, c + (v[0] ?? 0)];
  };
  const again = (v: { a: bigint; b: bigint; c: bigint }, depth: number): unknown =>
    f('nest')({ ...v, b: v.b + 1n }, again, depth);
  const got = f('nest')({ a: 1, b: 2, c: 3 }, again, 10);
  const [a = 0, b = 0, c = 0] = model([1, 2, 3], 10);
  expect(got).toEqual({ a: BigInt(a), b: BigInt(b), c: BigInt(c) });
});

describe('a large struct', () => {
  it('of 100 KB goes both ways', () => {
    const large = openFixture(`
      struct large { unsigned char b[100000]; };
      int sum(struct large l) { int n = 0; for (int i = 0; i < 100000; i++) n += l.b[i]; return n; }
      struct large filled(int with) { struct large l; for (int i = 0; i < 100000; i++) l.b[i] = with; return l; }
    `);
    const b = Array.from({ length: 100_000 }, (_, i) => i & 1);
    expect(large.lookup<Call>('sum')({ b })).toBe(50_000);
    const got = large.lookup<Call>('filled')(7) as { b: number[] };
    expect([got.b.length, got.b[0], got.b[99_999]]).toEqual([100_000, 7, 7]);
  });

  it('that no stack holds is refused, or fails with an error', () => {
    const source = `
      import { openFixture, thrownBy } from '#lib/testing/fixture.js';
      const plugin = openFixture(\`
        struct huge { char b[20 << 20]; };
        int first(struct huge h) { return h.b[0]; }
        struct huge *some(void) { static struct huge h; return &h; }
      \`);
      console.log(JSON.stringify(thrownBy(() => plugin.lookup('first')(plugin.lookup('some')().value)).name));
    `;
    expect(childValue(source)).toEqual(expect.any(String));
  });
});

describeWith(['g++'], 'a C++ class', () => {
  const classes = openFixture(
    `
    struct plain { int a; int sum() const { return a; } };
    struct copied { int a; copied(const copied &o) : a(o.a) {} copied(int n) : a(n) {} };
    struct destroyed { int a; ~destroyed() {} };
    struct derived : plain { int b; };
    struct nothing {};
    extern "C" {
      int take_plain(plain p) { return p.sum(); }
      int take_copied(copied c) { return c.a; }
      copied give_copied(int n) { return copied(n); }
      int take_destroyed(destroyed d) { return d.a; }
      int take_derived(derived d) { return d.a * 10 + d.b; }
      int take_nothing(nothing n, int k, nothing m, double d, nothing) { return k + (int)d; }
    }
    `,
    { compiler: 'g++', flags: ['-g', '-shared', '-fPIC', '-x', 'c++'] },
  );
  it('that is plain data goes by value', () => {
    expect(classes.lookup<Call>('take_plain')({ a: 5 })).toBe(5);
    expect(classes.lookup<Call>('take_nothing')({}, 5, {}, 2, {})).toBe(7);
  });

  it.each([
    ['take_copied', [{ a: 1 }], 'struct copied'],
    ['give_copied', [1], 'struct copied'],
    ['take_destroyed', [{ a: 1 }], 'struct destroyed'],
  ])('of another kind is refused: %s', (name, args, which) => {
    const error = thrownBy(() => classes.lookup<Call>(name)(...args));
    expect(error.code).toBe('ERR_PLUGIN_UNSUPPORTED');
    expect(error.message).toContain(which.replace('struct ', ''));
    expect(error.message).toContain('C++ passes by reference');
  });
});

it('a view of memory is passed by value', () => {
  const p = plugin.alloc('struct three', { a: 1, b: 2, c: 3 }) as Pointer;
  expect(sizeOf(p.value as object)).toBe(24);
  expect(f('hidden_three')(p.value)).toEqual({ a: 2n, b: 4n, c: 6n });
});

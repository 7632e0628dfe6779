import { Pointer } from '../../index.js';
import { openFixture, thrownBy } from '../../testing/fixture.js';

/* What C passes to a JavaScript function, and what it gets from it. */

type Call = (...args: unknown[]) => unknown;

const plugin = openFixture('calls/callbacks.c');
const f = (name: string): Call => plugin.lookup(name);
const saw = (): unknown => f('saw')();

describe('an argument and a result of each kind', () => {
  it.each<[kind: string, given: unknown, arrives: unknown, answer: unknown, seen: string]>([
    ['c', -128, -128, 127, '127'],
    ['i8', -1, -1, -128, '-128'],
    ['u8', 255, 255, 0, '0'],
    ['i16', -32768, -32768, 32767, '32767'],
    ['u16', 65535, 65535, 65535, '65535'],
    ['i32', -(2 ** 31), -(2 ** 31), 2 ** 31 - 1, '2147483647'],
    ['u32', 2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1, '4294967295'],
    ['i64', -(2n ** 63n), -(2n ** 63n), 2n ** 63n - 1n, '9223372036854775807'],
    ['i64', 5, 5n, -6, '-6'],
    ['u64', 2n ** 64n - 1n, 2n ** 64n - 1n, 2n ** 64n - 1n, '18446744073709551615'],
    ['f32', 0.1, Math.fround(0.1), -0, '-0x0p+0'],
    ['f64', 0.1, 0.1, Infinity, 'inf'],
    ['f64', NaN, NaN, 5e-324, '0x0.0000000000001p-1022'],
    ['bool', true, true, false, '0'],
    ['bool', false, false, true, '1'],
    ['color', 'GREEN', 5, 'BLUE', '-1'],
    ['color', -1, -1, 5, '5'],
    ['wide', 'LARGE', 2n ** 32n, 'LARGE', '4294967296'],
    ['text', 'née €', 'née €', 'answer 😀', 'answer 😀'],
    ['text', null, null, '', ''],
  ])('%s: %p arrives as %p, %p goes back as %p', (kind, given, arrives, answer, seen) => {
    const args: unknown[] = [];
    const callback = (...all: unknown[]): unknown => (args.push(...all), answer);
    f(`ask_${kind}`)(callback, given);
    expect(args).toEqual([arrives]);
    expect(saw()).toBe(seen);
  });

  it('structs, unions, complex numbers and 128 bits by value', () => {
    const seen: unknown[] = [];
    const swap = ({ x, y }: { x: number; y: number }): object => (seen.push({ x, y }), { x: y, y: x });
    f('ask_point')(swap, 1, -2);
    expect(saw()).toBe('-2 1');
    f('ask_big')((v: unknown, n: unknown) => (seen.push(v, n), { a: 9, b: 8n, c: -7 }), 4n);
    expect(saw()).toBe('9 8 -7');
    f('ask_number')((v: unknown) => (seen.push(v), { i: 0x40200000 }), 1.5);
    expect(saw()).toBe('0x1.4p+1');
    f('ask_128')((n: bigint, k: number) => (seen.push(n, k), -n), 2n, 3n);
    expect(saw()).toBe('-3 -3');
    f('ask_complex')((z: unknown) => (seen.push(z), { re: 3, im: -4 }), 1.5, -2.5);
    expect(saw()).toBe('3 -4');
    expect(f('ask_long_double')((x: number, n: number, y: number) => (seen.push(x, n, y), x - y), 0.75)).toBe(
      1.5,
    );
    expect(seen).toEqual([
      { x: 1, y: -2 },
      { a: 4n, b: 5n, c: 6n },
      7,
      { i: 0x3fc00000, f: 1.5 },
      (2n << 64n) + 3n,
      3,
      { re: 1.5, im: -2.5 },
      0.75,
      5,
      -0.75,
    ]);
  });

  it('a struct that came by value is a plain object, nobody else’s', () => {
    const all: object[] = [];
    for (const x of [1, 2]) f('ask_point')((p: object) => (all.push(p), p), x, 0);
    expect(all).toEqual([
      { x: 1, y: 0 },
      { x: 2, y: 0 },
    ]);
    expect(structuredClone(all[0])).toEqual({ x: 1, y: 0 });
  });

  it('pointers: a Pointer to a struct, to char, to anything, through which C’s memory is read and written', () => {
    let kept: Pointer<{ n: number; next: Pointer<{ n: number }> }> | undefined;
    const look = (node: typeof kept | null): number => {
      if (node === null || node === undefined) return -1;
      kept = node;
      node.value.n += 5;
      return node.value.next.value.n;
    };
    expect(f('ask_node')(look, 1)).toBe(2006);
    expect(kept).toBeInstanceOf(Pointer);
    expect(String(kept?.type)).toBe('struct node');
    expect(f('ask_node')(look, -1)).toBe(-1001);
    const seen: unknown[] = [];
    const chars = (text: Pointer, data: Pointer, n: Pointer<number>): number => {
      seen.push(String(text), String(text.type), text.equals(data), String(data.type), n.value);
      n.value = 6;
      return 3;
    };
    expect(f('ask_chars')(chars, 'née')).toBe(306);
    expect(seen).toEqual(['née', 'char', true, 'void', 5]);
  });

  it('function pointers: a callable or null', () => {
    const use = (binary: ((a: number, b: number) => number) | null): number => binary?.(20, 22) ?? -1;
    expect([f('ask_binary')(use, 1), f('ask_binary')(use, 0)]).toEqual([42, -1]);
  });

  it('more of them than there are registers', () => {
    let seen: unknown[] = [];
    expect(f('ask_many')((...all: unknown[]) => ((seen = all), 42))).toBe(1);
    expect(seen).toEqual([
      1,
      2.5,
      { a: 3n, b: 4n, c: 5n },
      120,
      6.5,
      { x: 7, y: 8 },
      9n,
      10.5,
      { x: 11, y: 12 },
      -13,
      200,
      'text',
      { a: 14n, b: 15n, c: 16n },
    ]);
  });

  it('a callback with too few or too many parameters is JavaScript’s own affair', () => {
    expect(f('call')(() => 7, 1)).toBe(7);
    expect(f('call')((x: number, more = 5) => x + more, 1)).toBe(6);
  });
});

describe("with int64: 'number'", () => {
  const numbers = openFixture('calls/callbacks.c', {}, { int64: 'number' });
  const n = (name: string): Call & { async: Call } => numbers.lookup(name);

  it('arguments are numbers where that is exact, also in a struct', () => {
    const seen: unknown[] = [];
    const same = (x: unknown): unknown => (seen.push(x), x);
    n('ask_i64')(same, -(2 ** 53) + 1);
    expect(saw()).toBe('-9007199254740991');
    n('ask_wide')(same, 'LARGE');
    n('ask_big')(same, 4);
    expect(saw()).toBe('4 5 6');
    expect(seen).toEqual([-(2 ** 53) + 1, 2 ** 32, { a: 4, b: 5, c: 6 }]);
    n('ask_u64')(() => 2n ** 64n - 1n, 1);
    expect(saw()).toBe('18446744073709551615');
  });

  it.each([
    ['ask_u64', 2n ** 53n],
    ['ask_i64', -(2n ** 53n)],
    ['ask_big', 2n ** 53n],
  ])('%s: one that is not exact does not arrive: zero for C, an error for the caller', (name, given) => {
    let runs = 0;
    const error = thrownBy(() => n(name)((x: unknown) => (runs++, x), given));
    expect([error.code, runs]).toEqual(['ERR_OUT_OF_RANGE', 0]);
    expect(error.message).toContain(
      `${given} is not exact as a number: open the plugin with int64: 'bigint'`,
    );
    expect(saw()).toMatch(/^0( 0 0)?$/);
  });

  it('so is the result of an asynchronous call', async () => {
    expect(await n('sum_of').async((x: number) => x, 5)).toBe(10);
  });
});

describe('a wrong result', () => {
  it.each<[kind: string, given: unknown, answer: unknown, zero: string, message: string]>([
    ['i32', 1, 2 ** 31, '0', 'out of range for int'],
    ['i32', 1, 1.5, '0', 'not an integer'],
    ['i32', 1, NaN, '0', 'NaN'],
    ['i32', 1, '1', '0', 'expected a number'],
    ['i32', 1, undefined, '0', 'got undefined'],
    ['i32', 1, null, '0', 'got null'],
    ['i32', 1, true, '0', 'got true'],
    ['u8', 1, -1, '0', 'out of range'],
    ['u8', 1, 256, '0', 'out of range'],
    ['i64', 1, 2n ** 63n, '0', 'out of range'],
    ['u64', 1, -1n, '0', 'out of range'],
    ['f64', 1, 1n, '0x0p+0', 'expected a number'],
    ['f32', 1, '1', '0x0p+0', 'expected a number'],
    ['bool', true, 1, '0', 'expected a boolean'],
    ['color', 5, 'PINK', '0', 'the string "PINK"'],
    ['text', 'x', 5, '(null)', 'got the number 5'],
    ['text', 'x', 'a\0b', '(null)', 'first NUL'],
    ['text', 'x', undefined, '(null)', 'got undefined'],
  ])(
    '%s: %p, answered with %p, is zero to C and an error to the caller',
    (kind, given, answer, zero, message) => {
      const error = thrownBy(() => f(`ask_${kind}`)(() => answer, given));
      expect(error.message).toContain('the result of the callback');
      expect(error.message).toContain(message);
      expect(saw()).toBe(zero);
    },
  );

  it.each([
    [{ x: 1 }, 'the field y of struct point is missing'],
    [{ x: 1, y: 2, z: 3 }, 'has no field z'],
    [{ x: 1, y: 2 ** 31 }, '.y: the number 2147483648 is out of range'],
    [undefined, 'got undefined'],
    [[1, 2], 'got an array'],
  ])('of a struct, %p', (answer, message) => {
    expect(
      thrownBy(() => {
        f('ask_point')(() => answer, 1, 2);
      }).message,
    ).toContain(message);
    expect(saw()).toBe('0 0');
  });

  it('in memory is all zero', () => {
    const thrower = (): never => {
      throw new Error('no struct');
    };
    expect(thrownBy(() => f('ask_big')(thrower, 1)).message).toBe('no struct');
    expect(saw()).toBe('0 0 0');
    expect(thrownBy(() => f('ask_complex')(thrower, 1, 2)).message).toBe('no struct');
    expect(saw()).toBe('0 0');
    expect(thrownBy(() => f('ask_128')(thrower, 1, 2)).message).toBe('no struct');
    expect(saw()).toBe('0 0');
  });

  it('is ignored where C wants none', () => {
    const given = { x: 1, y: 2 };
    f('update')(given, [1, 2, 3], () => 'anything');
    expect(given).toEqual({ x: 100, y: 300 });
  });
});

describe('an exception', () => {
  const bang =
    (text: string): (() => never) =>
    () => {
      throw new Error(text);
    };

  it('is the very one, whatever it is', () => {
    for (const thrown of [new RangeError('own'), { own: 1 }, 'text', 0, null, undefined, Symbol('s')]) {
      const caught = { error: 'nothing' as unknown };
      try {
        f('call')(() => {
          // Any value can be thrown.
          // eslint-disable-next-line @typescript-eslint/only-throw-error
          throw thrown;
        }, 1);
      } catch (error) {
        caught.error = error;
      }
      expect(caught.error).toBe(thrown);
    }
  });

  it('is the first; further callbacks of that call return zero unrun', () => {
    let runs = 0;
    const thirdThrows = (i: number): number => {
      runs++;
      if (i >= 2) throw new Error(`at ${i}`);
      return i + 1;
    };
    expect(thrownBy(() => f('repeat')(thirdThrows, 6)).message).toBe('at 2');
    expect([saw(), runs]).toEqual(['1 2 0 0 0 0 ', 3]);
    expect(thrownBy(() => f('two')(() => 5, bang('second'))).message).toBe('second');
    expect(saw()).toBe('5 0 0');
    // Of that call only.
    f('repeat')((i: number) => i, 3);
    expect(saw()).toBe('0 1 2 ');
  });

  it('does not keep C’s changes from coming back', () => {
    const point = { x: 1, y: 2 };
    const list = [1, 2, 3];
    const typed = Int32Array.of(1, 2, 3);
    expect(thrownBy(() => f('update')(point, list, bang('meanwhile'))).message).toBe('meanwhile');
    expect([point, list]).toEqual([{ x: 100, y: 300 }, [1, 200, 400]]);
    expect(thrownBy(() => f('update')({ x: 1, y: 2 }, typed, bang('meanwhile'))).message).toBe('meanwhile');
    expect(Array.from(typed)).toEqual([1, 200, 400]);
  });

  it.each([0, 1, 2, 3, 4])('nested, thrown at depth %i and caught there or further out', (depth) => {
    for (let catching = depth; catching >= 0; catching--) {
      const seen: string[] = [];
      const level = (n: number): number => {
        const inner = (): number => {
          if (n === depth) throw new Error(`thrown at ${n}`);
          return level(n + 1);
        };
        try {
          return f('call_and')(inner, 0, n) as number;
        } catch (error) {
          seen.push(`${n}: ${(error as Error).message}`);
          if (n === catching) return 7;
          throw error;
        }
      };
      let expected = 7;
      for (let n = catching - 1; n >= 0; n--) expected = expected * 10 + n;
      expect([catching, level(0)]).toEqual([catching, expected]);
      const levels = Array.from({ length: depth - catching + 1 }, (_, i) => depth - i);
      expect(seen).toEqual(levels.map((n) => `${n}: thrown at ${depth}`));
    }
  });

  it('that was caught inside leaves the outer call as it was', () => {
    let runs = 0;
    const catches = (i: number): number => {
      runs++;
      expect(() => f('call')(bang('inner'), i)).toThrow('inner');
      return f('call')((x: number) => x * 2, i) as number;
    };
    f('repeat')(catches, 4);
    expect([saw(), runs]).toEqual(['0 2 4 6 ', 4]);
  });

  it('of a wrong argument inside a callback reaches the outer caller', () => {
    const error = thrownBy(() => f('call')(() => f('call')(5, 1), 1));
    expect(error.message).toContain(
      'int call(int (*f)(int), int x): argument 1 (f): expected a function or null',
    );
    expect(f('call')((x: number) => x, 3)).toBe(3);
  });
});

describe('C to JavaScript to C', () => {
  it('with new functions at each level', () => {
    const factorial = (n: number): number => (n <= 1 ? 1 : n * (f('call')(factorial, n - 1) as number));
    expect(factorial(10)).toBe(3628800);
  });

  it('sorts within a comparison', () => {
    const list = [3, 1, 2];
    let inner: number[] = [];
    f('sort')(list, 3, (a: Pointer<number>, b: Pointer<number>) => {
      inner = [9, 7, 8];
      f('sort')(inner, 3, (c: Pointer<number>, d: Pointer<number>) => d.value - c.value);
      return a.value - b.value;
    });
    expect([list, inner]).toEqual([
      [1, 2, 3],
      [9, 8, 7],
    ]);
  });

  it('hands a callback on', () => {
    const square = (x: number): number => x * x;
    expect(f('call')((x: number) => f('call')(square, x + 1), 4)).toBe(25);
    const same = f('same');
    expect(f('call')(same(plugin.lookup('call_kept')), 1)).toBe(-1);
  });
});

describe('qsort', () => {
  it('of 100,000 ints with a JavaScript comparator', () => {
    let random = 12345;
    const next = (): number => (random = (Math.imul(random, 1103515245) + 12345) | 0);
    const list = Int32Array.from({ length: 100_000 }, next);
    const expected = Int32Array.from(list).sort();
    const compare = (a: Pointer<number>, b: Pointer<number>): number =>
      a.value < b.value ? -1 : Number(a.value > b.value);
    f('sort')(list, list.length, compare);
    expect(Buffer.compare(Buffer.from(list.buffer), Buffer.from(expected.buffer))).toBe(0);
  });

  it('of anything, by void *', () => {
    const list = Float64Array.of(3.5, -1, 2);
    const value = (p: Pointer): number => (p.cast('const double *') as Pointer<number>).value;
    f('sort_any')(list, 3, 8, (a: Pointer, b: Pointer) => Math.sign(value(a) - value(b)));
    expect(Array.from(list)).toEqual([-1, 2, 3.5]);
  });

  it('of structs', () => {
    const points = [3, 1, 2].map((x) => ({ x, y: -x }));
    f('sort_points')(
      points,
      3,
      (a: Pointer<{ x: number }>, b: Pointer<{ x: number }>) => a.value.x - b.value.x,
    );
    expect(points).toEqual([1, 2, 3].map((x) => ({ x, y: -x })));
  });

  it('with a comparator that fails at once is left at that', () => {
    let runs = 0;
    const broken = (): number => {
      runs++;
      throw new Error('broken');
    };
    expect(thrownBy(() => f('sort')(new Int32Array(1000), 1000, broken)).message).toBe('broken');
    expect(runs).toBe(1);
  });
});

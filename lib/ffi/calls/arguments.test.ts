import { inspect } from 'node:util';
import { Pointer, free } from '../../index.js';
import type { Variable } from '../../index.js';
import { childValue } from '../../testing/run-child.js';
import { openFixture, thrownBy } from '../../testing/fixture.js';

const plugin = openFixture('calls/calls.c');
const asNumbers = openFixture('calls/calls.c', {}, { int64: 'number' });
const f = (name: string): ((...args: unknown[]) => unknown) => plugin.lookup(name);
const seen = (): unknown => f('seen')();

const INTEGERS: [name: string, type: string, least: number | bigint, most: number | bigint][] = [
  ['c', 'char', -128, 127],
  ['i8', 'signed char', -128, 127],
  ['u8', 'unsigned char', 0, 255],
  ['i16', 'short int', -32768, 32767],
  ['u16', 'short unsigned int', 0, 65535],
  ['i32', 'int', -(2 ** 31), 2 ** 31 - 1],
  ['u32', 'unsigned int', 0, 2 ** 32 - 1],
  ['i64', 'long int', -(2n ** 63n), 2n ** 63n - 1n],
  ['u64', 'long unsigned int', 0n, 2n ** 64n - 1n],
  ['ll', 'long long int', -(2n ** 63n), 2n ** 63n - 1n],
  ['size', 'size_t', 0n, 2n ** 64n - 1n],
  ['color', 'enum color', 0, 2 ** 32 - 1],
  ['level', 'enum level', -(2 ** 31), 2 ** 31 - 1],
  ['wide', 'enum wide', -(2n ** 63n), 2n ** 63n - 1n],
];

describe.each(INTEGERS)('echo_%s, %s', (name, type, least, most) => {
  const echo = f(`echo_${name}`);
  const wide = typeof least === 'bigint';
  const one = wide ? 1n : 1;

  it.each([least, most, 0, 1, 100, -0])('%p arrives, and comes back', (value) => {
    const expected = wide ? BigInt(value) : value === 0 ? 0 : value;
    expect(echo(value)).toBe(expected);
    expect(seen()).toBe(String(value));
  });

  if (wide) {
    const later = (echo as typeof echo & { async: (value: number) => Promise<unknown> }).async;
    it.each([2 ** 31, 2 ** 32, 2 ** 53 - 1, ...(least === 0n ? [] : [-1, -(2 ** 31) - 1, 1 - 2 ** 53])])(
      'the number %p arrives whole, also from another thread',
      async (value) => {
        expect(echo(value)).toBe(BigInt(value));
        expect(seen()).toBe(String(value));
        echo(0);
        expect(await later(value)).toBe(BigInt(value));
        expect(seen()).toBe(String(value));
      },
    );
  }

  it.each([
    [(least as number) - (one as number), 'ERR_OUT_OF_RANGE', `is out of range for ${type} (`],
    [(most as number) + (one as number), 'ERR_OUT_OF_RANGE', `is out of range for ${type} (`],
    [NaN, 'ERR_INVALID_ARG_VALUE', 'the number NaN is no'],
    [1.5, 'ERR_INVALID_ARG_VALUE', 'not an integer'],
    ['1', undefined, 'the string "1"'],
    [true, 'ERR_INVALID_ARG_TYPE', 'got true'],
    [null, 'ERR_INVALID_ARG_TYPE', 'got null'],
    [undefined, 'ERR_INVALID_ARG_TYPE', 'got undefined'],
    [{}, 'ERR_INVALID_ARG_TYPE', 'got an object'],
    [[1], 'ERR_INVALID_ARG_TYPE', 'got an array of 1'],
  ])('%p is refused, naming prototype and parameter', (value, code, message) => {
    echo(7);
    const error = thrownBy(() => echo(value));
    if (code !== undefined) expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.message.startsWith(`${type} echo_${name}(${type} x): argument 1 (x): `)).toBe(true);
    expect(seen()).toBe('7');
  });
});

describe('other scalars', () => {
  it('64-bit results are numbers where the plugin was opened so', () => {
    const echo = asNumbers.lookup<(x: number | bigint) => number>('echo_i64');
    expect([echo(5n), echo(-(2 ** 53) + 1)]).toEqual([5, -(2 ** 53) + 1]);
    expect(thrownBy(() => echo(2n ** 53n)).message).toMatch(
      /^long int echo_i64\(long int x\): the result: 9007199254740992 is not exact as a number/,
    );
  });

  it('enums take names', () => {
    expect([f('echo_color')('GREEN'), f('echo_level')('LOW'), f('echo_wide')('LARGE')]).toEqual([
      5,
      -2,
      2n ** 32n,
    ]);
    expect(thrownBy(() => f('echo_color')('BLUE')).message).toBe(
      'enum color echo_color(enum color x): argument 1 (x): the string "BLUE" is no enum color: ' +
        'its enumerators are RED, GREEN',
    );
  });

  it.each([true, false])('_Bool %p', (value) => {
    expect(f('echo_bool')(value)).toBe(value);
    expect(seen()).toBe(value ? '1' : '0');
  });

  it.each([1, 0, 'true', null, undefined])('_Bool refuses %p', (value) => {
    expect(thrownBy(() => f('echo_bool')(value)).message).toContain('(x): expected a boolean for _Bool, got');
  });

  it.each([0, -0, 1.5, 0.1, 1e308, 5e-324, Infinity, -Infinity, NaN, 2 ** 53])(
    'double and float %p',
    (value) => {
      expect(f('echo_f64')(value)).toBe(value);
      expect(f('echo_f32')(value)).toBe(Math.fround(value));
    },
  );

  it.each([1n, '1', null, undefined, true])('double and float refuse %p', (value) => {
    for (const name of ['echo_f64', 'echo_f32'])
      expect(thrownBy(() => f(name)(value)).code).toBe('ERR_INVALID_ARG_TYPE');
  });
});

describe('the number of arguments', () => {
  it.each<[name: string, args: unknown[], result: unknown]>([
    ['p0', [], undefined],
    ['p1', [7], 7],
    ['p2', [1, 2], 12],
    ['p3', [1, 2, 3], 123],
    ['p4', [1, 2, 3, 4], 1234],
    ['p10', [-1, 2, -3, 4n, 0.5, 1.5, 255, true, -2.5, 10], 1892],
    ['p12', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, -11, -12n], 120],
    ['unnamed', [1, 2.5], 3],
  ])('%s(...%p) gives %p; one less and one more is refused', (name, args, result) => {
    const call = f(name);
    expect(call(...args)).toBe(result);
    const calls = plugin.lookup<Variable<number>>('calls');
    const before = calls.value;
    const prototype = String(call);
    for (const wrong of [
      [...args, undefined],
      [...args, 1, 2, 3],
      ...(args.length > 0 ? [args.slice(1), []] : []),
    ]) {
      const takes = args.length === 1 ? '1 argument' : `${args.length} arguments`;
      expect(thrownBy(() => call(...wrong))).toEqual({
        name: 'TypeError',
        code: 'ERR_ARGUMENT_COUNT',
        message: `${prototype}: takes ${takes}, got ${wrong.length}`,
      });
    }
    expect(calls.value).toBe(before);
  });

  it('the parameter at fault is named, by number where it has no name', () => {
    expect(thrownBy(() => f('p4')(1, 2, 3, 'x')).message).toBe(
      'int p4(int a, int b, int c, int d): argument 4 (d): expected a number for int, got the string "x"',
    );
    expect(thrownBy(() => f('p10')(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)).message).toContain(
      ': argument 8 (h): expected',
    );
    expect(thrownBy(() => f('p3')(1, 2 ** 31, 3)).message).toContain(
      ': argument 2 (b): the number 2147483648',
    );
  });
});

describe('text', () => {
  it.each(['', 'plain', 'é€😀', 'x'.repeat(100_000), '\uFEFFbom'])('goes in as UTF-8', (value) => {
    expect(f('length')(value)).toBe(BigInt(Buffer.byteLength(value)));
  });

  it('comes back, null as null', () => {
    expect(f('greet')('née €')).toBe('hello, née €');
    expect(f('greet')(null)).toBeNull();
    expect(f('length')(null)).toBe(999n);
    const copy = f('duplicate')('née') as Pointer<number>;
    expect(copy).toBeInstanceOf(Pointer);
    expect(String(copy)).toBe('née');
    expect(f('length')(copy)).toBe(4n);
    free(copy);
    expect(f('duplicate')(null)).toBeNull();
  });

  it('goes to char *, too, and C may write into its copy', () => {
    expect(f('upper')('née')).toBe(4);
    const bytes = Buffer.from('née\0');
    expect(f('upper')(bytes)).toBe(4);
    expect(bytes.toString()).toBe('NéE\0');
  });

  it.each([
    ['a\0b', 'ERR_INVALID_ARG_VALUE', 'C text ends at its first NUL'],
    [
      5,
      'ERR_INVALID_ARG_TYPE',
      'expected a string, a Pointer, a Uint8Array or null for const char *, got the number 5',
    ],
    [5n, 'ERR_INVALID_ARG_TYPE', 'got the bigint 5n'],
    [undefined, 'ERR_INVALID_ARG_TYPE', 'got undefined'],
    [true, 'ERR_INVALID_ARG_TYPE', 'got true'],
    [{}, 'ERR_INVALID_ARG_TYPE', 'got an object'],
  ])('%p is refused', (value, code, message) => {
    const error = thrownBy(() => f('length')(value));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.message).toContain('size_t length(const char *s): argument 1 (s): ');
  });

  it('a list of texts is an array', () => {
    expect(f('total')(['one', 'née', 'x', null])).toBe(8n);
    expect(thrownBy(() => f('total')(['one', 2, null])).message).toContain('(list)[1]: expected a string');
  });
});

describe('functions', () => {
  it('give callable function pointers, or null', () => {
    const add = f('get_add')() as (a: number, b: number) => number;
    expect(add(2, 3)).toBe(5);
    expect(f('get_none')()).toBeNull();
    expect(thrownBy(() => add(1, 2.5)).message).toMatch(
      /^int 0x[0-9a-f]+\(int, int\): argument 2: the number 2.5/,
    );
  });

  it('take looked-up ones and those of JavaScript', () => {
    expect(f('apply')(f('add'), 2, 3)).toBe(5);
    expect(f('apply')(f('get_add')(), 2, 4)).toBe(6);
    expect(f('apply')(null, 2, 3)).toBe(-1);
    const chosen = plugin.lookup<Variable>('chosen');
    chosen.value = (a: number, b: number) => a * b;
    expect(f('apply')(chosen.value, 6, 7)).toBe(42);
    expect(f('apply')(chosen.value, 6, 8)).toBe(48);
    expect(f('apply')((a: number, b: number) => a * 100 + b, 2, 3)).toBe(203);
    expect(thrownBy(() => f('apply')(f('p1'), 2, 3)).message).toContain(
      'expected int (*)(int, int), got int p1(int a)',
    );
    expect(thrownBy(() => f('apply')(5, 2, 3)).message).toContain(
      'expected a function or null for int (*)(int, int)',
    );
  });
});

it('a vector by value is refused', () => {
  const error = thrownBy(() => f('take_vector')(1));
  expect(error).toMatchObject({ name: 'PluginError', code: 'ERR_PLUGIN_UNSUPPORTED' });
  expect(error.message).toContain('take_vector(quad q): parameter 1: quad is a vector');
});

it('a long double is not returned: it comes in a register of the x87', () => {
  expect(thrownBy(() => f('take_long_double')(1)).message).toContain('in a register of the x87');
});

describe('functions without a prototype', () => {
  it('take the arguments of their definition', () => {
    expect(f('kr_add')(2, 3)).toBe(5);
    expect(f('kr_mixed')(-5, 2.5, 1000)).toBe(997.5);
    expect(f('unprototyped')()).toBe(7);
    expect(thrownBy(() => f('unprototyped')(1)).message).toBe(
      'int unprototyped(): takes 0 arguments, got 1\n' +
        "  it has no prototype; if it takes arguments, say their types: lookup('unprototyped', 'int (…)')",
    );
    expect(thrownBy(() => f('kr_add')(1)).code).toBe('ERR_ARGUMENT_COUNT');
    expect(thrownBy(() => f('kr_mixed')(128, 0, 0)).code).toBe('ERR_OUT_OF_RANGE');
  });

  it('can be stored but not called where their pointer does not say the parameters', () => {
    const old = plugin.lookup<Variable<((...args: unknown[]) => unknown) | null>>('old_style');
    old.value = f('add');
    expect(f('call_old_style')(2, 3)).toBe(5);
    expect(old.value).toBe(old.value);
    for (const refused of [() => old.value?.(2, 3), () => (old.value = (a, b) => Number(a) + Number(b))]) {
      const { code, message } = thrownBy(refused);
      expect(code).toBe('ERR_PLUGIN_UNSUPPORTED');
      expect(message).toContain('the type of the pointer does not say the parameters');
    }
    expect(f('call_old_style')(2, 4)).toBe(6);
    const typed = old.cast('int (**)(int, int)') as Pointer<(a: number, b: number) => number>;
    expect(typed.value(2, 5)).toBe(7);
    typed.value = (a, b) => a * b;
    expect(f('call_old_style')(6, 7)).toBe(42);
    old.value = null;
  });

  it('go with what their callers pass', () => {
    const floating = plugin.lookup<Variable>('floating');
    floating.value = f('doubled');
    expect(thrownBy(() => (floating.value = f('halved'))).code).toBe('ERR_INVALID_ARG_TYPE');
    expect(thrownBy(() => (plugin.lookup<Variable>('mixed').value = f('kr_mixed'))).code).toBe(
      'ERR_INVALID_ARG_TYPE',
    );
    plugin.lookup<Variable>('promoted').value = f('kr_mixed');
    expect(f('call_promoted')(-5, 2.5, 1000)).toBe(997.5);
  });
});

describe('a pointer that is cast to a function pointer', () => {
  it('is the function', () => {
    const address = f('address_of_add')() as Pointer;
    expect(address.cast('int (*)(int, int)')(2, 3)).toBe(5);
    const callable = address.cast('operator') as unknown as (a: number, b: number) => number;
    expect(callable(2, 4)).toBe(6);
    expect(thrownBy(() => address.cast('int (*)(int, int)')(2)).code).toBe('ERR_ARGUMENT_COUNT');
    expect(thrownBy(() => address.cast('int (*)()')()).code).toBe('ERR_PLUGIN_UNSUPPORTED');
    plugin.lookup<Variable>('chosen').value = callable;
    expect(f('apply')(plugin.lookup<Variable>('chosen').value, 3, 4)).toBe(7);
  });
});

describe('a C++ reference to const char', () => {
  const references = openFixture(
    `static char letter = 'x';
    static const char *text = "text";
    extern "C" {
    extern const char &one;
    extern const char *const &several;
    const char &one = letter;
    const char *const &several = text;
    int code(const char &c) { return c; }
    const char &of(void) { return letter; }
    }
    `,
    { compiler: 'g++' },
  );

  it('is one char, no text', () => {
    const one = references.lookup<Variable<Pointer<number>>>('one');
    expect([one.value.value, inspect(one)]).toEqual([120, expect.not.stringContaining('"') as string]);
    expect((references.lookup<() => Pointer<number>>('of')() as Pointer).value).toBe(120);
    const code = references.lookup<(c: unknown) => number>('code');
    expect(code(references.alloc('char', 65))).toBe(65);
    expect(thrownBy(() => code('A')).code).toBe('ERR_INVALID_ARG_TYPE');
    expect(references.lookup<Variable<Pointer>>('several').value.value).toBe('text');
  });
});

it('C may use megabytes of stack', () => {
  const source = `
    import { openFixture } from '#lib/testing/fixture.js';
    const deep = openFixture('calls/calls.c').lookup<(megabytes: number) => number>('deep');
    console.log(JSON.stringify([deep(1), deep(3), deep(6)]));
  `;
  expect(childValue(source)).toEqual([1, 3, 6]);
});

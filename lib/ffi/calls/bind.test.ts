import { VOID } from '../../ctypes/model.js';
import { callback, type Pointer } from '../../index.js';
import { openFixture, thrownBy } from '../../testing/fixture.js';
import { childValue } from '../../testing/run-child.js';
import { describeWith } from '../../testing/tools.js';
import { createValues } from '../values/factory.js';
import { createFunction } from './function.js';

type Call = (...args: unknown[]) => unknown;

const parameters = (count: number): string => Array.from({ length: count }, (_, i) => `int p${i}`).join(', ');
const plugin = openFixture(`
  int most(${parameters(64)}) { return p0 + p63; }
  int too_many(${parameters(65)}) { return p0 + p64; }
`);

describe('a function of many parameters', () => {
  it('can be called with as many as koffi passes', () => {
    expect(plugin.lookup<Call>('most')(...Array.from({ length: 64 }, (_, i) => i))).toBe(63);
  });

  it('is found, and refuses to be called with more', () => {
    const tooMany = plugin.lookup<Call>('too_many');
    expect(tooMany.name).toBe('too_many');
    const error = thrownBy(() => tooMany(...Array.from({ length: 65 }, (_, i) => i)));
    expect(error).toMatchObject({ name: 'PluginError', code: 'ERR_PLUGIN_UNSUPPORTED' });
    expect(error.message).toMatch(
      /^int too_many\(int p0.*\): Functions cannot have more than 64 parameters$/,
    );
  });
});

it('a function of another calling convention refuses to be called', () => {
  const values = createValues({
    int64: 'bigint',
    parse: () => VOID,
    callable: () => () => undefined,
    functionAddress: () => ({ address: 0n, kept: undefined }),
  });
  const type = {
    kind: 'function',
    result: VOID,
    parameters: [],
    variadic: false,
    prototyped: true,
    convention: 'DW_CC.LLVM_Win64',
  } as const;
  const call = createFunction({ name: 'f', address: 16n, type: () => type }, values);
  expect(thrownBy(() => call())).toEqual({
    name: 'PluginError',
    code: 'ERR_PLUGIN_UNSUPPORTED',
    message: "void f(void): its calling convention DW_CC.LLVM_Win64 is not C's",
  });
});

describeWith(['g++'], 'a C++ reference', () => {
  const references = openFixture(
    `
    extern "C" {
      struct spot { int x, y; };
      int sum(const spot &s) { return s.x + s.y; }
      void bump(int &&n) { n++; }
    }
    `,
    { compiler: 'g++', flags: ['-g', '-shared', '-fPIC', '-x', 'c++'] },
  );

  it('takes what it can refer to, and not null', () => {
    const sum = references.lookup<Call>('sum');
    expect(sum({ x: 1, y: 2 })).toBe(3);
    const n = references.alloc('int', 4) as { value: number };
    references.lookup<Call>('bump')(n);
    expect(n.value).toBe(5);
    for (const call of [sum, references.lookup<Call>('bump')]) {
      const error = thrownBy(() => call(null));
      expect(error.code).toBe('ERR_INVALID_ARG_TYPE');
      expect(error.message).toContain('got null');
    }
  });
});

describe('callbacks', () => {
  const inChild = (source: string): unknown =>
    childValue(`
      import { openFixture, thrownBy } from '#lib/testing/fixture.js';
      const plugin = openFixture('values/functions.c');
      const operation = plugin.lookup('operation');
      const run = plugin.lookup('run');
      ${source}
    `);

  it('are not made while one runs, and others go on', () => {
    const source = `
      const seen = [];
      operation.value = (a, b) => {
        seen.push(thrownBy(() => (operation.value = () => 0)).message);
        return a + b;
      };
      const sums = [run(1, 2), run(3, 4)];
      const other = (a, b) => a * b;
      operation.value = other;
      const product = run(3, 4);
      const multiply = operation.value;
      operation.value = (a, b) => {
        operation.value = multiply;
        return run(a, b) + 1;
      };
      console.log(JSON.stringify([seen, sums, product, run(3, 4), run(3, 4)]));
    `;
    const message =
      "operation: int (int, int): a callback can't be made while another runs: make it before the call";
    expect(inChild(source)).toEqual([[message, message], [3, 7], 12, 13, 12]);
  });

  it('are refused when koffi has no more', () => {
    const source = `
      const blocks = [];
      let error;
      try {
        for (let i = 0; i < 9000; i++) blocks.push(plugin.alloc('struct handlers', { convert: () => i }));
      } catch (e) {
        error = e;
      }
      console.log(JSON.stringify([blocks.length > 8000, error.code, error.message]));
    `;
    expect(inChild(source)).toEqual([
      true,
      'ERR_PLUGIN_UNSUPPORTED',
      expect.stringMatching(/Too many callbacks are in use \(max = 8192\)$/),
    ]);
  });
});

describe('on a machine where the proof of the ABI has not run', () => {
  const source = (unique: string): string => `
    #include <complex.h>
    #include <stdarg.h>
    struct point { int x, y; };
    union word { int i; float f; };
    int sum(struct point p) { return p.x + p.y; }
    struct point both(int n) { return (struct point){n, n}; }
    int bits(union word w) { return w.i; }
    double _Complex conjugate(double _Complex z) { return conj(z); }
    __int128 negate(__int128 n) { return -n; }
    long double half(long double x) { return x / 2; }
    int by_pointer(const struct point *p) { return p->x + p->y; }
    int ask(int (*f)(struct point), int x) { return f((struct point){x, 1}); }
    int make(struct point (*f)(int), int x) { return f(x).y; }
    int apply(int (*f)(const struct point *, double), int x) { struct point p = {x, 2}; return f(&p, 0.5); }
    double add(int n, ...) {
      va_list list;
      va_start(list, n);
      int i = va_arg(list, int);
      double d = n > 1 ? va_arg(list, double) : 0;
      va_end(list);
      return i + d;
    }
    ${unique}
  `;
  /** Opened before: what is looked at is the first call of each function. */
  const on = (arch: NodeJS.Architecture): ((name: string, ...args: unknown[]) => unknown) => {
    const machine = openFixture(source(`int on_${arch};`));
    Object.defineProperty(process, 'arch', { value: arch, configurable: true });
    return (name, ...args) => machine.lookup<Call>(name)(...args);
  };
  const { arch: own } = process;
  afterEach(() => {
    Object.defineProperty(process, 'arch', { value: own, configurable: true });
  });

  it.each<[name: string, args: unknown[]]>([
    ['sum', [{ x: 1, y: 2 }]],
    ['both', [1]],
    ['bits', [{ i: 1 }]],
    ['conjugate', [{ re: 1, im: 2 }]],
    ['negate', [1n]],
    ['half', [1]],
    ['ask', [(): number => 1, 1]],
    ['make', [(): object => ({ x: 1, y: 2 }), 1]],
  ])('%s is refused, called or calling back', (name, args) => {
    const error = thrownBy(() => on('arm64')(name, ...args));
    expect([error.code, error.message]).toEqual([
      'ERR_PLUGIN_UNSUPPORTED',
      expect.stringContaining('values of structs are not passed on arm64 yet; by pointer they are'),
    ]);
  });

  it('so is a callback that is made beforehand', () => {
    on('arm64');
    const error = thrownBy(() => callback(() => 1, 'int (long double)'));
    expect(error).toMatchObject({ code: 'ERR_PLUGIN_UNSUPPORTED' });
    expect(error.message).toContain('not passed on arm64');
  });

  it('pointers and numbers pass', () => {
    const call = on('arm64');
    expect(call('by_pointer', { x: 1, y: 2 })).toBe(3);
    const look = (p: Pointer<{ x: number }>, d: number): number => p.value.x + 2 * d;
    expect(call('apply', look, 4)).toBe(5);
    expect([call('add', 1, 5), call('add', 2, 5, 0.5)]).toEqual([5, 5.5]);
  });

  it.each(['riscv64', 'loong64'] as const)('a variadic double is refused on %s', (arch) => {
    const call = on(arch);
    expect(call('add', 1, 5)).toBe(5);
    const error = thrownBy(() => call('add', 2, 5, 0.5));
    expect([error.code, error.message]).toEqual([
      'ERR_PLUGIN_UNSUPPORTED',
      expect.stringMatching(/^double add\(int n, \.\.\.\): a variadic double goes in an integer register/),
    ]);
  });
});

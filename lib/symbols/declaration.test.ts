import { sizeOf, snapshot } from '../index.js';
import type { Pointer, Variable } from '../index.js';
import { openFixture, thrownBy } from '../testing/fixture.js';
import { run } from '../testing/tools.js';

/** With debug info, and without any. */
const typed = openFixture('calls/declared.c');
const bare = openFixture('calls/declared.c', { flags: ['-shared', '-fPIC', '-s'], output: 'bare.so' });
/** The symbols as readelf has them, with the size of each. */
const table = run('readelf', ['-W', '--dyn-syms', bare.path]);

describe('with type information', () => {
  it.each([
    ['V', 'int'],
    ['V', 'int V'],
    ['V', 'signed'],
    ['U', 'unsigned int'],
    ['L', 'long'],
    ['L', 'long int'],
    ['letters', 'char[4]'],
    ['numbers', 'int[4]'],
    ['numbers', 'int numbers[]'],
    ['fixed', 'const int'],
    ['point', 'struct point'],
    ['point', 'spot'],
    ['color', 'enum color'],
    ['text', 'char *'],
    ['F', 'void (void)'],
    ['F', 'void F(void);'],
    ['add', 'int (int, int)'],
    ['add', 'int add(int first, int second)'],
    ['length', 'size_t (const char *)'],
    ['length', 'unsigned long (const char *s)'],
    ['operation', 'int (*)(int, int)'],
  ])("lookup('%s', '%s') agrees, and is the same symbol", (name, declaration) => {
    const symbol: unknown = typed.lookup(name, declaration);
    expect(symbol).toBe(typed.lookup(name));
    expect(symbol).toBe(typed.lookup(name, declaration));
  });

  it.each<[name: string, declaration: string, value: unknown]>([
    ['text', 'const char *', 'text'],
    ['bytes', 'unsigned char[4]', [1, 2, 3, 4]],
    ['color', 'int', 1],
  ])("lookup('%s', '%s') reads the same memory in another way", (name, declaration, value) => {
    expect(snapshot(typed.lookup<Variable>(name, declaration).value)).toEqual(value);
  });

  it.each([
    ['text', 'void *'],
    ['anything', 'char *'],
    ['anything', 'struct point *'],
    ['to_int', 'void *'],
  ])("lookup('%s', '%s') is a pointer of that type", (name, declaration) => {
    const variable = typed.lookup<Variable<Pointer>>(name, declaration);
    expect(variable).not.toBe(typed.lookup(name));
    expect(String(variable.type)).toBe(declaration);
    expect(variable.value.address).toBe(typed.lookup<Variable<Pointer>>(name).value.address);
  });

  it.each([
    ['V', 'long', 'is int, not long'],
    ['V', 'unsigned', 'is int, not unsigned int'],
    ['L', 'size_t', 'is long int, not size_t'],
    ['V', 'float', 'is int, not float'],
    ['V', 'int *', 'is int, not int *'],
    ['V', 'int (void)', 'is int, not int (void)'],
    ['numbers', 'int[5]', 'is int[4], not int[5]'],
    ['numbers', 'int', 'is int[4], not int'],
    ['point', 'struct other', 'is struct point, not struct other'],
    ['to_int', 'double *', 'is int *, not double *'],
    ['F', 'int (void)', 'is void (void), not int (void)'],
    ['F', 'void', 'is void (void), not void'],
    ['add', 'int (int)', 'is int (int a, int b), not int (int)'],
    ['add', 'int (int, long)', 'is int (int a, int b), not int (int, long)'],
    ['add', 'int (int, int, ...)', 'is int (int a, int b), not int (int, int, ...)'],
    ['operation', 'int (*)(int)', 'is int (*)(int, int), not int (*)(int)'],
  ])("lookup('%s', '%s') is refused, saying both types", (name, declaration, message) => {
    expect(thrownBy(() => typed.lookup(name, declaration))).toEqual({
      name: 'PluginError',
      code: 'ERR_PLUGIN_TYPE',
      message: `plugin: symbol ${name} of plugin ${typed.path} ${message}`,
    });
  });

  it('reinterprets a function', () => {
    const sum = typed.lookup<(p: unknown) => number>('sum', 'int (void *)');
    expect(sum(typed.lookup('point'))).toBe(3);
    expect(sum(Int32Array.of(5, 6))).toBe(11);
    expect(String(sum)).toBe('int sum(void *)');
    expect(typed.lookup<(x: number) => number>('unprototyped', 'int (int)')(1)).toBe(7);
  });

  it('what is const stays const', () => {
    const fixed = typed.lookup<Variable<number>>('fixed', 'int');
    expect(fixed.value).toBe(5);
    expect(thrownBy(() => (fixed.value = 6)).message).toBe(
      "fixed: const int is const: it can't be assigned to",
    );
  });

  it.each([
    ['V', 'nothing', "there is no type 'nothing' here"],
    ['point', 'struct nothing', "there is no 'struct nothing' here"],
    ['V', 'int int', "'int int' is no type"],
  ])("lookup('%s', '%s') is not understood", (name, declaration, message) => {
    expect(thrownBy(() => typed.lookup(name, declaration))).toMatchObject({
      name: 'TypeError',
      message: expect.stringContaining(message) as string,
    });
  });
});

describe('without type information', () => {
  it('symbols are found, and say how to use them', () => {
    expect(bare.has('V') && bare.has('F')).toBe(true);
    for (const [symbol, use] of [
      ['V', () => bare.lookup<Variable>('V').value],
      ['F', () => bare.lookup<() => unknown>('F')()],
    ] as const) {
      const { path } = bare;
      expect(use).toThrow(expect.objectContaining({ code: 'ERR_PLUGIN_TYPE', path, symbol }) as Error);
      const error = thrownBy(use);
      expect(error.message).toMatch(/^plugin: the type of symbol [VF] of plugin .* is not known\n/);
      expect(error.message).toMatch(
        /it has no \.debug_info[^]*say the type yourself, such as lookup\('[VF]', '/,
      );
    }
  });

  it.each(['V', 'L', 'letters', 'numbers', 'fixed', 'point', 'text'])(
    'the declaration that is proposed for the variable %s is one that it takes',
    (name) => {
      const { message } = thrownBy(() => bare.lookup<Variable>(name).value);
      const declaration = /such as lookup\('\w+', '([^']+)'\)/.exec(message)?.[1] ?? '';
      const size = Number(new RegExp(` (\\d+) OBJECT .* ${name}$`, 'm').exec(table)?.[1]);
      expect(sizeOf(bare.lookup<Variable>(name, declaration).type)).toBe(size);
    },
  );

  it('declarations supply the types', () => {
    const V = bare.lookup<Variable<number>>('V', 'int');
    const before = V.value;
    bare.lookup<() => void>('F', 'void (void)')();
    expect(V.value).toBe(before + 1);
    V.value = 40;
    expect(bare.lookup<(a: number, b: number) => number>('add', 'int (int, int)')(V.value, 2)).toBe(42);
    expect(bare.lookup<(s: string) => bigint>('length', 'size_t (const char *s)')('four')).toBe(4n);
    expect(snapshot(bare.lookup<Variable>('numbers', 'int[4]').value)).toEqual([1, 2, 3, 4]);
    expect(snapshot(bare.lookup<Variable>('numbers', 'int[]').value)).toEqual([1, 2, 3, 4]);
    expect(snapshot(bare.lookup<Variable>('point', 'int[2]').value)).toEqual([1, 2]);
    expect(bare.lookup<Variable>('letters', 'char letters[4]').value).toBe('abc');
    expect(bare.lookup<Variable>('text', 'const char *').value).toBe('text');
    const operation = bare.lookup<Variable>('operation', 'int (*)(int, int)');
    expect((operation.value as (a: number, b: number) => number)(3, 4)).toBe(7);
    expect(thrownBy(() => bare.lookup<(...a: number[]) => number>('add', 'int (int, int)')(1)).message).toBe(
      'int add(int, int): takes 2 arguments, got 1',
    );
  });

  it.each([
    ['V', 'long', 'has 4 bytes, long has 8'],
    ['V', 'void', 'has 4 bytes, void has no size'],
    ['numbers', 'int[3]', 'has 16 bytes, int[3] has 12'],
    ['V', 'int (void)', 'is a variable, int (void) is none'],
    ['F', 'int', 'is a function, int is none'],
    ['F', 'void ()', "can't be typed as void (): that does not say its parameters; none is (void)"],
    ['F', 'void (*)(void)', 'is a function, void (*)(void) is none'],
  ])("lookup('%s', '%s') is refused", (name, declaration, message) => {
    expect(thrownBy(() => bare.lookup(name, declaration))).toMatchObject({
      code: 'ERR_PLUGIN_TYPE',
      message: `plugin: symbol ${name} of plugin ${bare.path} ${message}`,
    });
  });

  it('read-only memory stays read-only', () => {
    const fixed = bare.lookup<Variable<number>>('fixed', 'int');
    expect(fixed.value).toBe(5);
    expect(thrownBy(() => (fixed.value = 6)).code).toBe('ERR_READ_ONLY');
  });
});

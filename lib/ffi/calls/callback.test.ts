import { inspect } from 'node:util';
import { callback, cast } from '../../index.js';
import type { Callback, Variable } from '../../index.js';
import { openFixture, thrownBy } from '../../testing/fixture.js';
import { childValue, runChild } from '../../testing/run-child.js';

/* How long C may call a JavaScript function. What C passes to it is in relay.test.ts. */

type Call = (...args: unknown[]) => unknown;
type Unary = (x: number) => number;

const plugin = openFixture('calls/callbacks.c');
const f = (name: string): Call => plugin.lookup(name);
const variable = plugin.lookup<Variable>('variable');
const hook = plugin.lookup<Variable<{ f: unknown; data: unknown }>>('hook');
const unary = (fn: Unary): Callback => callback(fn, 'int (int)');

/** Runs this in a process of its own, with garbage collection at hand, and gives what it passed to `print`. */
const inChild = (body: string): unknown =>
  childValue(
    `
    import { callback, cast, errno } from '#lib/index.js';
    import { openFixture, thrownBy } from '#lib/testing/fixture.js';
    const plugin = openFixture('calls/callbacks.c');
    const f = (name) => plugin.lookup(name);
    const variable = plugin.lookup('variable');
    const print = (value) => console.log(JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? Number(v) : v)));
    const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const collect = async () => { for (let i = 0; i < 4; i++) { gc(); await wait(10); } };
    const unary = (fn) => callback(fn, 'int (int)');
    void (async () => {
      ${body}
    })();
    `,
    { execArgv: ['--expose-gc'], timeoutMilliseconds: 40_000 },
  );

describe('callback(fn, type)', () => {
  it('is a C function pointer: passed, stored, called later, and shown as C', () => {
    using double = unary((x) => x * 2);
    expect(f('call')(double, 21)).toBe(42);
    f('keep')(double);
    expect(f('call_kept')(5)).toBe(10);
    variable.value = double;
    expect(f('call_variable')(6)).toBe(12);
    expect((variable.value as Unary)(7)).toBe(14);
    hook.value.f = double;
    expect(f('call_hook')(hook, 8)).toBe(16);
    expect(f('call_hook')({ f: double, data: null }, 9)).toBe(18);
    expect(f('call_hook_value')({ f: double, data: null }, 10)).toBe(20);
    expect((f('same')(double) as Unary)(11)).toBe(22);
    expect([double.address > 0n, String(double.type), double.disposed]).toEqual([true, 'int (int)', false]);
    expect([String(double), inspect(double)]).toEqual(['int (*)(int)', 'Callback(int (*)(int))']);
    f('keep')(null);
    variable.value = null;
    hook.value.f = null;
  });

  it.each([
    ['int (int)', true],
    ['int (*)(int)', true],
    ['int f(int x)', true],
    ['int', false],
    ['int *', false],
    ['int (**)(int)', false],
    ['int (', false],
    ['struct point (int)', false],
  ])('of the type %s', (type, fine) => {
    if (fine) callback(() => 1, type)[Symbol.dispose]();
    else {
      const { name, code } = thrownBy(() => callback(() => 1, type));
      expect([name, code]).toEqual(['TypeError', 'ERR_INVALID_ARG_VALUE']);
    }
  });

  it('of a type that names the plugin’s own', () => {
    using swap = callback(
      ({ x, y }: { x: number; y: number }) => ({ x: y, y: x }),
      plugin.type('struct point (*)(struct point)'),
    );
    f('ask_point')(swap, 1, 2);
    expect(f('saw')()).toBe('2 1');
  });

  it.each<[fn: unknown, type: unknown, message: string]>([
    [5, 'int (int)', 'callback: expected a function, got the number 5'],
    [undefined, 'int (int)', 'got undefined'],
    [() => 1, 5, 'callback: expected a C type, got the number 5'],
    [() => 1, undefined, 'expected a C type'],
  ])('refuses %p, %p', (fn, type, message) => {
    const error = thrownBy(() => callback(fn as never, type as never));
    expect([error.code, error.message]).toEqual(['ERR_INVALID_ARG_TYPE', expect.stringContaining(message)]);
  });

  it.each([
    ['int (int, ...)', "a variadic callback can't be served"],
    ['int ()', 'does not say the parameters'],
    ['long double (int)', 'register of the x87'],
  ])('refuses %s, which can not be served', (type, message) => {
    const error = thrownBy(() => callback(() => 1, type));
    expect([error.code, error.message]).toEqual(['ERR_PLUGIN_UNSUPPORTED', expect.stringContaining(message)]);
  });

  it('goes only where its type does', () => {
    using other = callback(() => 1, 'int (long)');
    const refused = 'got int (*)(long';
    for (const attempt of [
      () => f('call')(other, 1),
      () => (variable.value = other),
      () => (hook.value.f = other),
      () => f('call_hook')({ f: other, data: null }, 1),
      () => f('call_hook_value')({ f: other, data: null }, 1),
    ]) {
      const error = thrownBy(attempt);
      expect([error.code, error.message]).toEqual(['ERR_INVALID_ARG_TYPE', expect.stringContaining(refused)]);
    }
    expect(thrownBy(() => f('add')(other, 1)).code).toBe('ERR_INVALID_ARG_TYPE');
    // Said explicitly, it is done.
    const typed = cast('int (*)(int)', other) as unknown as Unary;
    expect(f('call')(typed, 1)).toBe(1);
  });

  it('that was disposed is refused, and told when C calls it all the same', () => {
    const gone = unary(() => 5);
    f('keep')(gone);
    const callable = f('same')(gone) as Unary;
    gone[Symbol.dispose]();
    gone[Symbol.dispose]();
    expect(gone.disposed).toBe(true);
    const refused = {
      code: 'ERR_PLUGIN_BAD_ADDRESS',
      message: expect.stringContaining('was disposed') as string,
    };
    for (const attempt of [
      () => f('call')(gone, 1),
      () => (variable.value = gone),
      () => f('call_hook_value')({ f: gone, data: null }, 1),
      () => f('call_kept')(1),
      () => callable(1),
    ])
      expect(thrownBy(attempt)).toMatchObject(refused);
    f('keep')(null);
  });

  it('may be disposed by itself while it runs, and throws like any other', () => {
    const once = unary((x) => {
      once[Symbol.dispose]();
      return x + 1;
    });
    expect(f('call')(once, 1)).toBe(2);
    expect(thrownBy(() => f('call')(once, 1)).message).toContain('was disposed');
    using thrower = unary(() => {
      throw new Error('from it');
    });
    expect(thrownBy(() => f('call')(thrower, 1)).message).toBe('from it');
    f('keep')(thrower);
    expect(thrownBy(() => f('call_kept')(1)).message).toBe('from it');
    f('keep')(null);
  });
});

describe('lives', () => {
  it('until it is disposed, whoever has forgotten it', () => {
    const result = inChild(`
      (() => f('keep')(unary((x) => x + 1)))();
      (() => { variable.value = unary((x) => x + 2); variable.value = null; })();
      await collect();
      for (let i = 0; i < 100; i++) f('call')((x) => x, i);
      print(f('call_kept')(1));
    `);
    expect(result).toBe(2);
  });

  it('in a variable or a field until that is written again or its memory goes', () => {
    const result = inChild(`
      const gone = [];
      const registry = new FinalizationRegistry((name) => gone.push(name));
      const named = (name, fn) => (registry.register(fn, name), fn);
      const box = {};
      (() => {
        variable.value = named('variable', (x) => x + 1);
        plugin.lookup('hook').value.f = named('field', (x) => x + 2);
        plugin.lookup('hooks').value[1].f = named('element', (x) => x + 3);
        box.own = plugin.alloc('struct hook', { f: named('alloc', (x) => x + 4) });
      })();
      const hooks = plugin.lookup('hooks');
      const all = () => [f('call_variable')(1), f('call_hook')(plugin.lookup('hook'), 1), f('call_hook')(hooks.value[1], 1), f('call_hook')(box.own, 1)];
      await collect();
      const first = all();
      const none = [...gone];
      variable.value = null;
      hooks.value[1] = { f: null, data: null };
      await collect();
      const two = [...gone].sort();
      plugin.lookup('hook').value = { f: (x) => x * 10, data: null };
      box.own = undefined;
      await collect();
      print({ first, none, two, rest: gone.slice(2).sort(), now: f('call_hook')(plugin.lookup('hook'), 3) });
    `);
    expect(result).toEqual({
      first: [2, 3, 4, 5],
      none: [],
      two: ['element', 'variable'],
      rest: ['alloc', 'field'],
      now: 30,
    });
  });

  it('as a struct that a callback has given, until C has used it', () => {
    const result = inChild(`
      const litter = () => { for (let i = 0; i < 3; i++) { gc(); for (let j = 0; j < 1000; j++) plugin.alloc('char[32]', 'y'.repeat(31)); } };
      const seen = [];
      for (let i = 0; i < 20; i++) {
        f('ask_named')((n) => ({ name: 'name ' + n + '-'.repeat(20), n }), litter, i);
        seen.push(f('saw')() === 'name ' + i + '-'.repeat(20) + ' ' + i);
      }
      print([...new Set(seen)]);
    `);
    expect(result).toEqual([true]);
  });
});

describe('slots, of which koffi has 8,192', () => {
  it('are not used up by functions that live for a call', () => {
    const result = inChild(`
      let sum = 0;
      for (let i = 0; i < 100000; i++) sum += f('call')((x) => x + 1, 1);
      for (let i = 0; i < 20000; i++) sum += f('call_hook')({ f: (x) => x + 1, data: null }, 1);
      for (let i = 0; i < 20000; i++) sum += f('call_hook_value')({ f: (x) => x + 1, data: null }, 1);
      print(sum);
    `);
    expect(result).toBe(280_000);
  });

  it('are not used up by calls that are refused, or throw', () => {
    const result = inChild(`
      const messages = new Set();
      const attempt = (call) => { try { call(); } catch (error) { messages.add(error.message); } };
      for (let i = 0; i < 9000; i++) attempt(() => f('call_hook')({ f: (x) => x, data: null }, 'wrong'));
      for (let i = 0; i < 9000; i++) attempt(() => f('call_hook_value')({ f: (x) => x, data: 5 }, 1));
      for (let i = 0; i < 9000; i++) attempt(() => f('call_hook_value')({ f: (x) => x, data: null }, 'wrong'));
      for (let i = 0; i < 9000; i++) attempt(() => f('call_hook_value')({ f: () => { throw new Error('thrown'); }, data: null }, 1));
      for (let i = 0; i < 9000; i++) attempt(() => f('call_hook')([{ f: (x) => x, data: null }, { f: (x) => x, data: 5 }], 1));
      print([[...messages].filter((m) => m.includes('Too many')), f('call_hook_value')({ f: (x) => x + 1, data: null }, 1)]);
    `);
    expect(result).toEqual([[], 2]);
  });

  it('come back when lasting ones are disposed: all of them', () => {
    const result = inChild(`
      const rounds = [];
      for (let round = 0; round < 4; round++) {
        const all = [];
        let error;
        try { while (all.length < 9000) { const n = all.length; all.push(unary((x) => x + n)); } } catch (e) { error = e; }
        const right = all.every((c, n) => n % 500 !== 0 || f('call')(c, 1) === n + 1);
        for (const c of all) c[Symbol.dispose]();
        rounds.push([all.length, right, error.code, error.message]);
      }
      print(rounds);
    `) as [number, boolean, string, string][];
    const message = 'Too many callbacks are in use (max = 8192)';
    for (const [made, right, code, text] of result)
      expect([made, right, code, text]).toEqual([
        // One is the library's own.
        8191,
        true,
        'ERR_PLUGIN_UNSUPPORTED',
        expect.stringContaining(message),
      ]);
  });
});

describe('when all slots are taken', () => {
  it('a function that lives for a call works, or is refused: no crash', () => {
    const result = inChild(`
      const all = [];
      try { for (;;) all.push(unary((x) => x)); } catch {}
      const attempt = (call) => { try { return call(); } catch (error) { return error.code; } };
      const seen = [attempt(() => f('call')((x) => x + 1, 1)), attempt(() => f('call')((x) => f('call')((y) => y + 1, x), 1)),
        attempt(() => openFixture('calls/calls.c').lookup('add')(1, 1))];
      for (const c of all) c[Symbol.dispose]();
      print([seen, f('call')((x) => x + 1, 1)]);
    `) as [unknown[], number];
    const [seen, after] = result;
    for (const one of seen) expect([2, 'ERR_PLUGIN_UNSUPPORTED']).toContain(one);
    expect(after).toBe(2);
  });
});

describe('what may not be', () => {
  it('a function that C has kept past its call is told when C calls it', () => {
    const result = inChild(`
      f('keep')((x) => x * 2);
      const first = thrownBy(() => f('call_kept')(4));
      f('call')((x) => x, 1);
      const second = thrownBy(() => f('call_kept')(4));
      f('keep_hook')({ f: (x) => x * 3, data: null });
      const third = thrownBy(() => f('call_kept')(4));
      print([first, second, third]);
    `) as { code: string; message: string }[];
    // Of the first two koffi itself says so.
    expect(result.map((error) => error.message)).toEqual(Array(3).fill(expect.stringMatching(/callback/)));
    expect(result[2]?.code).toBe('ERR_PLUGIN_BAD_ADDRESS');
  });

  it('endless recursion through C is an error, and no crash', () => {
    const result = inChild(`
      let depth = 0;
      const again = (x) => { depth++; return f('call')(again, x); };
      const [first, transient] = [thrownBy(() => again(1)).name, depth];
      depth = 0;
      const c = unary((x) => { depth++; return f('call')(c, x); });
      const second = thrownBy(() => f('call')(c, 1)).name;
      print([first, second, transient > 100, depth > 100, f('call')((x) => x, 5)]);
    `);
    expect(result).toEqual(['RangeError', 'RangeError', true, true, 5]);
  });

  it('process.exit in a callback ends the process, as ever', () => {
    const { status, signal, stderr } = runChild(
      `
      import { openFixture } from '#lib/testing/fixture.js';
      openFixture('calls/callbacks.c').lookup('call')(() => process.exit(7), 1);
      `,
    );
    expect([status, signal, stderr]).toEqual([7, null, '']);
  });

  it('a promise is no int, and ignored where C wants nothing', () => {
    expect(thrownBy(() => f('call')(async () => Promise.resolve(5), 1)).message).toContain(
      'the result of the callback',
    );
    const done: string[] = [];
    f('update')({ x: 1, y: 2 }, [1, 2, 3], async () => {
      await Promise.resolve();
      done.push('later');
    });
    expect(done).toEqual([]);
  });
});

import { snapshot } from '../../index.js';
import type { Pointer, Variable } from '../../index.js';
import { childValue } from '../../testing/run-child.js';
import { openFixture, thrownBy } from '../../testing/fixture.js';

const plugin = openFixture('values/functions.c');
const call = (name: string, ...args: unknown[]): unknown =>
  plugin.lookup<(...args: unknown[]) => unknown>(name)(...args);

type Operator = (a: number, b: number) => number;
const operation = plugin.lookup<Variable<Operator | null>>('operation');
const run = plugin.lookup<Operator>('run');

interface Handlers {
  id: number;
  describe: ((name: string | null, n: number) => string | null) | null;
  notify: ((data: Pointer | null, level: number) => void) | null;
  convert: ((x: number, n: bigint, on: boolean) => number) | null;
}
const handlers = plugin.lookup<Variable<Handlers>>('handlers');

afterEach(() => {
  operation.value = plugin.lookup<Operator>('add');
  call('clear');
});

describe('a function-pointer variable', () => {
  it('is callable, the same each time, or null', () => {
    expect(operation.value?.(2, 3)).toBe(5);
    expect(operation.value).toBe(operation.value);
    expect(plugin.lookup<Variable>('by_typedef').value).toBeNull();
    expect(
      thrownBy(() => {
        (operation.value as (...a: unknown[]) => void)(1);
      }).code,
    ).toBe('ERR_ARGUMENT_COUNT');
  });

  it('takes a looked-up function, a JavaScript function and null', () => {
    operation.value = plugin.lookup<Operator>('subtract');
    expect(run(5, 3)).toBe(2);
    operation.value = (a, b) => a * b;
    expect(run(5, 3)).toBe(15);
    expect(operation.value(6, 7)).toBe(42);
    expect(call('run_many', 10)).toBe(45);
    operation.value = plugin.lookup<Variable<Operator>>('operation').value;
    expect(run(2, 2)).toBe(4);
    operation.value = null;
    expect(run(5, 3)).toBe(-1);
    expect(operation.value).toBeNull();
  });

  it.each([
    [1, 'expected a function or null for int (*)(int, int), got the number 1'],
    ['add', 'got the string "add"'],
    [undefined, 'got undefined'],
    [operation, 'got an instance of Pointer'],
  ])('refuses %p', (value, message) => {
    const error = thrownBy(() => (operation.value = value as never));
    expect(error.code).toBe('ERR_INVALID_ARG_TYPE');
    expect(error.message).toContain(message);
    expect(run(1, 2)).toBe(3);
  });

  it('refuses a function of another type', () => {
    const error = thrownBy(() => (operation.value = plugin.lookup('other_type')));
    expect(error.code).toBe('ERR_INVALID_ARG_TYPE');
    expect(error.message).toBe('operation: expected int (*)(int, int), got int other_type(long int a)');
    expect(run(1, 2)).toBe(3);
  });

  it('can be changed by the very function it holds', () => {
    operation.value = (a, b) => {
      operation.value = plugin.lookup<Operator>('subtract');
      return a * 100 + b;
    };
    expect(run(1, 2)).toBe(102);
    expect(run(1, 2)).toBe(-1);
  });

  it('holds more functions than there are slots, one after another', () => {
    for (let i = 0; i < 9000; i++) operation.value = () => i;
    expect(run(0, 0)).toBe(8999);
  });
});

describe('a function-pointer field', () => {
  it('passes strings, pointers and numbers as the value table has them', () => {
    const seen: unknown[] = [];
    handlers.value.notify = (data, level) => {
      seen.push(data?.equals(handlers), level);
    };
    call('run_notify', handlers, 200);
    call('run_notify', null, 0);
    expect(seen).toEqual([true, 200, undefined, 0]);
    handlers.value.convert = (x, n, on) => x * Number(n) + (on ? 0.5 : 0);
    expect(call('run_convert', 1.5, -3n, true)).toBe(-4);
    handlers.value.describe = (name, n) => (name === null ? null : `${name} is ${n}`);
    expect(call('run_describe', 'née', 7)).toBe('née is 7');
    expect(call('run_describe', null, 7)).toBeNull();
  });

  it('lives as long as somebody has read it', () => {
    operation.value = (a, b) => a * b;
    const multiply = operation.value;
    operation.value = null;
    // Another function would get the slot if it were free.
    operation.value = (a, b) => a - b;
    expect(multiply(6, 7)).toBe(42);
    expect(operation.value(6, 7)).toBe(-1);
  });

  it('lives as long as it is kept somewhere', () => {
    const copy = plugin.alloc('struct handlers') as Pointer<Handlers>;
    handlers.value.convert = () => 1.25;
    copy.value = handlers.value;
    handlers.value.convert = null;
    expect(copy.value.convert?.(0, 0n, false)).toBe(1.25);
    handlers.value = copy.value;
    copy.value.convert = null;
    expect(call('run_convert', 0, 0, false)).toBe(1.25);
    const plain = snapshot(handlers.value) as Handlers;
    expect(plain.convert).toBe(handlers.value.convert);
  });

  it('stays as it was when another field is wrong', () => {
    handlers.value.convert = () => 3;
    const others = { describe: null, notify: null };
    expect(() => (handlers.value = { convert: () => 4, ...others, id: 'x' as never })).toThrow(
      /^handlers\.id: /,
    );
    expect(call('run_convert', 0, 0, false)).toBe(3);
    handlers.value = { id: 1, convert: () => 5, ...others };
    expect(call('run_convert', 0, 0, false)).toBe(5);
  });
});

describe('a callback that is wrong', () => {
  it('throws at the caller of the C function', () => {
    let times = 0;
    operation.value = () => {
      times++;
      throw new RangeError('from JavaScript');
    };
    expect(() => run(1, 2)).toThrow(new RangeError('from JavaScript'));
    expect(() => call('run_many', 5)).toThrow('from JavaScript');
    expect(times).toBe(2);
    operation.value = (a, b) => a + b;
    expect(run(1, 2)).toBe(3);
  });

  it.each([
    ['x', 'expected a number for int, got the string "x"'],
    [2 ** 31, 'out of range for int'],
    [undefined, 'got undefined'],
    [1.5, 'is no int: not an integer'],
  ])('is told that its result %p is none', (result, message) => {
    operation.value = () => result as never;
    const error = thrownBy(() => run(1, 2));
    expect(error.message).toContain('the result of the callback');
    expect(error.message).toContain(message);
  });
});

describe('function pointers to functions that give function pointers', () => {
  it('are callable all the way', () => {
    const choose = plugin.lookup<(minus: number) => Operator>('choose');
    expect([choose(0)(5, 3), choose(1)(5, 3)]).toEqual([8, 2]);
    expect(choose(0)).toBe(choose(0));
    expect(plugin.lookup<Variable<(minus: number) => Operator>>('chooser').value(1)(1, 1)).toBe(0);
    call('fill_table');
    const table = plugin.lookup<Variable<(() => (x: number) => number)[]>>('table');
    expect(table.value[1]?.()(1.5)).toBe(3);
    expect(String(table.type)).toBe('double (*(*[2])(void))(double)');
    operation.value = choose(1);
    expect(run(5, 3)).toBe(2);
  });

  it('of the unusual kinds', () => {
    call('set_unprototyped');
    const unprototyped = plugin.lookup<Variable<() => void>>('unprototyped');
    expect(
      thrownBy(() => {
        unprototyped.value();
      }).message,
    ).toContain('the type of the pointer does not say the parameters');
    const typed = unprototyped.cast('void (**)(void)') as Pointer<() => void>;
    typed.value();
    expect(plugin.lookup<Variable<number>>('called').value).toBe(1);
    const variadic = plugin.lookup<Variable<((text: string) => void) | null>>('variadic');
    expect(thrownBy(() => (variadic.value = () => undefined)).message).toContain(
      "a variadic callback can't be served",
    );
  });
});

it('a stored function survives garbage collection, and goes with its memory', () => {
  const source = `
    import { openFixture } from '#lib/testing/fixture.js';
    const plugin = openFixture('values/functions.c');
    const operation = plugin.lookup('operation');
    const run = plugin.lookup('run');
    const collected = new FinalizationRegistry((name) => gone.push(name));
    const gone = [];
    let replaced = (a, b) => a + b;
    collected.register(replaced, 'replaced');
    operation.value = replaced;
    replaced = undefined;
    const early = [run(1, 2)];
    operation.value = (a, b) => a * 10 + b;
    const box = {};
    const fill = () => {
      box.own = plugin.alloc('struct handlers', { convert: (x) => x + 1 });
      collected.register(box.own, 'own');
    };
    fill();
    plugin.lookup('handlers').value.convert = () => 6;
    const wait = () => new Promise((resolve) => setTimeout(resolve, 20));
    const hold = () => [run(1, 2), box.own.value.convert(1, 1n, true), plugin.lookup('run_convert')(0, 0, true)];
    void (async () => {
      for (let i = 0; i < 5; i++) { gc(); await wait(); }
      const held = hold();
      const before = [...gone];
      box.own = undefined;
      for (let i = 0; i < 5; i++) { gc(); await wait(); }
      // Slots come back also where nobody waits for a collection.
      for (let i = 0; i < 20000; i++) {
        plugin.alloc('struct handlers', { convert: () => i });
        if (i % 4000 === 0) { gc(); await wait(); }
      }
      console.log(JSON.stringify({ early, held, before, gone, last: run(3, 4) }));
    })();
  `;
  expect(childValue(source, { execArgv: ['--expose-gc'] })).toEqual({
    early: [3],
    held: [12, 2, 6],
    before: ['replaced'],
    gone: ['replaced', 'own'],
    last: 34,
  });
});

describe('a callback that gives a pointer', () => {
  interface Spot {
    x: number;
    y: number;
  }
  interface Source {
    find: ((n: number) => unknown) | null;
    title: ((n: number) => unknown) | null;
    name: ((n: number) => unknown) | null;
    pick: ((n: number) => unknown) | null;
    log: ((text: string | null) => number) | null;
  }
  const source = plugin.lookup<Variable<Source>>('source');
  const none: Source = { find: null, title: null, name: null, pick: null, log: null };
  beforeEach(() => {
    source.value = none;
  });

  it('gives a Pointer, a view or null', () => {
    const spot = plugin.lookup<Variable<Spot>>('spot');
    const spots = plugin.lookup<Variable<Spot[]>>('spots');
    const given = [spot, spot.value, spots.value[1], spots, spots.value, null];
    source.value.find = (n) => given[n];
    const sums = given.map((_, n) => (call('ask', n), call('sum_found')));
    expect(sums).toEqual([3, 3, 11, 7, 7, -1]);
  });

  it.each([
    [
      { x: 1, y: 2 },
      "an object can't go to C as struct spot *: nobody would keep it for C: return a Pointer",
    ],
    [[{ x: 1, y: 2 }], "an array of 1 can't go to C"],
    [new Int32Array(2), "an instance of Int32Array can't go to C"],
    [5, 'expected a Pointer or null for struct spot *, got the number 5'],
    [undefined, 'got undefined'],
    [plugin.alloc('double'), 'got a Pointer of type double *'],
  ])('does not give %p', (value, message) => {
    source.value.find = () => value;
    const error = thrownBy(() => call('ask', 0));
    expect(error.code).toBe('ERR_INVALID_ARG_TYPE');
    expect(error.message).toContain('the result of the callback');
    expect(error.message).toContain(message);
  });

  it('gives functions, which live until it gives the next', () => {
    operation.value = (a, b) => a * b;
    const given = [operation.value, plugin.lookup('subtract'), null];
    operation.value = null;
    source.value.pick = (n) => given[n];
    const picked = given.map((_, n) => (call('ask', n), call('run_picked', 6, 7)));
    expect(picked).toEqual([42, -1, -1]);
    source.value.pick = () => ({});
    expect(thrownBy(() => call('ask', 0)).code).toBe('ERR_INVALID_ARG_TYPE');
  });

  it('gives memory that lives until it gives the next', () => {
    const program = `
      import { openFixture } from '#lib/testing/fixture.js';
      const plugin = openFixture('values/functions.c');
      const source = plugin.lookup('source').value;
      const call = (name, ...args) => plugin.lookup(name)(...args);
      source.find = (n) => plugin.alloc('struct spot', { x: n, y: 1 });
      source.title = (n) => 'title ' + n;
      source.name = (n) => 'name ' + n;
      const seen = [];
      for (let n = 0; n < 5; n++) {
        call('ask', n);
        for (let round = 0; round < 3; round++) {
          gc();
          for (let i = 0; i < 500; i++) plugin.alloc('char[8]', 'yyyyyyy');
        }
        seen.push(call('sum_found') + ' ' + call('show_texts'));
      }
      console.log(JSON.stringify(seen));
    `;
    const expected = [0, 1, 2, 3, 4].map((n) => `${n + 1} title ${n}|name ${n}`);
    expect(childValue(program, { execArgv: ['--expose-gc'] })).toEqual(expected);
  });

  it('is given text that is read with care', () => {
    const program = `
      import { openFixture, thrownBy } from '#lib/testing/fixture.js';
      const plugin = openFixture('values/functions.c');
      const seen = [];
      plugin.lookup('source').value.log = (text) => seen.push(text);
      plugin.lookup('run_log')('née');
      plugin.lookup('run_log')(null);
      console.log(JSON.stringify([...seen, thrownBy(() => plugin.lookup('run_log_at')(16)).code, seen.length]));
    `;
    expect(childValue(program)).toEqual(['née', null, 'ERR_PLUGIN_BAD_ADDRESS', 2]);
  });
});

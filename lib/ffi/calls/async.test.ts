import { cast, callback, errno, free } from '../../index.js';
import type { Pointer } from '../../index.js';
import { openFixture, thrownBy } from '../../testing/fixture.js';
import { childValue, runChild } from '../../testing/run-child.js';

type Async = ((...args: unknown[]) => unknown) & { async: (...args: unknown[]) => Promise<unknown> };

const plugin = openFixture('calls/async.c');
const f = (name: string): Async => plugin.lookup(name);
const later = (name: string, ...args: unknown[]): Promise<unknown> => f(name).async(...args);

/** What a promise is rejected with, as callers see it. */
const rejected = async (
  promise: Promise<unknown>,
): Promise<{ name: string; code: unknown; message: string }> =>
  promise.then(
    (value) => {
      throw new Error(`it was resolved: ${String(value)}`);
    },
    (error: unknown) => {
      const { name, code, message } = error as { name: string; code: unknown; message: string };
      return { name, code, message };
    },
  );

describe('everything of the synchronous form', () => {
  it('scalars, in a thread of its own', async () => {
    expect(await later('slowly', 1)).toBe(1);
    expect([f('in_main')(), await later('in_main')]).toEqual([true, false]);
  });

  it('values of structs, complex numbers, 128 bits', async () => {
    expect(await later('swap', { x: 1, y: -2 })).toEqual({ x: -2, y: 1 });
    expect(await later('twice', { a: 1, b: 2n, c: -3 }, 0)).toEqual({ a: 2n, b: 4n, c: -6n });
    expect(await later('conjugate', { re: 1, im: 2 })).toEqual({ re: 1, im: -2 });
    expect(await later('negate', 2n ** 100n)).toBe(-(2n ** 100n));
  });

  it('text and memory, in and out', async () => {
    const out = Buffer.alloc(50);
    expect(await later('greet', 'née', out, 1)).toBe('hello née');
    expect(out.toString('utf8', 0, 10)).toBe('hello née');
    const copy = (await later('copy_of', 'copied')) as Pointer;
    expect(String(copy)).toBe('copied');
    free(copy);
    const [typed, list] = [Int32Array.of(1, 2, 3), [4, 5, 6]];
    expect(await Promise.all([later('fill', typed, 3, 1), later('fill', list, 2, 1)])).toEqual([6n, 9n]);
    expect([Array.from(typed), list]).toEqual([
      [0, 10, 20],
      [0, 10, 6],
    ]);
    const point = { x: 1, y: 2 };
    const own = plugin.alloc('struct point', { x: 3, y: 4 }) as Pointer<{ x: number; y: number }>;
    await Promise.all([later('move', point, 5), later('move', own, 6), later('move', own.value, 1)]);
    expect([point, own.value.x, own.value.y]).toEqual([{ x: 6, y: -3 }, 10, -3]);
  });

  it('out-parameters', async () => {
    const [quotient, remainder] = [Int32Array.of(0), [0]];
    expect(await later('divide', 17, 5, quotient, remainder)).toBe(0);
    expect([quotient[0], remainder[0]]).toEqual([3, 2]);
    const handle = plugin.alloc('struct point *') as Pointer<Pointer<{ x: number }>>;
    expect(await later('create', handle, 7, 1)).toBe(0);
    expect(handle.value.value.x).toBe(7);
    free(handle.value);
    const text = [null] as unknown as [Pointer];
    expect(await later('text_of', text, 42)).toBe(9);
    expect(String(text[0])).toBe('number 42');
    free(text[0]);
  });

  it('callbacks, which run in this thread', async () => {
    const seen: number[] = [];
    expect(await later('sum_of', (x: number) => (seen.push(x), x * 2), 5)).toBe(20n);
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    using lasting = callback((x: number) => x + 1, 'int (int)');
    expect(await later('sum_of', lasting, 3)).toBe(6n);
    const given: unknown[] = [];
    const flip = (p: { x: number; y: number }, text: string): object => (
      given.push(p, text),
      { x: p.y, y: p.x }
    );
    expect(await later('through', flip, { x: 1, y: 2 })).toEqual({ x: 2, y: 1 });
    expect(given).toEqual([{ x: 1, y: 2 }, 'from C']);
    expect(await later('call_later', f('slowly'), 1, 1)).toBe(1);
  });

  it('callbacks that call C, synchronously and not', async () => {
    const inner: Promise<unknown>[] = [];
    const call = (x: number): number => {
      inner.push(later('slowly', x));
      return f('call_later')((y: number) => y * 10, x, 0) as number;
    };
    expect(await later('sum_of', call, 4)).toBe(60n);
    expect(await Promise.all(inner)).toEqual([0, 1, 2, 3]);
  });

  it('variadic functions', async () => {
    const out = Buffer.alloc(200);
    const args = ['%d %s %g %lu %Lg', 42, 'née', 0.5, cast('unsigned long', -1), cast('long double', 1.5)];
    expect(await later('say', out, ...args)).toBe('42 née 0.5 18446744073709551615 1.5');
  });

  it('a result that leads into an argument', async () => {
    const given = plugin.alloc('struct point', { x: 5, y: 6 }) as Pointer;
    expect((await later('same', given)) as Pointer).toMatchObject({ address: given.address });
    const copy = (await later('same', { x: 7, y: 8 })) as Pointer<{ x: number; y: number }>;
    await later('same', { x: 9, y: 10 });
    expect([copy.value.x, copy.value.y]).toEqual([7, 8]);
  });

  it('a megabyte of stack', async () => {
    expect(await later('deep', 1000)).toBe(1);
  });
});

describe('arguments are taken when it is called', () => {
  it('scalars, text, structs by value and objects; views are C’s memory', async () => {
    const given = { a: 1, b: 2, c: 3 };
    const result = later('twice', given, 30);
    given.a = 100;
    expect(await result).toEqual({ a: 2n, b: 4n, c: 6n });
    const list = [1, 2, 3];
    const sum = later('fill', list, 3, 30);
    list[0] = 1000;
    expect(await sum).toBe(6n);
    expect(list).toEqual([0, 10, 20]);
  });
});

describe('what is wrong rejects, and never throws', () => {
  const reject = async (name: string, ...args: unknown[]): ReturnType<typeof rejected> => {
    let promise: Promise<unknown> | undefined;
    expect(() => (promise = later(name, ...args))).not.toThrow();
    return rejected(promise as unknown as Promise<unknown>);
  };
  it.each<[name: string, args: unknown[], code: string, message: string]>([
    ['slowly', [], 'ERR_ARGUMENT_COUNT', 'takes 1 argument, got 0'],
    ['slowly', [1, 2], 'ERR_ARGUMENT_COUNT', 'takes 1 argument, got 2'],
    ['slowly', [1.5], 'ERR_INVALID_ARG_VALUE', 'argument 1 (milliseconds): the number 1.5'],
    ['slowly', ['1'], 'ERR_INVALID_ARG_TYPE', 'argument 1 (milliseconds): expected a number'],
    ['swap', [{ x: 1 }], 'ERR_INVALID_ARG_VALUE', 'the field y'],
    ['fill', [new Float64Array(3), 3, 0], 'ERR_INVALID_ARG_TYPE', 'the elements of Float64Array are none'],
    ['sum_of', [5, 1], 'ERR_INVALID_ARG_TYPE', 'expected a function or null'],
    ['say', [Buffer.alloc(9)], 'ERR_ARGUMENT_COUNT', 'takes at least 2 arguments, got 1'],
    ['say', [Buffer.alloc(9), '%d', undefined], 'ERR_INVALID_ARG_TYPE', 'no C type for undefined'],
  ])('%s(...%p)', async (name, args, code, message) => {
    const error = await reject(name, ...args);
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
    expect(error.message.startsWith(`${String(f(name))}: `)).toBe(true);
  });

  it('a getter that throws', async () => {
    const given = {
      x: 1,
      get y(): number {
        throw new Error('from the getter');
      },
    };
    expect((await reject('swap', given)).message).toBe('from the getter');
  });

  it('an exception of a callback, and zero for C from then on', async () => {
    let runs = 0;
    const thrower = (x: number): number => {
      runs++;
      if (x === 2) throw new Error('at 2');
      return x;
    };
    expect((await reject('sum_of', thrower, 1000)).message).toBe('at 2');
    expect(runs).toBe(3);
    expect((await reject('sum_of', () => 'wrong', 5)).message).toContain('the result of the callback');
  });

  it('of its own callback only', async () => {
    const bang = (text: string) => (): never => {
      throw new Error(text);
    };
    const settled = await Promise.allSettled([
      later('sum_of', bang('one'), 3),
      later('sum_of', (x: number) => x, 3),
      later('sum_of', bang('two'), 3),
    ]);
    const outcomes = settled.map((s) => (s.status === 'fulfilled' ? s.value : (s.reason as Error).message));
    expect(outcomes).toEqual(['one', 3n, 'two']);
    expect(f('call_later')((x: number) => x, 5, 0)).toBe(5);
  });
});

describe('many at once', () => {
  it('1,000, each with its own arguments and result', async () => {
    const calls = Array.from({ length: 1000 }, async (_, i) => {
      const point = { x: i, y: i };
      const [swapped, sum, big] = await Promise.all([
        later('swap', { x: i, y: 1 - i }),
        i % 10 === 0 ? later('sum_of', (x: number) => x + i, 3) : 3n + BigInt(3 * i),
        later('twice', { a: i, b: i + 1, c: i + 2 }, 0),
        later('move', point, i),
      ]);
      expect(swapped).toEqual({ x: 1 - i, y: i });
      expect(sum).toBe(3n + BigInt(3 * i));
      expect(big).toEqual({ a: BigInt(2 * i), b: BigInt(2 * i + 2), c: BigInt(2 * i + 4) });
      expect(point).toEqual({ x: 2 * i, y: 0 });
    });
    await Promise.all(calls);
  });

  it('the one that is over first settles first', async () => {
    const order: number[] = [];
    await Promise.all([120, 60, 5].map(async (ms) => order.push((await later('slowly', ms)) as number)));
    expect(order).toEqual([5, 60, 120]);
  });

  it('with synchronous calls in between, whose errno they leave alone', async () => {
    f('fail')(7);
    const pending = [later('fail', 11), later('fail', 12), later('slowly', 20)];
    expect([errno(), f('slowly')(0), f('fail')(8), errno()]).toEqual([7, 0, -1, 8]);
    await Promise.all(pending);
    expect(errno()).toBe(8);
    expect(thrownBy(() => f('call_later')(5, 1, 1)).code).toBe('ERR_INVALID_ARG_TYPE');
    expect(errno()).toBe(8);
  });
});

describe('the process', () => {
  const PRELUDE = `
    import { isMainThread, parentPort, Worker } from 'node:worker_threads';
    import { callback } from '#lib/index.js';
    import { openFixture } from '#lib/testing/fixture.js';
    const plugin = openFixture('calls/async.c');
    const f = (name) => plugin.lookup(name);
    const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  `;

  it('keeps arguments until the calls are over, whatever is collected meanwhile', () => {
    const source = `${PRELUDE}
      const litter = () => { gc(); for (let i = 0; i < 500; i++) plugin.alloc('char[64]', 'y'.repeat(63)), new Int32Array(300).fill(-1); };
      const calls = [];
      for (let i = 0; i < 60; i++) {
        const record = () => ({ name: 'n'.repeat(i), values: [1, 2, 3], point: plugin.alloc('struct point', { x: 2, y: i }), f: null });
        calls.push(f('look').async(record(), 10).then((v) => v === BigInt(i * 1000 + 120)));
        calls.push(f('look_at_value').async(record(), 10).then((v) => v === BigInt(i * 1000 + 120)));
        calls.push(f('fill').async(new Int32Array(300).fill(i), 300, 10).then((v) => v === BigInt(i * 300)));
        calls.push(f('fill').async(plugin.alloc('int[3]', [i, i, i]), 3, 10).then((v) => v === BigInt(i * 3)));
        calls.push(f('call_later').async((x) => x + i, 1, 10).then((v) => v === i + 1));
        calls.push(f('call_later').async(callback((x) => x + i, 'int (int)'), 1, 10).then((v) => v === i + 1));
      }
      const timer = setInterval(litter, 5);
      void Promise.all(calls).then((all) => { clearInterval(timer); console.log(JSON.stringify(all.filter((right) => !right).length)); });
    `;
    expect(childValue(source, { execArgv: ['--expose-gc'], timeoutMilliseconds: 40_000 })).toBe(0);
  });

  it('rejects what a function in a struct has thrown, and brings back what C changed', () => {
    const source = `${PRELUDE}
      const uncaught = [];
      process.on('uncaughtException', (error) => uncaught.push(error.message));
      const failing = () => { throw new Error('in a field'); };
      const record = { name: 'abc', values: [1, 2, 3], point: plugin.alloc('struct point', { x: 1, y: 2 }), f: failing };
      const outcome = (promise) => promise.then((v) => 'resolved: ' + v, (e) => e.message);
      void (async () => {
        const outcomes = [await outcome(f('look').async(record, 0)), await outcome(f('look_at_value').async(record, 0))];
        console.log(JSON.stringify([outcomes, record.values, uncaught]));
      })();
    `;
    expect(childValue(source)).toEqual([['in a field', 'in a field'], [1, 3, 3], []]);
  });

  it.each([
    [
      'waits for a call that is under way',
      `void f('slowly').async(300).then((v) => console.log(v));`,
      0,
      '300\n',
    ],
    [
      'ends at once where it is told to',
      `void f('slowly').async(3000).then(() => console.log('late')); setTimeout(() => process.exit(5), 50);`,
      5,
      '',
    ],
    ['ends within a callback of a call', `void f('sum_of').async((x) => process.exit(6), 5);`, 6, ''],
    [
      'ends while callbacks come',
      `void f('sum_of').async((x) => x, 10000000); setTimeout(() => process.exit(7), 100);`,
      7,
      '',
    ],
    [
      'ends with an exception nobody handles',
      `void f('sum_of').async(() => { throw new Error('unhandled'); }, 5);`,
      1,
      '',
    ],
    [
      'ends with an exception of somebody else, and says which',
      `void f('sum_of').async((x) => x, 10000000); setTimeout(() => { throw new Error('unhandled'); }, 100);`,
      1,
      '',
    ],
  ])('%s', (_, body, status, stdout) => {
    const child = runChild(`${PRELUDE}${body}`, { timeoutMilliseconds: 4000 });
    expect([child.status, child.signal, child.stdout]).toEqual([status, null, stdout]);
    if (status === 1) expect(child.stderr).toContain('Error: unhandled');
  });

  it('runs them in workers, too, and ends a worker that has some under way', () => {
    const source = `${PRELUDE}
      if (isMainThread) void (async () => {
        const worker = new Worker(__filename, { argv: process.argv.slice(2) });
        const seen = await new Promise((resolve) => worker.once('message', resolve));
        await worker.terminate();
        console.log(JSON.stringify([seen, await f('slowly').async(1)]));
      })();
      else void (async () => {
        const swapped = await f('swap').async({ x: 1, y: 2 });
        const sum = Number(await f('sum_of').async((x) => x, 5));
        void f('slowly').async(200);
        void f('sum_of').async((x) => x, 1000);
        parentPort.postMessage([swapped, sum]);
        await wait(10000);
      })();
    `;
    expect(childValue(source)).toEqual([[{ x: 2, y: 1 }, 10], 1]);
  });
});

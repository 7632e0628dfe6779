import { childValue, runChild, type ChildResult } from '../../testing/run-child.js';

/* C that calls JavaScript from threads of its own, of koffi's, and from workers. Each in a process of its own. */

const program = (main: string, worker = ''): string => `
  import { isMainThread, parentPort, workerData, Worker } from 'node:worker_threads';
  import { callback, open } from '#lib/index.js';
  import { openFixture, thrownBy } from '#lib/testing/fixture.js';
  import { inWorkers } from '#lib/testing/run-child.js';
  const plugin = openFixture('calls/callbacks.c');
  const f = (name) => plugin.lookup(name);
  const print = (value) => console.log(JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? Number(v) : v)));
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const until = async (done) => { for (let i = 0; i < 1000 && !done(); i++) await wait(5); };
  const failure = (promise) => promise.then((v) => 'resolved: ' + v, (e) => e.message);
  const unary = (fn) => callback(fn, 'int (int)');
  const uncaught = [];
  if (isMainThread) void (async () => {
    ${main}
  })();
  else void (async () => {
    ${worker}
  })();
`;
const inChild = (main: string, worker?: string): unknown =>
  childValue(program(main, worker), { execArgv: ['--expose-gc'], timeoutMilliseconds: 40_000 });
const child = (main: string, worker?: string): ChildResult =>
  runChild(program(main, worker), { execArgv: ['--expose-gc'] });

describe('another thread', () => {
  it('gets its results, in the order of its calls, while the loop runs', () => {
    const result = inChild(`
      const seen = [];
      const times3 = unary((x) => (seen.push(x), x * 3));
      f('start')(times3, 2000);
      await until(() => f('done')());
      print([f('sum')(), seen.length, seen.every((x, i) => x === i)]);
    `);
    expect(result).toEqual([(1999 * 2000 * 3) / 2, 2000, true]);
  });

  it('passes structs and text, and gets a struct in memory', () => {
    const result = inChild(`
      const seen = [];
      const big = callback((v, text) => (seen.push(v, text), { a: v.c, b: v.b, c: v.a }), plugin.type('struct big (struct big, const char *)'));
      f('start_big')(big);
      await until(() => f('big_result')() >= 0);
      print([f('big_result')(), seen]);
    `);
    expect(result).toEqual([30201, [{ a: 1, b: 2, c: 3 }, 'from a thread']]);
  });

  it('works with a function that is stored in a variable', () => {
    const result = inChild(`
      plugin.lookup('variable').value = (x) => x + 1;
      f('start')(plugin.lookup('variable').value, 100);
      gc();
      await until(() => f('done')());
      print(f('sum')());
    `);
    expect(result).toBe(5050);
  });

  it('gets zero for what throws, which is an uncaught exception of this thread, every time', () => {
    const result = inChild(`
      process.on('uncaughtException', (error) => uncaught.push(error.message));
      f('start')(unary((x) => { if (x % 2 === 0) throw new Error('at ' + x); return x; }), 6);
      await until(() => f('done')());
      await wait(20);
      print([f('sum')(), uncaught]);
    `);
    expect(result).toEqual([9, ['at 0', 'at 2', 'at 4']]);
  });

  it('ends the process with the exception where nobody catches it', () => {
    const { status, signal, stderr } = child(`
      f('start')(unary(() => { throw new Error('from a thread'); }), 1);
      await wait(2000);
    `);
    expect([status, signal]).toEqual([1, null]);
    expect(stderr).toContain('Error: from a thread');
  });

  it.each([
    ['nothing is left to do', `setTimeout(() => {}, 50);`, 5, ''],
    ['it is told to', `setTimeout(() => process.exit(6), 50);`, 6, ''],
    [
      'nobody handles an exception',
      `setTimeout(() => { throw new Error('unhandled'); }, 50);`,
      1,
      'Error: unhandled',
    ],
    [
      'nobody handles a rejection',
      `setTimeout(() => void Promise.reject(new Error('rejected')), 50);`,
      1,
      'Error: rejected',
    ],
  ])('calls while the process ends because %s', (_, ends, code, error) => {
    const { status, signal, stdout, stderr } = child(`
      process.exitCode = 5;
      f('start')(unary((x) => x), 1e9);
      process.on('exit', (code) => console.log('exit', code));
      ${ends}
    `);
    expect([status, signal, stdout]).toEqual([code, null, `exit ${code}\n`]);
    if (error === '') expect(stderr).toBe('');
    else expect(stderr).toContain(error);
  });

  it('can be waited for by an asynchronous call', () => {
    const result = inChild(`
      const sums = await Promise.all([10, 20, 30].map((n) => f('sum_in_thread').async((x) => x * n, 10)));
      print(sums);
    `);
    expect(result).toEqual([450, 900, 1350]);
  });

  it('calls what was disposed: that is told, and no crash', () => {
    const result = inChild(`
      process.on('uncaughtException', (error) => uncaught.push(error.code));
      const c = unary((x) => x);
      f('start')(c, 3);
      c[Symbol.dispose]();
      await until(() => f('done')());
      await wait(20);
      print([f('sum')(), [...new Set(uncaught)]]);
    `);
    expect(result).toEqual([0, ['ERR_PLUGIN_BAD_ADDRESS']]);
  });

  it('calls what was passed for the length of a call only: that is told, and no crash', () => {
    const { status, signal, stdout } = child(`
      process.on('uncaughtException', (error) => uncaught.push(error.message));
      f('start')((x) => x + 1, 20);
      for (let i = 0; i < 30; i++) { f('call')((x) => x + 1000, 1); await wait(2); }
      await until(() => f('done')());
      print([f('sum')(), uncaught.length > 0]);
    `);
    expect([signal, status, stdout.trim()]).toEqual([null, 0, '[0,true]']);
  });

  it('does not disturb, nor is disturbed by, calls of this thread that fail meanwhile', () => {
    const result = inChild(`
      const c = unary((x) => {
        const { message } = thrownBy(() => f('call')(() => { throw new Error('inner'); }, 1));
        return message === 'inner' ? f('call')((y) => y + 1, x) : -1000;
      });
      f('start')(c, 200);
      let failures = 0;
      while (!f('done')()) {
        try { f('call')(() => { throw new Error('outer'); }, 1); } catch (error) { failures += error.message === 'outer' ? 1 : 1e6; }
        await wait(0);
      }
      print([f('sum')(), failures > 0 && failures < 1e6]);
    `);
    expect(result).toEqual([(200 * 201) / 2, true]);
  });
});

describe('a lasting callback that was lent to asynchronous calls', () => {
  it('rejects the call that it is lent to, and belongs to nobody afterwards', () => {
    const result = inChild(`
      process.on('uncaughtException', (error) => uncaught.push(error.message));
      const c = unary((x) => { if (x === 1) throw new Error('thrown'); return x; });
      const rejected = [await failure(f('sum_of').async(c, 3)), await failure(f('sum_of').async(c, 3)), await failure(f('sum_of').async(c, 1))];
      f('start')(c, 3);
      await until(() => f('done')());
      await wait(20);
      print([rejected, f('sum')(), uncaught]);
    `);
    expect(result).toEqual([['thrown', 'thrown', 'resolved: 0'], 2, ['thrown']]);
  });

  it('is not lent to a call that was refused', () => {
    const result = inChild(`
      process.on('uncaughtException', (error) => uncaught.push(error.message));
      const c = unary((x) => { throw new Error('thrown at ' + x); });
      await failure(f('call_and').async(c, 1, 'wrong'));
      f('start')(c, 2);
      await until(() => f('done')());
      await wait(20);
      print(uncaught);
    `);
    expect(result).toEqual(['thrown at 0', 'thrown at 1']);
  });
});

describe('workers', () => {
  it('have callbacks of their own, at once', () => {
    const result = inChild(
      `
      const seen = inWorkers(4, __filename);
      let own = 0;
      for (let i = 0; i < 2000; i++) own += f('call')((x) => x + 1, 1);
      print([own, await seen]);
      `,
      `
      let sum = 0;
      const n = workerData.index + 1;
      const lasting = unary((x) => x * n);
      for (let i = 0; i < 1000; i++) sum += f('call')((x) => x + n, 1) + f('call')(lasting, 1);
      const { message } = thrownBy(() => f('call')(() => { throw new Error('in ' + n); }, 1));
      parentPort.postMessage([sum, message]);
      `,
    );
    expect(result).toEqual([4000, [1, 2, 3, 4].map((n) => [1000 * (1 + 2 * n), `in ${n}`])]);
  });

  it('are called by threads that they have started', () => {
    const result = inChild(
      `print(await inWorkers(1, __filename));`,
      `
      f('start')(unary((x) => x * 2), 100);
      await until(() => f('done')());
      parentPort.postMessage([Number(f('sum')()), Number(await f('sum_in_thread').async((x) => x, 5))]);
      `,
    );
    expect(result).toEqual([[9900, 10]]);
  });

  it('take all callbacks that there are, and leave them to the next', () => {
    const result = inChild(
      `
      const made = [];
      for (let i = 0; i < 4; i++) made.push(...(await inWorkers(1, __filename)));
      print([made, f('call')(unary((x) => x + 1), 1)]);
      `,
      `
      const all = [];
      try { while (all.length < 5000) all.push(unary((x) => x)); } catch {}
      parentPort.postMessage(all.length);
      `,
    );
    expect(result).toEqual([[5000, 5000, 5000, 5000], 2]);
  });

  // Not while a thread that C has started calls back: koffi then calls into what is gone, and the process aborts.
  it('can be terminated within a callback, and during an asynchronous call', () => {
    const result = inChild(
      `
      for (const how of ['callback', 'async']) {
        const worker = new Worker(__filename, { argv: process.argv.slice(2), workerData: { how } });
        await new Promise((resolve) => worker.once('message', resolve));
        await wait(30);
        await worker.terminate();
      }
      print(f('call')((x) => x + 1, 1));
      `,
      `
      parentPort.postMessage('ready');
      await wait(0);
      if (workerData.how === 'callback') f('call')((x) => { for (;;); }, 1);
      else void f('sum_of').async((x) => x, 30000);
      await wait(1000);
      `,
    );
    expect(result).toBe(2);
  });
});

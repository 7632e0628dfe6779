import { compile } from '../testing/tools.js';
import { childValue } from '../testing/run-child.js';

/** A worker may end at any moment: the other threads go on, and find no lock taken. */

const CODE = `
#include <unistd.h>
int started, own = 5;
int start(void) { started++; return 0; }
int slow(void) { started++; usleep(300000); return 0; }
int idle(int milliseconds) { return usleep(milliseconds * 1000), milliseconds; }
int call(int (*f)(int), int x) { return f(x); }
long sum_of(int (*f)(int), int times) {
  long sum = 0;
  for (int i = 0; i < times; i++) sum += f(i);
  return sum;
}
`;

/** What the worker does after it has posted that it is there; the main thread ends it unless it ends by itself. */
const ENDS: readonly (readonly [what: string, ending: 'terminated' | 'itself', body: string])[] = [
  ['while it opens', 'terminated', `for (;;) open(path);`],
  [
    'while it opens asynchronously',
    'terminated',
    `for (;;) await Promise.all([openAsync(path), openAsync(path)]);`,
  ],
  ['while it looks up and calls', 'terminated', `for (;;) open(path).lookup('idle')(0);`],
  ['within a callback', 'terminated', `f('call')(() => { for (;;); }, 1);`],
  ['between callbacks', 'terminated', `for (;;) f('sum_of')((x) => x, 1000);`],
  ['during asynchronous calls', 'terminated', `for (let i = 0; i < 8; i++) void f('idle').async(50);`],
  [
    'with callbacks of asynchronous calls pending',
    'terminated',
    `for (let i = 0; i < 8; i++) void f('sum_of').async((x) => x, 500);`,
  ],
  [
    'by process.exit during asynchronous calls',
    'itself',
    `for (let i = 0; i < 8; i++) void f('idle').async(50); process.exit();`,
  ],
  [
    'by process.exit with callbacks pending',
    'itself',
    `for (let i = 0; i < 8; i++) void f('sum_of').async((x) => x, 500); setTimeout(() => process.exit(), 20);`,
  ],
  [
    'by an exception during asynchronous calls',
    'itself',
    `for (let i = 0; i < 8; i++) void f('sum_of').async((x) => x, 500); setTimeout(() => { throw new Error('of the worker'); }, 20);`,
  ],
  ['with lasting callbacks', 'itself', `for (let i = 0; i < 100; i++) callback((x) => x, 'int (int)');`],
];

it('ends at any moment', () => {
  const path = compile(CODE);
  const seen = childValue(
    `
    import { once } from 'node:events';
    import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
    import { callback, open, openAsync } from '#lib/index.js';
    const [path] = process.argv.slice(2);
    const f = (name) => open(path).lookup(name);
    const bodies = [${ENDS.map(([, , body]) => `async () => { ${body} }`).join(',\n')}];
    const endings = ${JSON.stringify(ENDS.map(([, ending]) => ending))};
    if (isMainThread) void (async () => {
      const seen = [];
      for (const [index, ending] of endings.entries()) {
        for (const delay of [0, 7, 23]) {
          const worker = new Worker(__filename, { argv: process.argv.slice(2), workerData: index });
          worker.on('error', () => undefined);
          const ended = once(worker, 'exit').catch(() => undefined);
          await once(worker, 'message');
          await new Promise((resolve) => setTimeout(resolve, delay));
          if (ending === 'terminated') await worker.terminate();
          await ended;
        }
        const p = await openAsync(path, { init: 'start' });
        seen.push([p.lookup('started').value, f('call')((x) => x + 1, 1), await f('sum_of').async((x) => x, 3)].map(Number));
      }
      console.log(JSON.stringify(seen));
    })();
    else { parentPort.postMessage('here'); setImmediate(() => void bodies[workerData]()); }
    `,
    { args: [path], timeoutMilliseconds: 120_000 },
  );
  expect(seen).toEqual(ENDS.map(() => [1, 2, 3]));
}, 120_000);

it('terminated inside an init function, it makes open fail everywhere', () => {
  const path = compile(CODE, { output: 'slow.so' });
  const seen = childValue(
    `
    import { isMainThread, Worker } from 'node:worker_threads';
    import { open, openAsync } from '#lib/index.js';
    const [path] = process.argv.slice(2);
    if (isMainThread) void (async () => {
      const worker = new Worker(__filename, { argv: process.argv.slice(2) });
      const { started } = open(path).symbols;
      while (started.value === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      const ended = worker.terminate();
      const seen = [];
      for (const how of [() => open(path), () => open(path, { init: 'slow' }), () => openAsync(path, { init: 'start' })]) {
        try { await how(); seen.push('opened'); } catch (error) { seen.push(error.message.replace(/^.*: init/, 'init')); }
      }
      await ended;
      console.log(JSON.stringify(seen));
    })();
    else open(path, { init: 'slow' });
    `,
    { args: [path] },
  );
  const reason = 'init function slow: the thread that ran it ended before it finished (previous failure)';
  expect(seen).toEqual([reason, reason, reason]);
});

import { compile } from '../testing/tools.js';
import { childValue, runChild } from '../testing/run-child.js';

const counter = compile('registry/counter.c');
const other = compile('registry/counter.c', { output: 'other.so' });
const third = compile('registry/counter.c', { output: 'third.so' });

const PRELUDE = `
import { isMainThread, parentPort, workerData, Worker } from 'node:worker_threads';
import { once } from 'node:events';
import { koffi } from '#lib/ffi/koffi.js';
import * as linker from '#lib/ffi/linker.js';
import { withRootLocked } from '#lib/ffi/process-record.js';
import { runInit, awaitInits } from '#lib/plugin/registry.js';
import { inWorkers } from '#lib/testing/run-child.js';

function open(path) {
  const { handle } = linker.open(path, linker.RTLD.NOW | linker.RTLD.LOCAL | linker.RTLD.NODELETE);
  const address = (name) => linker.symbolAddress(handle, name);
  return {
    handle,
    call: (name) => koffi.decode(address(name), koffi.proto('int', []))(),
    read: (name) => koffi.decode.int(address(name)),
    init(name) {
      return runInit(handle, name, () => this.call(name));
    },
    /** Makes the library's function calls_back() call \`callback\`. */
    setHook(callback) {
      const pointer = koffi.register(callback, koffi.pointer(koffi.proto('void', [])));
      koffi.encode(address('hook'), 'void *', pointer);
    },
  };
}
const print = (value) => console.log(JSON.stringify(value));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const [, , counter, other, third] = process.argv;

/** A barrier for workers: returns in all when \`count\` have come. */
function meet(cell, count) {
  Atomics.add(cell, 0, 1);
  Atomics.notify(cell, 0);
  for (let n; (n = Atomics.load(cell, 0)) < count; ) Atomics.wait(cell, 0, n);
}
`;

/** Runs one text in the main thread of a child, another in its workers; gives what the child printed, without the destructors' lines. */
function child(main: string, worker = ''): unknown {
  const source = `${PRELUDE}\nif (isMainThread) void (async () => {\n${main}\n})();\nelse {\n${worker}\n}\n`;
  const { status, signal, stdout, stderr } = runChild(source, { args: [counter, other, third] });
  const printed = stdout.replaceAll('destructed\n', '');
  expect({ status, signal, stderr, printed }).toMatchObject({ status: 0, signal: null, stderr: '' });
  return JSON.parse(printed);
}

const ENDED = 'init function slow: the thread that ran it ended before it finished';
const IN_PROGRESS = { reason: 'initialization in progress', previous: false };

it('runs an init once, and every thread sees it finished', () => {
  const result = child(
    `const cell = new Int32Array(new SharedArrayBuffer(4));
     const seen = await inWorkers(16, __filename, { cell });
     const lib = open(counter);
     const again = lib.init('setup') ?? null;
     print({ seen, again, constructed: lib.read('constructed'), entered: lib.read('entered') });`,
    `const lib = open(counter);
     meet(workerData.cell, 16);
     const failure = lib.init('setup') ?? null;
     parentPort.postMessage({ failure, finished: lib.read('finished') });`,
  );
  expect(result).toEqual({
    seen: Array.from({ length: 16 }, () => ({ failure: null, finished: 1 })),
    again: null,
    constructed: 1,
    entered: 1,
  });
});

it('lets one who opens without an init wait for one that is running', () => {
  const result = child(
    `const worker = new Worker(__filename, { argv: [counter] });
     await once(worker, 'message');
     const lib = open(counter);
     const before = lib.read('finished');
     print({ before, failure: awaitInits(lib.handle) ?? null, after: lib.read('finished') });`,
    `const lib = open(counter);
     runInit(lib.handle, 'setup', () => {
       parentPort.postMessage('running');
       return lib.call('setup');
     });`,
  );
  expect(result).toEqual({ before: 0, failure: null, after: 1 });
});

it('remembers a veto in every thread, whatever they ask for', () => {
  const result = child(
    `const lib = open(counter);
     const first = lib.init('veto');
     const [inWorker] = await inWorkers(1, __filename);
     const here = [lib.init('veto'), lib.init('setup'), awaitInits(lib.handle)];
     print({ first, later: [...here, ...inWorker], entered: lib.read('entered') });`,
    `const lib = open(counter);
     parentPort.postMessage([lib.init('veto'), lib.init('setup'), awaitInits(lib.handle)]);`,
  );
  const reason = 'init function veto returned 3';
  expect(result).toEqual({
    first: { reason, previous: false },
    later: Array(6).fill({ reason, previous: true }),
    entered: 1,
  });
});

it('takes an exception for a failure, and gives the exception once', () => {
  const result = child(
    `const { handle } = open(counter);
     const run = () => { throw new Error('no räther not'); };
     const first = runInit(handle, 'f', run);
     print([first, first.cause instanceof Error, runInit(handle, 'f', run)]);`,
  );
  const reason = 'init function f: no räther not';
  expect(result).toEqual([{ reason, previous: false, cause: {} }, true, { reason, previous: true }]);
});

it('runs each init function of a library once, and libraries apart', () => {
  const result = child(
    `const a = open(counter), b = open(other);
     const failures = [a.init('setup'), a.init('calls_back'), a.init('setup'), b.init('veto'), a.init('calls_back')];
     print({ failures, entered: [a.read('entered'), b.read('entered')] });`,
  );
  expect(result).toEqual({
    failures: [null, null, null, { reason: 'init function veto returned 3', previous: false }, null],
    entered: [1, 1],
  });
});

it('fails for everybody when the thread is terminated inside an init, and nobody hangs', () => {
  const result = child(
    `const lib = open(counter);
     const running = new Worker(__filename, { argv: [counter], workerData: 'slow' });
     await once(running, 'message');
     const waiting = new Worker(__filename, { argv: [counter], workerData: 'slow' });
     const answer = once(waiting, 'message');
     while (lib.read('entered') === 0) await sleep(10);
     await running.terminate();
     const here = [awaitInits(lib.handle), lib.init('slow'), lib.init('setup')];
     print({ waiter: (await answer).at(-1), here, entered: lib.read('entered') });`,
    `const lib = open(counter);
     const run = () => { parentPort.postMessage('running'); return lib.call('slow'); };
     parentPort.postMessage(runInit(lib.handle, 'slow', run));`,
  );
  expect(result).toEqual({
    waiter: { reason: ENDED, previous: true },
    here: Array(3).fill({ reason: ENDED, previous: true }),
    entered: 1,
  });
});

it('can terminate a worker that waits, while the init still runs', () => {
  const result = child(
    `const lib = open(counter);
     const running = new Worker(__filename, { argv: [counter] });
     while (lib.read('entered') === 0) await sleep(5);
     const waiting = new Worker(__filename, { argv: [counter] });
     await once(waiting, 'message');
     await sleep(50);
     await waiting.terminate();
     const finished = lib.read('finished');
     print({ finished, failure: awaitInits(lib.handle) ?? null, then: lib.read('finished') });`,
    `const lib = open(counter);
     parentPort.postMessage('here');
     lib.init('slow');`,
  );
  expect(result).toEqual({ finished: 0, failure: null, then: 1 });
});

it('reports a library opened from its own init', () => {
  const result = child(
    `const lib = open(counter);
     const inner = [];
     lib.setHook(() => {
       inner.push(lib.init('calls_back'), lib.init('setup'), awaitInits(lib.handle), open(other).init('setup') ?? null);
     });
     print({ outer: lib.init('calls_back') ?? null, inner, afterwards: lib.init('setup') ?? null });`,
  );
  expect(result).toEqual({
    outer: null,
    inner: [IN_PROGRESS, IN_PROGRESS, IN_PROGRESS, null],
    afterwards: null,
  });
});

it.each([1, 2, 3])('reports two threads that wait for each other (%i)', () => {
  const result = child(
    `const cell = new Int32Array(new SharedArrayBuffer(4));
     print(await inWorkers(2, __filename, { cell }));`,
    `const libs = [open(counter), open(other)];
     const [mine, others] = workerData.index === 0 ? libs : libs.reverse();
     let inner;
     mine.setHook(() => {
       meet(workerData.cell, 2);
       inner = awaitInits(others.handle) ?? null;
     });
     const outer = mine.init('calls_back') ?? null;
     parentPort.postMessage({ outer, inner });`,
  );
  expect(result).toHaveLength(2);
  expect(result).toContainEqual({ outer: null, inner: IN_PROGRESS });
  expect(result).toContainEqual({ outer: null, inner: null });
});

it('settles the library of a thread that ended while it waited', () => {
  const result = child(
    `const [a, b, c] = [counter, other, third].map(open);
     const cell = new Int32Array(new SharedArrayBuffer(4));
     const start = (role) => new Worker(__filename, { argv: process.argv.slice(2), workerData: { cell, role } });
     start('holder');
     const waiter = start('waiter');
     while (Atomics.load(cell, 0) < 2) await sleep(5);
     await sleep(100);
     await waiter.terminate();
     // a is orphaned, and is written down to wait for b, which runs. Waiting for b here comes across a.
     const inner = [];
     c.setHook(() => inner.push(awaitInits(b.handle) ?? null, awaitInits(a.handle)));
     print({ outer: c.init('calls_back') ?? null, inner, afterwards: a.init('setup') });`,
    `const a = open(counter), b = open(other);
     if (workerData.role === 'holder') {
       runInit(b.handle, 'slow', () => { meet(workerData.cell, 1); return b.call('slow'); });
     } else {
       while (Atomics.load(workerData.cell, 0) < 1) Atomics.wait(workerData.cell, 0, 0);
       runInit(a.handle, 'slow', () => { meet(workerData.cell, 2); awaitInits(b.handle); return 0; });
     }`,
  );
  const ended = { reason: ENDED, previous: true };
  expect(result).toEqual({ outer: null, inner: [null, ended], afterwards: ended });
});

it('keeps a library loaded and initialised after its worker, until the process ends', () => {
  const source = `${PRELUDE}
if (isMainThread) {
  void inWorkers(2, __filename).then(() => {
    const lib = open(counter);
    const failure = lib.init('setup') ?? null;
    print({ failure, constructed: lib.read('constructed'), entered: lib.read('entered') });
  });
} else {
  open(counter).init('setup');
}
`;
  const { status, stdout } = runChild(source, { args: [counter] });
  expect({ status, stdout }).toEqual({
    status: 0,
    stdout: '{"failure":null,"constructed":1,"entered":1}\ndestructed\n',
  });
});

it('is shared by two copies of this package in one thread', () => {
  const result = child(
    `const lib = open(counter);
     const copy = () => {
       for (const file of Object.keys(require.cache)) if (file.includes('/lib/')) delete require.cache[file];
       return require('#lib/plugin/registry.js');
     };
     const second = copy();
     const before = [second.runInit === runInit, lib.init('setup') ?? null];
     const ran = [];
     const inner = [];
     const failure = second.runInit(lib.handle, 'late', () => {
       inner.push(runInit(lib.handle, 'late', () => 0));
       return 7;
     });
     print({
       before,
       setup: second.runInit(open(other).handle, 'setup', () => 0) ?? null,
       entered: lib.read('entered'),
       failure,
       inner,
       first: awaitInits(lib.handle),
       third: copy().awaitInits(lib.handle),
     });`,
  );
  const reason = 'init function late returned 7';
  expect(result).toEqual({
    before: [false, null],
    setup: null,
    entered: 1,
    failure: { reason, previous: false },
    inner: [IN_PROGRESS],
    first: { reason, previous: true },
    third: { reason, previous: true },
  });
});

it('locks: 16 workers that start at once lose no increment', () => {
  const result = child(
    `const cell = new Int32Array(new SharedArrayBuffer(4));
     await inWorkers(16, __filename, { cell });
     print(open(counter).read('total'));`,
    `const lib = open(counter);
     const increment = koffi.decode(linker.symbolAddress(lib.handle, 'increment'), koffi.proto('void', []));
     meet(workerData.cell, 16);
     for (let i = 0; i < 200; i++) withRootLocked(() => increment());`,
  );
  expect(result).toBe(3200);
});

it('knows nothing of a library that no init was asked for', () => {
  expect(
    childValue(`
import { awaitInits } from '#lib/plugin/registry.js';
console.log(JSON.stringify([awaitInits(4096n) ?? null]));
`),
  ).toEqual([null]);
});

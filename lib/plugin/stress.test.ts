import { compile } from '../testing/tools.js';
import { childValue } from '../testing/run-child.js';

/** Many threads that open, look up and call at once, and what the process does beside them. */

const CODE = `
#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
extern char **environ;
int constructed, started, own = NUMBER;
_Thread_local int mine;
__attribute__((constructor)) static void construct(void) { __atomic_add_fetch(&constructed, 1, __ATOMIC_SEQ_CST); }
int start(void) { return __atomic_add_fetch(&started, 1, __ATOMIC_SEQ_CST), usleep(1000), 0; }
int refuse(void) { return __atomic_add_fetch(&started, 1, __ATOMIC_SEQ_CST), usleep(1000), 4; }
int add(int x) { return x + own; }
static int result_of(pid_t child) {
  int status;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
int forked(int result) {
  pid_t child = fork();
  if (child == 0) _exit(result + own);
  return child < 0 ? -1 : result_of(child);
}
int executed(void) {
  pid_t child = fork();
  char *const arguments[] = {"sh", "-c", "exit 9", NULL};
  if (child == 0) execve("/bin/sh", arguments, environ), _exit(1);
  return child < 0 ? -1 : result_of(child);
}
`;

const libraries = (count: number): string[] =>
  Array.from({ length: count }, (_, i) =>
    compile(CODE, { flags: ['-g', '-shared', '-fPIC', `-DNUMBER=${i}`], output: `many${i}.so` }),
  );

const inChild = (args: readonly string[], main: string, worker: string): unknown =>
  childValue(
    `
    import { spawnSync } from 'node:child_process';
    import { isMainThread, parentPort, workerData } from 'node:worker_threads';
    import { open, openAsync } from '#lib/index.js';
    import { inWorkers } from '#lib/testing/run-child.js';
    const files = process.argv.slice(2);
    const read = (p, ...names) => names.map((name) => p.lookup(name).value);
    const failure = (action) => { try { action(); return 'opened'; } catch (error) { return error.message.replace(/^.*: init/, 'init'); } };
    /** The numbers below n in an order of this worker's own. */
    const shuffled = (n) => Array.from({ length: n }, (_, i) => (i * 7 + workerData.index * 11) % n);
    if (isMainThread) void (async () => { ${main} })();
    else void (async () => { ${worker} })();
    `,
    { args, timeoutMilliseconds: 240_000 },
  );

it('16 workers × 1,000 opens and lookups over 50 libraries, with init functions', () => {
  const seen = inChild(
    libraries(50),
    `
    const workers = await inWorkers(16, __filename);
    console.log(JSON.stringify([workers, files.map((file) => read(open(file), 'constructed', 'started'))]));
    `,
    `
    const seen = new Map();
    const order = shuffled(50);
    let wrong = 0;
    for (let i = 0; i < 1000; i++) {
      const n = order[i % 50];
      const p = open(files[n], i % 3 === 0 ? { init: 'start' } : {});
      if ((seen.get(n) ?? p) !== p) wrong++;
      seen.set(n, p);
      if (p.lookup('own').value !== n || p.lookup('add')(i) !== n + i) wrong++;
      if (i % 3 === 0 && p.lookup('started').value !== 1) wrong++;
      p.lookup('mine').value++;
    }
    let mine = 0;
    for (const p of seen.values()) mine += p.lookup('mine').value;
    parentPort.postMessage([wrong, mine, seen.size]);
    `,
  );
  expect(seen).toEqual([Array(16).fill([0, 1000, 50]), Array(50).fill([1, 1])]);
}, 240_000);

it('an init function that fails, raced by 8 workers over 10 libraries, fails once and for all', () => {
  const seen = inChild(
    libraries(10),
    `
    const workers = await inWorkers(8, __filename);
    console.log(JSON.stringify([workers.flat().sort(), failure(() => open(files[0]))]));
    `,
    `
    parentPort.postMessage(shuffled(10).map((n) => failure(() => open(files[n], { init: 'refuse' }))));
    `,
  );
  const failed = 'init function refuse returned 4';
  const previous = `${failed} (previous failure)`;
  expect(seen).toEqual([
    [...(Array(10).fill(failed) as string[]), ...(Array(70).fill(previous) as string[])],
    previous,
  ]);
}, 60_000);

it('openAsync from 8 workers and the main thread at once', () => {
  const seen = inChild(
    libraries(20),
    `
    const all = (order) => Promise.all([...order, ...order].map((n) => openAsync(files[n], { init: 'start' })));
    const workers = inWorkers(8, __filename);
    const plugins = await all(files.keys());
    console.log(JSON.stringify([await workers, new Set(plugins).size, plugins.slice(0, 20).map((p) => read(p, 'own', 'constructed', 'started'))]));
    `,
    `
    const order = shuffled(20);
    const plugins = await Promise.all([...order, ...order].map((n) => openAsync(files[n], n % 2 === 0 ? { init: 'start' } : {})));
    parentPort.postMessage([new Set(plugins).size, plugins.every((p, i) => p.lookup('own').value === order[i % 20])]);
    `,
  );
  const expected = Array.from({ length: 20 }, (_, i) => [i, 1, 1]);
  expect(seen).toEqual([Array(8).fill([20, true]), 20, expected]);
}, 60_000);

it('C and Node fork and execute beside workers that open', () => {
  const seen = inChild(
    libraries(20),
    `
    const workers = inWorkers(4, __filename);
    const p = await openAsync(files[0]);
    const results = [];
    for (let i = 0; i < 10; i++) results.push([p.lookup('forked')(i), p.lookup('executed')(), spawnSync('sh', ['-c', 'exit 3']).status]);
    console.log(JSON.stringify([results, await workers]));
    `,
    `
    let wrong = 0;
    for (const n of [...shuffled(20), ...shuffled(20)]) {
      const p = open(files[n], { init: 'start' });
      if (p.lookup('forked')(5) !== 5 + n || p.lookup('started').value !== 1) wrong++;
    }
    parentPort.postMessage([wrong, open(files[3]).lookup('executed')()]);
    `,
  );
  expect(seen).toEqual([Array.from({ length: 10 }, (_, i) => [i, 9, 3]), Array(4).fill([0, 9])]);
}, 60_000);

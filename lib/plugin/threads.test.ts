import { compile } from '../testing/tools.js';
import { childValue } from '../testing/run-child.js';

/** What holds across the threads of a process, each of which has its own JavaScript. */

const CODE = `
#include <stddef.h>
int version = VERSION;
int table[2] = { VERSION, VERSION + 1 };
int get(void) { return version; }
`;
const flags = (version: number): string[] => [
  '-g',
  '-shared',
  '-fPIC',
  `-DVERSION=${version}`,
  '-Wl,--build-id',
];

it('a library is bound once: another thread can not ask for it otherwise', () => {
  const path = compile(CODE, { flags: flags(1), output: 'bound.so' });
  const seen = childValue(
    `
    import { isMainThread, parentPort, workerData } from 'node:worker_threads';
    import { open } from '#lib/index.js';
    import { inWorkers } from '#lib/testing/run-child.js';
    const [path] = process.argv.slice(2);
    const attempt = (options) => { try { open(path, options); return 'ok'; } catch (error) { return error.message; } };
    if (isMainThread) {
      open(path, { scope: 'global' });
      void inWorkers(1, __filename).then(([worker]) => console.log(JSON.stringify({ main: attempt({ scope: 'local' }), worker })));
    } else {
      parentPort.postMessage([attempt({}), attempt({ scope: 'global' }), attempt({ scope: 'local' }), attempt({ binding: 'lazy' })]);
    }
    `,
    { args: [path] },
  );
  const conflict = (option: string, had: string, wanted: string): string =>
    `plugin.Open("${path}"): it is loaded with ${option}: "${had}", which can't change to "${wanted}"`;
  expect(seen).toEqual({
    main: conflict('scope', 'global', 'local'),
    worker: ['ok', 'ok', conflict('scope', 'global', 'local'), conflict('binding', 'now', 'lazy')],
  });
});

it('a library whose file was replaced is the one in memory in every thread, without types', () => {
  const [old, replacement] = [1, 2].map((v) => compile(CODE, { flags: flags(v), output: `v${v}.so` }));
  const seen = childValue(
    `
    import { copyFileSync, mkdtempSync, renameSync } from 'node:fs';
    import { tmpdir } from 'node:os';
    import { join } from 'node:path';
    import { isMainThread, parentPort, workerData } from 'node:worker_threads';
    import { open } from '#lib/index.js';
    import { inWorkers } from '#lib/testing/run-child.js';
    if (isMainThread) {
      const [old, replacement] = process.argv.slice(2);
      const folder = mkdtempSync(join(tmpdir(), 'elf-plugin-'));
      const path = join(folder, 'p.so');
      copyFileSync(old, path);
      const before = open(path);
      copyFileSync(replacement, join(folder, 'new.so'));
      renameSync(join(folder, 'new.so'), path);
      const again = open(path);
      const main = [again === before, again.stale, again.lookup('get')(), again.lookup('version').value];
      void inWorkers(1, __filename, { path }).then(([worker]) => console.log(JSON.stringify({ main, worker })));
    } else {
      const plugin = open(workerData.path);
      const { get, version, table } = { get: 'int (void)', version: 'int', table: 'int[2]' };
      let untyped;
      try { plugin.lookup('get')(); } catch (error) { untyped = error.code; }
      parentPort.postMessage([plugin.stale, plugin.path === workerData.path, plugin.typeSource ?? null, untyped,
        plugin.lookup('get', get)(), plugin.lookup('version', version).value, [...plugin.lookup('table', table).value]]);
    }
    `,
    { args: [old ?? '', replacement ?? ''] },
  );
  expect(seen).toEqual({
    main: [true, true, 1, 1],
    worker: [true, true, null, 'ERR_PLUGIN_TYPE', 1, 1, [1, 2]],
  });
});

it('sixteen workers that race for a library initialise it once, and find it initialised', () => {
  const path = compile(
    `
#include <time.h>
int constructed, started, ready;
__attribute__((constructor)) static void construct(void) { constructed++; }
int start(void) {
  struct timespec pause = { 0, 50000000 };
  started++;
  nanosleep(&pause, NULL);
  ready = 1;
  return 0;
}
`,
    { output: 'raced.so' },
  );
  const seen = childValue(
    `
    import { isMainThread, parentPort } from 'node:worker_threads';
    import { open } from '#lib/index.js';
    import { inWorkers } from '#lib/testing/run-child.js';
    const [path] = process.argv.slice(2);
    const look = () => { const p = open(path, { init: 'start' }); return ['constructed', 'started', 'ready'].map((n) => p.lookup(n).value); };
    if (isMainThread) void inWorkers(16, __filename).then((workers) => console.log(JSON.stringify([...workers, look()])));
    else parentPort.postMessage(look());
    `,
    { args: [path] },
  );
  expect(seen).toEqual(Array(17).fill([1, 1, 1]));
});

it('a first malloc does not ask the linker, which an openAsync keeps busy', () => {
  const slow = compile(
    `
#include <time.h>
__attribute__((constructor)) static void wait(void) { struct timespec pause = { 1, 0 }; nanosleep(&pause, NULL); }
`,
    { output: 'slow.so' },
  );
  const seen = childValue(
    `
    import { free, open, openAsync } from '#lib/index.js';
    const [path, slow] = process.argv.slice(2);
    const p = open(path);
    const opening = openAsync(slow);
    setTimeout(() => {
      const start = performance.now();
      free(p.malloc('int[4]'));
      const took = performance.now() - start;
      void opening.then(() => console.log(JSON.stringify(took)));
    }, 100);
    `,
    { args: [compile(CODE, { flags: flags(1) }), slow] },
  );
  expect(seen).toBeLessThan(500);
});

/**
 * Engines that forbid buffers over C's memory, as Electron does. `npm run test:buffers` runs the tests of values and calls in one; here is what
 * goes another way there.
 */
import { withoutExternalBuffers } from '../testing/no-external-buffers.js';
import { childValue } from '../testing/run-child.js';
import { compile } from '../testing/tools.js';

const library = compile(`
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
struct point { int x, y; };
struct all {
  char c; unsigned short s; long l; float f; double d; bool b; char name[8]; int list[3];
  struct point at; struct point *to; unsigned low : 3, high : 5; const char *text;
};
struct all v = { .list = { 1, 2, 3 }, .at = { 4, 5 }, .to = &v.at, .text = "text" };
int n;
int initialised;
double numbers[2];
void init(void) { initialised++; }
int sum(void) { return v.c + v.s + v.l + v.list[1] + v.at.y + v.low + v.high + v.b + strlen(v.name) + (int)numbers[1]; }
struct point swap(struct point p) { return (struct point){ p.y, p.x }; }
int each(const int *p, int n, int (*f)(int)) { int s = 0; while (n--) s += f(*p++); return s; }
int fail(void) { errno = 7; return -1; }
int keep(void) { return errno; }
int *make(void) { return calloc(4, sizeof(int)); }
`);

const BODY = `
  import { open, openAsync, free, errno, addressOf, snapshot, callback } from '#lib/index.js';
  import { inWorkers } from '#lib/testing/run-child.js';
  import { isMainThread, parentPort } from 'node:worker_threads';
  const refused = (f: () => unknown) => { try { f(); return 'nothing'; } catch (e: any) { return e.code; } };
  async function main() {
    const path = process.argv[2] ?? '';
    const p: any = open(path, { init: 'init' });
    if (!isMainThread) { parentPort?.postMessage(p.lookup('initialised').value); return; }
    const v = p.lookup('v'), s = v.value, seen: unknown[] = [];
    s.c = 1; s.s = 2; s.l = 3n; s.f = 1.5; s.d = 2.5; s.b = true; s.name = 'four'; s.list[1] = 6; s.at.y = 7; s.low = 3; s.high = 9;
    p.lookup('numbers').value = [0, 10];
    seen.push(p.lookup('sum')(), 1 + 2 + 3 + 6 + 7 + 3 + 9 + 1 + 4 + 10);
    seen.push([s.to.value.x, s.text, s.f, s.d, [...s.list], snapshot(s.at)]);
    s.list = [7, 8, 9];
    seen.push([s.list.length, s.list[2], [...p.lookup('numbers').cast('double *').view(2)]]);
    seen.push(p.lookup('swap')({ x: 1, y: 2 }), p.lookup('each')(s.list, 3, (x: number) => x * 2));
    seen.push(p.lookup('each')(new Int32Array([1, 2]), 2, (x: number) => x + 1));
    p.lookup('fail')();
    seen.push(errno());
    errno(5);
    seen.push(p.lookup('keep')());
    const made = p.lookup('make')(), own = p.malloc('struct point', { x: 1, y: 2 }), ours = p.alloc('int[2]', [3, 4]);
    made.set(3, 9);
    seen.push([made.at(3), own.value.y, addressOf(own.value, 'x').value, ours.value[1]]);
    free(made); free(own);
    seen.push(refused(() => made.value), refused(() => own.value.x));
    const n = p.lookup('n');
    n.value = 41; n.value++;
    seen.push(n.value, String(v).startsWith('(struct all *)'), await p.lookup('swap').async({ x: 3, y: 4 }));
    seen.push((await openAsync(path)) === p, await inWorkers(2, __filename), ArrayBuffer.isView(s.list));
    console.log(JSON.stringify(seen, (_, x) => (typeof x === 'bigint' ? String(x) : x)));
  }
  void main();
`;

it.each(['empty', 'refusal'] as const)(
  'values, calls and init where the engine answers with: %s',
  (answer) => {
    const execArgv = ['--require', withoutExternalBuffers(answer)];
    const seen = childValue(BODY, { args: [library], execArgv });
    expect(seen).toEqual([
      46,
      46,
      [4, 'text', 1.5, 2.5, [1, 6, 3], { x: 4, y: 7 }],
      [3, 9, [0, 10]],
      { x: 2, y: 1 },
      48,
      5,
      7,
      5,
      [9, 2, 1, 4],
      'ERR_PLUGIN_BAD_ADDRESS',
      'ERR_PLUGIN_BAD_ADDRESS',
      42,
      true,
      { x: 4, y: 3 },
      true,
      [1, 1],
      false,
    ]);
    // What is a typed array elsewhere is a live array-like.
    expect(childValue(BODY, { args: [library] })).toEqual([...(seen as unknown[]).slice(0, -1), true]);
  },
);

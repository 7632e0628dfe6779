import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { inspect } from 'node:util';
import { cast, callback, errno, free, inspect as inspectLibrary, open, snapshot } from '../index.js';
import type { Pointer, Variable } from '../index.js';
import { openFixture, thrownBy } from '../testing/fixture.js';
import { childValue } from '../testing/run-child.js';
import { compile } from '../testing/tools.js';

type Call = (...args: unknown[]) => unknown;

const CODE = `
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct point { int x, y; } point = {1, 2};
struct big { long a, b, c; };
char *text = "text";
int fail(int with) { errno = with; return -1; }
int succeed(void) { return 0; }
int get(void) { return errno; }
int open_file(const char *path) { return open(path, O_RDONLY); }
int close_file(int fd) { return close(fd); }
long number(const char *s) { return strtol(s, NULL, 10); }
double root(double x) { return sqrt(x); }
struct big fail_big(int with) { errno = with; return (struct big){with, errno, 0}; }
int fail_point(struct point p, int with) { errno = with; return p.x; }
int fail_any(int with, ...) { errno = with; return -1; }
int fail_later(void (*f)(void), int with) { f(); errno = with; return -1; }
int through(void (*f)(void), int with) { errno = with; f(); return errno; }
int two(int (*f)(int), int with) { errno = 0; int a = f(1); return a * 1000 + errno; }
double three(int (*f)(int), int n, int with) { errno = with; double sum = 0; for (int i = 0; i < n; i++) sum += f(i); return sum; }
`;
const plugin = openFixture(CODE, { libs: ['-lm'] });
const f = (name: string): Call => plugin.lookup(name);
const { ENOENT, EBADF, ERANGE, EDOM } = constants.errno;

describe('errno()', () => {
  it('is what the last call left', () => {
    expect([f('open_file')('/nowhere/at/all'), errno()]).toEqual([-1, ENOENT]);
    expect([f('close_file')(-1), errno()]).toEqual([-1, EBADF]);
    expect([f('root')(-1), errno()]).toEqual([NaN, EDOM]);
    expect([f('fail')(4095), errno()]).toEqual([-1, 4095]);
    // C leaves it alone when nothing fails (C17 §7.5p3).
    expect([f('succeed')(), errno()]).toEqual([0, 4095]);
    expect([f('get')(), errno()]).toEqual([4095, 4095]);
  });

  it('of calls of every form', () => {
    expect([f('fail_big')(5), errno()]).toEqual([{ a: 5n, b: 5n, c: 0n }, 5]);
    expect([f('fail_point')({ x: 3, y: 4 }, 6), errno()]).toEqual([3, 6]);
    expect([f('fail_any')(7, 'text', 1.5), errno()]).toEqual([-1, 7]);
    expect([f('fail_later')(() => undefined, 8), errno()]).toEqual([-1, 8]);
    const called = (f('fail') as unknown as { address: bigint }).address;
    expect([(cast('int (*)(int)', called) as Call)(9), errno()]).toEqual([-1, 9]);
    // Also where the call throws, since a callback has.
    const bang = (): never => {
      throw new Error('bang');
    };
    expect(thrownBy(() => f('fail_later')(bang, 10)).message).toBe('bang');
    expect(errno()).toBe(10);
  });

  it('can be set for those that tell only by it', () => {
    f('fail')(EBADF);
    expect(errno(0)).toBe(EBADF);
    expect(errno()).toBe(0);
    expect([f('number')('123'), errno()]).toEqual([123n, 0]);
    expect([f('number')('99999999999999999999'), errno()]).toEqual([2n ** 63n - 1n, ERANGE]);
    errno(0);
    expect([f('number')('5'), errno()]).toEqual([5n, 0]);
    errno(1234);
    expect(f('get')()).toBe(1234);
  });

  it.each([1.5, NaN, '2', null, 2n, {}])('does not take %p', (value) => {
    f('fail')(5);
    expect(thrownBy(() => errno(value as number)).code).toMatch(/^ERR_/);
    expect(errno()).toBe(5);
  });

  it('a refused call is none', () => {
    f('fail')(5);
    expect(thrownBy(() => f('fail')('x')).name).toBe('TypeError');
    expect(thrownBy(() => f('fail')()).name).toBe('TypeError');
    expect(errno()).toBe(5);
  });
});

it.each<[what: string, work: () => unknown]>([
  [
    'looking up',
    () => [plugin.lookup('succeed'), plugin.has('nothing'), thrownBy(() => plugin.lookup('nothing'))],
  ],
  ['binding a function', () => openFixture(`int other(int a) { return a; } /*${Date.now()}*/\n`)],
  ['opening, also what fails', () => [open(compile('calls/calls.c')), thrownBy(() => open('/nowhere/x.so'))]],
  ['inspecting', () => inspectLibrary(compile('calls/calls.c')).symbols.length],
  [
    'alloc and malloc',
    () => {
      plugin.alloc('int[100000]');
      free(plugin.malloc('char[50000000]'));
      free(plugin.malloc('struct point') as Pointer);
    },
  ],
  [
    'reading and writing memory',
    () => {
      const point = plugin.lookup<Variable<{ x: number }>>('point');
      point.value.x++;
      return [snapshot(point.value), String(plugin.lookup<Variable>('text').value)];
    },
  ],
  [
    'bad addresses',
    () => [
      thrownBy(() => (cast('int *', 0x10000) as Pointer).value),
      inspect(cast('char *', 0x10000)),
      String(cast('char *', 0x123456789)),
    ],
  ],
  [
    'printing',
    () =>
      inspect([
        plugin,
        plugin.lookup('point'),
        plugin.lookup('fail'),
        plugin.lookup<Variable>('point').value,
      ]),
  ],
  ['types', () => plugin.type('struct point (*)(int)').size],
  [
    'making callbacks',
    () => {
      callback(() => undefined, 'void (void)')[Symbol.dispose]();
    },
  ],
  ['Node’s own work', () => thrownBy(() => readFileSync('/nowhere/at/all'))],
])('it is not disturbed by %s', (_, work) => {
  f('fail')(77);
  work();
  expect(errno()).toBe(77);
  // Nor is what C sees.
  expect(f('get')()).toBe(77);
});

describe('callbacks', () => {
  it('leave C’s errno as it was, whatever they do', () => {
    const works: (() => unknown)[] = [
      () => undefined,
      () => thrownBy(() => readFileSync('/nowhere/at/all')),
      () => thrownBy(() => (cast('int *', 0x10000) as Pointer).value),
      () => inspect(cast('char *', 0x10000)),
      () => plugin.alloc('int[100000]'),
      () => thrownBy(() => plugin.lookup('nothing')),
    ];
    const seen = works.map((work) => f('through')(() => void work(), 42));
    expect(seen).toEqual(works.map(() => 42));
    expect(errno()).toBe(42);
    expect([f('three')(() => (thrownBy(() => readFileSync('/nowhere')), 1), 50, 43), errno()]).toEqual([
      50, 43,
    ]);
  });

  it('see what C had, and may set it for C', () => {
    const seen: number[] = [];
    f('fail')(7);
    expect(f('through')(() => void seen.push(errno()), 42)).toBe(42);
    expect(seen).toEqual([42]);
    expect(f('through')(() => errno(43), 42)).toBe(43);
    expect(errno()).toBe(43);
  });

  it('a call of C in one leaves what it left, as C would have it', () => {
    expect(f('two')((x: number) => f('fail')(40 + x), 0)).toBe(-1000 + 41);
    const inner: number[] = [];
    f('fail_later')(() => {
      f('fail')(50);
      inner.push(errno());
    }, 51);
    expect([inner, errno()]).toEqual([[50], 51]);
  });
});

it('each worker has its own', () => {
  const source = `
    import { isMainThread, parentPort, workerData } from 'node:worker_threads';
    import { errno } from '#lib/index.js';
    import { open } from '#lib/index.js';
    import { inWorkers } from '#lib/testing/run-child.js';
    const { fail, get } = open(process.argv[2]).symbols;
    const n = isMainThread ? 100 : workerData.index + 1;
    const first = errno();
    let wrong = 0;
    const round = () => { for (let i = 0; i < 2000; i++) { fail(n * 1000 + i); if (errno() !== n * 1000 + i || get() !== n * 1000 + i) wrong++; } };
    if (isMainThread) void (async () => {
      const workers = inWorkers(3, __filename);
      for (let i = 0; i < 5; i++) { round(); await new Promise((resolve) => setTimeout(resolve, 30)); }
      const last = errno();
      console.log(JSON.stringify([first, wrong, last, await workers]));
    })();
    else { round(); parentPort.postMessage([first, wrong, errno()]); }
  `;
  const workers = [1, 2, 3].map((n) => [0, 0, n * 1000 + 1999]);
  expect(childValue(source, { args: [compile(CODE, { libs: ['-lm'] })] })).toEqual([0, 0, 101_999, workers]);
});

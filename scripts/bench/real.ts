import { performance } from 'node:perf_hooks';

import { findLibrary } from '../../lib/index.js';
import { ROOT, run } from '../../lib/testing/tools.js';
import type { Row } from './table.js';

/** Debian's libpython3.11-dbg: 25 MB, 10 MB of it DWARF. */
const LIBPYTHON = findLibrary('libpython3.11d.so.1.0') ?? '';

const RUNS = 11;

/**
 * What a fresh process pays: for the import, and for a large library's first call. Each is the least of several
 * processes: whatever else the machine does only adds.
 */
export function benchFreshProcesses(): Row[] {
  const rows = [benchImport()];
  if (LIBPYTHON !== '') rows.push(...benchLibpython());
  else console.log(`skipped: libpython3.11d: needs Debian's libpython3.11-dbg`);
  return rows;
}

function benchImport(): Row {
  const script = (module: string): string =>
    `const t = performance.now(); require(${JSON.stringify(module)}); console.log(performance.now() - t);`;
  const koffi = least(() => Number(node(script('koffi'))));
  const ours = least(() => Number(node(script(ROOT))));
  const detail = `${ours.toFixed(1)} ms, koffi ${koffi.toFixed(1)} ms`;
  return { work: "import 'elf-plugin'", detail, value: ours - koffi, unit: 'ms more', bar: { atMost: 15 } };
}

/** The same library opened by the same `dlopen`, with koffi alone and with us; both load koffi first. */
const DLOPEN = `
  const koffi = require('koffi');
  const dlopen = koffi.load(null).func('void *dlopen(const char *, int)');
  const start = performance.now();
  dlopen(process.argv[1], 2 | 0x1000);
  console.log(JSON.stringify({ time: performance.now() - start, rss: process.memoryUsage().rss }));`;

/** A function whose type leads into the interpreter's structs: gdb has to read the unit they are in, as we do. */
const FIRST_CALL = `
  require('koffi').load(null).func('void *dlopen(const char *, int)');
  const { open } = require(process.argv[2]);
  const start = performance.now();
  open(process.argv[1]).lookup('PyLong_FromLong')(5n);
  console.log(JSON.stringify({ time: performance.now() - start, rss: process.memoryUsage().rss }));`;

interface Cost {
  /** Milliseconds. */
  readonly time: number;
  /** Bytes. */
  readonly rss: number;
}

function benchLibpython(): Row[] {
  const plain = Array.from({ length: RUNS }, () => JSON.parse(node(DLOPEN, LIBPYTHON)) as Cost);
  const ours = Array.from({ length: RUNS }, () => JSON.parse(node(FIRST_CALL, LIBPYTHON, ROOT)) as Cost);
  const gdb = least(() =>
    timed(() => run('gdb', ['-batch', '-nx', '-ex', 'ptype PyLong_FromLong', LIBPYTHON])),
  );
  const of = (costs: readonly Cost[], key: keyof Cost): number => Math.min(...costs.map((c) => c[key]));
  const time = of(ours, 'time') - of(plain, 'time');
  const memory = (of(ours, 'rss') - of(plain, 'rss')) / 2 ** 20;
  const work = 'open libpython3.11d and call a function';
  const times = `${of(ours, 'time').toFixed(1)} ms, dlopen alone ${of(plain, 'time').toFixed(1)} ms`;
  return [
    { work, detail: times, value: time, unit: 'ms more', bar: { atMost: 40 } },
    { work, detail: `over dlopen alone`, value: memory, unit: 'MB more', bar: { atMost: 20 } },
    {
      work,
      detail: `beyond dlopen, which gdb does not do; gdb -batch -ex ptype ${gdb.toFixed(0)} ms`,
      value: gdb / time,
      unit: '× faster',
      bar: { atLeast: 20 },
    },
  ];
}

function node(script: string, ...args: string[]): string {
  return run(process.execPath, ['-e', script, ...args], { cwd: ROOT });
}

function timed(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function least(sample: () => number): number {
  return Math.min(...Array.from({ length: RUNS }, sample));
}

import { findLibrary } from '../../lib/index.js';
import { hasTool, ROOT, run } from '../../lib/testing/tools.js';
import { timed, told } from './measure.js';
import type { Row } from './row.js';

/** Debian's libpython3.11-dbg: 25 MB, 10 MB of it DWARF. */
const LIBPYTHON = findLibrary('libpython3.11d.so.1.0') ?? '';

/** What a fresh process pays: for the import, and for a large library's first call. */
export function benchFreshProcesses(): Row[] {
  return [benchImport(), ...benchLibpython()];
}

function benchImport(): Row {
  const script = (module: string): string =>
    `const t = performance.now(); require(${JSON.stringify(module)}); console.log(performance.now() - t);`;
  const take = (module: string) => (): number => Number(node(script(module)));
  const { ours, theirs } = told({ ours: take(ROOT), theirs: take('koffi') });
  return { work: "import 'elf-plugin'", peer: 'koffi', ours, theirs, unit: 'ms', by: 'more', atMost: 15 };
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
  const work = 'open libpython3.11d and call a function';
  if (LIBPYTHON === '')
    return [{ work, ours: [], unit: 'ms', missing: "not installed: Debian's libpython3.11-dbg" }];
  const costs: Record<'plain' | 'ours', Cost[]> = { plain: [], ours: [] };
  const take = (name: keyof typeof costs, script: string, ...args: string[]): number => {
    const cost = JSON.parse(node(script, ...args)) as Cost;
    costs[name].push(cost);
    return cost.time;
  };
  const { plain, ours } = told({
    plain: () => take('plain', DLOPEN, LIBPYTHON),
    ours: () => take('ours', FIRST_CALL, LIBPYTHON, ROOT),
  });
  const ptype = (): unknown => run('gdb', ['-batch', '-nx', '-ex', 'ptype PyLong_FromLong', LIBPYTHON]);
  const memory = (of: readonly Cost[]): number[] => of.map(({ rss }) => rss / 2 ** 20);
  const least = Math.min(...plain);
  return [
    { work, peer: 'dlopen', ours, theirs: plain, unit: 'ms', by: 'more', atMost: 40 },
    {
      work,
      peer: 'dlopen',
      ours: memory(costs.ours),
      theirs: memory(costs.plain),
      unit: 'MB',
      by: 'more',
      atMost: 20,
    },
    {
      work: `${work}, beyond dlopen`,
      peer: 'gdb',
      ours: ours.map((time) => time - least),
      ...(hasTool('gdb') ? { theirs: timed({ gdb: ptype }).gdb } : { missing: 'not installed' }),
      unit: 'ms',
      atMost: 0.05,
      note: 'gdb -batch -ex "ptype PyLong_FromLong", which loads nothing',
    },
  ];
}

function node(script: string, ...args: string[]): string {
  return run(process.execPath, ['-e', script, ...args], { cwd: ROOT });
}

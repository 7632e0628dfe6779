import { findLibrary } from '../../lib/index.js';
import { hasTool, ROOT, run } from '../../lib/testing/tools.js';
import { timed, told } from './measure.js';
import type { Row } from './row.js';
import { withCache } from './with-cache.js';

/** Debian's libpython3.11-dbg: 25 MB, 10 MB of it DWARF. */
const LIBPYTHON = findLibrary('libpython3.11d.so.1.0') ?? '';

/** What a fresh process pays: for the import, and for a large library's first call. */
export function benchFreshProcesses(): Row[] {
  const without = libpythonRow(`${LIBPYTHON_WORK}, without a cache`, process.env);
  return withCache(({ env }) => [benchImport(env), ...benchLibpython(env), without]);
}

function benchImport(env: NodeJS.ProcessEnv): Row {
  const script = (module: string): string =>
    `const t = performance.now(); require(${JSON.stringify(module)}); console.log(performance.now() - t);`;
  const take = (module: string) => (): number => Number(node(env, script(module)));
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

const LIBPYTHON_WORK = 'open libpython3.11d and call a function';

function benchLibpython(env: NodeJS.ProcessEnv): Row[] {
  if (LIBPYTHON === '') return [libpythonRow(LIBPYTHON_WORK, env)];
  const { plain, ours } = libpythonCosts(env);
  const ptype = (): unknown => run('gdb', ['-batch', '-nx', '-ex', 'ptype PyLong_FromLong', LIBPYTHON]);
  const [time, memory] = [({ time }: Cost) => time, ({ rss }: Cost) => rss / 2 ** 20];
  const least = Math.min(...plain.map(time));
  const beyond = { peer: 'dlopen', by: 'more', note: 'with the cache of the process before it' } as const;
  return [
    {
      ...beyond,
      work: LIBPYTHON_WORK,
      ours: ours.map(time),
      theirs: plain.map(time),
      unit: 'ms',
      atMost: 40,
    },
    {
      ...beyond,
      work: LIBPYTHON_WORK,
      ours: ours.map(memory),
      theirs: plain.map(memory),
      unit: 'MB',
      atMost: 20,
    },
    {
      work: `${LIBPYTHON_WORK}, beyond dlopen`,
      peer: 'gdb',
      ours: ours.map((cost) => time(cost) - least),
      ...(hasTool('gdb') ? { theirs: timed({ gdb: ptype }).gdb } : { missing: 'not installed' }),
      unit: 'ms',
      atMost: 0.05,
      note: 'gdb -batch -ex "ptype PyLong_FromLong", which loads nothing',
    },
  ];
}

/** What the first process on a machine pays, and one that may keep nothing: shown, not judged. */
function libpythonRow(work: string, env: NodeJS.ProcessEnv): Row {
  if (LIBPYTHON === '')
    return { work, ours: [], unit: 'ms', missing: "not installed: Debian's libpython3.11-dbg" };
  const { plain, ours } = libpythonCosts(env);
  const times = (costs: readonly Cost[]): number[] => costs.map(({ time }) => time);
  return { work, peer: 'dlopen', ours: times(ours), theirs: times(plain), unit: 'ms', by: 'more' };
}

/** Of processes which take turns. */
function libpythonCosts(env: NodeJS.ProcessEnv): Record<'plain' | 'ours', Cost[]> {
  const costs: Record<'plain' | 'ours', Cost[]> = { plain: [], ours: [] };
  const take =
    (name: keyof typeof costs, script: string, ...args: string[]) =>
    (): number => {
      const cost = JSON.parse(node(env, script, ...args)) as Cost;
      return costs[name].push(cost);
    };
  told({ plain: take('plain', DLOPEN, LIBPYTHON), ours: take('ours', FIRST_CALL, LIBPYTHON, ROOT) });
  return costs;
}

function node(env: NodeJS.ProcessEnv, script: string, ...args: string[]): string {
  return run(process.execPath, ['-e', script, ...args], { cwd: ROOT, env });
}

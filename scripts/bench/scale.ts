import { findLibrary } from '../../lib/index.js';
import { hasTool, ROOT, run } from '../../lib/testing/tools.js';
import { bigLibrary, type Compiler, EXPORTED, unitCount, unitPrefix } from './big-library.js';
import { PYELFTOOLS } from './reading.js';
import { meets, type Row } from './row.js';
import { printTable } from './table.js';

const LIBPYTHON = findLibrary('libpython3.11d.so.1.0') ?? '';
const RUNS = 7;

/** The types of some symbols, one after the other, of a library that `dlopen` has mapped already. */
const LOOKUPS = `
  require('koffi').load(null).func('void *dlopen(const char *, int)');
  const [path, root, ...names] = process.argv.slice(1);
  const plugin = require(root).open(path);
  const spent = () => {
    const { user, system } = process.cpuUsage();
    return [performance.now(), (user + system) / 1000];
  };
  const costs = names.map((name) => {
    const [start, before] = spent();
    String(plugin.lookup(name).type);
    const [end, after] = spent();
    return [end - start, after - before];
  });
  const [times, cpu] = [costs.map(([time]) => time), costs.map(([, time]) => time)];
  console.log(JSON.stringify({ times, cpu, rss: process.memoryUsage().rss }));`;

/** Every symbol of a file with its type, without loading it. */
const ALL = `
  const [path, root] = process.argv.slice(1);
  const start = performance.now();
  const { inspect } = require(root);
  let typed = 0;
  for (const { type } of inspect(path).symbols) if (type !== undefined && String(type) !== '') typed++;
  const { rss } = process.memoryUsage();
  console.log(JSON.stringify({ times: [performance.now() - start], typed, rss }));`;

interface Cost {
  /** Milliseconds. */
  readonly times: readonly number[];
  /** The processor's time for them, which other programs lengthen less. */
  readonly cpu?: readonly number[];
  /** Bytes. */
  readonly rss: number;
  readonly typed?: number;
}

/** The least of several fresh processes: whatever else the machine does only adds. */
function least(script: string, path: string, names: readonly string[], runs = RUNS): Cost {
  const costs = Array.from(
    { length: runs },
    () => JSON.parse(run(process.execPath, ['-e', script, path, ROOT, ...names], { cwd: ROOT })) as Cost,
  );
  const best = (of: (cost: Cost) => readonly number[] | undefined): number[] =>
    (of(costs[0] ?? { times: [], rss: 0 }) ?? []).map((_, i) =>
      Math.min(...costs.map((cost) => of(cost)?.[i] ?? Infinity)),
    );
  const rss = Math.min(...costs.map((cost) => cost.rss));
  return { ...costs[0], times: best((cost) => cost.times), cpu: best((cost) => cost.cpu), rss };
}

/** The row of lookup number `i`. */
function lookupRow(work: string, of: string, { times, cpu }: Cost, i: number, atMost: number): Row {
  const note = `${of}; ${(cpu?.[i] ?? NaN).toFixed(1)} ms of the processor`;
  return { work, ours: [times[i] ?? NaN], unit: 'ms', atMost, note };
}

function lookups(path: string): Row[] {
  const of = 'libpython3.11d, 10 MB of DWARF';
  const functions = least(LOOKUPS, path, ['PyLong_FromLong', 'PyDict_New']);
  return [
    lookupRow('the first function', of, functions, 0, 10),
    lookupRow('the next function', of, functions, 1, 1.5),
    lookupRow('the first variable', of, least(LOOKUPS, path, ['PyType_Type']), 0, 20),
  ];
}

/** Libc is open already. Its debug info is in a separate file, compressed. */
function libc(): Row[] {
  const cost = least(LOOKUPS, findLibrary('libc.so.6') ?? '', ['strlen', 'qsort']);
  return [lookupRow('the first function', 'libc6-dbg, zlib', cost, 0, 120)];
}

/** Functions from both ends of the library, and a variable. */
function bySize(): Row[] {
  const rows: Row[] = [];
  let smallest: number | undefined;
  const libraries: (readonly [number, Compiler])[] = [
    [10, 'gcc'],
    [100, 'gcc'],
    [1000, 'gcc'],
    [100, 'clang'],
  ];
  for (const [megabytes, compiler] of libraries) {
    const path = bigLibrary(megabytes, compiler);
    const units = unitCount(megabytes, compiler);
    const name = (share: number, kind: string): string =>
      `${unitPrefix(Math.floor(units * share))}${kind}${EXPORTED - 1}`;
    const functions = least(LOOKUPS, path, [name(0.9, 'f'), name(0.2, 'f')]);
    const variable = least(LOOKUPS, path, [name(0.6, 'v')]);
    smallest ??= functions.rss;
    const of = `${megabytes} MB of DWARF in ${units} units`;
    const more = (functions.rss - smallest) / 2 ** 20;
    const how = compiler === 'gcc' ? '' : ', clang: no .debug_aranges';
    rows.push(
      lookupRow(`the first function${how}`, of, functions, 0, 100),
      lookupRow(`the next function${how}`, of, functions, 1, 10),
      lookupRow(`the first variable${how}`, of, variable, 0, 100),
      { work: `memory${how}`, ours: [more], unit: 'MB', atMost: 100, note: 'over that of 10 MB' },
    );
  }
  return rows;
}

/** All symbols with their types, beside gdb's list of functions, and pyelftools. */
function everything(): Row[] {
  const rows: Row[] = [];
  for (const library of ['libc.so.6', 'libpython3.11d.so.1.0', 'libgsl.so.27']) {
    const path = findLibrary(library);
    if (path === undefined) continue;
    const { times, rss, typed = 0 } = least(ALL, path, [], 3);
    const [ours = NaN] = times;
    const work = `all symbols of ${library}, with types`;
    const timed = (program: string, args: readonly string[]): number => {
      const start = performance.now();
      run(program, args);
      return performance.now() - start;
    };
    const gdb = Math.min(...[1, 2].map(() => timed('gdb', ['-batch', '-nx', '-ex', 'info functions', path])));
    const beside = { work, ours: [ours], unit: 'ms', note: `${typed} types` } as const;
    rows.push({ ...beside, peer: 'gdb', theirs: [gdb], atMost: 0.2 });
    if (library.startsWith('libpython') && hasTool('/usr/bin/python3')) {
      const python = timed('/usr/bin/python3', ['-c', PYELFTOOLS, path]);
      rows.push({ ...beside, peer: 'pyelftools', theirs: [python], atMost: 0.05 });
    }
    rows.push({ work, ours: [rss / 2 ** 20], unit: 'MB', atMost: 250 });
  }
  return rows;
}

/** `npm run bench:scale`: what a lookup costs in libraries of any size. The first run builds a library of 1 GB. */
function main(): void {
  const rows = [...(LIBPYTHON === '' ? [] : lookups(LIBPYTHON)), ...libc(), ...bySize(), ...everything()];
  console.log(printTable(rows));
  if (!rows.every(meets)) process.exitCode = 1;
}

main();

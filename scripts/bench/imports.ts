import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { compile, ROOT, run } from '../../lib/testing/tools.js';
import type { Samples } from './measure.js';
import type { Row } from './row.js';

/** Processes of each way. */
const TURNS = 5;

/** Nanoseconds for a call of each loop's, of each round the least of many. The loops have sources of their own: the engine learns for each what it calls. */
const LOOPS = `
  import * as imported from LIBRARY;
  import { open } from PACKAGE;
  const plugin = open(OTHER);
  const REPEAT = 10000;
  const loop = (about, body, it) =>
    new Function('it', \`/* \${about} */ return () => { let s = 0; for (let i = 0; i < \${REPEAT}; i++) \${body}; return s; };\`)(it);
  const loops = {};
  for (const [name, body] of [['add', 's += it(i, 1)'], ['twice', 's += it(i + 0.5)'], ['nothing', 'it()'], ['count', 's += it.value'], ['ratio', 's += it.value']]) {
    loops[name] = loop(name, body, process.argv[1] === 'imported' ? imported[name] : plugin.lookup(name));
  }
  const samples = {};
  for (let round = 0; round < 2; round++) {
    for (const name in loops) (samples[name] ??= []).push(Infinity);
    for (let again = 0; again < 20; again++)
      for (const [name, run] of Object.entries(loops)) {
        const start = performance.now();
        run();
        samples[name][round] = Math.min(samples[name][round], ((performance.now() - start) * 1e6) / REPEAT);
      }
  }
  console.log(JSON.stringify(samples));`;

const WORK: Readonly<Record<string, string>> = {
  add: 'call int add(int, int), imported',
  count: 'read an int variable, imported',
};

/**
 * What an `import` gives, against what `lookup` does. All of the functions of it are called: what is measured is one among several. Each way has a process of its own, as
 * in a program: where both are in one, the engine finds objects of two shapes at an accessor, and one of them comes second.
 */
export function benchImports(path: string): Row[] {
  const other = compile('bench.c', { flags: ['-g', '-O2', '-shared', '-fPIC', '-Wl,--build-id=none'] });
  const url = (file: string): string => JSON.stringify(pathToFileURL(file).href);
  const script = LOOPS.replace('LIBRARY', url(path))
    .replace('PACKAGE', url(join(ROOT, 'dist/index.js')))
    .replace('OTHER', JSON.stringify(other));
  const register = join(ROOT, 'dist/register/index.js');
  const ways = { imported: {} as Record<string, number[]>, looked: {} as Record<string, number[]> };
  // By turns, so that a slow moment of the machine meets both.
  for (let turn = 0; turn < TURNS; turn++)
    for (const [way, samples] of Object.entries(ways)) {
      const output = run(process.execPath, ['--import', register, '--input-type=module', '-e', script, way]);
      for (const [name, taken] of Object.entries(JSON.parse(output) as Record<string, Samples>))
        (samples[name] ??= []).push(...taken);
    }
  return Object.entries(WORK).map(([name, work]) => {
    const { [name]: ours = [] } = ways.imported;
    const { [name]: theirs = [] } = ways.looked;
    return { work, peer: 'lookup', ours, theirs, unit: 'ns', atMost: 1.1 };
  });
}

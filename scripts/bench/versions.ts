import { join } from 'node:path';

import { compile, FIXTURES, ROOT, run } from '../../lib/testing/tools.js';
import type { Row } from './table.js';

const RUNS = 15;

/** The time that `open` takes in a fresh process, in milliseconds. */
const OPEN = `
  const { open } = require(process.argv[2]);
  const start = performance.now();
  open(process.argv[1], { versionCheck: process.argv[3] === 'on' });
  console.log(performance.now() - start);`;

/**
 * What the comparison of versions adds to `open`. The bar is for a library that needs nothing but what node has loaded: nearly every one. Where two sides
 * with types meet, these are read, and no bar of this kind can be held: told, not judged.
 */
export function benchVersionCheck(): Row {
  const alone = compile('bench.c', { flags: ['-g', '-O2', '-shared', '-fPIC'] });
  const { on, off } = cost(alone);
  const pair = cost(buildPair());
  console.log(
    `two libraries with types, compared: ${pair.on.toFixed(1)} ms, not compared ${pair.off.toFixed(1)} ms`,
  );
  const detail = `${on.toFixed(2)} ms, without ${off.toFixed(2)} ms`;
  const value = Math.max(0, (on / off - 1) * 100);
  return { work: 'open: is it of the right version', detail, value, unit: '% more', bar: { atMost: 10 } };
}

/** The least of several processes, which take turns. */
function cost(library: string): Record<'on' | 'off', number> {
  const best = { on: Infinity, off: Infinity };
  for (let i = 0; i < RUNS; i++) {
    for (const how of ['on', 'off'] as const) {
      const time = Number(run(process.execPath, ['-e', OPEN, library, ROOT, how], { cwd: ROOT }));
      best[how] = Math.min(best[how], time);
    }
  }
  return best;
}

/** A plugin, and a library beside it that it takes two functions and a variable from. */
function buildPair(): string {
  const flags = ['-g', '-O2', '-shared', '-fPIC', '-DVERSION=1', `-I${join(FIXTURES, 'versions')}`];
  const base = compile('versions/libbase.c', {
    flags: [...flags, '-Wl,-soname,libbase.so.1'],
    output: 'libbase.so.1',
  });
  return compile('versions/plugin.c', { flags, libs: [base, `-Wl,-rpath,${join(base, '..')}`] });
}

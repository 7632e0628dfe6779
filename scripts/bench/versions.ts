import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
 * What the comparison of versions adds to `open`: for a library that needs nothing but what node has loaded, nearly every one, and for one with another
 * beside it. The first process to open such a pair reads the types of both, and no bar of this kind can be held: told, not judged. Those after it find
 * in the cache that there is no difference.
 */
export function benchVersionCheck(): Row[] {
  const cache = mkdtempSync(join(tmpdir(), 'elf-plugin-bench-'));
  try {
    const alone = cost(compile('bench.c', { flags: ['-g', '-O2', '-shared', '-fPIC'] }), '');
    const pair = buildPair();
    const cold = cost(pair, '');
    console.log(
      `two libraries with types, compared: ${cold.on.toFixed(1)} ms, not compared ${cold.off.toFixed(1)} ms`,
    );
    // The least of several is of one that has found it there.
    const known = cost(pair, cache);
    return [row('open: is it of the right version', alone), row('open: a pair, compared before', known)];
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

type Cost = Record<'on' | 'off', number>;

function row(work: string, { on, off }: Cost): Row {
  const detail = `${on.toFixed(2)} ms, without ${off.toFixed(2)} ms`;
  return { work, detail, value: Math.max(0, (on / off - 1) * 100), unit: '% more', bar: { atMost: 10 } };
}

/** The least of several processes, which take turns. */
function cost(library: string, cache: string): Cost {
  const env = { ...process.env, ELF_PLUGIN_CACHE: cache };
  const best = { on: Infinity, off: Infinity };
  for (let i = 0; i < RUNS; i++) {
    for (const how of ['on', 'off'] as const) {
      const time = Number(run(process.execPath, ['-e', OPEN, library, ROOT, how], { cwd: ROOT, env }));
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

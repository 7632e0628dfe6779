import { join } from 'node:path';

import { compile, FIXTURES, ROOT, run } from '../../lib/testing/tools.js';
import { type Samples, told } from './measure.js';
import type { Row } from './row.js';
import { withCache } from './with-cache.js';

const ROUNDS = 15;

/** The time that `open` takes in a fresh process, in milliseconds. */
const OPEN = `
  const { open } = require(process.argv[2]);
  const start = performance.now();
  open(process.argv[1], { versionCheck: process.argv[3] === 'on' });
  console.log(performance.now() - start);`;

/**
 * What the comparison of versions adds to `open`: for a library that needs nothing but what node has loaded, nearly every one, and for one with another
 * beside it. The first process to open such a pair reads the types of both, and no bar of this kind can be held: shown, not judged. Those after it find
 * in the cache that there is no difference.
 */
export function benchVersionCheck(): Row[] {
  const alone = compile('bench.c', { flags: ['-g', '-O2', '-shared', '-fPIC'] });
  const pair = buildPair();
  return withCache(({ env, forget }) => {
    const neverCompared = (): void => {
      forget('versions');
    };
    return [
      row('open: is it of the right version', cost(alone, process.env)),
      row('open: a pair with types, never compared', cost(pair, env, neverCompared), {}),
      // The best of several is of one that has found it there.
      row('open: a pair, compared before', cost(pair, env)),
    ];
  });
}

type Cost = Record<'on' | 'off', Samples>;

function row(work: string, { on, off }: Cost, bar: Pick<Row, 'atMost'> = { atMost: 1.1 }): Row {
  return { work, peer: 'no comparison', ours: on, theirs: off, unit: 'ms', ...bar };
}

/** Milliseconds, of processes which take turns. */
function cost(library: string, env: NodeJS.ProcessEnv, prepare?: () => void): Cost {
  const open = (how: string) => (): number => {
    prepare?.();
    return Number(run(process.execPath, ['-e', OPEN, library, ROOT, how], { cwd: ROOT, env }));
  };
  return told({ on: open('on'), off: open('off') }, ROUNDS);
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

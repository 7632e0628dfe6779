// `npm run soak`: calls of every kind, many times over, each kind in a process of its own: what it does not give back adds up.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { compile } from '../lib/testing/tools.js';
import { KINDS } from './soak/kinds.js';

const NAMES = Object.keys(KINDS);

const USAGE = `npm run soak -- [options]
  --calls N            of each kind (10000000)
  --only LIST          only these kinds: ${NAMES.join(', ')}`;

/** MiB that a process may be larger after the calls than after half of them: the heap's own ups and downs. */
const MOST = 8;

/** Runs the kinds one after the other; false if one of them keeps memory. */
export function soak(kinds: readonly string[], calls: number): boolean {
  const library = compile('soak.c', { flags: ['-g', '-O2', '-shared', '-fPIC'] });
  let isFlat = true;
  for (const kind of kinds) {
    const child = spawnSync(
      process.execPath,
      ['--expose-gc', '--import', 'tsx', join(__dirname, 'soak', 'child.ts'), library, kind, String(calls)],
      { encoding: 'utf8' },
    );
    const grown = Number(child.stdout);
    const isOk = child.status === 0 && child.stdout !== '' && grown <= MOST;
    isFlat &&= isOk;
    const text =
      child.status === 0
        ? `${grown.toFixed(1)} MiB`
        : `ended with ${child.status ?? child.signal ?? ''}: ${child.stderr}`;
    console.log(`${isOk ? 'ok    ' : 'GROWS '} ${kind.padEnd(20)} ${text}`);
  }
  return isFlat;
}

function main(): void {
  const { values } = parseArgs({
    options: { calls: { type: 'string', default: '10000000' }, only: { type: 'string' } },
  });
  const kinds = values.only === undefined ? NAMES : NAMES.filter((k) => values.only?.split(',').includes(k));
  if (!(Number(values.calls) >= 1) || kinds.length === 0) {
    console.error(USAGE);
    process.exitCode = 2;
    return;
  }
  if (!soak(kinds, Number(values.calls))) process.exitCode = 1;
}

if (require.main === module) main();

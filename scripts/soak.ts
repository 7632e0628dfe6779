// `npm run soak`: calls of every kind, many times over, each kind in a process of its own: what it does not give back adds up.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { compile } from '../lib/testing/tools.js';
import { optionsOf } from './command-line.js';
import type { Held } from './soak/child.js';
import { KINDS } from './soak/kinds.js';

const NAMES = Object.keys(KINDS);

const COUNTED = ['descriptors', 'mappings', 'handles', 'callbacks'] as const;

const USAGE = `npm run soak -- [options]
  --time SECONDS       of all kinds together (600)
  --calls N            of each kind, if that is less
  --only LIST          only these kinds: ${NAMES.join(', ')}`;

/** V8's options. The young generation has its largest size from the start: it doubles at its own time, and 16 MiB more in the second half look like a leak. */
const ENGINE = ['--expose-gc', '--min-semi-space-size=16', '--max-semi-space-size=16'];

/** MiB that a process may grow, by the slope, while it makes the second half of its calls: the heap's own ups and downs. */
const MOST = 8;

/** Runs the kinds one after the other, and prints what each gains; false if one of them keeps something. */
export function soak(kinds: readonly string[], calls: number, seconds = Infinity): boolean {
  const library = compile('soak.c', { flags: ['-g', '-O2', '-shared', '-fPIC'] });
  let isFlat = true;
  for (const kind of kinds) {
    const limits = [String(calls), String(seconds / kinds.length)];
    const child = spawnSync(
      process.execPath,
      [...ENGINE, '--import', 'tsx', join(__dirname, 'soak', 'child.ts'), library, kind, ...limits],
      { encoding: 'utf8' },
    );
    const { isOk, text } =
      child.status === 0
        ? judged(JSON.parse(child.stdout) as Held[])
        : { isOk: false, text: `ended with ${child.status ?? child.signal ?? ''}: ${child.stderr}` };
    isFlat &&= isOk;
    console.log(`${isOk ? 'ok    ' : 'GROWS '} ${kind.padEnd(24)} ${text}`);
  }
  return isFlat;
}

/** The least-squares slope of memory over the calls, and what is held more at the end than in the first sample. */
function judged(samples: readonly Held[]): { isOk: boolean; text: string } {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) throw new Error('the child took no samples');
  const mean = (of: (s: Held) => number): number =>
    samples.reduce((sum, s) => sum + of(s), 0) / samples.length;
  const [calls, bytes] = [mean((s) => s.calls), mean((s) => s.bytes)];
  const spread = mean((s) => (s.calls - calls) ** 2);
  const perCall = spread === 0 ? 0 : mean((s) => (s.calls - calls) * (s.bytes - bytes)) / spread;
  const grown = (perCall * (last.calls - first.calls)) / 2 ** 20;
  const minutes = (last.milliseconds - first.milliseconds) / 60_000;
  const gained = COUNTED.map((what) => [what, last[what] - first[what]] as const);
  // A mapping more is the heap's own: a chunk of V8's, an arena of malloc's.
  const leaks = gained.filter(([what, n]) => n > (what === 'mappings' ? MOST * 16 : 0));
  const text = [
    `${perCall.toFixed(3)} bytes/call`.padStart(19),
    `${minutes === 0 ? '0' : ((grown * 1024) / minutes).toFixed(0)} kB/min`.padStart(14),
    `${grown.toFixed(1)} MiB`.padStart(10),
    `in ${last.calls - first.calls} of ${last.calls} calls;`,
    gained.map(([what, n]) => `${what} ${n > 0 ? '+' : ''}${n}`).join(', '),
  ].join(' ');
  return { isOk: grown <= MOST && leaks.length === 0, text };
}

function main(): void {
  const values = optionsOf(USAGE, {
    calls: { type: 'string', default: 'Infinity' },
    time: { type: 'string', default: '600' },
    only: { type: 'string' },
  });
  const kinds = values.only === undefined ? NAMES : NAMES.filter((k) => values.only?.split(',').includes(k));
  if (!(Number(values.calls) >= 1) || !(Number(values.time) > 0) || kinds.length === 0) {
    console.error(USAGE);
    process.exitCode = 2;
    return;
  }
  if (!soak(kinds, Number(values.calls), Number(values.time))) process.exitCode = 1;
}

if (require.main === module) main();

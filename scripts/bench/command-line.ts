import { spawnSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { join } from 'node:path';

import { findLibrary } from '../../lib/index.js';
import { ROOT } from '../../lib/testing/tools.js';
import type { Row } from './table.js';

const MAIN = join(ROOT, 'dist/cli/main.js');
const RUNS = 11;

/** The command line as a user waits for it: the least of several processes, which take turns with what they are compared with. */
export function benchCommandLine(): Row[] {
  const [version, nothing] = least(
    () => {
      run(process.execPath, [MAIN, '--version']);
    },
    () => {
      run(process.execPath, ['-e', '0']);
    },
  );
  const rows: Row[] = [
    {
      work: 'elf-plugin --version',
      detail: `${version.toFixed(0)} ms, node -e 0 ${nothing.toFixed(0)} ms`,
      value: version / nothing,
      unit: '× node -e 0',
      bar: { atMost: 1.3 },
    },
  ];
  // Debian's libpython3.11-dbg.
  const library = findLibrary('libpython3.11d.so.1.0');
  if (library === undefined) return rows;
  const [ours, gdb] = least(
    () => {
      run(process.execPath, [MAIN, 'symbols', library]);
    },
    () => {
      run('gdb', ['-batch', '-nx', '-ex', 'info functions', library]);
    },
  );
  rows.push({
    work: 'elf-plugin symbols libpython3.11d',
    detail: `${ours.toFixed(0)} ms, gdb -batch -ex 'info functions' ${gdb.toFixed(0)} ms`,
    value: gdb / ours,
    unit: '× faster',
    bar: { atLeast: 5 },
  });
  return rows;
}

/** Milliseconds of each. */
function least(first: () => void, second: () => void): [number, number] {
  const best: [number, number] = [Infinity, Infinity];
  for (let i = 0; i < RUNS; i++) {
    for (const [which, work] of [first, second].entries()) {
      const start = performance.now();
      work();
      best[which] = Math.min(best[which] ?? Infinity, performance.now() - start);
    }
  }
  return best;
}

function run(command: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { maxBuffer: 1 << 28, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
}

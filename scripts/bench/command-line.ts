import { join } from 'node:path';

import { findLibrary } from '../../lib/index.js';
import { ROOT, run } from '../../lib/testing/tools.js';
import { timed } from './measure.js';
import type { Row } from './row.js';

export const MAIN: string = join(ROOT, 'dist/cli/main.js');

/** The command line as a user waits for it. `symbols` is among what reads all symbols. */
export function benchCommandLine(): Row[] {
  return [benchStart(), benchDts()];
}

function benchStart(): Row {
  const { ours, theirs } = timed({
    ours: () => run(process.execPath, [MAIN, '--version']),
    theirs: () => run(process.execPath, ['-e', '0']),
  });
  return { work: 'elf-plugin --version', peer: 'node -e 0', ours, theirs, unit: 'ms', atMost: 1.3 };
}

/** Of a large library: `tsc` takes the result, and whoever builds waits for it. */
function benchDts(): Row {
  const row = { work: 'elf-plugin dts libpython3.11d', unit: 'ms', atMost: 3000 } as const;
  const library = findLibrary('libpython3.11d.so.1.0');
  if (library === undefined)
    return { ...row, ours: [], missing: "not installed: Debian's libpython3.11-dbg" };
  const { ours } = timed({ ours: () => run(process.execPath, [MAIN, 'dts', library, '-o', '-']) }, 5);
  return { ...row, ours };
}

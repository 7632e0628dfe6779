import { join } from 'node:path';

import { ROOT, run } from '../../lib/testing/tools.js';
import { timed } from './measure.js';
import type { Row } from './row.js';

export const MAIN: string = join(ROOT, 'dist/cli/main.js');

/** The command line as a user waits for it. */
export function benchCommandLine(): Row {
  const { ours, theirs } = timed({
    ours: () => run(process.execPath, [MAIN, '--version']),
    theirs: () => run(process.execPath, ['-e', '0']),
  });
  return { work: 'elf-plugin --version', peer: 'node -e 0', ours, theirs, unit: 'ms', atMost: 1.3 };
}

import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { runChild } from '../lib/testing/run-child.js';
import { BUILD, describeWith, ROOT } from '../lib/testing/tools.js';
import type { Cost } from './fuzz/enormous/child.js';

/** What a file of 10 MB may cost: milliseconds of processor time, and MiB beyond what the process had (docs/security.md). */
const [MILLISECONDS, MEBIBYTES] = [2000, 256];

describeWith(['gcc', 'zstd', 'xz'], 'files of 10 MB that were made to cost much', () => {
  // As the package is published: what a loader of TypeScript puts around each function takes twice as long as these.
  const child = join(BUILD, 'enormous', `child-${process.pid}.js`);
  beforeAll(() => {
    mkdirSync(join(BUILD, 'enormous'), { recursive: true });
    execFileSync(join(ROOT, 'node_modules/.bin/esbuild'), [
      join(ROOT, 'scripts/fuzz/enormous/child.ts'),
      ...['--bundle', '--packages=external', '--platform=node', '--target=node20', '--format=cjs'],
      ...['--log-level=error', `--outfile=${child}`],
    ]);
  });
  afterAll(() => {
    rmSync(child, { force: true });
  });

  it.each(['elf', 'dwarf', 'dense', 'listing', 'others'])(
    '%s: give an answer or our errors, in 2 s and 256 MB',
    (group) => {
      const { stdout, stderr, status } = runChild(child, {
        javaScript: true,
        args: [group],
        execArgv: ['--expose-gc', '--max-old-space-size=1500'],
        timeoutMilliseconds: 280_000,
      });
      expect(stderr).toBe('');
      expect(status).toBe(0);
      const costs = stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Cost | { running: string })
        .filter((line) => 'what' in line);
      expect(costs.length).toBeGreaterThan(5);
      const tooMuch = costs.filter(
        ({ error, milliseconds, mebibytes }) =>
          error !== undefined || milliseconds > MILLISECONDS || mebibytes > MEBIBYTES,
      );
      expect(tooMuch).toEqual([]);
    },
    300_000,
  );
});

import { join } from 'node:path';

import { runChild, type ChildResult } from '../lib/testing/run-child.js';
import { hasTool, ROOT } from '../lib/testing/tools.js';

const fuzz = (...args: string[]): ChildResult =>
  runChild(join(ROOT, 'scripts/fuzz.ts'), { args, timeoutMilliseconds: 280_000 });

/** Cases of each target: more of what reads much. Damage to each byte of a written file (lib/elf/mutation.test.ts) comes on top. */
const CASES = {
  elf: 4000,
  dwarf: 2500,
  ctf: 2500,
  'types-file': 2000,
  declarations: 3000,
  compressed: 3000,
  caches: 2000,
  'linker-script': 3000,
  debuginfod: 100,
} as const;

/** The same at each run: what it finds was not there before. `npm run fuzz` goes on from another. */
const SEED = '20261122';

describe('damaged files', () => {
  it('are 20,000 and more', () => {
    expect(Object.values(CASES).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(20_000);
  });

  it.each(Object.entries(CASES))(
    '%s: only our errors come out, in time',
    (target, cases) => {
      const { stdout, stderr, status } = fuzz('--seed', SEED, '--target', target, '--cases', String(cases));
      // Where a program that makes the fixtures is missing.
      if (stdout.includes(': skipped, ') && process.env['ELF_PLUGIN_NO_SKIP'] === undefined) return;
      expect(stderr).toBe('');
      expect(stdout).toMatch(`${target}: ${cases} cases`);
      expect(stdout).toMatch(/ 0 failed$/m);
      expect(status).toBe(0);
    },
    300_000,
  );
});

describe('npm run fuzz', () => {
  const onGcc = hasTool('gcc') ? it : it.skip;

  onGcc('gives the same cases for the same seed, and runs one alone', () => {
    const { stdout } = fuzz('--seed', '5', '--target', 'linker-script', '--case', '77');
    expect(stdout).toMatch(
      /^seed 5: linker-script\nlinker-script: 1 cases, .* 0 failed\n1 cases, 0 failed\n$/,
    );
  });

  it('says how it is used', () => {
    const { status, stderr } = fuzz('--cases', 'many');
    expect(status).toBe(2);
    expect(stderr).toContain('--seed N');
  });
});

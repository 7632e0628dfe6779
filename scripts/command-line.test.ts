import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const run = (...words: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, ['--import', 'tsx', join(__dirname, 'abi-fuzz.ts'), ...words], {
    encoding: 'utf8',
  });

it('--help tells the options, and so does one that there is not', () => {
  const help = run('--help');
  expect([help.status, help.stdout]).toEqual([0, expect.stringContaining('--count N')]);
  const wrong = run('--cuont', '5');
  expect([wrong.status, wrong.stdout]).toEqual([2, '']);
  expect(wrong.stderr).toMatch(/^Unknown option '--cuont'[^]*npm run abi-fuzz[^]*--count N/);
});

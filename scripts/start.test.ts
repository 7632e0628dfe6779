import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { runChild } from '../lib/testing/run-child.js';
import { describeWith, FIXTURES, ROOT } from '../lib/testing/tools.js';

const start = join(ROOT, 'scripts/start.ts');

describeWith(['gcc'], 'npm start', () => {
  it('prints both symbols with their types, sets V and calls F', () => {
    const { status, stdout, stderr } = runChild(start);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.slice(0, 2).sort()).toEqual(['function F: void (void)', 'variable V: int']);
    expect(lines.slice(2)).toEqual(['Hello, number 7']);
  });

  it('runs what README.md shows', () => {
    const code = readFileSync(join(FIXTURES, 'plugin_name.c'), 'utf8').replace(/^\/\/.*\n/, '');
    expect(readFileSync(join(ROOT, 'README.md'), 'utf8').replaceAll('\n\n', '\n')).toContain(
      code.replaceAll('\n\n', '\n').trim(),
    );
  });
});

describe('npm start without gcc', () => {
  it('says in one line what to install', () => {
    const { status, stdout, stderr } = runChild(start, { env: { PATH: '/nonexistent' } });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringContaining('apt install gcc')]);
  });
});

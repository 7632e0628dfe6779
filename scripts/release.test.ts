import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describeWith, ROOT, run } from '../lib/testing/tools.js';

/** What a repository has that can be released. */
const GOOD = {
  'package.json': '{ "version": "1.2.0", "scripts": { "test:package": "true" } }\n',
  'CHANGELOG.md':
    '# Changelog\n\n## 1.2.0 – 2026-01-31\n\n### Added\n\n- This.\n\n## 1.1.0 – 2025-01-31\n\n- That.\n',
  '.ci/run': '#!/bin/sh\nexit 0\n',
};

describeWith(['git'], 'npm run release', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'elf-plugin-release-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const git = (...args: string[]): string =>
    run('git', ['-c', 'user.name=n', '-c', 'user.email=n@example.org', ...args], { cwd: folder });

  /** A repository with these files, committed. */
  function repository(files: Readonly<Record<string, string>>): void {
    mkdirSync(join(folder, '.ci'));
    for (const [name, text] of Object.entries({ ...GOOD, ...files })) writeFileSync(join(folder, name), text);
    chmodSync(join(folder, '.ci/run'), 0o755);
    git('init', '--quiet', '--initial-branch=main');
    git('add', '.');
    git('commit', '--quiet', '--message', 'All');
  }

  function release(): { status: number | null; stdout: string; stderr: string } {
    const script = join(ROOT, 'scripts/release.ts');
    const args = ['--require', require.resolve('tsx/cjs'), script, '--dry-run'];
    return spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  }

  it('goes on where all is well', () => {
    repository({});
    expect(release()).toMatchObject({ status: 0, stdout: 'nothing is in the way of 1.2.0\n' });
  });

  it.each<[string, Readonly<Record<string, string>>, RegExp]>([
    [
      'no entry',
      { 'CHANGELOG.md': '# Changelog\n\n## 1.1.0 – 2025-01-31\n\n- That.\n' },
      /no entry '## 1\.2\.0 –/,
    ],
    ['an entry without a date', { 'CHANGELOG.md': '## 1.2.0 – unreleased\n\n- This.\n' }, /no entry/],
    [
      'an empty entry',
      { 'CHANGELOG.md': '## 1.2.0 – 2026-01-31\n\n## 1.1.0 – 2025-01-31\n\n- That.\n' },
      /no entry/,
    ],
    ['a failing check', { '.ci/run': '#!/bin/sh\nexit 3\n' }, /- \.ci\/run fails/],
    [
      'a failing check of the package',
      { 'package.json': '{ "version": "1.2.0", "scripts": { "test:package": "false" } }' },
      /test:package fails/,
    ],
  ])('refuses %s', (_, files, message) => {
    repository(files);
    const { status, stderr } = release();
    expect(status).toBe(1);
    expect(stderr).toMatch(/^1\.2\.0 is not released:\n/m);
    expect(stderr).toMatch(message);
  });

  it('refuses a dirty tree, another branch and a tag that is there, and says all at once', () => {
    repository({});
    git('tag', 'v1.2.0');
    git('checkout', '--quiet', '-b', 'other');
    writeFileSync(join(folder, 'new.txt'), '');
    const { status, stderr } = release();
    expect(status).toBe(1);
    expect(stderr).toBe(
      '1.2.0 is not released:\n- the tree is dirty:\n?? new.txt\n- the branch is other, not main\n- v1.2.0 is tagged already\n',
    );
  });
});

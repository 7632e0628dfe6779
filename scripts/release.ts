import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/*
 * `npm run release [-- --dry-run]`: publishes the version of package.json and tags it, if nothing is in its way (docs/contributing.md). In the current folder.
 */

const CHECKS = [['.ci/run'], ['npm', 'run', '--silent', 'test:package']] as const;

function git(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('git', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

/** What can be seen without running anything. */
function obstacles(version: string): string[] {
  const found: string[] = [];
  const changes = git('status', '--porcelain');
  if (changes !== '') found.push(`the tree is dirty:\n${changes}`);
  const branch = git('rev-parse', '--abbrev-ref', 'HEAD');
  if (branch !== 'main') found.push(`the branch is ${branch}, not main`);
  if (git('tag', '--list', `v${version}`) !== '') found.push(`v${version} is tagged already`);
  if (!hasEntry(readFileSync('CHANGELOG.md', 'utf8'), version)) {
    found.push(`CHANGELOG.md has no entry '## ${version} – YYYY-MM-DD' with a line below it`);
  }
  return found;
}

function hasEntry(changelog: string, version: string): boolean {
  const [, ...entries] = changelog.split(/^## /m);
  const entry = entries.find((text) => text.startsWith(`${version} `));
  return entry !== undefined && /^\S+ – \d{4}-\d\d-\d\d\n[^]*^- /m.test(entry);
}

function main(): void {
  const { values } = parseArgs({ options: { 'dry-run': { type: 'boolean' } } });
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const found = obstacles(version);
  if (found.length === 0) {
    const failing = CHECKS.find(([command, ...args]) => !runs(command, ...args));
    if (failing !== undefined) found.push(`${failing.join(' ')} fails`);
  }
  if (found.length > 0) {
    console.error(`${version} is not released:\n${found.map((text) => `- ${text}`).join('\n')}`);
    process.exitCode = 1;
  } else if (values['dry-run'] === true) {
    console.log(`nothing is in the way of ${version}`);
  } else if (runs('npm', 'publish')) {
    git('tag', '--annotate', '--message', version, `v${version}`);
    console.log(`${version} is published; git push origin v${version}`);
  } else {
    process.exitCode = 1;
  }
}

function runs(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'inherit' }).status === 0;
}

main();

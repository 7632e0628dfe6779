import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT, run } from '../lib/testing/tools.js';

/** What is fetched stays: a program is 100 MB. */
const CACHE = join(ROOT, 'node_modules/.cache/test-nodes');
/** What npm's package `node` installs. */
const PACKAGE = `node-linux-${process.arch}`;

/** The program of a version, or of a line's last one, `26`: from the cache or from npm's registry. */
export function nodeProgram(line: string): string {
  const version = JSON.parse(run('npm', ['view', `${PACKAGE}@${line}`, 'version', '--json'])) as
    string | string[];
  // The registry has them in the order of text: 26.10 before 26.9.
  const known = [version].flat().sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return fetchNode(known.at(-1) ?? line);
}

function fetchNode(version: string): string {
  const folder = join(CACHE, version);
  const program = join(folder, 'package/bin/node');
  if (existsSync(program)) return program;
  mkdirSync(CACHE, { recursive: true });
  const temporary = mkdtempSync(join(CACHE, 'fetch-'));
  const [packed] = JSON.parse(
    run('npm', ['pack', '--json', '--pack-destination', temporary, `${PACKAGE}@${version}`]),
  ) as [{ filename: string }];
  run('tar', ['-xzf', join(temporary, packed.filename), '-C', temporary, 'package/bin/node']);
  rmSync(join(temporary, packed.filename));
  renameSync(temporary, folder);
  return program;
}

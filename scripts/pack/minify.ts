import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { transformSync } from 'esbuild';

import { FIRST_LINE } from '../../lib/pack-loader.js';

/** What programs meet: the names in it stay, for the stacks of errors and because classes are printed by them. */
const READABLE = ['packs/import.js', 'packs/open.js', 'packs/pointers.js'];

/**
 * Takes the comments and white space out of the JavaScript in `dist`: they are half of it; and long names out of what few programs load. Entry points keep the
 * words in which Node looks for the names of their exports.
 */
export function minify(dist: string, entries: readonly string[]): void {
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.js')) continue;
    const path = join(dist, name);
    const { code } = transformSync(readFileSync(path, 'utf8'), {
      minifyWhitespace: true,
      minifyIdentifiers: !READABLE.includes(name) && !entries.includes(name),
      minifySyntax: !entries.includes(name),
      legalComments: 'none',
      // Node prints the line of an error that nobody catches.
      lineLimit: 800,
      target: 'node20',
      banner: name.startsWith('packs/') ? FIRST_LINE : '',
    });
    writeFileSync(path, code);
  }
}

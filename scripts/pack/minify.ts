import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { transformSync } from 'esbuild';

/**
 * Takes the comments and white space out of the JavaScript in `dist`: they are half of it. Names stay, for the stacks of errors. Entry points keep the words in
 * which Node looks for the names of their exports.
 */
export function minify(dist: string, entries: readonly string[]): void {
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.js')) continue;
    const path = join(dist, name);
    const { code } = transformSync(readFileSync(path, 'utf8'), {
      minifyWhitespace: true,
      minifySyntax: !entries.includes(name),
      legalComments: 'none',
      target: 'node20',
    });
    writeFileSync(path, code);
  }
}

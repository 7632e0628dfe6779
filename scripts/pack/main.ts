import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT, run } from '../../lib/testing/tools.js';
import { keepDeclarations } from './declarations.js';
import { minify } from './minify.js';
import { pack } from './packs.js';

/*
 * `npm run build [-- FOLDER]`: what the package holds, in `dist`: plain `tsc`; then modules that are loaded together in one file, no white space or comment in
 * what nobody reads, and of the declarations those that an entry point leads to.
 */

/** The files that package.json names, whose exports Node finds by their text. */
function entryPoints(): string[] {
  const { main, bin, exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  const named = JSON.stringify([main, bin, exports]).matchAll(/dist\/([^"]+\.js)"/g);
  return [...new Set([...named].map(([, file = '']) => file))];
}

const dist = process.argv[2] ?? join(ROOT, 'dist');
rmSync(dist, { recursive: true, force: true });
const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
run(process.execPath, [tsc, '-p', join(ROOT, 'tsconfig.build.json'), '--outDir', dist]);
const entries = entryPoints();
pack(dist, entries);
minify(dist, entries);
keepDeclarations(dist, entries);

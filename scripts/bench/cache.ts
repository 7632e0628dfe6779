import { existsSync } from 'node:fs';

import { findLibrary } from '../../lib/index.js';
import { installedDebugFile } from '../../lib/testing/debug-file.js';
import { ROOT, run } from '../../lib/testing/tools.js';
import { told } from './measure.js';
import type { Row } from './row.js';
import { withCache } from './with-cache.js';

/** Milliseconds for a symbol's type, in a process that has opened the library and looked at nothing yet. */
const FIRST_LOOKUP = `
  const { open } = require(process.argv[2]);
  const library = open(process.argv[1]);
  const start = performance.now();
  library.lookup('strlen').type;
  console.log(performance.now() - start);`;

/** The first lookup in the C library, whose types are in a separate file, compressed with zlib: without the cache on disk, and with it. */
export function benchDiskCache(): Row[] {
  const libc = findLibrary('c') ?? '';
  const work = 'first lookup in libc (libc6-dbg, zlib)';
  if (!existsSync(installedDebugFile(libc)))
    return [{ work, ours: [], unit: 'ms', missing: "not installed: Debian's libc6-dbg" }];
  return withCache(({ env, forget }) => {
    const lookup = (): number =>
      Number(run(process.execPath, ['-e', FIRST_LOOKUP, libc, ROOT], { cwd: ROOT, env }));
    const { cold, cached } = told({
      cold() {
        forget();
        return lookup();
      },
      cached: lookup,
    });
    return [
      { work: `${work}, and writes the cache`, ours: cold, unit: 'ms', atMost: 120 },
      { work: `${work}, from the cache`, ours: cached, unit: 'ms', atMost: 20 },
    ];
  });
}

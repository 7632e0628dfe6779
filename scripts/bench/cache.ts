import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { findLibrary } from '../../lib/index.js';
import { installedDebugFile } from '../../lib/testing/debug-file.js';
import { ROOT, run } from '../../lib/testing/tools.js';
import type { Row } from './table.js';

const RUNS = 11;

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
  if (!existsSync(installedDebugFile(libc))) {
    console.log(`skipped: first lookup in libc: needs Debian's libc6-dbg`);
    return [];
  }
  const cache = mkdtempSync(join(tmpdir(), 'elf-plugin-bench-'));
  const lookup = (): number => {
    const env = { ...process.env, ELF_PLUGIN_CACHE: cache };
    return Number(run(process.execPath, ['-e', FIRST_LOOKUP, libc, ROOT], { cwd: ROOT, env }));
  };
  const least = { cold: Infinity, cached: Infinity };
  try {
    for (let i = 0; i < RUNS; i++) {
      rmSync(join(cache, 'v1'), { recursive: true, force: true });
      least.cold = Math.min(least.cold, lookup());
      least.cached = Math.min(least.cached, lookup());
    }
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
  const work = 'first lookup in libc (libc6-dbg, zlib)';
  return [
    { work, detail: 'and writes the cache', value: least.cold, unit: 'ms', bar: { atMost: 120 } },
    { work, detail: 'from the cache', value: least.cached, unit: 'ms', bar: { atMost: 20 } },
  ];
}

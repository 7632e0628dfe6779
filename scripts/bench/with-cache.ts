import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A cache on disk for what is measured: empty at first. */
interface BenchCache {
  /** The environment of processes that use it. */
  readonly env: NodeJS.ProcessEnv;
  /** Removes a folder of it, or all. */
  readonly forget: (folder?: string) => void;
}

/** What processes of the package's users find from the second one on, and nothing of the user who measures. */
export function withCache<T>(body: (cache: BenchCache) => T): T {
  const root = mkdtempSync(join(tmpdir(), 'elf-plugin-bench-'));
  const forget = (folder = ''): void => {
    rmSync(join(root, 'v1', folder), { recursive: true, force: true });
  };
  try {
    return body({ env: { ...process.env, ELF_PLUGIN_CACHE: root }, forget });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

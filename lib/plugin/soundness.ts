import { isSettled } from '../bytes/file-identity.js';
import { FileSource } from '../bytes/source.js';
import { Remembered } from '../debuginfo/disk-cache/remembered.js';
import type { ElfFile } from '../elf/file.js';
import { preflight } from '../elf/preflight.js';

/** What `preflight` refuses: to be another number whenever it refuses more. */
const RULES = 1;
/** Bytes of a file that is worth it: the look at a large library takes as long as the rest of `open`. */
const LARGE = 1 << 22;

/**
 * `preflight`, but for a large file that it was shown before, in whatever process: the cache on disk remembers which ones were sound. A write to a file
 * changes its `st_ctime`, which no tool can set back.
 */
export function preflightOnce(file: ElfFile): string | undefined {
  const { source } = file;
  if (!(source instanceof FileSource) || source.size < LARGE) return preflight(file);
  const { identity, state, changed } = source;
  const subject = ['elf-plugin preflight', RULES, process.arch, identity, state, changed, ''].join('\n');
  const remembered = new Remembered('sound', subject);
  if (remembered.read() !== undefined) return undefined;
  const reason = preflight(file);
  if (reason === undefined && isSettled(changed)) remembered.write(new Uint8Array());
  return reason;
}

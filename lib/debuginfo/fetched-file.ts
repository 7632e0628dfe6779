import { rmSync } from 'node:fs';
import { dirname } from 'node:path';

import type { ElfFile } from '../elf/file.js';
import { openDebugFile, otherBuildId } from './debug-file.js';
import { fetchDebugFileSync } from './debuginfod/fetch-sync.js';
import type { FetchResult } from './debuginfod/local.js';
import type { Subject } from './sources.js';

/** The debug file of a library from debuginfod's servers, which are asked now unless `answer` is what they have said; undefined if none has it. */
export function fetchedFile(
  { file, path, buildId }: Subject,
  answer: true | FetchResult,
  tried: string[],
): ElfFile | undefined {
  if (buildId === undefined) {
    tried.push(`debuginfod: ${path} has no build-id to ask for`);
    return undefined;
  }
  const result = answer === true ? fetchDebugFileSync(buildId) : answer;
  if ('tried' in result) {
    tried.push(...result.tried);
    return undefined;
  }
  const opened = openDebugFile(result.path, file, (_, id) => otherBuildId(id, buildId));
  // An open file needs its name no more.
  if (result.temporary) rmSync(dirname(result.path), { recursive: true });
  if (typeof opened !== 'string') return opened;
  tried.push(`debuginfod ${result.path}: ${opened}`);
  return undefined;
}

import { FileSource } from '../bytes/source.js';
import { isFileAt } from '../ffi/mapping.js';
import type { Library } from '../library/library.js';
import { fileState } from './file.js';
import { loadedBuildId, objectOf } from './identity.js';
import type { Newcomers } from './newcomers.js';
import { Refusal } from './refusal.js';

/**
 * Refuses what was loaded if it is not what was looked at: another file can come to stand under the same path between the two. It can't be prevented:
 * a library that is opened through a descriptor has no path, by which the linker knows it and finds what it needs (`$ORIGIN`).
 */
export function checkUnchanged({ library, dependencies, seen }: Newcomers, handle: bigint): void {
  const own = whatChanged(library, handle);
  if (own !== undefined) throw changed(library.path, own);
  for (const { path } of dependencies) {
    if (path !== undefined && stateOf(path) !== seen.get(path)) throw changed(path, 'it is another file now');
  }
}

/** The build-id, device and inode of what is mapped, and the file that was read, which is still open. */
function whatChanged({ file, buildId }: Library, handle: bigint): string | undefined {
  const object = objectOf(handle);
  if (object === undefined) return undefined;
  if (loadedBuildId(object) !== buildId) return 'what is loaded has another build-id';
  const { source } = file;
  if (!(source instanceof FileSource)) return undefined;
  if (isFileAt(object.programHeaders.address, source) === false) return 'what is loaded is another file';
  return source.isChanged ? 'it was written to meanwhile' : undefined;
}

/** The library and its constructors can't be undone: that is what the caller has to know. */
function changed(path: string, what: string): Refusal {
  return new Refusal(`${path}: the file was changed while it was opened`, {
    lines: [
      what,
      'what was loaded was not checked, and its constructors have run; another open takes it as it is',
    ],
  });
}

function stateOf(path: string): string | undefined {
  try {
    return fileState(path);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

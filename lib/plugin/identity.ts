import { readFileSync, statSync } from 'node:fs';

import { FileSource } from '../bytes/source.js';
import { findBuildId, iterNotes } from '../elf/note.js';
import type { ElfFile } from '../elf/file.js';
import { FormatError } from '../errors.js';
import { iterateObjects, linkMap, notesInMemory, type LoadedObject } from '../ffi/linker.js';
import { isFileAt } from '../ffi/mapping.js';
import type { Library } from '../library/library.js';

/** The build-id of a library as it is in memory, whatever became of its file. */
export function loadedBuildId(object: LoadedObject): string | undefined {
  try {
    for (const bytes of notesInMemory(object)) {
      const id = findBuildId(iterNotes(bytes, true));
      if (id !== undefined) return id;
    }
  } catch (error) {
    // Somebody else's library with malformed notes: the linker does not read them, and they are no build-id.
    if (!(error instanceof FormatError)) throw error;
  }
  return undefined;
}

/** The loaded object that `handle` stands for. */
export function objectOf(handle: bigint): LoadedObject | undefined {
  const { base } = linkMap(handle);
  return iterateObjects().find((o) => o.base === base);
}

/** Whether `library`, a file, is another one than what is in memory as `object`: it was replaced since. */
export function isStale(library: Library, object: LoadedObject): boolean {
  const loaded = loadedBuildId(object);
  if (loaded !== undefined || library.buildId !== undefined) return loaded !== library.buildId;
  // Without a build-id: the mapping says which file it is of. The program headers are in its first segment.
  const { source } = library.file;
  return source instanceof FileSource && isFileAt(object.programHeaders.address, source) === false;
}

/** A loaded library that `library` is, byte for byte: a copy of it, or, with `same`, the very file, which the linker has under another name. */
export function originalOf(library: Library): { path: string; same: boolean } | undefined {
  const id = library.buildId;
  for (const object of iterateObjects()) {
    if (object.name === '') continue;
    const equal = id === undefined ? isSameFile(library.file, object) : loadedBuildId(object) === id;
    if (equal) return { path: object.name, same: identityOf(object.name) === library.file.identity };
  }
  return undefined;
}

/** Device and inode, as `ElfFile.identity` has them. */
function identityOf(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat && `${stat.dev}:${stat.ino}`;
}

/** Libraries without a build-id (clang's, by default) are compared byte for byte, if they are of one size. */
function isSameFile(file: ElfFile, object: LoadedObject): boolean {
  try {
    if (loadedBuildId(object) !== undefined || statSync(object.name).size !== file.source.size) return false;
    return readFileSync(object.name).equals(file.source.read(0, file.source.size));
  } catch {
    // The vDSO has no file, and a file may be gone: neither can be told to be the same.
    return false;
  }
}

import { EM, nameOf } from '../../elf/constants.js';
import { readDynamic } from '../../elf/dynamic.js';
import type { ElfFile } from '../../elf/file.js';
import { libraryBuildId } from '../../elf/note.js';
import type { LibraryIdentity, Target } from './format.js';

/** What the file records of a library. */
export function identityOf(file: ElfFile): LibraryIdentity {
  return { soname: readDynamic(file)?.soname, buildId: libraryBuildId(file) };
}

/** What the file records of a library's machine. */
export function targetOf({ header }: ElfFile): Target {
  const { machine, littleEndian } = header;
  return { machine: `EM_${nameOf(EM, machine)}`, addressSize: header.class / 8, littleEndian };
}

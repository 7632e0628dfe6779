import { SHT } from '../../elf/constants.js';
import { ElfFile } from '../../elf/file.js';
import { buildId } from '../../elf/note.js';
import { messageOf } from '../../errors.js';

/**
 * Why the file at `path` is not the whole debug file of the build-id `wanted` (lower-case hex); undefined if it is. The build-id is a digest
 * of the library: a file that carries it came from the same link. That the file is whole is seen from its sections: their table comes last.
 */
export function fault(path: string, wanted: string): string | undefined {
  try {
    using file = ElfFile.open(path);
    const beyond = file.sections.find((s) => s.type !== SHT.NOBITS && s.offset + s.size > file.source.size);
    if (beyond !== undefined) return `it is cut off: ${beyond.name} ends beyond it`;
    const found = buildId(file);
    if (found === wanted) return undefined;
    return found === undefined ? 'it has no build-id' : `it is of another library, build-id ${found}`;
  } catch (error) {
    return messageOf(error).replaceAll(path, 'it');
  }
}

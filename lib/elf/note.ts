import { ByteCursor } from '../bytes/cursor.js';
import { orUndefined } from '../errors.js';
import { NT, PT, SHT } from './constants.js';
import type { ElfFile } from './file.js';

/** A note (gABI ch. 5 "Note Section"). */
export interface Note {
  /** Who defined its type: `GNU`. */
  readonly owner: string;
  readonly type: number;
  readonly data: Uint8Array;
}

/**
 * The notes in the bytes of a note segment or section, also of one in memory. `align` is p_align or sh_addralign: 8 only for
 * GNU properties of 64-bit files, all others are laid out with 4 (gABI says 8 for 64-bit files; nobody did it).
 */
export function* iterNotes(bytes: Uint8Array, littleEndian: boolean, align = 4): Generator<Note> {
  const cursor = new ByteCursor(bytes, littleEndian, 'note');
  const step = align === 8 ? 8 : 4;
  const pad = (): void => {
    cursor.pos = Math.min(Math.ceil(cursor.pos / step) * step, bytes.length);
  };
  // What is left of a padded segment can be less than a note's head.
  while (bytes.length - cursor.pos >= 12) {
    const [ownerSize, dataSize, type] = [cursor.u32(), cursor.u32(), cursor.u32()];
    const owner =
      ownerSize === 0 ? '' : Buffer.from(cursor.bytes(ownerSize)).toString('latin1').replace(/\0.*$/s, '');
    pad();
    yield { owner, type, data: cursor.bytes(dataSize) };
    pad();
  }
}

/** The notes of a file: by its sections, as readelf does, else by its segments. */
export function* fileNotes(file: ElfFile): Generator<Note> {
  for (const section of file.sections) {
    if (section.type !== SHT.NOTE) continue;
    const bytes = file.rawSection(section).read(0, section.size);
    yield* iterNotes(bytes, file.header.littleEndian, section.align);
  }
  // A separate debug file's segments (eu-strip keeps those of the library) are not where they say.
  if (file.sections.length === 0) yield* segmentNotes(file);
}

/** The notes of a library by its segments, as the kernel and the linker find them: section headers can be damaged, or cut off. */
export function* segmentNotes(file: ElfFile): Generator<Note> {
  for (const segment of file.programHeaders) {
    if (segment.type !== PT.NOTE) continue;
    const bytes = file.source.read(segment.offset, segment.fileSize);
    yield* iterNotes(bytes, file.header.littleEndian, Number(segment.align));
  }
}

/** The build-id among `notes`, in lower-case hex; undefined if there is none. */
export function findBuildId(notes: Iterable<Note>): string | undefined {
  for (const { owner, type, data } of notes) {
    if (owner === 'GNU' && type === NT.GNU_BUILD_ID && data.length > 0)
      return Buffer.from(data).toString('hex');
  }
  return undefined;
}

/** The file's build-id in lower-case hex; undefined if it has none. */
export function buildId(file: ElfFile): string | undefined {
  return findBuildId(fileNotes(file));
}

/** The build-id of a library, which may be cut or damaged where the linker does not look: notes that can't be read hold none. */
export function libraryBuildId(file: ElfFile): string | undefined {
  return orUndefined(() => findBuildId(segmentNotes(file))) ?? orUndefined(() => buildId(file));
}

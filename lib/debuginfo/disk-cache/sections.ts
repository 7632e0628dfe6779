import { type ByteSource, FileSource } from '../../bytes/source.js';
import { SHF } from '../../elf/constants.js';
import type { ElfFile } from '../../elf/file.js';
import { buildId } from '../../elf/note.js';
import type { SectionHeader } from '../../elf/section.js';
import { BLOCK, CachedSection, trailer } from './cached-section.js';
import { openEntry, removeEntry, writeEntry, type EntryName } from './entry.js';
import { cacheRoot } from './folder.js';

/** Bytes of a compressed section whose decompression takes about 0.2 ms, three times what it takes to open an entry. */
const MIN_SECTION = 1 << 14;

/** The debug section called `name`, decompressed: from the cache, or from the file and then into the cache. */
export function cachedSection(file: ElfFile, name: string): ByteSource | undefined {
  const header = compressedHeader(file, name);
  const root = cacheRoot();
  const id = header === undefined || root === undefined ? undefined : orUndefined(() => buildId(file));
  if (header === undefined || header.size < MIN_SECTION || root === undefined || id === undefined) {
    return file.section(name);
  }
  const entry = { root, folder: id, name: name.slice(1) };
  const key = keyOf(file, header, id);
  return open(entry, key, file, name) ?? build(entry, key, file, name);
}

function open(entry: EntryName, key: string, file: ElfFile, name: string): ByteSource | undefined {
  const fd = openEntry(entry);
  if (fd === undefined) return undefined;
  const source = new FileSource(name, fd);
  const section = orUndefined(() =>
    CachedSection.read(name, source, key, () => {
      source.close();
      removeEntry(entry);
      const rebuilt = build(entry, key, file, name);
      if (rebuilt === undefined) throw new Error(`${name} was there`);
      return rebuilt;
    }),
  );
  if (section !== undefined) {
    file.closeAlso(section);
    return section;
  }
  source.close();
  removeEntry(entry);
  return undefined;
}

function build(entry: EntryName, key: string, file: ElfFile, name: string): ByteSource | undefined {
  const section = file.section(name);
  if (section === undefined) return undefined;
  const content = section.read(0, section.size);
  writeEntry(entry, [content, trailer(content, key)]);
  return section;
}

/** The header of the section `name` if it is compressed, in either of the two ways. */
function compressedHeader({ sections }: ElfFile, name: string): SectionHeader | undefined {
  const header = sections.find((s) => s.name === name);
  if (header !== undefined) return (header.flags & SHF.COMPRESSED) === 0 ? undefined : header;
  return sections.find((s) => s.name === name.replace('.', '.z'));
}

/**
 * Says of what an entry is the content. A build-id is not enough: tools that change debug info keep it. The last bytes of zlib data are the Adler-32
 * of the content (RFC 1950 §2.2), the first ones of a section say how it is compressed, and to what size.
 */
function keyOf(file: ElfFile, header: SectionHeader, id: string): string {
  const raw = file.rawSection(header);
  const ends = [raw.read(0, 32), raw.read(raw.size - 16, 16)].map((bytes) =>
    Buffer.from(bytes).toString('hex'),
  );
  const { name, offset, size } = header;
  return `elf-plugin section, blocks of ${BLOCK}\n${[id, file.state, name, offset, size, ...ends].join('\n')}\n`;
}

/** An entry that is cut off while it is read is no entry, and notes that can't be read hold no build-id. */
function orUndefined<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

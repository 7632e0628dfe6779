import { ByteCursor } from '../bytes/cursor.js';
import { type ByteSource, readCString } from '../bytes/source.js';
import { FormatError } from '../errors.js';
import { CTFA_MAGIC } from './constants.js';
import { Dictionary } from './dictionary.js';
import { readCtfHeader } from './header.js';

/** Of the archive's header and of each entry behind it, in bytes (`struct ctf_archive`, `ctf_archive_modent_t`). */
const HEADER = 40;
const ENTRY = 16;
/** The dictionary that the others of an archive are children of. */
const SHARED = '.ctf';

/**
 * The dictionaries of a `.ctf` section: one from GNU ld; an archive where parts of the library have different types of one name, with what they
 * share and a child for each part; one behind the other from lld and gold, which do not know CTF and join the sections of object files.
 */
export function readDictionaries(section: ByteSource, outside: ByteSource | undefined): Dictionary[] {
  const magic = section.size < HEADER ? 0n : new ByteCursor(section.read(0, 8), true, section.name).u64();
  return magic === CTFA_MAGIC ? readArchive(section, outside) : readJoined(section, outside);
}

function readJoined(section: ByteSource, outside: ByteSource | undefined): Dictionary[] {
  const dictionaries: Dictionary[] = [];
  const bytes = section.read(0, section.size);
  for (let start = 0; start === 0 || start < bytes.length;) {
    const header = readCtfHeader(section.name, bytes.subarray(start), start);
    dictionaries.push(new Dictionary(header, dictionaries.length, undefined, outside));
    start += header.size;
  }
  return dictionaries;
}

/** `struct ctf_archive`: all of it little-endian, whatever the machine. Its dictionaries are not. */
function readArchive(section: ByteSource, outside: ByteSource | undefined): Dictionary[] {
  const cursor = new ByteCursor(section.read(0, section.size), true, section.name);
  cursor.skip(16); // ctfa_magic, ctfa_model
  const [count, names, start] = [cursor.offset64(), cursor.offset64(), cursor.offset64()];
  if (count > (section.size - HEADER) / ENTRY) cursor.fail(`an archive of ${count} dictionaries`, 16);
  const entries = Array.from({ length: count }, () => ({
    name: readCString(section, names + cursor.offset64()),
    offset: start + cursor.offset64(),
  }));
  const read = (offset: number, number: number, parent?: Dictionary): Dictionary => {
    cursor.pos = 0;
    cursor.skip(offset);
    // libctf counts the size's own eight bytes, too.
    const size = cursor.offset64();
    const bytes = cursor.bytes(Math.min(size, cursor.length - cursor.pos));
    const header = readCtfHeader(section.name, bytes, offset + 8);
    return new Dictionary(header, number, parent, outside);
  };
  const sharedAt = entries.find(({ name }) => name === SHARED);
  if (sharedAt === undefined) throw new FormatError(section.name, 0, `an archive without ${SHARED}`);
  const shared = read(sharedAt.offset, 0);
  const children = entries.filter((entry) => entry !== sharedAt);
  return [shared, ...children.map(({ offset }, i) => read(offset, i + 1, shared))];
}

import { ByteCursor } from '../bytes/cursor.js';
import { inflate } from '../bytes/decompress.js';
import { CTF_F, CTF_MAGIC, CTF_VERSION_3 } from './constants.js';

/** Of `ctf_header_t`, in bytes. */
const SIZE = 52;

/** A dictionary as its header divides it. Offsets count from the end of the header. */
export interface CtfHeader {
  readonly flags: number;
  /** The names, as string references, of the dictionary it is a child of and of its source file; 0 for none. */
  readonly parentName: number;
  readonly unitName: number;
  readonly objects: Part;
  readonly functions: Part;
  readonly objectNames: Part;
  readonly functionNames: Part;
  readonly types: Part;
  readonly strings: Part;
  /** All behind the header, uncompressed. */
  readonly data: ByteCursor;
  /** Of the whole dictionary as it is stored, in bytes. */
  readonly size: number;
}

/** One of a dictionary's sections. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/** Reads the header of the dictionary that `bytes` begin with; they are at `base` in the section called `subject`. */
export function readCtfHeader(subject: string, bytes: Uint8Array, base: number): CtfHeader {
  // The byte order is that of the machine the library is for; the magic number tells it.
  const littleEndian = bytes[0] === (CTF_MAGIC & 0xff);
  const cursor = new ByteCursor(bytes, littleEndian, subject, base);
  if (cursor.u16() !== CTF_MAGIC) cursor.fail('no CTF dictionary', 0);
  const version = cursor.u8();
  if (version !== CTF_VERSION_3) cursor.fail(`CTF of format number ${version}, which is not read`, 2);
  const flags = cursor.u8();
  const word = (): number => cursor.u32();
  word(); // cth_parlabel
  const [parentName, unitName, labels, objects] = [word(), word(), word(), word()];
  const [functions, objectNames, functionNames] = [word(), word(), word()];
  const [variables, types, strings, stringsSize] = [word(), word(), word(), word()];
  const borders = [labels, objects, functions, objectNames, functionNames, variables, types, strings];
  if (borders.some((border, i) => border < (borders[i - 1] ?? 0))) {
    cursor.fail('the sections of the dictionary do not follow each other', SIZE);
  }
  const compressed = (flags & CTF_F.COMPRESS) !== 0;
  const dataSize = strings + stringsSize;
  const stored = cursor.bytes(compressed ? bytes.length - SIZE : dataSize);
  const data = compressed ? inflate(subject, stored, dataSize) : stored;
  return {
    flags,
    parentName,
    unitName,
    objects: { start: objects, end: functions },
    functions: { start: functions, end: objectNames },
    objectNames: { start: objectNames, end: functionNames },
    functionNames: { start: functionNames, end: variables },
    types: { start: types, end: strings },
    strings: { start: strings, end: dataSize },
    data: new ByteCursor(data, littleEndian, subject, base + SIZE),
    size: SIZE + stored.length,
  };
}

import { ByteCursor } from '../bytes/cursor.js';
import { inflate, unzstd } from '../bytes/decompress.js';
import { FormatError } from '../errors.js';
import { ELFCOMPRESS, nameOf } from './constants.js';
import { ElfCursor, type ElfEncoding } from './cursor.js';

/** Asked before memory is taken for a section that becomes so large; throws if that is too much. */
export type Grant = (name: string, size: number) => void;

/** What a section with SHF_COMPRESSED holds (gABI ch. 4 "Section Compression"). */
export function decompressSection(
  name: string,
  bytes: Uint8Array,
  encoding: ElfEncoding,
  grant: Grant,
): Uint8Array {
  const cursor = new ElfCursor(bytes, encoding, name);
  const type = cursor.u32();
  if (encoding.class === 64) cursor.skip(4); // ch_reserved
  const size = cursor.offset();
  cursor.offset(); // ch_addralign
  const data = cursor.bytes(bytes.length - cursor.pos);
  grant(name, size);
  if (type === ELFCOMPRESS.ZLIB) return inflate(name, data, size);
  if (type === ELFCOMPRESS.ZSTD) return unzstd(name, data, size);
  throw new FormatError(name, 0, `unknown compression type ${nameOf(ELFCOMPRESS, type)}`);
}

/** What a section called `.zdebug_*` holds: "ZLIB", the size in big-endian order, zlib data (gas and gold before 2014, `-gz=zlib-gnu`). */
export function decompressZdebug(name: string, bytes: Uint8Array, grant: Grant): Uint8Array {
  const cursor = new ByteCursor(bytes, false, name);
  if (cursor.u32() !== 0x5a4c4942) throw new FormatError(name, 0, 'not "ZLIB" data');
  const size = cursor.offset64();
  grant(name, size);
  return inflate(name, cursor.bytes(bytes.length - cursor.pos), size);
}

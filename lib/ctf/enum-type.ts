import type { CType, Enumerator } from '../ctypes/model.js';
import type { CtfType } from './dictionary.js';
import { unsupported } from './number-type.js';
import { readEntries } from './references.js';
import type { TypeReader } from './types.js';

/** The size of `int`, which libctf gives to every enum. */
export const USUAL_SIZE = 4;

/** `ctf_enum_t`. */
export function readEnumerators(type: CtfType): Enumerator[] {
  const entries = readEntries(type, (cursor) => ({ name: cursor.u32(), value: cursor.u32() }));
  return entries.map(({ name, value }) => ({
    name: type.dictionary.string(name) ?? '',
    value: BigInt(value | 0),
  }));
}

/**
 * `CTF_K_ENUM`. gcc leaves out enumerators that are no `int32_t`, and GNU ld the size: an enum that seems to have no enumerators, or that is known to
 * have eight bytes, is refused. As gcc does it, only an enum with a negative enumerator is signed (gcc manual, "Structures unions enumerations and bit-fields implementation").
 */
export function readEnumType(reader: TypeReader, type: CtfType): CType {
  const tag = type.name;
  const enumerators = readEnumerators(type);
  const name = tag === undefined ? 'enum' : `enum ${tag}`;
  if (enumerators.length === 0) {
    return unsupported(name, 'its enumerators do not fit the 32 bits that CTF has for them');
  }
  const size = reader.context.enumSize(type);
  if (size > USUAL_SIZE) {
    return unsupported(name, 'it has more than 4 bytes, and CTF has 32 bits for its enumerators', size);
  }
  return { kind: 'enum', tag, size, signed: enumerators.some(({ value }) => value < 0n), enumerators };
}

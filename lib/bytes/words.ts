/**
 * The 32-bit words of a table in this machine's byte order; what is left behind the last whole one is not there. Loops over relocations and
 * symbols run once, on code that is not compiled yet: an element of a typed array is then much cheaper than a call.
 */
export function words(bytes: Uint8Array, littleEndian: boolean): Uint32Array {
  const count = bytes.length >> 2;
  const isNative = littleEndian === LITTLE_ENDIAN;
  if (isNative && bytes.byteOffset % 4 === 0) return new Uint32Array(bytes.buffer, bytes.byteOffset, count);
  const copy = Buffer.from(bytes.subarray(0, count * 4));
  if (!isNative) copy.swap32();
  return new Uint32Array(copy.buffer.slice(copy.byteOffset, copy.byteOffset + copy.length));
}

/** This machine's. */
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

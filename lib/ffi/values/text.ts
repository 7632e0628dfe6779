import type { CType } from '../../ctypes/model.js';
import { typeError } from '../../errors.js';
import { Block } from '../block.js';
import { badValue, describe, wrongKind } from './check.js';
import type { Codec } from './codec.js';

/** A byte order mark is text like any other. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();
/** The smallest page there is: memory is mapped or not by whole pages. */
const PAGE = 4096;

/** The UTF-8 text from `address` up to its NUL, or to `limit` bytes. Reads page by page, so that only mapped ones are touched. */
export function cString(
  address: bigint,
  limit = Infinity,
  read: (address: bigint, size: number) => Uint8Array = mapped,
): string {
  const parts: Uint8Array[] = [];
  for (let at = address, left = limit; left > 0;) {
    const room = Math.min(PAGE - Number(at % BigInt(PAGE)), left);
    const bytes = read(at, room);
    const end = bytes.indexOf(0);
    if (end >= 0) {
      if (parts.length === 0) return decoder.decode(bytes.subarray(0, end));
      parts.push(bytes.subarray(0, end));
      break;
    }
    parts.push(bytes);
    at += BigInt(room);
    left -= room;
  }
  return decoder.decode(Buffer.concat(parts));
}

function mapped(address: bigint, size: number): Uint8Array {
  return Block.at(address, size).bytes();
}

/** The text in `bytes` up to its NUL, or all of it: a `char[n]` need not have one. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** A string as C wants it, NUL-terminated, in memory of its own. */
export function allocateText(text: string, type: CType, what: string): Block {
  noInteriorNul(text, type, what);
  const bytes = encoder.encode(text);
  const block = Block.allocate(bytes.length + 1);
  block.bytes().set(bytes);
  return block;
}

/** C would take the text to end at an interior NUL, and lose the rest without a word. */
export function noInteriorNul(text: string, type: CType, what: string): void {
  if (text.includes('\0'))
    throw badValue(what, type, 'C text ends at its first NUL, this has one inside', text);
}

/** The codec of `char[length]`: text up to the NUL. Writing zeroes what the text leaves of the array. */
export function textArrayCodec(type: CType, length: number): Codec {
  return {
    type,
    size: length,
    read: (block, offset) => textOf(block.bytes(offset, length)),
    write: (block, offset, value, what) => {
      if (typeof value !== 'string') throw wrongKind(what, type, 'a string', value);
      noInteriorNul(value, type, what);
      const bytes = encoder.encode(value);
      if (bytes.length > length) {
        const reason = `${what}: ${describe(value)} has ${bytes.length} bytes of UTF-8, the array ${length}`;
        throw typeError('ERR_INVALID_ARG_VALUE', reason);
      }
      const whole = new Uint8Array(length);
      whole.set(bytes);
      block.write(offset, whole);
    },
  };
}

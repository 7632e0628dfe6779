import { alignOf, greatest, sizeOf } from '../ctypes/layout.js';
import type { Member, RecordType } from '../ctypes/model.js';
import { CTF_K } from './constants.js';
import type { CtfType } from './dictionary.js';
import { unsupported } from './number-type.js';
import { type MemberEntry, readMemberEntries, readSliceEntry } from './references.js';
import { roundUp, sizeToLinker } from './linker-size.js';
import { type TypeReader, once } from './types.js';

/** `CTF_K_STRUCT` and `CTF_K_UNION`. */
export function readRecordType(reader: TypeReader, type: CtfType): RecordType {
  const members = once(() => {
    reader.finite.record(type);
    const read = readMemberEntries(type).map((entry) => readMember(reader, type, entry));
    const [first, ...others] = read;
    if (first === undefined || type.kind === CTF_K.UNION || !isFirstInDoubt(read)) return read;
    const why =
      'GNU ld writes that it is the first in its struct, and there may be an unnamed bit-field before it';
    return [{ name: first.name, type: unsupported(first.name ?? 'member', why), offset: 0 }, ...others];
  });
  const size = once(() => trueSize(reader, type, members()));
  const alignment = once(() => askedAlignment(size(), members()));
  return {
    kind: type.kind === CTF_K.UNION ? 'union' : 'struct',
    tag: type.name,
    get size() {
      return size();
    },
    get alignment() {
      return alignment();
    },
    alignmentInDoubt: true,
    get members() {
      return members();
    },
  };
}

function readMember(reader: TypeReader, record: CtfType, { name, type: id, offset }: MemberEntry): Member {
  const entry = id === 0 ? undefined : record.dictionary.type(id);
  if (entry?.kind === CTF_K.SLICE) {
    const slice = readSliceEntry(entry);
    const bitOffset = offset + slice.offset;
    const type = reader.target(entry, slice.type);
    return { name, type, offset: Math.floor(bitOffset / 8), bitOffset, bitSize: slice.bits };
  }
  const start = Math.floor(offset / 8);
  if (offset % 8 === 0) return { name, type: reader.target(record, id), offset: start };
  return { name, type: unsupported(name ?? 'member', 'it begins within a byte'), offset: start };
}

/**
 * The size of a struct or union as gcc has it. GNU ld makes it as large as its members, and takes a bit-field for as many whole bytes as its bits
 * want, a power of two of them, from the byte that it begins in:
 *
 * ```c
 * struct { unsigned a : 3; int b : 5; unsigned long long c : 40; _Bool d : 1; };   // 8 bytes; c, from byte 1, seems to end with byte 9
 * ```
 *
 * A size that reaches just as far, further than the members do, is that of the padded members: it is no multiple of their alignment, as every size
 * is (C17 §6.2.8). One that can't be padded is that of a packed struct.
 */
function trueSize(reader: TypeReader, type: CtfType, members: readonly Member[]): number {
  const entries = readMemberEntries(type);
  let reach = 0;
  for (const { type: id, offset } of entries)
    reach = Math.max(reach, Math.floor(offset / 8) + sizeToLinker(type, id, reader.context.addressSize));
  if (reach !== type.size) return type.size;
  const end = endOf(members);
  if (end >= type.size) return type.size;
  const padded = roundUp(end, alignmentOf(members));
  return padded <= type.size ? padded : end;
}

/** Two eightbytes: what is not larger may be passed in registers (psABI x86-64 §3.2.3). */
const MOST_IN_REGISTERS = 16;

/**
 * The alignment that a struct or union may have been given, as `aligned(32)` gives it: CTF does not have it, but more padding at the end than its members
 * want shows that there is one, the largest that the size allows. A small one may have an unnamed bit-field there as well, and how that is passed
 * depends on it.
 */
function askedAlignment(size: number, members: readonly Member[]): number | undefined {
  const natural = alignmentOf(members);
  const end = endOf(members);
  if (size <= MOST_IN_REGISTERS || end === 0 || size - end < natural) return undefined;
  let asked = natural;
  while (size % (asked * 2) === 0) asked *= 2;
  return size - end < asked ? asked : undefined;
}

/**
 * Whether the first member may lie further back. libctf writes 0 for its place, also behind an unnamed bit-field, which nothing tells of:
 *
 * ```c
 * struct { unsigned : 4; unsigned a : 4; unsigned b : 8; };   // a: bit 4, written 0; b: bit 8
 * ```
 *
 * Then there is a hole behind it where by nature there is none. One that ends at a multiple of 16 bytes is there for a member with an alignment.
 */
function isFirstInDoubt([first, next]: readonly Member[]): boolean {
  if (first === undefined || next === undefined || firstBit(first) !== 0) return false;
  const size = sizeOf(first.type);
  if (size === undefined) return false;
  const end = first.bitSize ?? size * 8;
  const unit = (next.bitSize === undefined ? alignOf(next.type) : (sizeOf(next.type) ?? 1)) * 8;
  const fits = next.bitSize !== undefined && (end % unit) + next.bitSize <= unit;
  const natural = fits ? end : roundUp(end, unit);
  return firstBit(next) > natural && firstBit(next) % 128 !== 0;
}

function firstBit({ bitOffset, offset }: Member): number {
  return bitOffset ?? offset * 8;
}

/** Where the last member ends, in bytes. */
function endOf(members: readonly Member[]): number {
  const ends = members.map((m) =>
    m.bitSize === undefined ? (m.offset + (sizeOf(m.type) ?? 0)) * 8 : (m.bitOffset ?? 0) + m.bitSize,
  );
  return Math.ceil(greatest(ends, 0) / 8);
}

function alignmentOf(members: readonly Member[]): number {
  return greatest(
    members.map((m) => alignOf(m.type)),
    1,
  );
}

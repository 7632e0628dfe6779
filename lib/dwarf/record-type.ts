import { sizeOf } from '../ctypes/layout.js';
import { bare, type CType, type Member, type RecordType } from '../ctypes/model.js';
import { print } from '../ctypes/print.js';
import { readAlignment } from './alignment.js';
import { OTHER_ORDER, unsupported } from './base-type.js';
import { DW_AT, DW_LANG, DW_TAG, isC } from './constants.js';
import { Die } from './die.js';
import { memberOffset } from './location.js';
import { type TypeReader, once } from './types.js';

const rust = () => require('./rust.js') as typeof import('./rust.js');
/** Only C++ has classes to be asked. */
const cxx = () => require('./non-trivial.js') as typeof import('./non-trivial.js');

/** `DW_TAG.structure_type`, `class_type` and `union_type` (DWARF v5 §5.7). */
export function readRecordType(reader: TypeReader, die: Die): CType {
  const tag = die.string(DW_AT.name);
  const kind = die.tag === DW_TAG.union_type ? 'union' : 'struct';
  if (die.flag(DW_AT.declaration)) return opaque(reader, die, kind, tag);
  const foreign = die.language === DW_LANG.Rust ? rust().readForeignRecord(reader, die) : undefined;
  if (foreign !== undefined) return foreign;
  // Pascal's and Ada's variant records.
  if (!isC(die.language) && die.children().some((child) => child.tag === DW_TAG.variant_part)) {
    return unsupported(tag ?? kind, 'its members depend on a variant', die.number(DW_AT.byte_size));
  }
  return new DwarfRecord(reader, die, kind, tag);
}

class DwarfRecord implements RecordType {
  readonly kind: 'struct' | 'union';
  readonly tag: string | undefined;
  readonly size: number;
  readonly alignment: number | undefined;
  readonly #reader: TypeReader;
  readonly #die: Die;
  #members: readonly Member[] | undefined;
  #nonTrivial: { readonly why: string | undefined } | undefined;

  constructor(reader: TypeReader, die: Die, kind: 'struct' | 'union', tag: string | undefined) {
    this.#reader = reader;
    this.#die = die;
    this.kind = kind;
    this.tag = tag;
    this.size = die.number(DW_AT.byte_size) ?? 0;
    this.alignment = readAlignment(die);
  }

  get members(): readonly Member[] {
    return (this.#members ??= readMembers(this.#reader, this.#die));
  }

  get nonTrivial(): string | undefined {
    const die = this.#die;
    return (this.#nonTrivial ??= { why: isC(die.language) ? undefined : cxx().whyNonTrivial(die) }).why;
  }
}

/** `struct tag;`: as it is defined in another unit, if it is. */
function opaque(reader: TypeReader, die: Die, kind: 'struct' | 'union', tag: string | undefined): RecordType {
  return new DeclaredRecord(kind, tag, () => {
    const found = reader.complete(die);
    const type = found && reader.of(found);
    return type?.kind === kind ? type : undefined;
  });
}

class DeclaredRecord implements RecordType {
  readonly kind: 'struct' | 'union';
  readonly tag: string | undefined;
  readonly declared = true;
  readonly #definition: () => RecordType | undefined;

  constructor(kind: 'struct' | 'union', tag: string | undefined, define: () => RecordType | undefined) {
    this.kind = kind;
    this.tag = tag;
    this.#definition = once(define);
  }

  get size(): number | undefined {
    return this.#definition()?.size;
  }

  get alignment(): number | undefined {
    return this.#definition()?.alignment;
  }

  get members(): readonly Member[] {
    return this.#definition()?.members ?? [];
  }

  get nonTrivial(): string | undefined {
    return this.#definition()?.nonTrivial;
  }
}

function readMembers(reader: TypeReader, record: Die): Member[] {
  reader.finite.record(record);
  const members: Member[] = [];
  for (const die of record.children()) {
    if (die.tag === DW_TAG.member) {
      // A static member of C++ lies elsewhere; before DWARF 5 it had this tag, too.
      if (!die.flag(DW_AT.external) && !die.flag(DW_AT.declaration)) members.push(readMember(reader, die));
    } else if (die.tag === DW_TAG.inheritance) {
      const offset = memberOffset(die);
      if (offset !== undefined) members.push({ name: undefined, type: reader.target(die), offset });
    }
  }
  const ordered = members.some(({ type }) => isOfOtherOrder(type)) ? members.map(enumOfOtherOrder) : members;
  return record.tag === DW_TAG.union_type ? ordered : ordered.map(behindBitField);
}

/** gcc's `scalar_storage_order` is of the whole struct, but DWARF has it with the members' base types, and enums have none (gcc 12, dwarf2out.cc `modified_type_die`). */
function isOfOtherOrder(type: CType): boolean {
  if (type.kind === 'array') return isOfOtherOrder(type.element);
  return type.kind === 'unsupported' && type.reason === OTHER_ORDER;
}

function enumOfOtherOrder(member: Member): Member {
  let type = bare(member.type);
  while (type.kind === 'array') type = bare(type.element);
  if (type.kind !== 'enum') return member;
  return { ...member, type: unsupported(print(member.type), OTHER_ORDER, sizeOf(member.type)) };
}

/**
 * Clang leaves the size out of a bit-field that is as wide as its type, and cuts its place down to a byte: in a packed struct it then seems to begin within
 * the bit-field before it, behind which it is.
 */
function behindBitField(member: Member, index: number, members: readonly Member[]): Member {
  const before = members[index - 1];
  if (before?.bitSize === undefined || member.bitSize !== undefined) return member;
  const bitOffset = (before.bitOffset ?? before.offset * 8) + before.bitSize;
  if (member.offset * 8 >= bitOffset) return member;
  const size = sizeOf(member.type);
  if (size === undefined) return member;
  return { ...member, offset: Math.floor(bitOffset / 8), bitOffset, bitSize: size * 8 };
}

function readMember(reader: TypeReader, die: Die): Member {
  const name = die.string(DW_AT.name);
  const bitSize = die.number(DW_AT.bit_size);
  const offset = memberOffset(die);
  if (offset === undefined) {
    const type = unsupported(name ?? 'member', 'its place in the struct has to be computed');
    return { name, type, offset: 0 };
  }
  const type = reader.target(die);
  const alignment = readAlignment(die);
  const aligned = alignment === undefined ? {} : { alignment };
  if (bitSize === undefined) return { name, type, offset, ...aligned };
  const bitOffset = firstBit(die, bitSize, offset);
  return { name, type, offset: Math.floor(bitOffset / 8), bitOffset, bitSize, ...aligned };
}

/**
 * The first bit of a bit-field, from the start of its struct.
 *
 * ```c
 * struct { int pad; unsigned a : 3, b : 5; };   // b: DWARF 4 and 5: DW_AT.data_bit_offset 35
 *                                               // before: at byte 4, DW_AT.byte_size 4, DW_AT.bit_offset 24
 * ```
 *
 * `data_bit_offset` counts from the start of the struct in the machine's own order (DWARF v5 §5.7.6). The older
 * `bit_offset` counts from the *most* significant bit of a storage unit of `byte_size` bytes at `data_member_location` to
 * the field's most significant bit (DWARF v3 §5.6.6); clang writes it to this day with `-gdwarf-3`, and a negative one
 * where the field sticks out of its unit. On a big-endian machine bits count from the most significant one in both.
 */
function firstBit(die: Die, bitSize: number, offset: number): number {
  const dataBitOffset = die.number(DW_AT.data_bit_offset);
  if (dataBitOffset !== undefined) return dataBitOffset;
  const stored = die.constant(DW_AT.bit_offset);
  if (stored === undefined) return offset * 8;
  const bitOffset = Number(BigInt.asIntN(64, stored));
  if (!die.unit.file.littleEndian) return offset * 8 + bitOffset;
  const storage = die.number(DW_AT.byte_size) ?? storageSize(die);
  return (offset + storage) * 8 - bitOffset - bitSize;
}

/** The size of a member's type, behind typedefs and qualifiers. */
function storageSize(die: Die): number {
  let at = die;
  for (let depth = 0; depth < 100; depth++) {
    const next = at.reference(DW_AT.type);
    if (!(next instanceof Die)) break;
    const size = next.number(DW_AT.byte_size);
    if (size !== undefined) return size;
    at = next;
  }
  return die.unit.cursor.fail('bit-field of unknown size', die.pos);
}

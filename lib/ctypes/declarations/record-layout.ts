import { alignOf, sizeOf } from '../layout.js';
import { bare, type CType, type Member } from '../model.js';
import type { Machine } from '../names.js';

/** A member as it is declared. */
export interface Field {
  /** Undefined for an anonymous struct or union, and for an unnamed bit-field. */
  readonly name: string | undefined;
  readonly type: CType;
  /** A bit-field's, in bits. */
  readonly width: number | undefined;
  readonly packed: boolean;
  /** In bytes, if it asks for one. */
  readonly alignment: number | undefined;
}

export interface RecordShape {
  readonly kind: 'struct' | 'union';
  /** In bytes, if the record asks for one. */
  readonly alignment: number | undefined;
  /** `#pragma pack`, in bytes. */
  readonly limit: number | undefined;
  readonly machine: Machine;
}

export interface RecordLayout {
  /** In bytes, as everything here. */
  readonly size: number;
  readonly alignment: number;
  readonly members: readonly Member[];
}

/**
 * Gives the members of a struct or union their places (psABI x86-64 §3.1.2, AAPCS64 §5.9), with GNU C's `packed`, `aligned` and `#pragma pack` as gcc reads
 * them (gcc stor-layout.cc, `layout_decl`, `place_field`). Unnamed bit-fields are in no list of members: debug info has none, either. Undefined if the record is too large.
 */
export function layoutRecord(fields: readonly Field[], shape: RecordShape): RecordLayout | undefined {
  const isUnion = shape.kind === 'union';
  let alignment = (shape.alignment ?? 1) * 8;
  let end = 0;
  let size = 0;
  const members: Member[] = [];
  for (const field of fields) {
    const place = placeField(field, isUnion ? 0 : end, shape);
    end = place.at + place.bits;
    size = Math.max(size, end);
    if (!Number.isSafeInteger(size + 8 * alignment)) return undefined;
    alignment = Math.max(alignment, place.recordAlignment);
    if (field.name !== undefined || field.width === undefined) members.push(memberOf(field, place));
  }
  return { size: roundUp(size, alignment) / 8, alignment: alignment / 8, members };
}

/** All in bits. */
interface Placed {
  readonly at: number;
  readonly bits: number;
  /** What the record has to be aligned to for it. */
  readonly recordAlignment: number;
}

function placeField(field: Field, end: number, shape: RecordShape): Placed {
  if (field.width !== undefined) return placeBits(field, field.width, end, shape);
  const { type, packed, alignment: asked } = field;
  const natural = packed ? 1 : alignOf(type);
  // The pragma also holds what a member asks for.
  const alignment = Math.min(Math.max(natural, asked ?? 1), shape.limit ?? Infinity) * 8;
  return { at: roundUp(end, alignment), bits: (sizeOf(type) ?? 0) * 8, recordAlignment: alignment };
}

/** The widths in bits of the integers of the machine. */
const MODES: ReadonlySet<number> = new Set([8, 16, 32, 64, 128]);

/**
 * A bit-field lies within one unit of its type, wherever that begins (psABI "Bit-Fields"), unless it is packed. One of width 0 ends the unit, whatever is
 * packed. Only a named one aligns the struct; on AArch64 an unnamed one does, too (AAPCS64 §8.1.8.3).
 */
function placeBits(
  field: Field,
  width: number,
  end: number,
  { limit = Infinity, machine }: RecordShape,
): Placed {
  const { type, packed, name } = field;
  const unit = alignOf(type) * 8;
  const bits = (sizeOf(type) ?? 0) * 8;
  const most = limit * 8;
  let alignment = (field.alignment ?? 0) * 8;
  // As wide as an integer, and at its place: a member as any other.
  const isWhole = MODES.has(width) && (width === 8 || !packed) && end % width === 0;
  if (isWhole) alignment = Math.max(alignment, width);
  alignment = width === 0 ? Math.max(alignment, unit) : Math.max(1, Math.min(alignment, most));
  let at = roundUp(end, alignment);
  const mayCross = packed || limit !== Infinity || isWhole || width === 0;
  if (!mayCross && Math.ceil(((at % unit) + width) / unit) > Math.floor(bits / unit)) at = roundUp(at, unit);
  if (name === undefined && machine !== 'arm64') return { at, bits: width, recordAlignment: 8 };
  const typical = Math.min(unit, limit === Infinity && packed && width > 0 ? 8 : most);
  return { at, bits: width, recordAlignment: Math.max(8, alignment, typical) };
}

function memberOf({ name, type, width }: Field, { at, recordAlignment }: Placed): Member {
  const alignment = recordAlignment / 8;
  return {
    name,
    type,
    offset: Math.floor(at / 8),
    ...(width === undefined ? {} : { bitOffset: at, bitSize: width }),
    ...(alignment === alignOf(type) ? {} : { alignment }),
  };
}

function roundUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

/** Bit-fields of what asks for more than any number needs lie where gcc's own arithmetic puts them, and clang elsewhere. */
export const MAX_UNIT = 16;

/** Whether bit-fields of `type` may be. */
export function holdsBits(type: CType): boolean {
  const { kind } = bare(type);
  return kind === 'int' || kind === 'bool' || kind === 'enum';
}

import { namedMembers, sizeOf } from '../ctypes/layout.js';
import {
  bare,
  isQualified,
  type BareType,
  type CType,
  type FloatFormat,
  type Member,
} from '../ctypes/model.js';
import { print } from '../ctypes/print.js';
import type { Memory } from './memory.js';

export interface FormatOptions {
  /** How many levels of structs and arrays are shown; deeper ones are `{…}`. */
  readonly depth: number;
  /** How many elements of an array, and characters of a text, are shown. */
  readonly elements: number;
}

const DEFAULTS: FormatOptions = { depth: 4, elements: 100 };
const BAD = '<bad address>';
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The value of type `type` at `address` as C writes it: `7`, `"text"`, `{ .x = 1, .y = 2.5 }`. */
export function formatValue(
  type: CType,
  address: bigint,
  memory: Memory,
  options: Partial<FormatOptions> = {},
): string {
  const size = sizeOf(type);
  if (size === undefined) return '…';
  const bytes = memory.read(address, size);
  if (bytes === undefined) return BAD;
  return new Formatter(memory, { ...DEFAULTS, ...options }).value(
    type,
    new DataView(bytes.buffer, bytes.byteOffset, size),
    0,
    0,
  );
}

/** A pointer to `target` as C writes it, with what it points to: `(int *)0x7f00 = 7`, `(char *)0x7f00 "text"`. */
export function formatPointer(
  target: CType,
  address: bigint,
  memory: Memory,
  options: Partial<FormatOptions> = {},
): string {
  const head = `(${print({ kind: 'pointer', target, size: 8 })})0x${address.toString(16)}`;
  if (isText(target)) return `${head} ${formatText(address, memory, options.elements ?? DEFAULTS.elements)}`;
  if (sizeOf(target) === undefined) return head;
  return `${head} = ${formatValue(target, address, memory, options)}`;
}

/** The text at `address`, quoted; read a little at a time, since its end is not known. */
function formatText(address: bigint, memory: Memory, limit: number): string {
  const bytes: number[] = [];
  while (bytes.length < limit) {
    const byte = memory.read(address + BigInt(bytes.length), 1)?.[0];
    if (byte === undefined) return BAD;
    if (byte === 0) return JSON.stringify(decoder.decode(Uint8Array.from(bytes)));
    bytes.push(byte);
  }
  return `${JSON.stringify(decoder.decode(Uint8Array.from(bytes)))}…`;
}

class Formatter {
  readonly #memory: Memory;
  readonly #options: FormatOptions;

  constructor(memory: Memory, options: FormatOptions) {
    this.#memory = memory;
    this.#options = options;
  }

  value(type: CType, data: DataView, offset: number, level: number): string {
    const t = bare(type);
    switch (t.kind) {
      case 'bool':
        return data.getUint8(offset) === 0 ? 'false' : 'true';
      case 'int':
        return String(integer(data, offset, t.size, t.signed));
      case 'enum':
        return enumerator(t, integer(data, offset, t.size ?? 4, t.signed));
      case 'float':
        return this.#float(t.format, data, offset);
      case 'complex':
        return `${this.#float(t.format, data, offset)} + ${this.#float(t.format, data, offset + t.size / 2)}i`;
      case 'pointer':
        return this.#pointer(t.target, data.getBigUint64(offset, true));
      case 'array':
        return this.#array(t.element, t.length ?? 0, data, offset, level);
      case 'struct':
      case 'union':
        return this.#record(t.members, data, offset, level);
      default:
        return '…';
    }
  }

  #float(format: FloatFormat, data: DataView, offset: number): string {
    if (format === 'binary32') return String(data.getFloat32(offset, true));
    if (format === 'binary64') return String(data.getFloat64(offset, true));
    return String(this.#memory.readFloat(format, data, offset));
  }

  #pointer(target: CType, address: bigint): string {
    if (address === 0n) return 'NULL';
    const shown = `0x${address.toString(16)}`;
    if (!isText(target)) return shown;
    const text = formatText(address, this.#memory, this.#options.elements);
    return isQualified(target, 'const') && text !== BAD ? text : `${shown} ${text}`;
  }

  #array(element: CType, length: number, data: DataView, offset: number, level: number): string {
    const size = sizeOf(element) ?? 0;
    if (isText(element)) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset + offset, length);
      const end = bytes.indexOf(0);
      return JSON.stringify(decoder.decode(end < 0 ? bytes : bytes.subarray(0, end)));
    }
    if (level >= this.#options.depth) return '{…}';
    const shown = Math.min(length, this.#options.elements);
    const items = Array.from({ length: shown }, (_, i) =>
      this.value(element, data, offset + i * size, level + 1),
    );
    if (shown < length) items.push(`… ${length - shown} more`);
    return items.length === 0 ? '{}' : `{ ${items.join(', ')} }`;
  }

  #record(members: readonly Member[], data: DataView, offset: number, level: number): string {
    if (level >= this.#options.depth) return '{…}';
    const fields = namedMembers(members)
      .filter((m) => (sizeOf(m.type) ?? 0) > 0)
      .map((m) => `.${m.name} = ${this.#member(m, data, offset, level)}`);
    return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
  }

  #member(member: Member, data: DataView, offset: number, level: number): string {
    if (member.bitSize === undefined) return this.value(member.type, data, offset + member.offset, level + 1);
    const t = bare(member.type);
    const signed = (t.kind === 'int' || t.kind === 'enum') && t.signed;
    const first = member.bitOffset ?? 0;
    const bytes = Math.ceil(((first % 8) + member.bitSize) / 8);
    const stored = integer(data, offset + Math.floor(first / 8), bytes, false) >> BigInt(first % 8);
    const field = signed ? BigInt.asIntN(member.bitSize, stored) : BigInt.asUintN(member.bitSize, stored);
    if (t.kind === 'bool') return field === 0n ? 'false' : 'true';
    return t.kind === 'enum' ? enumerator(t, field) : String(field);
  }
}

function integer(data: DataView, offset: number, size: number, signed: boolean): bigint {
  let bits = 0n;
  for (let i = size - 1; i >= 0; i--) bits = (bits << 8n) | BigInt(data.getUint8(offset + i));
  return signed ? BigInt.asIntN(size * 8, bits) : bits;
}

function enumerator(type: Extract<BareType, { kind: 'enum' }>, value: bigint): string {
  return type.enumerators.find((e) => e.value === value)?.name ?? String(value);
}

function isText(type: CType): boolean {
  const t = bare(type);
  return t.kind === 'int' && t.text && t.size === 1;
}

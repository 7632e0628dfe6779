import { readBits } from '../ctypes/bits.js';
import { namedMembers, sizeOf } from '../ctypes/layout.js';
import {
  bare,
  isQualified,
  isText,
  type BareType,
  type CType,
  type FloatFormat,
  type Member,
  type PointerType,
} from '../ctypes/model.js';
import { print } from '../ctypes/print.js';
import { MemoryReader, WildAddress, type Memory } from './memory.js';

export interface FormatOptions {
  /** How many levels of structs and arrays are shown; deeper ones are `{…}`. */
  readonly depth: number;
  /** How many elements of an array, and characters of a text, are shown. */
  readonly elements: number;
}

const DEFAULTS: FormatOptions = { depth: 4, elements: 100 };
const BAD = '<bad address>';
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The value of type `type` at `address` as C writes it: `7`, `"text"`, `{ .x = 1, .y = 2.5 }`. Only what is shown is read. */
export function formatValue(
  type: CType,
  address: bigint,
  memory: Memory,
  options: Partial<FormatOptions> = {},
): string {
  if (sizeOf(type) === undefined) return '…';
  const formatter = new Formatter(memory, { ...DEFAULTS, ...options });
  return orBad(() => formatter.value(type, address, 0));
}

/** A pointer to `target` as C writes it, with what it points to: `(int *)0x7f00 = 7`, `(char *)0x7f00 "text"`. */
export function formatPointer(
  target: CType,
  address: bigint,
  memory: Memory,
  options: Partial<FormatOptions> = {},
): string {
  const head = `(${print({ kind: 'pointer', target, size: 8 })})0x${address.toString(16)}`;
  if (isText(target)) {
    const formatter = new Formatter(memory, { ...DEFAULTS, ...options });
    return `${head} ${orBad(() => formatter.text(address, Infinity))}`;
  }
  if (sizeOf(target) === undefined) return head;
  return `${head} = ${formatValue(target, address, memory, options)}`;
}

/** What `show` gives, or that it came upon memory that can't be read. */
function orBad(show: () => string): string {
  try {
    return show();
  } catch (error) {
    if (error instanceof WildAddress) return BAD;
    throw error;
  }
}

class Formatter {
  readonly #reader: MemoryReader;
  readonly #memory: Memory;
  readonly #options: FormatOptions;

  constructor(memory: Memory, options: FormatOptions) {
    this.#reader = new MemoryReader(memory);
    this.#memory = memory;
    this.#options = options;
  }

  value(type: CType, address: bigint, level: number): string {
    const t = bare(type);
    switch (t.kind) {
      case 'bool':
        return this.#integer(address, 0, 8, false) === 0n ? 'false' : 'true';
      case 'int':
        return String(this.#integer(address, 0, t.size * 8, t.signed));
      case 'enum':
        return enumerator(t, this.#integer(address, 0, (t.size ?? 4) * 8, t.signed));
      case 'float':
        return this.#float(t.format, address, t.size);
      case 'complex': {
        const half = t.size / 2;
        return `${this.#float(t.format, address, half)} + ${this.#float(t.format, address + BigInt(half), half)}i`;
      }
      case 'pointer':
        return this.#pointer(t, this.#integer(address, 0, 64, false));
      case 'array':
        return this.#array(t.element, t.length ?? 0, address, level);
      case 'struct':
      case 'union':
        return this.#record(t.members, address, level);
      default:
        return '…';
    }
  }

  /** Text that ends at a NUL, or after `length` bytes, quoted; `…` behind it where it is longer than is shown. */
  text(address: bigint, length: number): string {
    const shown = Math.min(length, this.#options.elements);
    const bytes: number[] = [];
    while (bytes.length < shown) {
      const byte = this.#reader.read(address + BigInt(bytes.length), 1).getUint8(0);
      if (byte === 0) break;
      bytes.push(byte);
    }
    const cut = bytes.length === shown && shown < length;
    return `${JSON.stringify(decoder.decode(Uint8Array.from(bytes)))}${cut ? '…' : ''}`;
  }

  #integer(address: bigint, shift: number, width: number, signed: boolean): bigint {
    return readBits(this.#reader.read(address, Math.ceil((shift + width) / 8)), 0, shift, width, signed);
  }

  #float(format: FloatFormat, address: bigint, size: number): string {
    const data = this.#reader.read(address, size);
    if (format === 'binary32') return String(data.getFloat32(0, true));
    if (format === 'binary64') return String(data.getFloat64(0, true));
    return String(this.#memory.readFloat(format, data, 0));
  }

  #pointer({ target, reference }: PointerType, address: bigint): string {
    if (address === 0n) return 'NULL';
    const shown = `0x${address.toString(16)}`;
    if (!isText(target) || reference !== undefined) return shown;
    const text = orBad(() => this.text(address, Infinity));
    return isQualified(target, 'const') && text !== BAD ? text : `${shown} ${text}`;
  }

  #array(element: CType, length: number, address: bigint, level: number): string {
    if (isText(element)) return this.text(address, length);
    if (level >= this.#options.depth) return '{…}';
    const size = BigInt(sizeOf(element) ?? 0);
    const shown = Math.min(length, this.#options.elements);
    const items = Array.from({ length: shown }, (_, i) =>
      this.value(element, address + BigInt(i) * size, level + 1),
    );
    if (shown < length) items.push(`… ${length - shown} more`);
    return items.length === 0 ? '{}' : `{ ${items.join(', ')} }`;
  }

  #record(members: readonly Member[], address: bigint, level: number): string {
    if (level >= this.#options.depth) return '{…}';
    const fields = namedMembers(members)
      .filter((m) => (sizeOf(m.type) ?? 0) > 0)
      .map((m) => `.${m.name} = ${this.#member(m, address, level)}`);
    return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
  }

  #member({ type, offset, bitOffset = 0, bitSize }: Member, address: bigint, level: number): string {
    if (bitSize === undefined) return this.value(type, address + BigInt(offset), level + 1);
    const t = bare(type);
    const signed = (t.kind === 'int' || t.kind === 'enum') && t.signed;
    const field = this.#integer(address + BigInt(Math.floor(bitOffset / 8)), bitOffset % 8, bitSize, signed);
    if (t.kind === 'bool') return field === 0n ? 'false' : 'true';
    return t.kind === 'enum' ? enumerator(t, field) : String(field);
  }
}

function enumerator(type: Extract<BareType, { kind: 'enum' }>, value: bigint): string {
  return type.enumerators.find((e) => e.value === value)?.name ?? String(value);
}

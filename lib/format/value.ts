import { readBits } from '../ctypes/bits.js';
import { sizeOf, type NamedMember } from '../ctypes/layout.js';
import {
  bare,
  isQualified,
  isText,
  type CType,
  type FloatFormat,
  type PointerType,
  type RecordType,
} from '../ctypes/model.js';
import { print } from '../ctypes/print.js';
import { enumeratorText } from './enum.js';
import { formatFloat } from './float.js';
import { layOut, type LayoutOptions, type Piece, type Word } from './layout.js';
import { shownMembers } from './members.js';
import { MemoryReader, WildAddress, type Memory } from './memory.js';
import { quote, wholeCharacters } from './text.js';

export interface FormatOptions extends LayoutOptions {
  /** How many levels of structs and arrays are shown; deeper ones are `{…}`. */
  readonly depth: number;
  /** How many elements of an array are shown. */
  readonly elements: number;
  /** How many bytes of a text are shown. */
  readonly characters: number;
}

/** Structs in structs: deeper than any real type. Corrupt debug info can go round in circles. */
const MAX_DEPTH = 100;
const BAD: Word = { text: '<bad address>', style: 'special' };
const CYCLE: Word = { text: '<cycle>', style: 'special' };
const MORE: Word = { text: '{…}', style: 'special' };

/** The value of type `type` at `address`, as C writes it, a struct or an array as a compound literal: `7`, `"text"`, `(struct point){ .x = 1, .y = 2.5 }`. Only what is shown is read. */
export function formatValue(type: CType, address: bigint, memory: Memory, options: FormatOptions): string {
  const t = bare(type);
  const isCompound = t.kind === 'struct' || t.kind === 'union' || (t.kind === 'array' && !isText(t.element));
  const head = isCompound ? `(${print(type)})` : '';
  return `${head}${layOut(new Formatter(memory, options).shown(type, address), head.length, options)}`;
}

/** A pointer to `target` as C writes it, with what it points to: `(int *)0x7f00 = 7`, `(char *)0x7f00 "text"`. */
export function formatPointer(
  target: CType,
  address: bigint,
  memory: Memory,
  options: FormatOptions,
): string {
  const type = `(${print({ kind: 'pointer', target, size: 8 })})`;
  const word = addressWord(address);
  const head = `${type}${options.stylize(word.text, 'special')}`;
  const formatter = new Formatter(memory, options);
  if (isText(target)) return `${head} ${layOut(formatter.shownText(address), 0, options)}`;
  if (sizeOf(target) === undefined) return head;
  const column = type.length + word.text.length + 3;
  return `${head} = ${layOut(formatter.shown(target, address), column, options)}`;
}

function addressWord(address: bigint): Word {
  return { text: `0x${address.toString(16)}`, style: 'special' };
}

/** What `show` gives, or that it came upon memory that can't be read. */
function orBad<P extends Piece>(show: () => P): P | Word {
  try {
    return show();
  } catch (error) {
    if (error instanceof WildAddress) return BAD;
    throw error;
  }
}

class Formatter {
  readonly #reader: MemoryReader;
  readonly #options: FormatOptions;
  /** The structs and unions around what is shown. */
  readonly #around: { readonly address: bigint; readonly record: RecordType }[] = [];
  /** How many more elements are shown in all: arrays in arrays would multiply. */
  #left: number;

  constructor(memory: Memory, options: FormatOptions) {
    this.#reader = new MemoryReader(memory);
    this.#options = { ...options, depth: Math.min(options.depth, MAX_DEPTH) };
    this.#left = options.elements * 100;
  }

  shown(type: CType, address: bigint): Piece {
    return orBad(() => this.#value(type, address, 0));
  }

  shownText(address: bigint): Word {
    return orBad(() => this.#text(address, Infinity));
  }

  #value(type: CType, address: bigint, level: number): Piece {
    const t = bare(type);
    switch (t.kind) {
      case 'bool':
        return bool(this.#integer(address, 0, 8, false));
      case 'int':
        return integer(this.#integer(address, 0, t.size * 8, t.signed));
      case 'enum':
        return enumeratorText(t, this.#integer(address, 0, (t.size ?? 4) * 8, t.signed));
      case 'float':
        return { text: this.#float(t.format, address, t.size), style: 'number' };
      case 'complex': {
        const half = t.size / 2;
        const imaginary = this.#float(t.format, address + BigInt(half), half);
        return { text: `${this.#float(t.format, address, half)} + ${imaginary}i`, style: 'number' };
      }
      case 'pointer':
        return this.#pointer(t, this.#integer(address, 0, 64, false));
      case 'array':
        return this.#array(t.element, t.length ?? 0, address, level);
      case 'struct':
      case 'union':
        return this.#record(t, address, level);
      default:
        return MORE;
    }
  }

  /** Text that ends at a NUL, or after `length` bytes, quoted; `…` behind it where it is longer than is shown. */
  #text(address: bigint, length: number): Word {
    const most = Math.min(length, this.#options.characters);
    const bytes: number[] = [];
    let ended = false;
    while (!ended && bytes.length < most) {
      const byte = this.#reader.read(address + BigInt(bytes.length), 1).getUint8(0);
      ended = byte === 0;
      if (!ended) bytes.push(byte);
    }
    const all = Uint8Array.from(bytes);
    if (ended || most === length) return { text: quote(all), style: 'string' };
    return { text: `${quote(wholeCharacters(all))}…`, style: 'string' };
  }

  #integer(address: bigint, shift: number, width: number, signed: boolean): bigint {
    return readBits(this.#reader.read(address, Math.ceil((shift + width) / 8)), 0, shift, width, signed);
  }

  #float(format: FloatFormat, address: bigint, size: number): string {
    return formatFloat(format, this.#reader.read(address, size), 0);
  }

  /** Where it leads, but for text not what is there: a chain would have no end. */
  #pointer({ target, reference }: PointerType, address: bigint): Word {
    if (address === 0n) return { text: 'NULL', style: 'null' };
    const shown = addressWord(address);
    if (isText(target) && reference === undefined) {
      const text = orBad(() => this.#text(address, Infinity));
      return isQualified(target, 'const') && text !== BAD ? text : { ...shown, behind: text };
    }
    const t = bare(target);
    const isAround = this.#around.some(
      (a) => a.address === address && a.record.kind === t.kind && a.record.tag === t.tag,
    );
    return isAround ? { ...shown, behind: CYCLE } : shown;
  }

  #array(element: CType, length: number, address: bigint, level: number): Piece {
    if (isText(element)) return this.#text(address, length);
    if (level >= this.#options.depth && length > 0) return MORE;
    const size = BigInt(sizeOf(element) ?? 0);
    const most = Math.min(length, this.#options.elements);
    const items: Piece[] = [];
    for (; items.length < most && this.#left > 0; this.#left--)
      items.push(this.#value(element, address + BigInt(items.length) * size, level + 1));
    const more = length - items.length;
    if (more > 0) items.push({ text: `… ${more} more${items.length === 0 ? '' : ` of ${length}`}` });
    return { items: items.map((piece) => ({ label: '', piece })) };
  }

  #record(record: RecordType, address: bigint, level: number): Piece {
    const members = shownMembers(record);
    if (level >= this.#options.depth && members.length > 0) return MORE;
    this.#around.push({ address, record });
    const items = members.map((m) => ({
      label: `.${m.name} = `,
      piece: this.#member(m, address, level),
    }));
    this.#around.pop();
    return { items };
  }

  #member({ type, offset, bitOffset = 0, bitSize }: NamedMember, address: bigint, level: number): Piece {
    const t = bare(type);
    if (bitSize === undefined || t.kind === 'unsupported')
      return this.#value(type, address + BigInt(offset), level + 1);
    const signed = (t.kind === 'int' || t.kind === 'enum') && t.signed;
    const field = this.#integer(address + BigInt(Math.floor(bitOffset / 8)), bitOffset % 8, bitSize, signed);
    if (t.kind === 'bool') return bool(field);
    return t.kind === 'enum' ? enumeratorText(t, field) : integer(field);
  }
}

function bool(value: bigint): Word {
  return { text: value === 0n ? 'false' : 'true', style: 'boolean' };
}

function integer(value: bigint): Word {
  return { text: String(value), style: 'number' };
}

import { deflateSync } from 'node:zlib';

import { CTF_F, CTF_MAGIC, CTF_VERSION_3, CTFA_MAGIC } from '../ctf/constants.js';

/** One entry of a type section, as numbers. */
interface Entry {
  readonly kind: number;
  readonly name: number;
  readonly count: number;
  /** Or the type it refers to. */
  readonly size: number;
  /** What follows, in pieces of 4 or 2 bytes. */
  readonly words: readonly number[];
  readonly halves?: readonly number[];
}

export interface CtfOptions {
  readonly littleEndian?: boolean;
  readonly flags?: number;
  /** The name of the dictionary this one is a child of. */
  readonly parent?: string;
  readonly version?: number;
}

/**
 * Writes a CTF dictionary, for what no compiler here writes: other byte orders, large members, damage.
 *
 * @example
 * const ctf = new CtfWriter();
 * const int = ctf.type(CTF_K.INTEGER, 'int', 4, [0x01000020]);
 * ctf.functions.push(['f', ctf.type(CTF_K.FUNCTION, '', int, [])]);
 * new BufferSource('.ctf', ctf.bytes());
 */
export class CtfWriter {
  /** Types of symbols, by their names. */
  readonly objects: [name: string, type: number][] = [];
  readonly functions: [name: string, type: number][] = [];
  readonly #entries: Entry[] = [];
  readonly #strings: number[] = [0];
  readonly #options: CtfOptions;

  constructor(options: CtfOptions = {}) {
    this.#options = options;
  }

  /** Adds a type and gives its id. `count` is that of its words unless told otherwise. */
  type(
    kind: number,
    name: string,
    size: number,
    words: readonly number[] = [],
    more: { count?: number; halves?: readonly number[]; nameOffset?: number } = {},
  ): number {
    const { count = 0, nameOffset = this.string(name), ...halves } = more;
    this.#entries.push({ kind, name: nameOffset, count, size, words, ...halves });
    const id = this.#entries.length;
    return this.#options.parent === undefined ? id : id + 0x80000000;
  }

  /** The reference to a string. */
  string(text: string): number {
    if (text === '') return 0;
    const start = this.#strings.length;
    this.#strings.push(...Buffer.from(text), 0);
    return start;
  }

  bytes(): Buffer {
    const {
      littleEndian = true,
      flags = CTF_F.NEWFUNCINFO,
      parent = '',
      version = CTF_VERSION_3,
    } = this.#options;
    const out: number[] = [];
    const put = (value: number, size: 2 | 4): void => {
      for (let i = 0; i < size; i++)
        out.push(Math.floor(value / 256 ** (littleEndian ? i : size - 1 - i)) % 256);
    };
    const names = [...this.objects, ...this.functions].map(([name]) => this.string(name));
    const parentName = this.string(parent);
    const borders: number[] = [];
    const section = (words: readonly number[]): void => {
      borders.push(out.length);
      for (const word of words) put(word, 4);
    };
    section([]); // labels
    section(this.objects.map(([, type]) => type));
    section(this.functions.map(([, type]) => type));
    section(names.slice(0, this.objects.length));
    section(names.slice(this.objects.length));
    section([]); // variables
    section([]);
    for (const { kind, name, count, size, words, halves = [] } of this.#entries) {
      for (const word of [name, kind * 2 ** 26 + 2 ** 25 + count]) put(word, 4);
      if (size < 0xffffffff) put(size, 4);
      else for (const word of [0xffffffff, Math.floor(size / 2 ** 32), size % 2 ** 32]) put(word, 4);
      for (const word of words) put(word, 4);
      for (const half of halves) put(half, 2);
    }
    const stringsStart = out.length;
    out.push(...this.#strings);
    const data = Buffer.from(out.splice(0));
    put(CTF_MAGIC, 2);
    out.push(version, flags);
    for (const word of [0, parentName, 0, ...borders, stringsStart, this.#strings.length]) put(word, 4);
    return Buffer.concat([Buffer.from(out), flags & CTF_F.COMPRESS ? deflateSync(data) : data]);
  }
}

/** A CTF archive of dictionaries by their names. */
export function ctfArchive(members: Readonly<Record<string, Buffer>>): Buffer {
  const words = (...values: (number | bigint)[]): Buffer => {
    const out = Buffer.alloc(values.length * 8);
    for (const [i, value] of values.entries()) out.writeBigUInt64LE(BigInt(value), i * 8);
    return out;
  };
  const entries = Object.entries(members);
  const start = 40 + 16 * entries.length;
  const table: Buffer[] = [];
  const dictionaries: Buffer[] = [];
  let [nameAt, at] = [0, 0];
  for (const [name, bytes] of entries) {
    table.push(words(nameAt, at));
    const padded = Math.ceil(bytes.length / 8) * 8;
    dictionaries.push(words(bytes.length + 8), Buffer.concat([bytes], padded));
    nameAt += name.length + 1;
    at += 8 + padded;
  }
  const header = words(CTFA_MAGIC, 2, entries.length, start + at, start);
  const names = Buffer.from(entries.map(([name]) => `${name}\0`).join(''));
  return Buffer.concat([header, ...table, ...dictionaries, names]);
}

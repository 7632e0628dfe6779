import type { ByteCursor } from '../bytes/cursor.js';
import { type ByteSource, readCString } from '../bytes/source.js';
import { CTF_F, CTF_K, CTF_LSIZE_SENT, CTF_LSTRUCT_THRESH, HIGH_BIT } from './constants.js';
import type { CtfHeader, Part } from './header.js';

/** An entry of a type section (`ctf_stype_t`, `ctf_type_t`). */
export interface CtfType {
  /** Where it stands, which is where its ids count. */
  readonly dictionary: Dictionary;
  readonly id: number;
  /** One of `CTF_K`. */
  readonly kind: number;
  /** Undefined for none. */
  readonly name: string | undefined;
  /** How many members, enumerators or parameters follow. */
  readonly count: number;
  /** In bytes; for kinds that refer to another type, that one's id. */
  readonly size: number;
  /** Where what follows begins in the dictionary's data. */
  readonly pos: number;
}

/** Type ids in the order of symbols, and which names they are for; without names, the order is that of .dynsym. */
export interface SymbolTypes {
  readonly ids: readonly number[];
  readonly names: readonly string[] | undefined;
}

/** One CTF dictionary: types by id, strings, and the types of symbols. */
export class Dictionary {
  /** The source file it is about, if it is about one. */
  readonly unit: string | undefined;
  /** Distinguishes it from the others of the section. */
  readonly number: number;
  readonly #header: CtfHeader;
  readonly #cursor: ByteCursor;
  readonly #parent: Dictionary | undefined;
  readonly #outside: ByteSource | undefined;
  #positions: readonly (number | undefined)[] | undefined;

  /** `outside` holds the strings of the ELF file's own table. */
  constructor(
    header: CtfHeader,
    number: number,
    parent: Dictionary | undefined,
    outside: ByteSource | undefined,
  ) {
    this.#header = header;
    this.#cursor = header.data;
    this.#parent = parent;
    this.#outside = outside;
    this.number = number;
    this.unit = this.string(header.unitName);
  }

  /** The dictionary's data, to be read from anywhere. */
  at(pos: number): ByteCursor {
    this.#cursor.pos = pos;
    return this.#cursor;
  }

  /** The type with that id; a `FormatError` if there is none. */
  type(id: number): CtfType {
    const isOwn = id >= HIGH_BIT === this.#isChild;
    if (!isOwn && this.#parent !== undefined && id < HIGH_BIT) return this.#parent.type(id);
    const pos = isOwn ? this.#offsets[id % HIGH_BIT] : undefined;
    if (pos === undefined) return this.#cursor.fail(`there is no type 0x${id.toString(16)}`);
    return this.#read(id, pos);
  }

  /** Every type of its own. */
  *types(): Generator<CtfType> {
    const first = this.#isChild ? HIGH_BIT : 0;
    for (let i = 1; i < this.#offsets.length; i++) yield this.type(first + i);
  }

  /** The string that a reference means; undefined for the empty one. */
  string(reference: number): string | undefined {
    const { strings } = this.#header;
    if (reference >= HIGH_BIT) {
      if (this.#outside === undefined) return this.#cursor.fail('a name in a string table that is not there');
      return readCString(this.#outside, reference - HIGH_BIT);
    }
    if (strings.start + reference >= strings.end) {
      return reference === 0
        ? undefined
        : this.#cursor.fail(`there is no string 0x${reference.toString(16)}`);
    }
    const text = this.at(strings.start + reference).cstring();
    return text === '' ? undefined : text;
  }

  /** The types of variables, or of functions. */
  symbolTypes(kind: 'variable' | 'function'): SymbolTypes {
    const header = this.#header;
    if (kind === 'function' && (header.flags & CTF_F.NEWFUNCINFO) === 0) return { ids: [], names: [] };
    const [part, namesPart] =
      kind === 'variable' ? [header.objects, header.objectNames] : [header.functions, header.functionNames];
    const ids = this.#words(part);
    const names = this.#words(namesPart).map((reference) => this.string(reference) ?? '');
    return { ids, names: names.length === 0 ? undefined : names };
  }

  /** Whether its tables without names count the symbols of .dynsym, which the library still has. */
  get countsDynamicSymbols(): boolean {
    return (this.#header.flags & CTF_F.DYNSTR) !== 0;
  }

  get #isChild(): boolean {
    return this.#header.parentName !== 0;
  }

  #words({ start, end }: Part): number[] {
    const cursor = this.at(start);
    return Array.from({ length: Math.floor((end - start) / 4) }, () => cursor.u32());
  }

  /** Where each type is, by its number; the first has number 1, and 0 is void, which is nowhere. */
  get #offsets(): readonly (number | undefined)[] {
    if (this.#positions !== undefined) return this.#positions;
    const { start, end } = this.#header.types;
    const positions: (number | undefined)[] = [undefined];
    for (let pos = start; pos < end;) {
      positions.push(pos);
      const type = this.#read(0, pos);
      pos = type.pos + followingSize(type);
      if (pos > end) this.#cursor.fail('a type that is cut off', end);
    }
    return (this.#positions = positions);
  }

  #read(id: number, pos: number): CtfType {
    const cursor = this.at(pos);
    const name = cursor.u32();
    const info = cursor.u32();
    let size = cursor.u32();
    if (size === CTF_LSIZE_SENT) size = cursor.u32() * 2 ** 32 + cursor.u32();
    const start = cursor.pos;
    return new Entry(this, id, name, info, size, start);
  }
}

/** A class, since there are many: JavaScript makes an object with a getter of its own ten times as slowly. */
class Entry implements CtfType {
  readonly dictionary: Dictionary;
  readonly id: number;
  readonly kind: number;
  readonly count: number;
  readonly size: number;
  readonly pos: number;
  readonly #name: number;

  constructor(dictionary: Dictionary, id: number, name: number, info: number, size: number, pos: number) {
    this.dictionary = dictionary;
    this.id = id;
    this.#name = name;
    this.kind = info >>> 26;
    this.count = info & 0xffffff;
    this.size = size;
    this.pos = pos;
  }

  get name(): string | undefined {
    return this.dictionary.string(this.#name);
  }
}

/** Whether a struct's or union's members have offsets of 64 bits. */
export function hasLargeMembers({ size }: CtfType): boolean {
  return size >= CTF_LSTRUCT_THRESH;
}

/** The size of what follows a type, in bytes (ctf.h, "Values for CTF_TYPE_KIND"). */
function followingSize(type: CtfType): number {
  const { kind, count, dictionary, pos } = type;
  switch (kind) {
    case CTF_K.INTEGER:
    case CTF_K.FLOAT:
      return 4;
    case CTF_K.ARRAY:
      return 12;
    case CTF_K.FUNCTION:
      // Padded to an even number of parameters.
      return 4 * (count + (count % 2));
    case CTF_K.STRUCT:
    case CTF_K.UNION:
      return count * (hasLargeMembers(type) ? 16 : 12);
    case CTF_K.ENUM:
      return 8 * count;
    case CTF_K.SLICE:
      return 8;
    case CTF_K.UNKNOWN:
    case CTF_K.POINTER:
    case CTF_K.FORWARD:
    case CTF_K.TYPEDEF:
    case CTF_K.VOLATILE:
    case CTF_K.CONST:
    case CTF_K.RESTRICT:
      return 0;
    default:
      return dictionary.at(pos).fail(`a type of kind ${kind}, which is not known`);
  }
}

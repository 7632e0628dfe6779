import type { ByteSource } from '../bytes/source.js';
import { compatible } from '../ctypes/compatible.js';
import { bare, type CType } from '../ctypes/model.js';
import { print } from '../ctypes/print.js';
import {
  TYPE_KEYWORDS,
  type Absent,
  type ConstantValue,
  type ConstantValues,
  type SymbolQuery,
  type TypeKeyword,
  type TypeName,
  type TypedSymbol,
} from '../ctypes/type-source.js';
import { FormatError } from '../errors.js';
import { readDictionaries } from './archive.js';
import { writerOf } from './array-order.js';
import { CTF_K } from './constants.js';
import type { CtfType, Dictionary, SymbolTypes } from './dictionary.js';
import { EnumSizes, type SizedType } from './enum-size.js';
import { readEnumerators } from './enum-type.js';
import { type CtfSymbol, type Slot, slotsOf } from './symbol-slots.js';
import { once, TypeReader } from './types.js';

/** What CTF needs of a library. */
export interface CtfSections {
  /** `.ctf`; `.dynstr`, whose strings it shares; `.comment`, which tells the compiler. */
  section(name: string): ByteSource | undefined;
  /** Of the machine, in bytes: 4 or 8. */
  readonly addressSize: number;
  /** What a 16-byte `long double` is on this machine. */
  readonly longDouble: 'x87' | 'binary128';
  /** What .dynsym defines, in its order. Called when a symbol is asked for. */
  symbols(): Iterable<CtfSymbol>;
}

type Kind = CtfSymbol['kind'];

const KEYWORDS = new Map<number, TypeKeyword>([
  [CTF_K.STRUCT, 'struct'],
  [CTF_K.UNION, 'union'],
  [CTF_K.ENUM, 'enum'],
  [CTF_K.TYPEDEF, 'typedef'],
]);

/** Different values of one name that are kept: two make it ambiguous already. */
const MAX_VALUES = 8;

/** The types that the CTF of one library gives to its symbols. Reads what is asked for, and keeps it. */
export class CtfInfo {
  readonly #dictionaries: () => readonly Dictionary[];
  readonly #types: () => TypeReader;
  readonly #symbols: () => SymbolTable;
  readonly #names = once(() => namesOf(this.#dictionaries()));

  constructor(sections: CtfSections) {
    this.#dictionaries = once(() => {
      const section = sections.section('.ctf');
      if (section === undefined) throw new FormatError('.ctf', undefined, 'there is no such section');
      return readDictionaries(section, sections.section('.dynstr'));
    });
    this.#symbols = once(() => new SymbolTable(this.#dictionaries(), sections.symbols()));
    const sizes = once(
      () => new EnumSizes(this.#dictionaries(), this.#symbols().variables(), sections.addressSize),
    );
    this.#types = once(() => {
      const comment = sections.section('.comment');
      const { arrays, version } = writerOf(
        comment === undefined ? '' : Buffer.from(comment.read(0, comment.size)).toString('latin1'),
      );
      return new TypeReader({
        addressSize: sections.addressSize,
        longDouble: sections.longDouble,
        arrays,
        // No other compiler writes CTF.
        compiler: version === undefined ? undefined : { name: 'gcc', version },
        enumSize: (type) => sizes().sizeOf(type),
        complete: (type) => this.#definition(type),
      });
    });
  }

  /** The type of a symbol. Corrupt CTF is an absent type, with the reason. */
  symbol(query: SymbolQuery): TypedSymbol | Absent {
    try {
      const found = this.#find(query);
      return 'reason' in found
        ? found
        : { type: found, language: undefined, declFile: undefined, declLine: undefined };
    } catch (error) {
      if (error instanceof FormatError) return { reason: error.message };
      throw error;
    }
  }

  /** The type that `struct NAME`, `NAME` … means. Throws a `FormatError` on corrupt CTF. */
  typeNamed(keyword: TypeKeyword, name: string): CType | undefined {
    const names = this.#names();
    const type = names.get(`${keyword} ${name}`)?.[0] ?? names.get(`${keyword} declaration ${name}`)?.[0];
    return type && this.#types().of(type);
  }

  /** The types that have a name. Throws a `FormatError` on corrupt CTF. */
  *typeNames(): Generator<TypeName> {
    for (const key of this.#names().keys()) {
      const words = key.split(' ');
      const keyword = TYPE_KEYWORDS.find((word) => word === words[0]);
      const name = words.at(-1);
      if (keyword !== undefined && name !== undefined) yield { keyword, name };
    }
  }

  /** Every enumerator. Throws a `FormatError` on corrupt CTF. */
  constants(): ConstantValues {
    const constants = new Map<string, ConstantValue[]>();
    for (const dictionary of this.#dictionaries()) {
      for (const type of dictionary.types()) {
        if (type.kind !== CTF_K.ENUM) continue;
        const tag = type.name;
        const unit = dictionary.unit === undefined ? '' : ` (${dictionary.unit})`;
        const origin = (tag === undefined ? 'an enum' : `enum ${tag}`) + unit;
        for (const { name, value } of readEnumerators(type)) {
          const values = constants.get(name) ?? [];
          if (values.length === 0) constants.set(name, values);
          const isNew = values.length < MAX_VALUES && values.every((known) => known.value !== value);
          if (isNew) values.push({ value, origin });
        }
      }
    }
    return constants;
  }

  #find(query: SymbolQuery): CType | Absent {
    if (query.kind === 'tls') return { reason: 'CTF has no types of thread-local variables' };
    if (query.kind === 'ifunc')
      return { reason: 'CTF has no types of functions whose code is chosen when they are loaded' };
    const { kind } = query;
    const table = this.#symbols();
    const symbol = table.find(kind, query);
    const own = symbol === undefined ? [] : table.typesOf(symbol);
    // A function's other name is in no table; a variable's is.
    const found = own.length > 0 || symbol === undefined ? own : table.typesAt(symbol);
    const [type, ...others] = found.map((each) => this.#types().of(each));
    if (type === undefined) return { reason: table.whyUntyped(kind, symbol) };
    const other = others.find((each) => !compatible(type, each));
    if (other !== undefined) {
      const both = [print(type, query.name), print(other, query.name)].join(' and ');
      return { reason: `its CTF has ${both}, of which one is static in another source file` };
    }
    if ((type.kind === 'function') !== (kind === 'function')) {
      return { reason: `its CTF has ${print(type, query.name)}, and it is a ${kind}` };
    }
    const machine = kind === 'variable' ? bare(type) : type;
    return machine.kind === 'unsupported'
      ? { reason: `${print(type, query.name)}: ${machine.reason}` }
      : type;
  }

  /** The definition of what is only declared, unless there are different ones. */
  #definition(declared: CtfType): CtfType | undefined {
    const keyword = KEYWORDS.get(declared.size) ?? 'struct';
    const [first, ...others] = this.#names().get(`${keyword} ${declared.name ?? ''}`) ?? [];
    if (first === undefined) return undefined;
    const types = this.#types();
    return others.every((other) => compatible(types.of(first), types.of(other))) ? first : undefined;
  }
}

/** The types that have a name, by what C calls them: `struct point`, `struct declaration point` where it is only declared. */
function namesOf(dictionaries: readonly Dictionary[]): Map<string, CtfType[]> {
  const names = new Map<string, CtfType[]>();
  for (const dictionary of dictionaries) {
    for (const type of dictionary.types()) {
      const { kind, name } = type;
      const keyword =
        kind === CTF_K.FORWARD ? `${KEYWORDS.get(type.size) ?? 'struct'} declaration` : KEYWORDS.get(kind);
      if (keyword === undefined || name === undefined) continue;
      const key = `${keyword} ${name}`;
      const known = names.get(key);
      if (known === undefined) names.set(key, [type]);
      else known.push(type);
    }
  }
  return names;
}

/** A dictionary's types of one kind of symbols. */
interface Table extends SymbolTypes {
  readonly dictionary: Dictionary;
  readonly byName: ReadonlyMap<string, number> | undefined;
}

/** The symbols of a library, and which types the dictionaries have for them. */
class SymbolTable {
  readonly #symbols: readonly CtfSymbol[];
  readonly #byName = new Map<string, CtfSymbol[]>();
  readonly #byAddress = new Map<string, CtfSymbol[]>();
  readonly #slots: ReadonlyMap<CtfSymbol, Slot>;
  readonly #tables: Readonly<Record<Kind, readonly Table[]>>;
  readonly #isUnreadable: boolean;

  constructor(dictionaries: readonly Dictionary[], symbols: Iterable<CtfSymbol>) {
    this.#symbols = [...symbols];
    for (const symbol of this.#symbols) {
      push(this.#byName, `${symbol.kind} ${symbol.name}`, symbol);
      push(this.#byAddress, `${symbol.kind} ${String(symbol.address)}`, symbol);
    }
    const ofKind = (kind: Kind): CtfSymbol[] => this.#symbols.filter((symbol) => symbol.kind === kind);
    this.#slots = new Map([...slotsOf(ofKind('variable')), ...slotsOf(ofKind('function'))]);
    const tables = (kind: Kind): Table[] =>
      dictionaries.map((dictionary) => {
        const { ids, names } = dictionary.symbolTypes(kind);
        const byName = names && new Map(names.map((name, i) => [name, ids[i] ?? 0]));
        return { dictionary, ids, names, byName };
      });
    this.#tables = { variable: tables('variable'), function: tables('function') };
    this.#isUnreadable = Object.values(this.#tables)
      .flat()
      .some(
        ({ ids, names, dictionary }) =>
          ids.length > 0 && names === undefined && !dictionary.countsDynamicSymbols,
      );
  }

  /** The symbol that is asked for: versions of a name have different addresses. */
  find(kind: Kind, { name, address }: SymbolQuery): CtfSymbol | undefined {
    const named = this.#byName.get(`${kind} ${name}`) ?? [];
    return (
      named.find((symbol) => symbol.address === address) ?? (address === undefined ? named[0] : undefined)
    );
  }

  /** The types that the dictionaries have for a symbol's name. */
  typesOf(symbol: CtfSymbol): CtfType[] {
    // Its versions have one name, and the type may be of any.
    if ((this.#byName.get(`${symbol.kind} ${symbol.name}`)?.length ?? 0) > 1) return [];
    return this.#tables[symbol.kind].flatMap((table) => {
      const id = table.byName === undefined ? this.#idAt(table, symbol) : table.byName.get(symbol.name);
      return id === undefined || id === 0 ? [] : [table.dictionary.type(id)];
    });
  }

  /** The types of the symbols that are at the same address: other names of the same thing. */
  typesAt(symbol: CtfSymbol): CtfType[] {
    const there = this.#byAddress.get(`${symbol.kind} ${String(symbol.address)}`) ?? [];
    return there.filter((other) => other.size === symbol.size).flatMap((other) => this.typesOf(other));
  }

  /** The variables that have a type, and a size. */
  *variables(): Generator<SizedType> {
    for (const symbol of this.#symbols) {
      if (symbol.kind !== 'variable' || symbol.size === 0) continue;
      for (const type of this.typesOf(symbol)) yield { type, size: symbol.size };
    }
  }

  whyUntyped(kind: Kind, symbol: CtfSymbol | undefined): string {
    if (this.#isUnreadable) return 'its CTF counts the symbols of .symtab, which strip removes';
    if (symbol !== undefined && (this.#byName.get(`${kind} ${symbol.name}`)?.length ?? 0) > 1) {
      return 'CTF has one type for all versions of a symbol, and does not tell of which';
    }
    return 'it has no type in the CTF';
  }

  /** The type id of a symbol in a table without names, if its place is certain. */
  #idAt({ ids, dictionary }: Table, symbol: CtfSymbol): number | undefined {
    const slot = this.#slots.get(symbol);
    if (slot === undefined || !dictionary.countsDynamicSymbols) return undefined;
    const [id, ...others] = new Set(
      Array.from({ length: slot.last - slot.first + 1 }, (_, i) => ids[slot.first + i] ?? 0),
    );
    return others.length === 0 ? id : undefined;
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}

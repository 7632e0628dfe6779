import type { CType } from '../ctypes/model.js';
import { bare } from '../ctypes/model.js';
import { FormatError } from '../errors.js';
import { UnitsByAddress } from './aranges.js';
import { DW_AT, DW_LANG, DW_TAG } from './constants.js';
import { Die } from './die.js';
import { DebugFile } from './file.js';
import { hasParameters, isPrototyped } from './function-type.js';
import { declFile } from './line-files.js';
import { NameIndex, type TypeKeyword, keywordOf } from './name-index.js';
import type { DwarfSections } from './sections.js';
import { TypeReader, once } from './types.js';
import type { Unit } from './unit.js';
import { UnitIndex } from './unit-index.js';
import { likelyEntries } from './unit-search.js';
import { unitsWithVariable } from './variable-search.js';
import { walkTop } from './walk.js';

/** A symbol whose type is asked for. */
export interface SymbolQuery {
  readonly name: string;
  readonly kind: 'function' | 'ifunc' | 'variable' | 'tls';
  /** `st_value`: the address within the file. Means nothing for `tls`. */
  readonly address: bigint;
}

/** How a symbol was matched to its entry, the most trustworthy first. */
export type Match =
  /** Address and name agree. */
  | 'exact'
  /** The definition of that name, at another address or none (identical code folding, thread-local variables). */
  | 'name'
  /** The entry at that address, which has another name. */
  | 'alias'
  /** A declaration of that name. */
  | 'declaration'
  /** The signature that an IFUNC's resolver returns a pointer to. */
  | 'resolver';

export interface TypedSymbol {
  /** A `FunctionType` for functions, the variable's own type otherwise. */
  readonly type: CType;
  readonly match: Match;
  /** What the source calls it, where that is not the symbol's name. */
  readonly dieName: string | undefined;
  /** `DW_LANG` of the unit that describes it. */
  readonly language: number | undefined;
  /** Where it is declared: the file as the compiler was given it. Read when looked at; may throw a `FormatError`. */
  readonly declFile: string | undefined;
  readonly declLine: number | undefined;
  /** The entry's offset in `.debug_info`. */
  readonly dieOffset: number;
}

/** No type, and why. */
export interface Absent {
  readonly reason: string;
}

/** Variables that are searched for one by one, at up to 10 ms for 10 MB; a further one has all units indexed. */
const MAX_SEARCHES = 8;

/** The types that the debug info of one file gives to its symbols. Reads what is asked for, and keeps it. */
export class DwarfInfo {
  readonly #file: DebugFile;
  readonly #addressSize: number;
  readonly #types: TypeReader;
  readonly #byAddress: UnitsByAddress;
  readonly #unitIndexes = new Map<Unit, UnitIndex>();
  /** The units that define a variable at an address, among those indexed so far. */
  readonly #variableUnits = new Map<bigint, Unit[]>();
  #searches = 0;
  #names: NameIndex | undefined;

  constructor(sections: DwarfSections) {
    this.#file = new DebugFile(sections);
    this.#addressSize = sections.addressSize;
    this.#types = new TypeReader((die) => this.#complete(die));
    this.#byAddress = new UnitsByAddress(this.#file);
  }

  /** The type of a symbol. Corrupt debug info is an absent type, with the reason. */
  symbol(query: SymbolQuery): TypedSymbol | Absent {
    try {
      return this.#find(query);
    } catch (error) {
      if (error instanceof FormatError) return { reason: error.message };
      throw error;
    }
  }

  /** The type that `struct NAME`, `NAME` … means. Throws a `FormatError` on corrupt debug info. */
  typeNamed(keyword: TypeKeyword, name: string): CType | undefined {
    const die = this.#nameIndex.find(keyword, name);
    return die && this.#types.of(die);
  }

  #find(query: SymbolQuery): TypedSymbol | Absent {
    const isFunction = query.kind === 'function' || query.kind === 'ifunc';
    const kind = isFunction ? 'function' : 'variable';
    /** Why an entry that was found gives no type. */
    let reason: string | undefined;
    const typed = (die: Die | undefined, match: Match): TypedSymbol | undefined => {
      if (die === undefined) return undefined;
      const why = this.#whyUntyped(die, isFunction);
      reason ??= why;
      return why === undefined ? this.#answer(query, die, match) : undefined;
    };
    if (query.kind === 'ifunc') {
      const resolved = this.#resolved(query);
      if (resolved !== undefined) return resolved;
    } else {
      const there = query.kind === 'tls' ? [] : this.#at(query, isFunction);
      const exact = typed(
        there.find((die) => isNamed(die, query.name)),
        'exact',
      );
      if (exact !== undefined) return exact;
      const named = typed(this.#nameIndex.find(kind, query.name), 'name');
      if (named !== undefined) return named;
      for (const die of there) {
        const alias = typed(die, 'alias');
        if (alias !== undefined) return alias;
      }
    }
    const declared = typed(this.#nameIndex.find(`${kind} declaration`, query.name), 'declaration');
    return declared ?? { reason: reason ?? this.#whyAbsent(query) };
  }

  /** The entries at the symbol's address; the search ends with the unit that has one of its very name. */
  #at(query: SymbolQuery, isFunction: boolean): Die[] {
    if (query.address === 0n) return [];
    const found: Die[] = [];
    const tag = isFunction ? DW_TAG.subprogram : DW_TAG.variable;
    for (const unit of this.#unitsWith(query.address, isFunction)) {
      if (!this.#unitIndexes.has(unit)) {
        // Ten times as fast as the walk that an index takes.
        for (const die of likelyEntries(unit, tag, query.address))
          if (isLikely(die, query.name)) return [die];
      }
      const index = this.#unitIndex(unit);
      found.push(...(isFunction ? index.functions(query.address) : index.variables(query.address)));
      if (found.some((die) => isNamed(die, query.name))) break;
    }
    return found;
  }

  *#unitsWith(address: bigint, isFunction: boolean): Generator<Unit> {
    if (!isFunction) {
      yield* this.#unitsWithVariable(address);
      return;
    }
    const listed = this.#byAddress.listed(address);
    yield* listed;
    if (listed.length === 0) yield* this.#byAddress.others(address);
  }

  /** Units that were indexed already come first. Many searches cost more than indexing every unit. */
  *#unitsWithVariable(address: bigint): Generator<Unit> {
    const known = this.#variableUnits.get(address) ?? [];
    yield* known;
    if (this.#searches > MAX_SEARCHES) return;
    if (this.#searches++ < MAX_SEARCHES) {
      for (const unit of unitsWithVariable(this.#file, this.#addressSize, address)) {
        if (!known.includes(unit)) yield unit;
      }
      return;
    }
    for (const unit of this.#file.units) this.#unitIndex(unit);
    for (const unit of this.#variableUnits.get(address) ?? []) if (!known.includes(unit)) yield unit;
  }

  /** An IFUNC's address is its resolver's. One that is declared to return a pointer to function says the signature. */
  #resolved(query: SymbolQuery): TypedSymbol | undefined {
    for (const die of this.#at(query, true)) {
      const resolver = this.#types.of(die);
      if (resolver.kind !== 'function') continue;
      const result = bare(resolver.result);
      if (result.kind !== 'pointer') continue;
      const target = bare(result.target);
      if (target.kind === 'function') return this.#answer(query, die, 'resolver', target);
    }
    return undefined;
  }

  #answer(query: SymbolQuery, die: Die, match: Match, type?: CType): TypedSymbol {
    const isFunction = query.kind === 'function' || query.kind === 'ifunc';
    const { name } = die;
    const file = once(() => declFile(die));
    return {
      type: type ?? (isFunction ? this.#types.of(die) : this.#types.target(die)),
      match,
      dieName: name === query.name ? undefined : name,
      language: (die.inherited(DW_AT.name) ?? die).unit.language,
      get declFile() {
        return file();
      },
      declLine: die.inherited(DW_AT.decl_line)?.number(DW_AT.decl_line),
      dieOffset: die.offset,
    };
  }

  /** Why an entry doesn't tell its type: assemblers and `-g1` write a name and an address, which would read as `void f()`. */
  #whyUntyped(die: Die, isFunction: boolean): string | undefined {
    const { unit } = die.inherited(DW_AT.name) ?? die;
    if (unit.language === DW_LANG.Mips_Assembler) return 'it is written in assembler';
    if (die.inherited(DW_AT.type) !== undefined) return undefined;
    if (!isFunction) return NO_TYPES;
    if (isPrototyped(die) || hasParameters(die) || this.#unitIndex(unit).hasTypes) return undefined;
    const external = die.inherited(DW_AT.external)?.flag(DW_AT.external) ?? false;
    return mayHaveTypes(unit, external) ? undefined : NO_TYPES;
  }

  #whyAbsent(query: SymbolQuery): string {
    if (this.#file.section('.debug_info') === undefined) return 'there is no debug info';
    const isFunction = query.kind === 'function' || query.kind === 'ifunc';
    const units = isFunction ? [...this.#unitsWith(query.address, true)] : this.#file.units;
    const split = units.find((unit) => unit.root.dwoName !== undefined)?.root.dwoName;
    if (split !== undefined) return `its debug info is in a split file, ${split}, which is not read`;
    if (units.length > 0 && units.every((unit) => unit.language === DW_LANG.Mips_Assembler)) {
      return 'it is written in assembler';
    }
    return 'it has no entry in the debug info';
  }

  #unitIndex(unit: Unit): UnitIndex {
    let index = this.#unitIndexes.get(unit);
    if (index === undefined) {
      index = new UnitIndex(unit);
      this.#unitIndexes.set(unit, index);
      for (const address of index.variableAddresses) {
        this.#variableUnits.set(address, [...(this.#variableUnits.get(address) ?? []), unit]);
      }
    }
    return index;
  }

  get #nameIndex(): NameIndex {
    this.#names ??= new NameIndex(this.#file);
    return this.#names;
  }

  /** What defines a type that `die` declares: only at file scope does the same name mean the same type. */
  #complete(die: Die): Die | undefined {
    const keyword = keywordOf(die.tag);
    const name = die.string(DW_AT.name);
    if (keyword === undefined || name === undefined) return undefined;
    const atFileScope: number[] = [];
    walkTop(die.unit, (_, pos, level) => {
      if (level === 0) atFileScope.push(pos);
    });
    return atFileScope.includes(die.pos) ? this.#nameIndex.definition(keyword, name) : undefined;
  }
}

const NO_TYPES = 'its debug info has no types (-g1)';

/** Whether a unit without any type was to have them, so that its `void f()` is meant: what compilers say and leave out. */
function mayHaveTypes(unit: Unit, external: boolean): boolean {
  const producer = new Die(unit, unit.header.rootPos).string(DW_AT.producer) ?? '';
  if (producer.startsWith('GNU ')) {
    // gcc writes the options down, unless told otherwise; the last -g counts.
    const level = producer.match(/ -g(?:gdb|dwarf)?[0-3]?(?= |$)/g)?.at(-1);
    return level !== undefined && !/[01]$/.test(level);
  }
  // rustc with debuginfo=1 writes the same entries as with 2, less the types; LLVM's own line tables have nothing external.
  return external && unit.language !== DW_LANG.Rust;
}

/** Whether what may be an entry has the name. Bytes that only look like one may fail to decode. */
function isLikely(die: Die, name: string): boolean {
  try {
    return isNamed(die, name);
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
}

function isNamed(die: Die, name: string): boolean {
  return die.linkageName === name || die.name === name;
}

import type { CType } from '../ctypes/model.js';
import { bare } from '../ctypes/model.js';
import type {
  Absent,
  ConstantValues,
  DeclaredSymbol,
  SymbolQuery,
  TypedSymbol,
  TypeName,
} from '../ctypes/type-source.js';
import { FormatError } from '../errors.js';
import { AddressTables } from './address-tables.js';
import { UnitsByAddress } from './aranges.js';
import { mayHaveTypes } from './compiler.js';
import { DW_AT, DW_LANG, DW_TAG } from './constants.js';
import { entryDensity } from './density.js';
import { DescribedSymbol } from './described-symbol.js';
import { Die } from './die.js';
import { DebugFile } from './file.js';
import { hasParameters, isPrototyped } from './function-type.js';
import type { LookupTables } from './lookup-tables.js';
import type { NameIndex, TypeKeyword } from './name-index.js';
import type { DwarfSections } from './sections.js';
import { TypeReader, once } from './types.js';
import type { Unit } from './unit.js';
import type { SymbolEntries } from './symbol-entries.js';
import { elsewhere, isFunction, lessCertain, placeOf } from './symbol-match.js';
import type { UnitIndex } from './unit-index.js';
import { addressBytes, isLikely, likelyEntries } from './unit-search.js';
import type { VariableSearch } from './variable-search.js';
import { walkTop } from './walk.js';

/** Few libraries went through dwz. */
const missingTypes = () => require('./missing-types.js') as typeof import('./missing-types.js');
/** Few libraries have an index in them. */
const lookupTables = () => require('./lookup-tables.js') as typeof import('./lookup-tables.js');
/** Loaded when a search by address has failed, or a type is asked for by name. */
const nameIndex = () => require('./name-index.js') as typeof import('./name-index.js');
const everyUnit = () => require('./every-unit.js') as typeof import('./every-unit.js');
const nameSearch = () => require('./name-search.js') as typeof import('./name-search.js');
/** Loaded when all symbols are asked for. */
const symbolEntries = () => require('./symbol-entries.js') as typeof import('./symbol-entries.js');
const unitIndex = () => require('./unit-index.js') as typeof import('./unit-index.js');
const variableSearch = () => require('./variable-search.js') as typeof import('./variable-search.js');

/** Sections that are indexes. */
const TABLES: readonly string[] = ['.gdb_index', '.debug_names'];
/** Names that are searched for one by one, at up to 10 ms for 10 MB; a further one has all units indexed. */
const MAX_SEARCHES = 8;
/** Bytes of `.debug_info` from which on an index of all names takes more time and memory than any number of searches. */
const LARGE = 1 << 26;
/** Bytes of `.debug_info` for each symbol that is asked for up to which a walk over all takes less time than searches. */
const WALKED = 1 << 17;
/** What a struct, union or enum may be declared as. */
const TYPE_TAGS: readonly number[] = [
  DW_TAG.structure_type,
  DW_TAG.class_type,
  DW_TAG.union_type,
  DW_TAG.enumeration_type,
];
/** Units that are asked why they say nothing of what is at an address: one has it, as a rule. */
const MAX_UNITS = 16;
/** Units, and names, whose indexes are kept. */
const MAX_INDEXES = 1024;

/** The types that the debug info of one file gives to its symbols. Reads what is asked for, and keeps it. */
export class DwarfInfo {
  readonly #file: DebugFile;
  readonly #addressSize: number;
  readonly #types: TypeReader;
  readonly #byAddress: UnitsByAddress;
  readonly #unitIndexes = new Map<Unit, UnitIndex>();
  /** Of all units, once many symbols are expected. */
  #entries: (() => SymbolEntries | undefined) | undefined;
  /** Why they are not read: a search for each of as many would take longer still. */
  #refused: FormatError | undefined;
  #variables: VariableSearch | undefined;
  readonly #addressTables: AddressTables;
  readonly #whyNoVariable = once(() => this.#whyNothing(this.#file.units));
  #lookupTables: LookupTables | undefined;
  #names: NameIndex | undefined;
  readonly #declared = new Map<Unit, Set<number>>();
  /** Indexes of one name each. */
  readonly #named = new Map<string, NameIndex>();

  constructor(sections: DwarfSections) {
    this.#file = new DebugFile(sections);
    this.#addressSize = sections.addressSize;
    this.#types = new TypeReader((die) => this.#complete(die));
    this.#addressTables = new AddressTables(this.#file);
    this.#byAddress = new UnitsByAddress(this.#file);
  }

  /** The type of a symbol. Corrupt debug info is an absent type, with the reason. */
  symbol(query: SymbolQuery): TypedSymbol | Absent {
    if (this.#refused !== undefined) return { reason: this.#refused.message };
    try {
      return this.#find(query);
    } catch (error) {
      if (error instanceof FormatError) return { reason: error.message };
      throw error;
    }
  }

  /** See `TypeSource.expect`. */
  expect(count: number): void {
    if (count * WALKED < this.#file.infoSize) return;
    this.#entries ??= once(() => {
      try {
        return new (symbolEntries().SymbolEntries)(this.#file);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        this.#refused = error;
        return undefined;
      }
    });
  }

  /** The type that `struct NAME`, `NAME` … means. Throws a `FormatError` on corrupt debug info. */
  typeNamed(keyword: TypeKeyword, name: string): CType | undefined {
    if (name.includes('::')) {
      const { scopedType } = require('./scoped-types.js') as typeof import('./scoped-types.js');
      const found = scopedType(this.#file, keyword, name);
      return found && this.#types.of(found);
    }
    const listed = this.#listedUnits(name);
    const quick = listed.length === 0 ? undefined : new (nameIndex().NameIndex)(listed.slice(0, 1), name);
    const names = once(() => this.#namesWith(name));
    const die =
      quick?.find(keyword, name) ??
      names()?.find(keyword, name) ??
      names()?.find(`${keyword} declaration`, name) ??
      // What is a typedef in C may be a type of the language: `wchar_t` in C++, `i32` in Rust.
      (keyword === 'typedef' ? names()?.find('base', name) : names()?.definition(`${keyword} of Rust`, name));
    return die && this.#types.of(die);
  }

  /** The types of C that have a name at file scope. Reads all names; throws a `FormatError` on corrupt debug info. */
  typeNames(): TypeName[] {
    const { readTypeNames } = require('./type-names.js') as typeof import('./type-names.js');
    return readTypeNames(this.#file);
  }

  /** Every enumerator at file scope. Throws a `FormatError` on corrupt debug info. */
  constants(): ConstantValues {
    const { readEnumerators } = require('./enumerators.js') as typeof import('./enumerators.js');
    return readEnumerators(this.#file, this.#types);
  }

  /** The symbols that are declared and not defined here. Throws a `FormatError` on corrupt debug info. */
  *declarations(): Generator<DeclaredSymbol> {
    const { declaredSymbols } = require('./declarations.js') as typeof import('./declarations.js');
    for (const die of declaredSymbols(this.#file)) {
      const name = die.linkageName ?? die.name;
      const kind = die.tag === DW_TAG.subprogram ? 'function' : 'variable';
      if (name !== undefined) yield { name, symbol: this.#answer({ name, kind, address: undefined }, die) };
    }
  }

  #find(query: SymbolQuery): TypedSymbol | Absent {
    const isIfunc = query.kind === 'ifunc';
    const resolved = isIfunc ? this.#resolved(query) : undefined;
    if (resolved !== undefined) return resolved;
    const there = isIfunc ? [] : this.#at(query);
    const exact = there.find((d) => d.isNamed(query.name)) ?? there.find((d) => d.isAliasOf(query.name));
    /** Why an entry that was found gives no type. */
    let reason = exact && this.#whyUntyped(exact, isFunction(query));
    if (exact !== undefined && reason === undefined) return this.#answer(query, exact);
    const names = once(() => this.#entries?.()?.named(query.name) ?? this.#namesWith(query.name));
    for (const die of lessCertain(query, there, names)) {
      const why = this.#whyUntyped(die, isFunction(query));
      if (why === undefined) return this.#answer(query, die);
      reason ??= why;
    }
    return { reason: reason ?? this.#whyAbsent(query, names()) };
  }

  /** The entries at the symbol's address; the search ends with the unit that has one of its very name. */
  #at(query: SymbolQuery): Die[] {
    const address = placeOf(query);
    if (address === undefined) return [];
    const entries = this.#entries?.();
    if (entries !== undefined) {
      const there = isFunction(query)
        ? entries.functions(address, query.name)
        : entries.variables(address, query.name);
      return there.filter((die) => die.isReadable);
    }
    let dies: Die[] = [];
    const tag = isFunction(query) ? DW_TAG.subprogram : DW_TAG.variable;
    for (const found of this.#unitsWith(address, isFunction(query), query.name)) {
      const unit = this.#file.complete(found);
      if (unit === undefined) continue;
      if (!this.#unitIndexes.has(unit)) {
        // Ten times as fast as the walk that an index takes.
        for (const die of likelyEntries(unit, tag, address)) if (isLikely(die, query.name)) return [die];
      }
      const index = this.#unitIndex(unit);
      const there = isFunction(query) ? index.functions(address) : index.variables(address);
      dies = dies.concat(there.filter((die) => die.isReadable));
      if (dies.some((die) => die.isNamed(query.name))) break;
    }
    return dies;
  }

  *#unitsWith(address: bigint, ofCode: boolean, name: string): Generator<Unit> {
    if (!ofCode) {
      yield* this.#listedUnits(name);
      this.#variables ??= new (variableSearch().VariableSearch)(
        this.#file,
        this.#addressSize,
        this.#byAddress,
        this.#addressTables,
      );
      yield* this.#variables.units(address);
      return;
    }
    const listed = this.#byAddress.listed(address);
    yield* listed;
    if (listed.length > 0) return;
    const known = this.#tables?.unitsAt(address) ?? [];
    yield* known;
    const bytes = addressBytes(address, this.#addressSize, this.#file.littleEndian);
    const likely = new Set(this.#addressTables.unitsWith(bytes));
    yield* likely;
    for (const unit of this.#byAddress.others(address))
      if (!known.includes(unit) && !likely.has(unit)) yield unit;
  }

  /** An IFUNC's address is its resolver's. One that is declared to return a pointer to function says the signature. */
  #resolved(query: SymbolQuery): TypedSymbol | undefined {
    for (const die of this.#at(query)) {
      const resolver = this.#types.of(die);
      if (resolver.kind !== 'function') continue;
      const result = bare(resolver.result);
      if (result.kind !== 'pointer') continue;
      const target = bare(result.target);
      if (target.kind === 'function') return this.#answer(query, die, target);
    }
    return undefined;
  }

  #answer(query: SymbolQuery, die: Die, type?: CType): TypedSymbol {
    const own = type ?? (isFunction(query) ? this.#types.of(die) : this.#types.target(die));
    return new DescribedSymbol(die, own);
  }

  /** Why an entry doesn't tell its type: assemblers and `-g1` write a name and an address, which would read as `void f()`. */
  #whyUntyped(die: Die, ofFunction: boolean): string | undefined {
    const named = die.inherited(DW_AT.name) ?? die;
    if (named.language === DW_LANG.Mips_Assembler) return 'it is written in assembler';
    const gone = this.#file.hasSupplementary ? missingTypes().whyMissing(die) : undefined;
    if (gone !== undefined) return gone;
    if (die.inherited(DW_AT.type) !== undefined) return undefined;
    if (!ofFunction) return NO_TYPES;
    const { compileUnit } = named;
    if (isPrototyped(die) || hasParameters(die) || this.#hasTypes(compileUnit)) return undefined;
    const external = die.inherited(DW_AT.external)?.flag(DW_AT.external) ?? false;
    return mayHaveTypes(compileUnit, external) ? undefined : NO_TYPES;
  }

  /** Why a part of the debug info can't be had, of a file that went through dwz. */
  get #missing(): string | undefined {
    return this.#file.hasSupplementary ? this.#file.missingSupplementary : undefined;
  }

  #whyAbsent(query: SymbolQuery, names: NameIndex | undefined): string {
    if (this.#file.section('.debug_info') === undefined) return 'there is no debug info';
    const why = this.#entries?.()?.error?.message ?? this.#whyNoUnit(query);
    if (why !== undefined) return why;
    const namesake = names?.find(isFunction(query) ? 'function' : 'variable', query.name);
    const other = namesake && elsewhere(query, namesake);
    if (other === undefined || query.kind === 'ifunc') {
      return this.#missing ?? 'it has no entry in the debug info';
    }
    return `what the debug info calls ${query.name} is another symbol, at 0x${other.toString(16)}`;
  }

  /** Why no unit that may have it says more. */
  #whyNoUnit(query: SymbolQuery): string | undefined {
    if (!isFunction(query)) return this.#whyNoVariable();
    const address = placeOf(query);
    if (address === undefined) return undefined;
    const units: Unit[] = [];
    for (const unit of this.#unitsWith(address, true, query.name)) if (units.push(unit) >= MAX_UNITS) break;
    return this.#whyNothing(units);
  }

  #whyNothing(units: readonly Unit[]): string | undefined {
    for (const unit of units) {
      const split = unit.isSkeleton ? this.#file.splitUnits.of(unit) : unit;
      if (typeof split === 'string') return split;
    }
    const isAssembler = units.every((unit) => unit.root.language === DW_LANG.Mips_Assembler);
    return units.length > 0 && isAssembler ? 'it is written in assembler' : undefined;
  }

  #hasTypes(unit: Unit): boolean {
    return this.#entries?.()?.hasTypes(unit) ?? this.#unitIndex(unit).hasTypes;
  }

  #unitIndex(unit: Unit): UnitIndex {
    let index = this.#unitIndexes.get(unit);
    if (index === undefined) {
      index = new (unitIndex().UnitIndex)(unit);
      for (const oldest of this.#unitIndexes.keys()) {
        if (this.#unitIndexes.size < MAX_INDEXES) break;
        this.#unitIndexes.delete(oldest);
      }
      this.#unitIndexes.set(unit, index);
    }
    return index;
  }

  /** The units that an index in the file has for the name. */
  #listedUnits(name: string): readonly Unit[] {
    return this.#tables?.unitsNaming(name) ?? [];
  }

  get #tables(): LookupTables | undefined {
    if (!TABLES.some((section) => this.#file.section(section) !== undefined)) return undefined;
    return (this.#lookupTables ??= new (lookupTables().LookupTables)(this.#file));
  }

  /** An index in which the name is, if anything is called so. */
  #namesWith(name: string): NameIndex | undefined {
    const isLarge = this.#file.infoSize > LARGE;
    if (this.#names !== undefined || (this.#named.size >= MAX_SEARCHES && !isLarge)) return this.#allNames;
    let found = this.#named.get(name);
    if (found === undefined) {
      const units = nameSearch().unitsNaming(this.#file, this.#byAddress, name);
      const bytes = units?.reduce((sum, unit) => sum + unit.end - unit.start, 0) ?? Infinity;
      if (bytes > this.#file.infoSize / 4 && !isLarge) return this.#allNames;
      found = new (nameIndex().NameIndex)(units ?? everyUnit().everyUnit(this.#file), name);
      for (const oldest of this.#named.keys()) {
        if (this.#named.size < MAX_INDEXES) break;
        this.#named.delete(oldest);
      }
      this.#named.set(name, found);
    }
    return found;
  }

  /** Of a file that is not too large to have one. */
  get #allNames(): NameIndex {
    this.#names ??= new (nameIndex().NameIndex)(everyUnit().everyUnit(this.#file));
    return this.#names;
  }

  /** What defines a type that `die` declares: only at file scope does the same name mean the same type. */
  #complete(die: Die): Die | undefined {
    const keyword = nameIndex().keywordOf(die.tag);
    const name = die.string(DW_AT.name);
    if (keyword === undefined || name === undefined) return undefined;
    return this.#declaredIn(die.unit).has(die.pos)
      ? this.#namesWith(name)?.definition(keyword, name)
      : undefined;
  }

  /** Where a unit declares types at file scope. */
  #declaredIn(unit: Unit): ReadonlySet<number> {
    let found = this.#declared.get(unit);
    if (found === undefined) {
      const places = (found = new Set<number>());
      const density = entryDensity(unit.end - unit.start);
      walkTop(unit, TYPE_TAGS, (abbrev, pos, level) => {
        density.count();
        if (level === 0 && abbrev.has(DW_AT.declaration)) places.add(pos);
      });
      this.#declared.set(unit, found);
    }
    return found;
  }
}

const NO_TYPES = 'its debug info has no types (-g1)';

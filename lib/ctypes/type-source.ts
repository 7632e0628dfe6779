import type { CType } from './model.js';

/** A symbol whose type is asked for. */
export interface SymbolQuery {
  readonly name: string;
  readonly kind: 'function' | 'ifunc' | 'variable' | 'tls';
  /** Where the file has it; undefined if that isn't known. Means nothing for `tls`. */
  readonly address: bigint | undefined;
}

export interface TypedSymbol {
  /** A `FunctionType` for functions, the variable's own type otherwise. */
  readonly type: CType;
  /** `DW_LANG` of the unit that describes it (DWARF v5 §7.12); undefined for C, where the source does not say. */
  readonly language: number | undefined;
  /** Where it is declared: the file as the compiler was given it. Read when looked at; may throw a `FormatError`. */
  readonly declFile: string | undefined;
  readonly declLine: number | undefined;
  /** The directory that the compiler worked in, from which `declFile` counts if it is relative; undefined where the source does not say. May throw a `FormatError`. */
  readonly compDir?: string | undefined;
}

/** A place in source text. */
export interface SourceLocation {
  /** The file as the compiler knew it, with the directory it worked in; it may be gone, or have been on another machine. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

/** No type, and why. */
export interface Absent {
  readonly reason: string;
}

/** How C names a type: `struct point`, or a typedef by its name alone. */
export const TYPE_KEYWORDS = ['struct', 'union', 'enum', 'typedef'] as const;
export type TypeKeyword = (typeof TYPE_KEYWORDS)[number];

/** A type by its name. */
export interface TypeName {
  readonly keyword: TypeKeyword;
  readonly name: string;
}

/** A value that a name stands for: an enumerator's, or a macro's. */
export interface ConstantValue {
  readonly value: bigint | number | string;
  /** What gives it, for people: `enum color (lib/color.h:7)`. Read when looked at. */
  readonly origin: string;
}

/** Constants by name, each with the different values it has: one, unless the parts of a library do not agree. */
export type ConstantValues = ReadonlyMap<string, readonly ConstantValue[]>;

/** A symbol that is declared and not defined, as the compiler understood the declaration. */
export interface DeclaredSymbol {
  /** As the linker knows it. */
  readonly name: string;
  readonly symbol: TypedSymbol;
}

/** What gives types to the symbols of a library: DWARF, CTF, a types file, declarations. */
export interface TypeSource {
  /** For people: `DWARF in /lib/libx.so`. */
  readonly name: string;
  /** Says how many symbols are going to be asked for: to find many at once takes less time than to search for each. */
  expect?(count: number): void;
  /** Corrupt types are an absent type, with the reason. */
  symbol(query: SymbolQuery): TypedSymbol | Absent;
  /** Throws a `FormatError` where the types are corrupt. */
  typeNamed(keyword: TypeKeyword, name: string): CType | undefined;
  /** The types that can be named, each at least once. Throws a `FormatError` where they are corrupt. */
  typeNames(): Iterable<TypeName>;
  /** Every constant at file scope. Throws a `FormatError` where they are corrupt. */
  constants(): ConstantValues;
  /** The symbols of others that the library uses, where the source has them; each may come more than once. Throws a `FormatError` where they are corrupt. */
  declarations?(): Iterable<DeclaredSymbol>;
}

import type { FloatFormat, Qualifier } from '../../ctypes/model.js';
import type { TypeKeyword } from '../../ctypes/type-source.js';

/*
 * The types file: the types of one library as JSON. docs/types-file.md describes it field by field; what changes its
 * meaning raises VERSION. A type is named by its place in `types`.
 */

/** What the first field of every types file says. */
export const FORMAT = 'elf-plugin types';

export const VERSION = 1;

/**
 * The whole of it, of which reader and writer have a part each.
 *
 * @public
 */
export interface TypesFile {
  readonly format: typeof FORMAT;
  readonly version: number;
  readonly library: LibraryIdentity;
  readonly source: Origin;
  readonly target: Target;
  readonly types: readonly TypeNode[];
  readonly symbols: Readonly<Record<string, SymbolEntry | readonly SymbolEntry[]>>;
  readonly names: Readonly<Record<TypeKeyword, Readonly<Record<string, number>>>>;
  readonly constants: Readonly<Record<string, ConstantEntry | readonly ConstantEntry[]>>;
}

/** The library that the types are of. Without a build-id they serve every build with that soname. */
export interface LibraryIdentity {
  readonly soname?: string | undefined;
  /** In lower-case hex. */
  readonly buildId?: string | undefined;
}

/** What the types were taken from. */
export interface Origin {
  /** For people: `sqlite3.h`, `DWARF in libx.so`. */
  readonly from: string;
  /** As `elf-plugin types --header` was given them; missing if the types are not a header's. */
  readonly headers?: readonly string[] | undefined;
  /** Further words for the compiler: `-I/opt/include`. */
  readonly cflags?: readonly string[] | undefined;
  /** `gcc 12.2.0`. */
  readonly compiler?: string | undefined;
}

/** The machine that the sizes and offsets are of. */
export interface Target {
  /** `EM_X86_64`. */
  readonly machine: string;
  readonly addressSize: number;
  readonly littleEndian: boolean;
}

export interface SymbolEntry {
  readonly type: number;
  /** Where the symbol is, `0x1139`: only if several have the name and their types differ. */
  readonly address?: string | undefined;
  /** `/usr/include/sqlite3.h:3321`. */
  readonly declared?: string | undefined;
}

/** An integer; as a string of digits where a JSON number would not be exact in every reader. */
export type Integer = number | string;

/** One of `int`, `float` and `text`. */
export interface ConstantEntry {
  readonly int?: Integer;
  /** What JSON has no number for is a string: `inf`, `-inf`, `nan`, `-0`. */
  readonly float?: number | string;
  readonly text?: string;
  readonly origin: string;
}

/** A type of `lib/ctypes/model.ts`, whose fields these are. Types are indexes; a field that is `false` or unknown is left out. */
export type TypeNode =
  | { readonly kind: 'void' }
  | { readonly kind: 'bool'; readonly name: string; readonly size: number }
  | {
      readonly kind: 'int';
      readonly name: string;
      readonly size: number;
      readonly signed: boolean;
      readonly text?: boolean | undefined;
    }
  | {
      readonly kind: 'float' | 'complex';
      readonly name: string;
      readonly size: number;
      readonly format: FloatFormat;
    }
  | {
      readonly kind: 'enum';
      readonly tag?: string | undefined;
      readonly size?: number | undefined;
      readonly signed: boolean;
      readonly enumerators: readonly (readonly [name: string, value: Integer])[];
    }
  | {
      readonly kind: 'pointer';
      readonly target: number;
      readonly size: number;
      readonly reference?: '&' | '&&' | undefined;
      readonly owned?: boolean | undefined;
    }
  | {
      readonly kind: 'array';
      readonly element: number;
      readonly length?: number | undefined;
      readonly vector?: boolean | undefined;
    }
  | {
      readonly kind: 'struct' | 'union';
      readonly tag?: string | undefined;
      readonly size?: number | undefined;
      readonly alignment?: number | undefined;
      readonly nonTrivial?: string | undefined;
      readonly members: readonly MemberNode[];
    }
  | {
      readonly kind: 'function';
      readonly result: number;
      readonly parameters: readonly { readonly name?: string | undefined; readonly type: number }[];
      readonly variadic?: boolean | undefined;
      readonly prototyped: boolean;
      readonly convention?: string | undefined;
      /** `gcc 12`. */
      readonly compiler?: string | undefined;
    }
  | {
      readonly kind: 'typedef';
      readonly name: string;
      readonly target: number;
      readonly alignment?: number | undefined;
    }
  | { readonly kind: 'qualified'; readonly qualifier: Qualifier; readonly target: number }
  | {
      readonly kind: 'unsupported';
      readonly name: string;
      readonly size?: number | undefined;
      readonly reason: string;
    };

export interface MemberNode {
  readonly name?: string | undefined;
  readonly type: number;
  readonly offset: number;
  readonly bitOffset?: number | undefined;
  readonly bitSize?: number | undefined;
  readonly alignment?: number | undefined;
}

/** An integer as it is written. */
export function integer(value: bigint): Integer {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

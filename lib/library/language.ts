import { DW_LANG, isFortran } from '../dwarf/constants.js';

/** Functions of a language that are called in its own way, whatever their types. */
interface Convention {
  readonly language: number;
  /** The symbols it is about. */
  readonly symbols: RegExp;
  /** Its name for messages, and what to do. */
  readonly name: string;
}

const CONVENTIONS: readonly Convention[] = [
  {
    // The exports of -buildmode=c-shared are wrappers in C, and units of C to the debug info.
    language: DW_LANG.Go,
    symbols: /^/,
    name: 'of Go (build it with -buildmode=c-shared, and //export the function)',
  },
  {
    // D ABI, "Name Mangling": extern(C) functions have no prefix.
    language: DW_LANG.D,
    symbols: /^_D/,
    name: 'of D (declare the function extern(C))',
  },
  {
    // The mangling of RFC 2603, and the one before it: a hash at the end of a C++ name.
    language: DW_LANG.Rust,
    symbols: /^_R|^_ZN.*17h[0-9a-f]{16}E$/,
    name: 'of Rust (declare the function #[no_mangle] pub extern "C")',
  },
];

/**
 * Procedures that are not bind(C): outside of modules their names end in an underscore (gfortran's "Naming conventions"), inside they have that of the module;
 * flang's begin with _Q.
 */
const FORTRAN = /_$|^__\w+_MOD_|^_Q/;

/** The calling convention of a function where it is its language's own; undefined for C's. `language`: `DW_LANG` of where it is described. */
export function conventionOf(symbol: string, language: number | undefined): string | undefined {
  if (isFortran(language))
    return FORTRAN.test(symbol) ? 'of Fortran (declare the procedure bind(C))' : undefined;
  return CONVENTIONS.find((c) => c.language === language && c.symbols.test(symbol))?.name;
}

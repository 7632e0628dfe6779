import { words } from '../debuginfo/header-probe/words.js';
import { typeError } from '../errors.js';
import { checkOptions, OPEN_OPTIONS, type OpenOptions, type OptionValues } from '../plugin/options.js';

/** How C is compiled. */
export interface CompilerOptions {
  /**
   * Behind `-g -shared -fPIC` and the source: a list, or text that is split as a shell does it, with nothing expanded: `'-O2 -lm'`. Paths in them are
   * relative to the working directory.
   */
  flags?: string | readonly string[];
  /** Its command: `'clang'`, `'gcc-12 -m64'`. Else `$CC` (for a C++ file `$CXX`), else gcc, clang or cc, whichever is there. tcc is refused. */
  compiler?: string;
}

/** How C is compiled, and how the library is opened. */
export interface CompileOptions extends CompilerOptions, Omit<OpenOptions, 'copies'> {
  /** Whether it is a copy of the library that nobody else has: its variables are as they are at first. False is the default. */
  fresh?: boolean;
}

const COMPILER_VALUES: OptionValues = { flags: null, compiler: "a compiler's command" };
const COMPILE_VALUES: OptionValues = {
  ...COMPILER_VALUES,
  fresh: [true, false],
  ...Object.fromEntries(Object.entries(OPEN_OPTIONS).filter(([name]) => name !== 'copies')),
};

/** Throws a `TypeError` for an option of `compileLibrary` that does not exist, or has a value it can't have. */
export function checkCompilerOptions(options: CompilerOptions): void {
  checkOptions(options, 'compileLibrary', COMPILER_VALUES);
}

/** The options of `compile` by who takes them. Throws a `TypeError` as `checkCompilerOptions` does, and for `fresh` with a global scope. */
export function splitOptions(options: CompileOptions): {
  compiler: CompilerOptions;
  fresh: boolean;
  opening: OpenOptions;
} {
  checkOptions(options, 'compile', COMPILE_VALUES);
  const { flags = [], compiler, fresh = false, ...opening } = options;
  if (fresh && opening.scope === 'global') {
    const reason = 'symbols of a global scope are shared with all copies that are opened later';
    throw typeError(
      'ERR_INVALID_ARG_VALUE',
      `compile: fresh: true does not go with scope: 'global': ${reason}`,
    );
  }
  // Whatever has the same content and is open is another compilation of it, or the original of this copy.
  return {
    compiler: { flags, ...(compiler === undefined ? {} : { compiler }) },
    fresh,
    opening: { ...opening, copies: 'allow' },
  };
}

/** `flags` in words. Throws a `TypeError` for what is no list of flags. */
export function flagWords(flags: unknown): readonly string[] {
  if (flags === undefined) return [];
  if (typeof flags === 'string') return words(flags);
  if (Array.isArray(flags) && flags.every((flag) => typeof flag === 'string' && !flag.includes('\0')))
    return flags as string[];
  throw typeError('ERR_INVALID_ARG_TYPE', 'compile: the option flags is a string or a list of strings');
}

import { typeError } from '../errors.js';
import { describe } from '../ffi/values/check.js';

/** How a library is opened. */
export interface OpenOptions {
  /**
   * `'local'` (the default): its symbols are its own. `'global'`: libraries loaded later may bind to them, and calls of one C library land in
   * another's functions of the same name.
   */
  scope?: 'local' | 'global';
  /** `'now'` (the default) reports an undefined function at once, `'lazy'` at its first call, which then ends the process. */
  binding?: 'now' | 'lazy';
  /**
   * Whether the library, and what comes with it, calls its own functions before the main program's of the same name. `'auto'` (the default): when there
   * is such a function: Node has its own zlib, OpenSSL and more. What the process has once, like `environ`, `stdout` and `malloc`, stays as it is.
   */
  deepBind?: 'auto' | boolean;
  /** Whether a byte copy of a library that is loaded already may be loaded as a second, separate one. `'refuse'` is the default. */
  copies?: 'refuse' | 'allow';
  /**
   * Whether a library is refused that was compiled with other layouts of structs than those of a library it needs, where the debug info of both tells.
   * True is the default.
   */
  versionCheck?: boolean;
  /** An exported `void name(void)` or `int name(void)` to run once per process, before `open` returns. Non-zero is a veto. */
  init?: string;
  /**
   * Where the types are, if they are not in the library: a separate debug file, or a types file that `elf-plugin types` has written. What it does not know the
   * library's own debug info may.
   */
  types?: string;
  /** C declarations of what the library exports, as in a header: `'unsigned long crc32(unsigned long, const unsigned char *, unsigned);'`. */
  declarations?: string;
  /**
   * Whether types that are nowhere on this machine are asked for at the debuginfod servers that `DEBUGINFOD_URLS` names. False is the default: a library
   * never goes to the network because of an environment variable alone.
   */
  debuginfod?: boolean;
  /** How 64-bit integers are read: `'bigint'` (the default), or `'number'` with an error where that is not exact. */
  int64?: 'bigint' | 'number';
}

/** The values that each option can have; of one that takes text, what it is; null for one that its user checks. */
export type OptionValues = Readonly<Record<string, readonly unknown[] | string | null>>;

export const OPEN_OPTIONS = {
  scope: ['local', 'global'],
  binding: ['now', 'lazy'],
  deepBind: ['auto', true, false],
  copies: ['refuse', 'allow'],
  versionCheck: [true, false],
  init: 'the name of a function',
  types: 'the path of a debug file or a types file',
  declarations: 'C declarations',
  debuginfod: [true, false],
  int64: ['bigint', 'number'],
} satisfies Record<keyof OpenOptions, readonly unknown[] | string>;

/** Throws a `TypeError` for an option that does not exist, or has a value it can't have. `caller`: the function that takes the options of `values`. */
export function checkOptions(options: object, caller = 'open', values: OptionValues = OPEN_OPTIONS): void {
  if (typeof options !== 'object' || (options as unknown) === null) {
    throw typeError(
      'ERR_INVALID_ARG_TYPE',
      `${caller}: expected an object of options, got ${describe(options)}`,
    );
  }
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    const allowed = Object.hasOwn(values, name) ? values[name] : undefined;
    if (allowed === undefined) {
      const { suggest } = require('../symbols/suggest.js') as typeof import('../symbols/suggest.js');
      const [close] = suggest(name, Object.keys(values));
      const hint =
        close === undefined ? `the options are ${Object.keys(values).join(', ')}` : `did you mean ${close}?`;
      throw typeError('ERR_INVALID_ARG_VALUE', `${caller}: there is no option ${name}: ${hint}`);
    }
    const isText = typeof allowed === 'string';
    if (value === undefined || allowed === null || (isText ? isGiven(value) : allowed.includes(value)))
      continue;
    const wanted = isText ? allowed : allowed.map((v) => JSON.stringify(v)).join(' or ');
    throw typeError(
      'ERR_INVALID_ARG_VALUE',
      `${caller}: the option ${name} is ${wanted}, not ${describe(value)}`,
    );
  }
}

/** Text that says something. */
function isGiven(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

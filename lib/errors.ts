/** What went wrong while opening, looking up or typing a symbol. The list is in docs/errors.md. */
export type PluginErrorCode =
  /** `open` failed: no such file, not loadable, a missing dependency, an option that can't be honoured. */
  | 'ERR_PLUGIN_OPEN'
  /** A byte copy of a library that is already loaded. */
  | 'ERR_PLUGIN_ALREADY_LOADED'
  /** It was compiled with other definitions of types than a library that it needs. */
  | 'ERR_PLUGIN_VERSION'
  /** The init function vetoed, died, or is still running in this very thread. */
  | 'ERR_PLUGIN_INIT'
  /** The plugin exports no such symbol. */
  | 'ERR_PLUGIN_SYMBOL'
  /** The symbol's C type is not known, could not be read, or is another than was asked for. */
  | 'ERR_PLUGIN_TYPE'
  /** The type is known, but a call or value of it can't be served safely. */
  | 'ERR_PLUGIN_UNSUPPORTED'
  /** The address is not mapped: a wild or null pointer. */
  | 'ERR_PLUGIN_BAD_ADDRESS'
  /** C could not be compiled: the compiler refuses it, or there is none. */
  | 'ERR_PLUGIN_COMPILE'
  /** A file is not what its format says. */
  | 'ERR_FORMAT';

export interface PluginErrorDetails {
  /** The library's path. */
  path?: string;
  /** The symbol's name. */
  symbol?: string;
  /** The dynamic linker's own words. */
  dlerror?: string;
  cause?: unknown;
}

/** Shared by every copy of this package in a process, so that `isPluginError` works across copies and realms. */
const brand: unique symbol = Symbol.for('elf-plugin.PluginError') as never;

/**
 * Thrown by opening, looking up and missing types. Bad arguments and values throw `TypeError` and
 * `RangeError` instead, each with a `code`, as Node's own functions do.
 *
 * @example
 * try {
 *   plugin.lookup('Missing');
 * } catch (error) {
 *   if (error instanceof PluginError) console.log(error.code, error.symbol);   // ERR_PLUGIN_SYMBOL Missing
 * }
 */
export class PluginError extends Error {
  static {
    Object.defineProperty(this.prototype, 'name', {
      value: 'PluginError',
      configurable: true,
      writable: true,
    });
    Object.defineProperty(this.prototype, brand, { value: true });
  }

  /** What went wrong, for programs: codes are stable, texts are not. */
  readonly code: PluginErrorCode;
  /** The library's path. */
  declare readonly path?: string;
  /** The symbol's name. */
  declare readonly symbol?: string;
  /** The dynamic linker's own words. */
  declare readonly dlerror?: string;

  /** @internal */
  constructor(code: PluginErrorCode, message: string, details: PluginErrorDetails = {}) {
    const { cause, ...fields } = details;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    Object.assign(this, fields);
  }
}

/**
 * Whether `error` is a `PluginError`, of this or another copy of the package, from any realm (Jest's), where `instanceof` is no help.
 *
 * @example
 * try {
 *   open('./missing.so');
 * } catch (error) {
 *   if (isPluginError(error) && error.code === 'ERR_PLUGIN_OPEN') console.log(error.path);
 * }
 */
export function isPluginError(error: unknown): error is PluginError {
  return typeof error === 'object' && error !== null && brand in error;
}

/**
 * A file whose bytes contradict its format. `subject` is a section or a part (`.debug_info`, `ELF header`),
 * `offset` counts bytes from its start.
 */
export class FormatError extends PluginError {
  readonly subject: string;
  readonly offset: number | undefined;

  constructor(subject: string, offset: number | undefined, reason: string) {
    const place = offset === undefined ? '' : ` at offset 0x${offset.toString(16)}`;
    super('ERR_FORMAT', `decoding ${subject}${place}: ${reason}`);
    this.subject = subject;
    this.offset = offset;
  }
}

export type ValueErrorCode =
  /** The wrong kind of value: a string for an int, a number for a pointer. */
  | 'ERR_INVALID_ARG_TYPE'
  /** The right kind, but not a value of this C type: a fraction for an int, an interior NUL. */
  | 'ERR_INVALID_ARG_VALUE'
  /** Too few arguments, or too many. */
  | 'ERR_ARGUMENT_COUNT'
  /** A number outside the C type, an index outside the memory. */
  | 'ERR_OUT_OF_RANGE'
  /** A write to memory that is const by its type, or mapped read-only. */
  | 'ERR_READ_ONLY';

/** A `TypeError` with a `code`, as Node's own functions throw. */
export function typeError(code: ValueErrorCode, message: string): TypeError {
  return Object.assign(new TypeError(message), { code });
}

/** A `RangeError` with the code `ERR_OUT_OF_RANGE`, as Node's own functions throw. */
export function rangeError(message: string): RangeError {
  return Object.assign(new RangeError(message), { code: 'ERR_OUT_OF_RANGE' });
}

/** The message of whatever was thrown. Errors of another realm (Jest's) are not `instanceof Error` here. */
export function messageOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message);
  return String(error);
}

/** What `read` gives, if the bytes are what their format says. */
export function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

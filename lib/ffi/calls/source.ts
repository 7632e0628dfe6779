import type { FunctionType } from '../../ctypes/model.js';

/** What a callable knows of its C function. */
export interface FunctionSource {
  readonly name: string;
  /** The address of its code. */
  readonly address: bigint;
  /** Whether that is known to be code, and need not be looked up in the memory of this process. */
  readonly isCode?: boolean;
  /** Its type; throws why there is none. */
  readonly type: () => FunctionType;
  /** Why it can't be called, where the type does not say so. */
  readonly refused?: string | undefined;
}

const sources = new WeakMap<object, FunctionSource>();

/** The C function behind a callable; undefined for any other function. */
export function sourceOf(value: unknown): FunctionSource | undefined {
  return typeof value === 'function' ? sources.get(value) : undefined;
}

/** Makes `callable` the callable of a C function. */
export function setSource(callable: object, source: FunctionSource): void {
  sources.set(callable, source);
}

/** Why a function pointer without a prototype can't be called. */
export const UNPROTOTYPED =
  'the type of the pointer does not say the parameters: look the function up, or cast the pointer to a type that does';

import type { CType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { messageOf, PluginError } from '../../errors.js';
import { koffi, type RawFunction } from '../koffi.js';
import { checkAccess, PROT } from '../mapping.js';
import type { Values } from '../values/codec.js';
import { passing, type Passing } from './passing.js';
import type { FunctionSource } from './source.js';

/** A call that is ready to be made. */
export interface BoundCall {
  readonly raw: (...args: unknown[]) => unknown;
  readonly parameters: readonly BoundParameter[];
  readonly fromC: Passing['fromC'];
  /** Whether an argument may be copied in, and back when C has returned. */
  readonly copies: boolean;
}

/** A parameter; numbers from `least` to `most` (whole ones, if `whole`) go to C as they are. */
export interface BoundParameter {
  readonly passing: Passing;
  /** What messages call it: `int add(int a, int b): argument 1 (a)`. */
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
}

/** No number is in this range. */
const NO_NUMBER = { least: NaN, most: NaN, whole: false };

/**
 * Binds the function to its type. Throws `ERR_PLUGIN_UNSUPPORTED` for a call that can't be made safely, `ERR_PLUGIN_BAD_ADDRESS` where there is no
 * code to be called.
 */
export function bindCall(source: FunctionSource, values: Values): BoundCall {
  const type = source.type();
  const prototype = print(type, source.name);
  const refuse = (reason: string): never => {
    throw new PluginError('ERR_PLUGIN_UNSUPPORTED', `${prototype}: ${reason}`, { symbol: source.name });
  };
  if (source.refused !== undefined) refuse(source.refused);
  if (type.convention !== undefined) refuse(`its calling convention ${type.convention} is not C's`);
  if (type.variadic) refuse('variadic functions can not be called yet');
  const part = (of: CType, what: string, lasting?: boolean): Passing => {
    const how = passing(of, values, lasting);
    return 'refused' in how ? refuse(`${what}: ${how.refused}`) : how;
  };
  const result = part(type.result, 'the result');
  const parameters = type.parameters.map((p, i): BoundParameter => {
    const how = part(p.type, `parameter ${i + 1}`, result.leads);
    // Without a prototype callers pass a float as a double (C17 §6.5.2.2p6).
    const promoted = !type.prototyped && how.koffi === 'float' ? { ...how, koffi: 'double' } : how;
    const name = `${prototype}: argument ${i + 1}${p.name === undefined ? '' : ` (${p.name})`}`;
    return { passing: promoted, name, ...(how.numbers ?? NO_NUMBER) };
  });
  if (source.isCode !== true) checkAccess(source.address, 1, PROT.EXEC);
  const raw = koffiFunction(source.address, result, parameters, refuse);
  return { raw, parameters, fromC: result.fromC, copies: parameters.some((p) => p.passing.copies === true) };
}

/** koffi has limits of its own, 64 parameters among them. */
function koffiFunction(
  address: bigint,
  result: Passing,
  parameters: readonly BoundParameter[],
  refuse: (reason: string) => never,
): RawFunction {
  try {
    const types = parameters.map((p) => p.passing.koffi);
    return koffi.decode(address, koffi.proto(result.koffi, types)) as RawFunction;
  } catch (error) {
    return refuse(messageOf(error));
  }
}

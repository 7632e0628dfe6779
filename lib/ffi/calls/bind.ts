import type { FunctionType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { messageOf, PluginError } from '../../errors.js';
import { koffi, type RawFunction } from '../koffi.js';
import { checkAccess, PROT } from '../mapping.js';
import type { Values } from '../values/codec.js';
import { CValue } from './c-value.js';
import { functionOf, type KoffiType } from './koffi-types.js';
import type { KoffiFunction } from './lowered.js';
import {
  endFrame,
  isByValue,
  notByValueHere,
  passing,
  returning,
  type Frame,
  type Passing,
  type Returning,
} from './passing.js';
import type { FunctionSource } from './source.js';

/** Most functions have nothing but numbers and pointers. */
const byValue = () => require('./by-value.js') as typeof import('./by-value.js');

/** A call that is ready to be made. */
export interface BoundCall {
  readonly raw: RawFunction;
  readonly parameters: readonly BoundParameter[];
  readonly fromC: Returning['fromC'];
  /** Whether an argument may be copied in, and back when C has returned. */
  readonly copies: boolean;
}

/** A parameter; numbers from `least` to `most` (whole ones, if `whole`) go to C as they are, and so does text, if `text`. */
export interface BoundParameter {
  readonly passing: Passing;
  /** What messages call it: `int add(int a, int b): argument 1 (a)`. */
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
  readonly text: boolean;
}

/** Whether an argument goes to C as it is. Most do, and need neither a frame nor a further look. */
export function isOrdinary(value: unknown, p: BoundParameter): boolean {
  if (typeof value === 'number')
    return value >= p.least && value <= p.most && (!p.whole || Number.isInteger(value));
  return typeof value === 'string' && p.text && !value.includes('\0');
}

/** An argument as koffi takes it. */
export function pass(value: unknown, p: BoundParameter, frame: Frame): unknown {
  if (isOrdinary(value, p)) return value;
  try {
    return p.passing.toC(value instanceof CValue ? value.value : value, p.name, frame);
  } catch (error) {
    // What the arguments before this one have lent is not lent.
    endFrame(frame);
    throw error;
  }
}

/** No number is in this range. */
const NO_NUMBER = { least: NaN, most: NaN, whole: false };

/**
 * Binds the function to its type, or to that of one call of a variadic function. Throws `ERR_PLUGIN_UNSUPPORTED` for a call that can't be made safely, `ERR_PLUGIN_BAD_ADDRESS` where there is no
 * code to be called.
 */
export function bindCall(
  source: FunctionSource,
  values: Values,
  type: FunctionType = source.type(),
): BoundCall {
  const prototype = print(source.type(), source.name);
  const refuse = (reason: string): never => {
    throw new PluginError('ERR_PLUGIN_UNSUPPORTED', `${prototype}: ${reason}`, { symbol: source.name });
  };
  if (source.refused !== undefined) refuse(source.refused);
  if (type.convention !== undefined) refuse(`its calling convention ${type.convention} is not C's`);
  const result = isByValue(type.result)
    ? byValue().returningByValue(type.result, values, type.compiler)
    : returning(type.result, values, `${prototype}: the result`);
  if ('refused' in result) return refuse(`the result: ${result.refused}`);
  const parameters = type.parameters.map((p, i): BoundParameter => {
    const how = isByValue(p.type)
      ? byValue().argumentByValue(p.type, values, type.compiler, result.leads)
      : passing(p.type, values, result.leads);
    if ('refused' in how) return refuse(`parameter ${i + 1}: ${how.refused}`);
    // Without a prototype callers pass a float as a double (C17 §6.5.2.2p6).
    const promoted = !type.prototyped && how.koffi === 'float' ? { ...how, koffi: 'double' } : how;
    const name = `${prototype}: argument ${i + 1}${p.name === undefined ? '' : ` (${p.name})`}`;
    return { passing: promoted, name, ...(how.numbers ?? NO_NUMBER), text: how.text === true };
  });
  if (source.isCode !== true) checkAccess(source.address, 1, PROT.EXEC);
  const scalar = { parameters: parameters.map((p) => p.passing.koffi), result: result.koffi };
  const recycle = parameters.map((p) => p.passing.recycle);
  const raw = bindRaw(source.address, type, scalar, recycle, refuse);
  return { raw, parameters, fromC: result.fromC, copies: parameters.some((p) => p.passing.copies === true) };
}

/** koffi's function, or one around it where something is passed by value. */
function bindRaw(
  address: bigint,
  type: FunctionType,
  scalar: { parameters: readonly KoffiType[]; result: KoffiType },
  recycle: readonly Passing['recycle'][],
  refuse: (reason: string) => never,
): RawFunction {
  const bind: KoffiFunction = (result, parameters) => koffiFunction(address, result, parameters, refuse);
  if (![type.result, ...type.parameters.map((p) => p.type)].some(isByValue))
    return bind(scalar.result, scalar.parameters);
  const nowhere = notByValueHere();
  if (nowhere !== undefined) refuse(nowhere.refused);
  const { lower } = require('./lowered.js') as typeof import('./lowered.js');
  const lowered = lower(type, scalar, bind, recycle);
  return 'refused' in lowered ? refuse(lowered.refused) : lowered;
}

/** koffi has limits of its own, 64 parameters among them. */
function koffiFunction(
  address: bigint,
  result: KoffiType,
  parameters: readonly KoffiType[],
  refuse: (reason: string) => never,
): RawFunction {
  try {
    return koffi.decode(address, functionOf(result, parameters)) as RawFunction;
  } catch (error) {
    return refuse(messageOf(error));
  }
}

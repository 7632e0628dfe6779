import { inspect } from 'node:util';

import type { CType, FunctionType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { Type } from '../../ctypes/type.js';
import { typeError } from '../../errors.js';
import { hold } from '../block.js';
import { badAddress } from '../mapping.js';
import { wrongKind } from '../values/check.js';
import type { CFunction, Values } from '../values/codec.js';
import type { Callback } from './callback.js';
import type { JsFunction } from './relay.js';
import { bindCall } from './bind.js';
import { callerOf, callWith, wrongCount } from './caller.js';
import { setSource, sourceOf, UNPROTOTYPED, type FunctionSource } from './source.js';
import type { VariadicCalls } from './variadic.js';

/** Few calls are asynchronous, and few functions are given to C or asked for their type. */
const asyncCalls = () => require('./async.js') as typeof import('./async.js');
const compatibility = () =>
  require('../../ctypes/compatible.js') as typeof import('../../ctypes/compatible.js');
const callbackModule = () => require('./callback.js') as typeof import('./callback.js');

/**
 * A C function as a JavaScript one. Arguments are checked as strictly as a C compiler does, and more: their number, kind and range. A function
 * that can't be called (its type is not known, or can't be served) says why when it is called.
 */
export function createFunction(source: FunctionSource, values: Values): CFunction {
  /** Bound again where it is called if that fails now: what refuses it may be gone by then. */
  let bound: Calls | undefined;
  const bind = (): Calls => (bound ??= callsOf(source, values));
  let call: CFunction;
  try {
    call = bind().sync;
  } catch {
    call = (...args) => bind().sync(...args);
  }
  // An async function, so that a wrong argument rejects.
  return describeFunction(call, async (...args) => bind().async(args), source);
}

/** A function that is bound when it is first called. */
export interface Deferred {
  /** Undefined until then. */
  sync: CFunction | undefined;
  /** Binds it; throws why it can't be called. */
  bind(): CFunction;
}

/**
 * What passes on a call: `(to) => (...args) => (to.sync ?? to.bind())(...args)`, written out for each function. The engine learns whom a call calls by
 * its place in the source: only where that is always the same one does it compile that, and koffi's function, into the caller.
 */
export type Forward = (to: Deferred) => CFunction;

/** The same as `createFunction`, bound when it is first called: for the thousands of functions that an `import` names, of which few are called. */
export function createDeferred(source: FunctionSource, values: Values, forward: Forward): CFunction {
  let bound: Calls | undefined;
  const bind = (): Calls => (bound ??= callsOf(source, values));
  const to: Deferred = { sync: undefined, bind: () => (to.sync = bind().sync) };
  return describeFunction(forward(to), async (...args) => bind().async(args), source);
}

/** The ways to call a function. */
interface Calls {
  readonly sync: CFunction;
  readonly async: (args: readonly unknown[]) => Promise<unknown>;
}

function callsOf(source: FunctionSource, values: Values): Calls {
  const type = source.type();
  if (!type.variadic) {
    const call = bindCall(source, values);
    const async = (args: readonly unknown[]): Promise<unknown> => {
      if (args.length !== call.parameters.length)
        throw wrongCount(source, args.length, call.parameters.length);
      return asyncCalls().callAsync(call, args);
    };
    return { sync: callerOf(call, source), async };
  }
  const { VariadicCalls } = require('./variadic.js') as typeof import('./variadic.js');
  const calls = new VariadicCalls(source, values);
  // What the named parameters can't do is refused here, as for any other function.
  calls.prepare(type.parameters.map(() => undefined));
  const prepare = (args: readonly unknown[]): ReturnType<VariadicCalls['prepare']> => {
    const named = type.parameters.length;
    if (args.length < named) throw wrongCount(source, args.length, named);
    return calls.prepare(args);
  };
  return {
    sync: (...args) => {
      const { call, args: promoted } = prepare(args);
      return callWith(call, promoted);
    },
    async: (args) => {
      const { call, args: promoted } = prepare(args);
      return asyncCalls().callAsync(call, promoted);
    },
  };
}

function describeFunction(
  call: CFunction,
  async: (...args: unknown[]) => Promise<unknown>,
  source: FunctionSource,
): CFunction {
  setSource(call, source);
  const text = (): string => {
    try {
      return print(source.type(), source.name);
    } catch {
      return `${source.name}: type unknown`;
    }
  };
  return Object.defineProperties(call, {
    name: { value: source.name, configurable: true },
    type: { get: () => Type.of(source.type()), configurable: true },
    address: { value: source.address, configurable: true },
    async: { value: async, configurable: true },
    toString: { value: text, configurable: true },
    [inspect.custom]: { value: text, configurable: true },
  });
}

/** The address of what stands for a C function pointer: a callable's own, or that of a new callback for a JavaScript function. */
export function functionAddress(
  type: FunctionType,
  value: unknown,
  what: string,
  values: Values,
): { address: bigint; kept: unknown } {
  if (value === null) return { address: 0n, kept: undefined };
  const { Callback } = callbackModule();
  if (value instanceof Callback) {
    if (value.disposed) throw badAddress(value.address, `${what}: the callback was disposed`);
    agreed(value.type.ctype, type, what, String(value));
    return { address: value.address, kept: value };
  }
  if (typeof value !== 'function') {
    throw wrongKind(what, { kind: 'pointer', target: type, size: 8 }, 'a function or null', value);
  }
  const source = sourceOf(value);
  if (source === undefined) {
    const callback = new Callback(type, value as JsFunction, what, values);
    return { address: callback.address, kept: callback };
  }
  agreed(source.type(), type, what, print(source.type(), source.name));
  return { address: source.address, kept: Callback.at(source.address) };
}

function agreed(own: CType, wanted: FunctionType, what: string, given: string): void {
  if (compatibility().compatible(own, wanted)) return;
  const pointer = print({ kind: 'pointer', target: wanted, size: 8 });
  throw typeError('ERR_INVALID_ARG_TYPE', `${what}: expected ${pointer}, got ${given}`);
}

/** A callable that was read from a function pointer holds the callback behind it, if it is one, until it is collected. */
const callbacks = new FinalizationRegistry<Callback>((callback) => {
  hold(callback, -1);
});

/** Callables by type and address, so that the same function pointer reads as the same function while somebody has it. */
export function createCallables(): (type: FunctionType, address: bigint, values: Values) => CFunction {
  const made = new WeakMap<FunctionType, Map<bigint, WeakRef<CFunction>>>();
  return (type, address, values) => {
    let ofType = made.get(type);
    if (ofType === undefined) made.set(type, (ofType = new Map<bigint, WeakRef<CFunction>>()));
    let callable = ofType.get(address)?.deref();
    if (callable === undefined) {
      const name = `0x${address.toString(16)}`;
      const refused = type.prototyped ? undefined : UNPROTOTYPED;
      callable = createFunction({ name, address, type: () => type, refused }, values);
      ofType.set(address, new WeakRef(callable));
      const callback = callbackModule().Callback.at(address);
      if (callback !== undefined) {
        hold(callback, 1);
        callbacks.register(callable, callback);
      }
    }
    return callable;
  };
}

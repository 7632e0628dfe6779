import { inspect } from 'node:util';

import { compatible } from '../../ctypes/compatible.js';
import type { FunctionType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { Type } from '../../ctypes/type.js';
import { PluginError, typeError } from '../../errors.js';
import { hold } from '../block.js';
import { cCalls } from '../mapping.js';
import { wrongKind } from '../values/check.js';
import type { CFunction, Values } from '../values/codec.js';
import { Callback, UNPROTOTYPED } from './callback.js';
import { bindCall, type BoundCall, type BoundParameter } from './bind.js';
import type { Frame, Lent } from './passing.js';
import { setSource, sourceOf, type FunctionSource } from './source.js';

/** A constant of this module: each call would ask the other one for its export. */
const calls = cCalls;

/**
 * A C function as a JavaScript one. Arguments are checked as strictly as a C compiler does, and more: their number, kind and range. A function
 * that can't be called (its type is not known, or can't be served) says why when it is called.
 */
export function createFunction(source: FunctionSource, values: Values): CFunction {
  let call: CFunction;
  try {
    call = wrap(bindCall(source, values), source);
  } catch {
    // Bound again where it is called: what refuses it may be gone by then.
    call = (...args) => wrap(bindCall(source, values), source)(...args);
  }
  return describeFunction(call, source);
}

/**
 * A closure for each common arity, over constants only: where it is called in a loop the engine then compiles all of it, koffi's
 * function included, into the caller. `(...args)` and a loop cost twice as much.
 */
function wrap({ raw, parameters, fromC, copies }: BoundCall, source: FunctionSource): CFunction {
  const [first, second, third] = parameters as [BoundParameter, BoundParameter, BoundParameter];
  switch (parameters.length) {
    case 0:
      return function () {
        if (arguments.length !== 0) throw wrongCount(source, arguments.length, 0);
        calls.made++;
        const returned = raw();
        return fromC === undefined ? returned : fromC(returned);
      };
    case 1:
      return function (a?: unknown) {
        if (arguments.length !== 1) throw wrongCount(source, arguments.length, 1);
        const frame: Frame = copies ? { lent: undefined } : NO_FRAME;
        const x = pass(a, first, frame);
        if (frame.lent !== undefined) return finish(raw, [x], fromC, frame.lent);
        calls.made++;
        const returned = raw(x);
        return fromC === undefined ? returned : fromC(returned);
      };
    case 2:
      return function (a?: unknown, b?: unknown) {
        if (arguments.length !== 2) throw wrongCount(source, arguments.length, 2);
        const frame: Frame = copies ? { lent: undefined } : NO_FRAME;
        const x = pass(a, first, frame);
        const y = pass(b, second, frame);
        if (frame.lent !== undefined) return finish(raw, [x, y], fromC, frame.lent);
        calls.made++;
        const returned = raw(x, y);
        return fromC === undefined ? returned : fromC(returned);
      };
    case 3:
      return function (a?: unknown, b?: unknown, c?: unknown) {
        if (arguments.length !== 3) throw wrongCount(source, arguments.length, 3);
        const frame: Frame = copies ? { lent: undefined } : NO_FRAME;
        const x = pass(a, first, frame);
        const y = pass(b, second, frame);
        const z = pass(c, third, frame);
        if (frame.lent !== undefined) return finish(raw, [x, y, z], fromC, frame.lent);
        calls.made++;
        const returned = raw(x, y, z);
        return fromC === undefined ? returned : fromC(returned);
      };
    default:
      return function (...args: unknown[]) {
        if (args.length !== parameters.length) throw wrongCount(source, args.length, parameters.length);
        const frame: Frame = { lent: undefined };
        const passed = parameters.map((p, i) => pass(args[i], p, frame));
        return finish(raw, passed, fromC, frame.lent ?? []);
      };
  }
}

/** For functions without pointer parameters, which have nothing to bring back. Nothing is ever put into it. */
const NO_FRAME: Frame = { lent: undefined };

function pass(value: unknown, p: BoundParameter, frame: Frame): unknown {
  if (
    typeof value === 'number' &&
    value >= p.least &&
    value <= p.most &&
    (!p.whole || Number.isInteger(value))
  )
    return value;
  return p.passing.toC(value, p.name, frame);
}

/** Calls C, and brings back what it changed in copies, also when a callback of JavaScript has thrown meanwhile. */
function finish(
  raw: BoundCall['raw'],
  args: readonly unknown[],
  fromC: BoundCall['fromC'],
  lent: readonly Lent[],
): unknown {
  try {
    calls.made++;
    const returned = raw(...args);
    return fromC === undefined ? returned : fromC(returned, lent);
  } finally {
    for (const one of lent) one.after?.(one);
  }
}

function describeFunction(call: CFunction, source: FunctionSource): CFunction {
  setSource(call, source);
  const text = (): string => {
    try {
      return print(source.type(), source.name);
    } catch {
      return `${source.name}: type unknown`;
    }
  };
  const refuseAsync = (): never => {
    throw new PluginError(
      'ERR_PLUGIN_UNSUPPORTED',
      `${source.name}: asynchronous calls are not supported yet`,
      {
        symbol: source.name,
      },
    );
  };
  return Object.defineProperties(call, {
    name: { value: source.name, configurable: true },
    type: { get: () => Type.of(source.type()), configurable: true },
    address: { value: source.address, configurable: true },
    async: { value: refuseAsync, configurable: true },
    toString: { value: text, configurable: true },
    [inspect.custom]: { value: text, configurable: true },
  });
}

function wrongCount(source: FunctionSource, given: number, wanted: number): TypeError {
  const arguments_ = wanted === 1 ? '1 argument' : `${wanted} arguments`;
  return typeError(
    'ERR_ARGUMENT_COUNT',
    `${print(source.type(), source.name)}: takes ${arguments_}, got ${given}`,
  );
}

/** The address of what stands for a C function pointer: a callable's own, or that of a new callback for a JavaScript function. */
export function functionAddress(
  type: FunctionType,
  value: unknown,
  what: string,
  values: Values,
): { address: bigint; kept: unknown } {
  if (value === null) return { address: 0n, kept: undefined };
  if (typeof value !== 'function') {
    throw wrongKind(what, { kind: 'pointer', target: type, size: 8 }, 'a function or null', value);
  }
  const source = sourceOf(value);
  if (source === undefined) {
    const callback = new Callback(type, value as (...args: unknown[]) => unknown, what, values);
    return { address: callback.address, kept: callback };
  }
  const own = source.type();
  if (compatible(own, type)) return { address: source.address, kept: Callback.at(source.address) };
  const wanted = print({ kind: 'pointer', target: type, size: 8 });
  throw typeError('ERR_INVALID_ARG_TYPE', `${what}: expected ${wanted}, got ${print(own, source.name)}`);
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
      const callback = Callback.at(address);
      if (callback !== undefined) {
        hold(callback, 1);
        callbacks.register(callable, callback);
      }
    }
    return callable;
  };
}

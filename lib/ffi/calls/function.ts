import { inspect } from 'node:util';

import { compatible } from '../../ctypes/compatible.js';
import { bare, type CType, type FunctionType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { Type } from '../../ctypes/type.js';
import { PluginError, typeError } from '../../errors.js';
import { koffi, type RawFunction } from '../koffi.js';
import { wrongKind } from '../values/check.js';
import type { CFunction, Values } from '../values/codec.js';
import { Callback } from './callback.js';
import { passing, type Frame, type Passing } from './passing.js';

/** What a callable knows of its C function. Both are asked for at the first use, so that looking a symbol up reads no types. */
export interface FunctionSource {
  readonly name: string;
  /** The address of its code. */
  readonly address: () => bigint;
  /** Its type; throws why there is none. */
  readonly type: () => FunctionType;
}

const sources = new WeakMap<object, FunctionSource>();

/** The C function behind a callable; undefined for any other function. */
export function sourceOf(value: unknown): FunctionSource | undefined {
  return typeof value === 'function' ? sources.get(value) : undefined;
}

/** A call that is ready to be made. */
interface Bound {
  readonly raw: (...args: unknown[]) => unknown;
  readonly parameters: readonly Passing[];
  /** What messages call each parameter. */
  readonly names: readonly string[];
  readonly result: Passing;
}

/**
 * A C function as a JavaScript one. Its type is read, and the call bound, when it is first called. Arguments are checked as strictly as a C
 * compiler does, and more: their number, kind and range.
 */
export function createFunction(source: FunctionSource, values: Values): CFunction {
  let count = -1;
  let copies = false;
  let raw: Bound['raw'];
  let parameters: readonly Passing[] = [];
  let names: readonly string[] = [];
  let p0: Passing, p1: Passing, p2: Passing;
  let n0: string, n1: string, n2: string;
  let result: Passing;

  const bindNow = (): void => {
    const bound = bind(source, values);
    ({ raw, parameters, names, result } = bound);
    [p0, p1, p2] = parameters as [Passing, Passing, Passing];
    [n0, n1, n2] = names as [string, string, string];
    copies = parameters.some((p) => p.copies);
    count = parameters.length;
  };

  /** Calls C, and brings back what it changed, also when a callback of JavaScript has thrown meanwhile. */
  const finish = (frame: Frame, args: readonly unknown[]): unknown => {
    try {
      return result.fromC(raw(...args));
    } finally {
      for (const bringBack of frame.after) bringBack();
    }
  };

  // One closure with a case for each common arity: what `(...args)` and a loop would cost twice.
  const call = function (this: unknown, a?: unknown, b?: unknown, c?: unknown): unknown {
    if (arguments.length !== count) {
      if (count < 0) bindNow();
      if (arguments.length !== count) throw wrongCount(source, arguments.length, count);
    }
    const frame: Frame = copies ? { after: [] } : NO_FRAME;
    switch (count) {
      case 0:
        return result.fromC(raw());
      case 1: {
        const x = p0.toC(a, n0, frame);
        return frame.after.length === 0 ? result.fromC(raw(x)) : finish(frame, [x]);
      }
      case 2: {
        const x = p0.toC(a, n0, frame);
        const y = p1.toC(b, n1, frame);
        return frame.after.length === 0 ? result.fromC(raw(x, y)) : finish(frame, [x, y]);
      }
      case 3: {
        const x = p0.toC(a, n0, frame);
        const y = p1.toC(b, n1, frame);
        const z = p2.toC(c, n2, frame);
        return frame.after.length === 0 ? result.fromC(raw(x, y, z)) : finish(frame, [x, y, z]);
      }
      default:
        return finish(
          frame,
          Array.from(arguments, (arg, i) => parameters[i]?.toC(arg, names[i] ?? '', frame)),
        );
    }
  };
  return describeFunction(call, source);
}

/** Nothing is ever put into it: functions without pointer parameters have nothing to bring back. */
const NO_FRAME: Frame = { after: [] };

function describeFunction(call: CFunction, source: FunctionSource): CFunction {
  sources.set(call, source);
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
    address: { get: () => source.address(), configurable: true },
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

function bind(source: FunctionSource, values: Values): Bound {
  const type = source.type();
  const prototype = print(type, source.name);
  const refuse = (reason: string): never => {
    throw new PluginError('ERR_PLUGIN_UNSUPPORTED', `${prototype}: ${reason}`, { symbol: source.name });
  };
  if (type.variadic) refuse('variadic functions can not be called yet');
  const part = (of: CType, what: string): Passing => {
    const how = passing(of, values);
    return 'refused' in how ? refuse(`${what}: ${how.refused}`) : how;
  };
  const result = part(type.result, 'the result');
  const names = type.parameters.map(
    (p, i) => `${prototype}: argument ${i + 1}${p.name === undefined ? '' : ` (${p.name})`}`,
  );
  const parameters = type.parameters.map((p, i) => {
    const how = part(p.type, `parameter ${i + 1}`);
    // Without a prototype callers pass a float as a double (C17 §6.5.2.2p6).
    return !type.prototyped && how.koffi === 'float' ? { ...how, koffi: 'double' } : how;
  });
  const proto = koffi.proto(
    result.koffi,
    parameters.map((p) => p.koffi),
  );
  return { raw: koffi.decode(source.address(), proto) as RawFunction, parameters, names, result };
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
  const source = sources.get(value);
  if (source === undefined) {
    const callback = new Callback(type, value as (...args: unknown[]) => unknown, what, values);
    return { address: callback.address, kept: callback };
  }
  const own = source.type();
  if (compatible(own, type)) return { address: source.address(), kept: undefined };
  const wanted = print({ kind: 'pointer', target: type, size: 8 });
  throw typeError('ERR_INVALID_ARG_TYPE', `${what}: expected ${wanted}, got ${print(own, source.name)}`);
}

/** Callables by address, so that the same function pointer reads as the same function. */
export function createCallables(): (type: FunctionType, address: bigint, values: Values) => CFunction {
  const made = new Map<string, CFunction>();
  return (type, address, values) => {
    const key = `${address.toString(16)} ${print(type)}`;
    let callable = made.get(key);
    if (callable === undefined) {
      const name = `0x${address.toString(16)}`;
      callable = createFunction(
        { name, address: () => address, type: () => bare(type) as FunctionType },
        values,
      );
      made.set(key, callable);
    }
    return callable;
  };
}

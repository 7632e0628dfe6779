import { Script } from 'node:vm';

import { print } from '../../ctypes/print.js';
import { typeError } from '../../errors.js';
import { koffiError } from '../koffi.js';
import { cCalls } from '../mapping.js';
import { errnoCell, state, throwFailure } from '../state.js';
import type { CFunction } from '../values/codec.js';
import { isOrdinary, pass, type BoundCall } from './bind.js';
import type { Frame, Lent } from './passing.js';
import type { FunctionSource } from './source.js';

/** A constant of this module: each call would ask the other one for its export. */
const made = cCalls;

/** Makes the function of one call. What its code uses beside it is `tools`. */
type Maker = (
  call: BoundCall,
  source: FunctionSource,
  tools: object,
  errno: Record<number, number>,
) => CFunction;

/** By the number of parameters. */
const scripts: Script[] = [];

/**
 * The JavaScript function of a C function: checks its arguments, and calls C. Its code is run anew for each, for closures of one place in the source share
 * what V8 learns there: only where a call always has the same target does V8 compile that, and koffi's function too, into the caller. A program that
 * calls five functions of two arguments would otherwise wait up to twice as long for each.
 */
export function callerOf(call: BoundCall, source: FunctionSource): CFunction {
  const { length } = call.parameters;
  const script = (scripts[length] ??= new Script(textOf(length), { filename: 'elf-plugin:call' }));
  const caller = (script.runInThisContext() as Maker)(call, source, tools, errnoCell());
  // Jest's tests run in another realm than scripts do, and have another `Function`.
  return caller instanceof Function
    ? caller
    : (Object.setPrototypeOf(caller, Function.prototype) as CFunction);
}

/** For ordinary arguments nothing is made: a rest array, or a frame, costs as much as the call. And what surrounds it is written out, not called. */
function textOf(count: number): string {
  const each = (write: (i: number) => string, separator = ', '): string =>
    Array.from({ length: count }, (_, i) => write(i)).join(separator);
  return `(function (call, source, tools, errno) {
    'use strict';
    const { finish, frameOf, isOrdinary, koffiError, made, pass, state, throwFailure, wrongCount } = tools;
    const { raw, parameters, fromC } = call;
    const [${each((i) => `p${i}`)}] = parameters;
    return function (${each((i) => `a${i}`)}) {
      if (arguments.length !== ${count}) throw wrongCount(source, arguments.length, ${count});
      let frame;
      ${each((i) => `const x${i} = isOrdinary(a${i}, p${i}) ? a${i} : pass(a${i}, p${i}, (frame ??= frameOf(call)));`, '\n      ')}
      if (frame?.lent !== undefined) return finish(call, [${each((i) => `x${i}`)}], frame.lent);
      const { active } = state;
      state.active = active + 1;
      made.made++;
      errno[0] = state.errno;
      let returned;
      try {
        returned = raw(${each((i) => `x${i}`)});
      } catch (error) {
        throw koffiError(error);
      } finally {
        state.active = active;
        state.errno = errno[0];
      }
      if (state.failed !== undefined) throwFailure();
      return fromC === undefined ? returned : fromC(returned);
    };
  })`;
}

/** A call with arguments whose number is right. */
export function callWith(call: BoundCall, args: readonly unknown[]): unknown {
  const frame: Frame = { lent: undefined };
  const passed = call.parameters.map((p, i) => pass(args[i], p, frame));
  return finish(call, passed, frame.lent ?? []);
}

/** What a call lends to C goes into it. */
function frameOf({ copies }: BoundCall): Frame {
  return copies ? { lent: undefined } : NO_FRAME;
}

/** For functions without pointer parameters, which have nothing to bring back. Nothing is ever put into it. */
const NO_FRAME: Frame = { lent: undefined };

/** As the text above calls C, where something was lent; and brings back what it changed in copies, also when a callback has thrown meanwhile. */
function finish({ raw, fromC }: BoundCall, args: readonly unknown[], lent: readonly Lent[]): unknown {
  const errno = errnoCell();
  try {
    state.active++;
    made.made++;
    errno[0] = state.errno;
    let returned: unknown;
    try {
      returned = raw(...args);
    } catch (error) {
      throw koffiError(error);
    } finally {
      state.active--;
      state.errno = errno[0];
    }
    if (state.failed !== undefined) throwFailure();
    return fromC === undefined ? returned : fromC(returned, lent);
  } finally {
    for (const one of lent) one.after?.(one);
  }
}

/** What is thrown for a call with too few arguments, or too many. */
export function wrongCount(source: FunctionSource, given: number, wanted: number): TypeError {
  const type = source.type();
  const least = type.variadic ? 'at least ' : '';
  const arguments_ = wanted === 1 ? '1 argument' : `${wanted} arguments`;
  // A definition in that form takes none; a declaration, which a header has, says nothing of them (C17 §6.7.6.3p14).
  const hint =
    type.prototyped || wanted > 0
      ? ''
      : `\n  it has no prototype; if it takes arguments, say their types: lookup('${source.name}', '${print(type.result)} (…)')`;
  return typeError(
    'ERR_ARGUMENT_COUNT',
    `${print(type, source.name)}: takes ${least}${arguments_}, got ${given}${hint}`,
  );
}

/** What a caller uses beside its call. */
const tools = { finish, frameOf, isOrdinary, koffiError, made, pass, state, throwFailure, wrongCount };

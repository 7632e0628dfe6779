import { bare, type CType, type FunctionType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { messageOf, typeError } from '../../errors.js';
import { hold } from '../block.js';
import { cCalls } from '../mapping.js';
import { arrayPlaceOf } from '../values/array.js';
import { describe } from '../values/check.js';
import type { Values } from '../values/codec.js';
import { toAddress } from '../values/pointer-codec.js';
import { Pointer } from '../values/pointer.js';
import { isRecordView } from '../values/record.js';
import { addressOf } from '../values/reflect.js';
import { passingByValue } from './by-value.js';
import { UNPROTOTYPED } from './source.js';
import { functionOf, pointerTo, type KoffiType } from './koffi-types.js';
import { liftFunction, type Lifted } from './lifted.js';
import {
  endFrame,
  isByValue,
  passing,
  pointerResult,
  type Frame,
  type Passing,
  type Refusal,
  type Returning,
} from './passing.js';
import { errnoCell, pending, state, type Owner } from '../state.js';

/** A JavaScript function as C calls it. */
export type JsFunction = (...args: unknown[]) => unknown;

/** An asynchronous call as an owner. */
export interface CallOwner extends Owner {
  /** Also takes what `callback` throws, until the call is over. */
  lend(callback: { lend(owner: Owner): () => void }): void;
}

/** Whom C calls. It may change: what is disposed says so. */
export interface Target {
  fn: JsFunction;
  /** Who takes the exceptions where no call of this thread can. */
  readonly owner: () => Owner | undefined;
}

/** How C calls JavaScript functions as functions of one C type. */
export interface Relay {
  /** koffi's type of the function pointer. */
  readonly koffi: KoffiType;
  /** What koffi calls. */
  wrap(target: Target): JsFunction;
}

/** Constants of this module: each callback would ask the other ones for their exports. */
const [calls, made] = [state, cCalls];

const relays = new WeakMap<Values, WeakMap<FunctionType, Relay | Refusal>>();

/** The relay for a function type, made once, or why C can't call JavaScript by it. */
export function relayOf(type: FunctionType, values: Values): Relay | Refusal {
  let ofValues = relays.get(values);
  if (ofValues === undefined) relays.set(values, (ofValues = new WeakMap()));
  let relay = ofValues.get(type);
  if (relay === undefined) ofValues.set(type, (relay = makeRelay(type, values)));
  return relay;
}

function makeRelay(type: FunctionType, values: Values): Relay | Refusal {
  if (type.variadic) return { refused: "a variadic callback can't be served" };
  if (!type.prototyped) return { refused: UNPROTOTYPED };
  if (type.convention !== undefined)
    return { refused: `its calling convention ${type.convention} is not C's` };
  const parameters: Incoming[] = [];
  for (const [i, p] of type.parameters.entries()) {
    const how = incoming(p.type, values);
    if ('refused' in how) return { refused: `parameter ${i + 1}: ${how.refused}` };
    parameters.push(how);
  }
  const result = outgoing(type.result, values);
  if ('refused' in result) return { refused: `the result: ${result.refused}` };
  const lifted = liftFunction(type, { parameters: parameters.map((p) => p.koffi), result: result.koffi });
  if ('refused' in lifted) return lifted;
  const isShort = lifted.isPlain && (parameters.length === 1 || parameters.length === 2);
  const run = runner(isShort, parameters, result, lifted, `the result of the callback ${print(type)}`);
  const errno = errnoCell();
  const serve: Run = (target, a, b) => {
    // C calls from another thread where no call of this one is under way.
    const holder = calls.active > 0 ? calls : (target.owner() ?? onlyCall() ?? NOBODY);
    if (holder.failed !== undefined) return lifted.zero(isShort ? [] : (a as unknown[]));
    calls.errno = errno[0] ?? 0;
    calls.running++;
    try {
      return run(target, a, b);
    } catch (error) {
      if (holder === NOBODY) rethrowLater(error);
      else holder.failed = { error };
      return lifted.zero(isShort ? [] : (a as unknown[]));
    } finally {
      calls.running--;
      made.made++;
      errno[0] = calls.errno;
    }
  };
  const wrap = (target: Target): JsFunction =>
    isShort ? (a, b) => serve(target, a, b) : (...raw) => serve(target, raw, undefined);
  try {
    return { koffi: pointerTo(functionOf(lifted.koffiResult, lifted.koffiParameters)), wrap };
  } catch (error) {
    return { refused: messageOf(error) };
  }
}

/** Runs a callback on what koffi gives: one or two arguments, if that is all and they need no putting together, otherwise a list of them as the first. */
type Run = (target: Target, a: unknown, b: unknown) => unknown;

function runner(
  isShort: boolean,
  parameters: readonly Incoming[],
  result: Outgoing,
  lifted: Lifted,
  what: string,
): Run {
  const convert = parameters.map(({ fromC }) => fromC ?? ((raw: unknown) => raw));
  const [first, second] = convert as [Convert, Convert | undefined];
  if (isShort && second === undefined) return ({ fn }, a) => result.toC(fn(first(a)), what);
  if (isShort && second !== undefined) return ({ fn }, a, b) => result.toC(fn(first(a), second(b)), what);
  return ({ fn }, list) => {
    const raw = list as unknown[];
    const args = lifted.arguments(raw).map((arg, i) => convert[i]?.(arg));
    return lifted.result(result.toC(fn(...args), what), raw);
  };
}

type Convert = (raw: unknown) => unknown;

/** Who has no call that could throw what a callback has thrown. */
const NOBODY: Owner = { failed: undefined };

/** The asynchronous call that it must be, if there is one only: C does not say which of its threads calls. */
function onlyCall(): Owner | undefined {
  return pending.size === 1 ? pending.values().next().value : undefined;
}

/** Nobody called that could be told: as from any other event, it is an uncaught exception. */
function rethrowLater(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}

/** How an argument of C's comes in. */
type Incoming = Pick<Returning, 'koffi' | 'fromC'>;

function incoming(type: CType, values: Values): Incoming | Refusal {
  if (isByValue(type)) return passingByValue(type, values);
  const t = bare(type);
  return t.kind === 'pointer'
    ? pointerResult(t, values)
    : passing(type, values, false, 'an argument of the callback');
}

/** How what the function returns goes to C. */
interface Outgoing {
  readonly koffi: KoffiType;
  toC(value: unknown, what: string): unknown;
}

/** For results that lend nothing. */
const NO_FRAME: Frame = { lent: undefined };

/** How a result of `type` goes to C. What a pointer leads to must outlive the call: it is kept until the function has returned the next one. */
function outgoing(type: CType, values: Values): Outgoing | Refusal {
  const t = bare(type);
  if (t.kind === 'void') return { koffi: 'void', toC: () => undefined };
  if (t.kind === 'pointer') return pointerOutgoing(type, values);
  const how: Passing | Refusal = isByValue(type) ? passingByValue(type, values) : passing(type, values);
  if ('refused' in how) return how;
  if (how.copies !== true) return { koffi: how.koffi, toC: (value, what) => how.toC(value, what, NO_FRAME) };
  // What a struct's pointers lead to must outlive the call, too.
  let last: Frame = { lent: undefined };
  const toC = (value: unknown, what: string): unknown => {
    const frame: Frame = { lent: undefined };
    const given = how.toC(value, what, frame);
    endFrame(last);
    last = frame;
    return given;
  };
  return { koffi: how.koffi, toC };
}

function pointerOutgoing(type: CType, values: Values): Outgoing {
  const t = bare(type);
  let last: unknown;
  const toC = (value: unknown, what: string): bigint => {
    const pointer =
      isRecordView(value) || arrayPlaceOf(value) !== undefined ? addressOf(value as object) : value;
    if (
      typeof pointer === 'object' &&
      pointer !== null &&
      !(pointer instanceof Pointer) &&
      !(Symbol.dispose in pointer)
    ) {
      const reason = 'nobody would keep it for C: return a Pointer (of alloc or malloc) or a view';
      throw typeError(
        'ERR_INVALID_ARG_TYPE',
        `${what}: ${describe(value)} can't go to C as ${print(type)}: ${reason}`,
      );
    }
    if (t.kind !== 'pointer') throw new TypeError(what);
    const { address, kept } = toAddress(type, t, pointer, what, values);
    hold(kept, 1);
    hold(last, -1);
    last = kept;
    return address;
  };
  return { koffi: 'void *', toC };
}

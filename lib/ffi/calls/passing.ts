import { bare, type CType, type PointerType } from '../../ctypes/model.js';
import { Block } from '../block.js';
import { wrongKind } from '../values/check.js';
import type { Values } from '../values/codec.js';
import { fromBigInt, integerCheck, limits } from '../values/integer.js';
import { integerMachine } from '../values/machine.js';
import { isConstText, pointerReader } from '../values/pointer-codec.js';
import type { KoffiType } from './koffi-types.js';
import type { CallOwner } from './relay.js';

/** Memory of JavaScript's that C has during a call. */
export interface Lent {
  readonly memory: Block | ArrayBufferView<ArrayBuffer>;
  /** What is to be done once C has returned: to bring what it changed in a copy back to the object it was made from. */
  readonly after?: (lent: Lent) => void;
  /** Whether the result leads into it, so that it lives on. */
  returned?: boolean;
}

/** What a call has lent to C, as far as it matters when C has returned. */
export interface Frame {
  lent: Lent[] | undefined;
  /** Of an asynchronous call: who takes what its callbacks throw. */
  readonly owner?: CallOwner;
}

/** C is done with what a call has lent to it. */
export function endFrame(frame: Frame): void {
  const { lent } = frame;
  frame.lent = undefined;
  for (const one of lent ?? []) one.after?.(one);
}

/** Numbers that go to C as they are, without a further look. */
export interface NumberRange {
  readonly least: number;
  readonly most: number;
  /** Only whole numbers. */
  readonly whole: boolean;
}

/** How a result of one C type comes through koffi. */
export interface Returning {
  /** koffi's type of the same size and ABI class. Anonymous: koffi's named types are global to the process. */
  readonly koffi: KoffiType;
  /** What koffi gave, as JavaScript sees it; left out where that is the same. `lent` is what the call lent to C. */
  readonly fromC?: ((raw: unknown, lent?: readonly Lent[]) => unknown) | undefined;
  /** Whether a result may lead into what the call lent to C. */
  readonly leads?: boolean;
}

/** How values of one C type go through koffi, as argument or result. */
export interface Passing extends Returning {
  /** A JavaScript value as koffi takes it; throws what is wrong with it. `what` names the parameter. */
  toC(value: unknown, what: string, frame: Frame): unknown;
  /** Takes back what `toC` has made, for the next call. */
  readonly recycle?: (value: unknown) => void;
  /** The numbers that koffi takes for what `toC` would return: most calls need no more than a comparison. */
  readonly numbers?: NumberRange;
  /** Whether `toC` would return any text unchanged in which there is no NUL. */
  readonly text?: boolean;
  /** Whether `toC` may put something into the frame. */
  readonly copies?: boolean;
}

/** Why a type can't be passed or returned by value. */
export interface Refusal {
  readonly refused: string;
}

/** Loaded when there is a float. */
const float = () => require('../values/float.js') as typeof import('../values/float.js');

const ANY_NUMBER: NumberRange = { least: -Infinity, most: Infinity, whole: false };

/** Whether a value of `type` is passed as what the ABI makes of it, rather than as what koffi does. */
export function isByValue(type: CType): boolean {
  const t = bare(type);
  switch (t.kind) {
    case 'struct':
    case 'union':
    case 'complex':
      return true;
    case 'int':
    case 'enum':
      return (t.size ?? 0) > 8;
    case 'float':
      return t.format !== 'binary32' && t.format !== 'binary64';
    case 'array':
      return t.vector;
    default:
      return false;
  }
}

/** Why nothing that is `isByValue` goes from or to C on this machine; undefined on x86-64, where the proof of the ABI has run. */
export function notByValueHere(): Refusal | undefined {
  if (process.arch === 'x64') return undefined;
  return { refused: `values of structs are not passed on ${process.arch} yet; by pointer they are` };
}

/** How a result of `type` comes from C, or why it does not. `what` names it in messages. */
export function returning(type: CType, values: Values, what: string): Returning | Refusal {
  const t = bare(type);
  if (t.kind !== 'pointer') return passing(type, values, false, what);
  // koffi makes a string of `str` itself, in 0.1 µs against 4, and takes the function at its word that it gives text.
  return isConstText(t) ? { koffi: 'str' } : pointerResult(t, values);
}

/**
 * How `type` is passed, or why it is not. `lasting` says that what an argument lends to C may be what the result leads into; `what` names the result in
 * messages.
 */
export function passing(
  type: CType,
  values: Values,
  lasting = false,
  what = 'what C gives',
): Passing | Refusal {
  const t = bare(type);
  switch (t.kind) {
    case 'bool':
      if (t.size === 1) return { koffi: 'bool', toC: (v, what) => booleanOf(v, what, type) };
      return {
        koffi: `uint${t.size * 8}`,
        toC: (v, what) => Number(booleanOf(v, what, type)),
        fromC: (raw) => raw !== 0,
      };
    case 'int':
    case 'enum':
      return integerPassing(type, t.size ?? 4, t.signed, values, what);
    case 'float':
      if (t.format !== 'binary32' && t.format !== 'binary64') return byValue(t.name);
      return {
        koffi: t.format === 'binary32' ? 'float' : 'double',
        toC: float().floatCheck(type),
        numbers: ANY_NUMBER,
      };
    case 'pointer': {
      const { pointerArgument } = require('./pointer-argument.js') as typeof import('./pointer-argument.js');
      const argument = pointerArgument(type, t, values, lasting);
      return isConstText(t) ? { ...argument, koffi: 'str' } : argument;
    }
    case 'void':
      return { koffi: 'void', toC: () => undefined };
    case 'complex':
      return byValue(t.name);
    case 'struct':
    case 'union':
      return byValue(`a ${t.kind}`);
    case 'array':
      return byValue(t.vector ? 'a vector' : 'an array');
    case 'function':
      return byValue('a function');
    case 'unsupported':
      return { refused: `${t.name}: ${t.reason}` };
  }
}

function byValue(what: string): Refusal {
  return { refused: `${what} by value can't be passed or returned yet; by pointer it can` };
}

function booleanOf(value: unknown, what: string, type: CType): boolean {
  if (typeof value === 'boolean') return value;
  throw wrongKind(what, type, 'a boolean', value);
}

function integerPassing(
  type: CType,
  size: number,
  signed: boolean,
  values: Values,
  result: string,
): Passing | Refusal {
  const machine = integerMachine(size, signed);
  if (machine === undefined) return byValue(`an integer of ${size * 8} bits`);
  const toC = integerCheck(type, size, signed);
  if (size < 8) {
    const { least, most } = limits(size * 8, signed);
    return { koffi: machine, toC, numbers: { least: Number(least), most: Number(most), whole: true } };
  }
  // koffi passes them exactly, and sooner than bigints.
  const safe = { least: signed ? Number.MIN_SAFE_INTEGER : 0, most: Number.MAX_SAFE_INTEGER, whole: true };
  // koffi gives a number where it is exact, else a bigint.
  const fromC = (raw: unknown): bigint | number => {
    const exact = BigInt(raw as number | bigint);
    // koffi gives a callback its unsigned arguments as signed ones (3.3.4, interp.cc: RELAY of PushUInt64).
    return fromBigInt(signed ? exact : BigInt.asUintN(64, exact), values.int64, result);
  };
  return { koffi: machine, toC, fromC, numbers: safe };
}

/** How a pointer comes from C as its address, which is looked at here: koffi reads the text of `str` at any address. */
export function pointerResult(pointer: PointerType, values: Values): Required<Returning> {
  const fromAddress = pointerReader(pointer, values);
  const fromC = (raw: unknown, lent?: readonly Lent[]): unknown => {
    const address = addressOf(raw);
    return fromAddress(address, lent === undefined ? undefined : lentAround(address, lent));
  };
  return { koffi: 'void *', fromC, leads: bare(pointer.target).kind !== 'function' };
}

/** The lent memory that `address` leads into, one past its end included, as a block that keeps it. */
function lentAround(address: bigint, lent: readonly Lent[]): Block | undefined {
  let found: { lent: Lent; block: Block } | undefined;
  for (const one of lent) {
    const block = one.memory instanceof Block ? one.memory : Block.over(one.memory);
    const offset = address - block.address;
    if (offset < 0n || offset > BigInt(block.size)) continue;
    // What ends here may have another behind it, which begins here.
    if (found === undefined || offset < BigInt(block.size)) found = { lent: one, block };
  }
  if (found !== undefined) found.lent.returned = true;
  return found?.block;
}

/** koffi gives null for address 0. */
function addressOf(raw: unknown): bigint {
  return raw === null ? 0n : (raw as bigint);
}

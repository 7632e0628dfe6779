import { alignOf, sizeOf } from '../../ctypes/layout.js';
import type { FunctionType } from '../../ctypes/model.js';
import { classify, type Eightbyte, type NotPassed } from '../abi/classify.js';
import { PADDING, place, REGISTERS, type Piece, type Placement } from '../abi/place.js';
import { Block } from '../block.js';
import type { RawFunction } from '../koffi.js';
import { isByValue } from './passing.js';
import { FlatValue, made } from './flat.js';
import { exactType, fastType, isFast, loadExact, loadFast, store } from './eightbytes.js';
import { bytesOf, pairOf, type KoffiType } from './koffi-types.js';

/*
 * Values that koffi has no type for, or gets wrong: structs, unions, complex numbers, 128 bits. They are taken apart as the ABI does it, and koffi is given the
 * registers one by one. It fills both kinds in the order of its parameters, and puts on the stack what finds no register: the parameters that go there
 * come last, behind zeros for the integer registers that are left over.
 */

/** Constants of this module: each call would ask the other ones for their exports. */
const [Flat, Memory] = [FlatValue, Block];

/** A parameter of koffi's, and what it is given: a part of an argument, the place for the result, or nothing. */
export interface Slot {
  readonly koffi: KoffiType;
  readonly source: Piece | typeof PADDING | 'result';
}

/** koffi's function for a result and parameters of its types. */
export type KoffiFunction = (result: KoffiType, parameters: readonly KoffiType[]) => RawFunction;

/**
 * A function in koffi's terms: it takes a block with its bytes for each argument that `isByValue`, or its eightbytes, and returns such a block.
 * `scalar`: koffi's type for a parameter, or the result, that is not taken apart. `bind` may throw.
 */
export function lower(
  type: FunctionType,
  scalar: { parameters: readonly KoffiType[]; result: KoffiType },
  bind: KoffiFunction,
  recycle: readonly (((value: unknown) => void) | undefined)[],
): RawFunction | NotPassed {
  const result = lowerResult(type, scalar.result);
  if ('refused' in result) return result;
  const hasHidden = result.hidden !== undefined;
  const placement = place(
    type.parameters.map((p) => p.type),
    hasHidden,
    type.compiler,
  );
  if ('refused' in placement) return placement;
  const byValue = type.parameters.map((p) => isByValue(p.type));
  const slotsWith = (registerType: (e: Eightbyte) => KoffiType): Slot[] =>
    slotsOf(placement, hasHidden, (piece) =>
      byValue[piece.parameter] === true
        ? partType(piece, registerType)
        : (scalar.parameters[piece.parameter] ?? 'void *'),
    );
  const bound = (slots: readonly Slot[]): RawFunction =>
    bind(
      result.koffi,
      slots.map((s) => s.koffi),
    );
  const slots = slotsWith(fastType);
  const fast = bound(slots);
  const callFast = calling(fast, slots);
  let exact: RawFunction | undefined;
  const floats = placement.sse.filter((p) => byValue[p.parameter] === true);
  /** Whether these arguments go as koffi's exact types. */
  const isExact = (given: readonly unknown[]): boolean => {
    for (const { parameter, offset, eightbyte } of floats) {
      const value = given[parameter];
      if (eightbyte !== undefined && value instanceof Memory && !isFast(value.data, offset, eightbyte))
        return true;
    }
    return false;
  };
  const exactly = (): RawFunction => (exact ??= bound(slotsWith(exactType)));
  const call = (...given: unknown[]): unknown => {
    const hidden = result.hidden?.();
    const returned = isExact(given)
      ? exactly()(...slots.map((s) => part(s, given, hidden, loadExact)))
      : callFast(given, hidden);
    for (let i = 0; i < given.length; i++) recycle[i]?.(given[i]);
    return result.value(returned, hidden, true);
  };
  const async = (...given: unknown[]): void => {
    const done = given.pop() as (error: unknown, value: unknown) => void;
    const hidden = result.hidden?.();
    const [raw, load] = isExact(given) ? [exactly(), loadExact] : [fast, loadFast];
    const args = slots.map((s) => part(s, given, hidden, load));
    raw.async(...args, (error: unknown, returned: unknown) => {
      done(error, error === null ? result.value(returned, hidden, false) : undefined);
    });
  };
  const isWhole = (scalar.result !== 'void' || !isByValue(type.result)) && placement.stack.length === 0;
  return Object.assign((isWhole ? shortcut(fast, slots, byValue, call) : undefined) ?? call, { async });
}

/**
 * `call`, but for arguments that are all in registers, each struct as its eightbytes alone. Code made for this function: one that all functions share knows
 * koffi's for the first of them only, and from the third on takes 1.2 times as long. Undefined where no code can be made.
 */
function shortcut(
  raw: RawFunction,
  slots: readonly Slot[],
  byValue: readonly boolean[],
  call: (...given: unknown[]) => unknown,
): typeof call | undefined {
  const names = byValue.map((_, i) => `g${i}`);
  const structs = names.filter((_, i) => byValue[i] === true);
  if (structs.length === 0) return undefined;
  const passed = slots.map(({ source }) => {
    if (source === PADDING || source === 'result') return '0';
    const name = names[source.parameter] ?? '';
    if (byValue[source.parameter] !== true) return name;
    return source.offset === 0 ? `${name}.first` : `${name}.second`;
  });
  const isFlat = structs.map((name) => `${name} instanceof Flat`).join(' && ');
  return made(names.join(), { Flat, raw, call }, [
    `return ${isFlat} ? raw(${passed.join()}) : call(${names.join()});`,
  ]) as typeof call | undefined;
}

/** koffi's parameters for arguments that are placed so. */
export function slotsOf(
  { integer, sse, stack }: Placement,
  hidden: boolean,
  koffiType: (piece: Piece) => KoffiType,
): Slot[] {
  const slot = (piece: Piece): Slot => ({ koffi: koffiType(piece), source: piece });
  const padding: Slot = { koffi: 'int64', source: PADDING };
  const slots: Slot[] = hidden ? [{ koffi: 'void *', source: 'result' }] : [];
  slots.push(...integer.map(slot));
  const left = stack.length === 0 ? 0 : REGISTERS.integer - slots.length;
  slots.push(...Array.from({ length: left }, () => padding), ...sse.map(slot));
  return slots.concat(stack.map((s) => (s === PADDING ? padding : slot(s))));
}

/** koffi's type for a part of an argument that is taken apart. */
export function partType({ eightbyte, size }: Piece, registerType: (e: Eightbyte) => KoffiType): KoffiType {
  if (eightbyte !== undefined) return registerType(eightbyte);
  // On the stack whatever its class is: the integer registers are taken.
  return bytesOf('uint8', size);
}

/**
 * A call with what `part` makes of the arguments. A closure over constants for each number of slots that is common: the engine then compiles koffi's
 * function into it, and there is no array between, which together takes as long as the call.
 */
function calling(
  raw: RawFunction,
  slots: readonly Slot[],
): (given: readonly unknown[], hidden: Block | undefined) => unknown {
  const [a, b, c, d] = slots as [Slot, Slot, Slot, Slot];
  switch (slots.length) {
    case 1:
      return (given, hidden) => raw(part(a, given, hidden, loadFast));
    case 2:
      return (given, hidden) => raw(part(a, given, hidden, loadFast), part(b, given, hidden, loadFast));
    case 4:
      return (given, hidden) =>
        raw(
          part(a, given, hidden, loadFast),
          part(b, given, hidden, loadFast),
          part(c, given, hidden, loadFast),
          part(d, given, hidden, loadFast),
        );
    default:
      return (given, hidden) => raw(...slots.map((s) => part(s, given, hidden, loadFast)));
  }
}

/** What koffi is given for a slot. */
function part(
  { source }: Slot,
  given: readonly unknown[],
  hidden: Block | undefined,
  load: typeof loadExact,
): unknown {
  if (source === PADDING) return 0;
  if (source === 'result') return hidden?.bytes();
  const value = given[source.parameter];
  const { eightbyte, offset, size } = source;
  if (value instanceof Flat) {
    if (eightbyte === undefined) return { bytes: value.bytes(0, size) };
    return offset === 0 ? value.first : value.second;
  }
  if (!(value instanceof Memory)) return value;
  return eightbyte === undefined ? { bytes: value.bytes(0, size) } : load(value.data, offset, eightbyte);
}

interface LoweredResult {
  readonly koffi: KoffiType;
  /** New memory for a result that the caller has to make room for. */
  readonly hidden?: () => Block;
  /** `brief`: the block is read at once, and may be the same the next time. */
  value(raw: unknown, hidden: Block | undefined, brief: boolean): unknown;
}

function lowerResult({ result: type, compiler }: FunctionType, scalar: KoffiType): LoweredResult | NotPassed {
  if (!isByValue(type) || scalar !== 'void') return { koffi: scalar, value: (raw) => raw };
  const passed = classify(type, compiler);
  if ('refused' in passed) return { refused: `the result: ${passed.refused}` };
  const size = sizeOf(type) ?? 0;
  switch (passed.where) {
    case 'nowhere':
      return { koffi: 'void', value: () => Block.scratch(size) };
    case 'x87':
      return { refused: 'the result: it is returned in a register of the x87, which koffi does not read' };
    case 'memory':
      return {
        koffi: 'void',
        hidden: () => Block.allocate(size, Math.max(16, alignOf(type))),
        value: (_, hidden) => hidden,
      };
    case 'registers':
      return registerResult(passed.eightbytes);
  }
}

function registerResult(eightbytes: readonly Eightbyte[]): LoweredResult {
  const used = eightbytes.flatMap((eightbyte, i) => (eightbyte.class === 'NONE' ? [] : [{ eightbyte, i }]));
  const [first, second] = used;
  const size = eightbytes.length * 8;
  const same = Block.scratch(size);
  const put = (data: DataView, from: (typeof used)[number] | undefined, raw: unknown): void => {
    if (from !== undefined) store(data, from.i * 8, from.eightbyte, raw);
  };
  return {
    koffi: koffiResult(first?.eightbyte, second?.eightbyte),
    value: (raw, _, brief) => {
      const block = brief ? same : Block.scratch(size);
      if (second === undefined) put(block.data, first, raw);
      else {
        const { a, b } = raw as { a: unknown; b: unknown };
        put(block.data, first, a);
        put(block.data, second, b);
      }
      return block;
    },
  };
}

/** koffi's type for a result in these registers. */
function koffiResult(first: Eightbyte | undefined, second: Eightbyte | undefined): KoffiType {
  if (first === undefined) return 'void';
  if (second === undefined) return exactType(first);
  return pairOf(exactType(first), exactType(second));
}

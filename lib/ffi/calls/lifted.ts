import { sizeOf } from '../../ctypes/layout.js';
import { bare, type CType, type FunctionType } from '../../ctypes/model.js';
import { classify, type Eightbyte, type NotPassed } from '../abi/classify.js';
import { PADDING, place, type Piece } from '../abi/place.js';
import { Block } from '../block.js';
import { exactType, loadExact, store } from './eightbytes.js';
import { pairOf, type KoffiType } from './koffi-types.js';
import { partType, slotsOf } from './lowered.js';
import { isByValue, notByValueHere } from './passing.js';

/*
 * The other direction of lowered.ts: C calls JavaScript. What koffi finds in the registers and on the stack is put together into arguments, and a
 * result goes into registers, or to where the caller has made room for it.
 */

/** A function type as koffi calls JavaScript by it. */
export interface Lifted {
  /** Whether koffi's arguments and result are those of the function. */
  readonly isPlain: boolean;
  readonly koffiParameters: readonly KoffiType[];
  readonly koffiResult: KoffiType;
  /** The arguments: a block with its bytes for each that `isByValue`, what koffi gave for the others. */
  arguments(raw: unknown[]): unknown[];
  /** What koffi is to return for a result, which is a block if its type `isByValue`. */
  result(value: unknown, raw: readonly unknown[]): unknown;
  /** The same for no result: all its bytes are zero. */
  zero(raw: readonly unknown[]): unknown;
}

export function liftFunction(
  type: FunctionType,
  scalar: { parameters: readonly KoffiType[]; result: KoffiType },
): Lifted | NotPassed {
  const types = type.parameters.map((p) => p.type);
  if (![type.result, ...types].some(isByValue)) {
    const zero = zeroOf(type.result);
    return {
      isPlain: true,
      koffiParameters: scalar.parameters,
      koffiResult: scalar.result,
      arguments: (raw) => raw,
      result: (value) => value,
      zero: () => zero,
    };
  }
  const nowhere = notByValueHere();
  if (nowhere !== undefined) return nowhere;
  const result = liftResult(type, scalar.result);
  if ('refused' in result) return result;
  const placement = place(types, result.hidden, type.compiler);
  if ('refused' in placement) return placement;
  const slots = slotsOf(placement, result.hidden, (piece) =>
    isByValue(types[piece.parameter] as CType)
      ? partType(piece, exactType)
      : (scalar.parameters[piece.parameter] ?? 'void *'),
  );
  return {
    isPlain: false,
    koffiParameters: slots.map((s) => s.koffi),
    koffiResult: result.koffi,
    arguments: (raw) => {
      const args = types.map((t) =>
        isByValue(t) ? Block.scratch(Math.ceil((sizeOf(t) ?? 0) / 8) * 8) : undefined,
      ) as unknown[];
      for (const [i, { source }] of slots.entries()) {
        if (source === PADDING || source === 'result') continue;
        const block = args[source.parameter];
        if (block instanceof Block) putPart(block, source, raw[i]);
        else args[source.parameter] = raw[i];
      }
      return args;
    },
    result: (value, raw) => result.value(value, raw[0]),
    zero: (raw) => result.value(undefined, raw[0]),
  };
}

function putPart(block: Block, { eightbyte, offset }: Piece, raw: unknown): void {
  if (eightbyte !== undefined) store(block.data, offset, eightbyte, raw);
  else block.bytes().set((raw as { bytes: Uint8Array }).bytes);
}

interface LiftedResult {
  readonly koffi: KoffiType;
  /** Whether the caller gives an address for it, as the first argument; that is returned (psABI x86-64 §3.2.3 "Returning of Values"). */
  readonly hidden: boolean;
  /** Without a value, zero. */
  value(value: unknown, hidden: unknown): unknown;
}

function liftResult({ result: type, compiler }: FunctionType, scalar: KoffiType): LiftedResult | NotPassed {
  if (!isByValue(type)) {
    const zero = zeroOf(type);
    return { koffi: scalar, hidden: false, value: (value = zero) => value };
  }
  const passed = classify(type, compiler);
  if ('refused' in passed) return { refused: `the result: ${passed.refused}` };
  const size = sizeOf(type) ?? 0;
  const blockOf = (value: unknown): Block =>
    (value as Block | undefined) ?? Block.scratch(Math.ceil(size / 8) * 8);
  switch (passed.where) {
    case 'nowhere':
      return { koffi: 'void', hidden: false, value: () => undefined };
    case 'x87':
      return { refused: 'the result: it is returned in a register of the x87, which koffi does not write' };
    case 'memory':
      return {
        koffi: 'void *',
        hidden: true,
        value: (value, hidden) => {
          Block.at(hidden as bigint, size).write(0, blockOf(value).bytes(0, size));
          return hidden;
        },
      };
    case 'registers': {
      const used = passed.eightbytes.flatMap((e, i) => (e.class === 'NONE' ? [] : [{ e, i }]));
      const [first, second] = used;
      const from = (block: Block, part: { e: Eightbyte; i: number }): unknown =>
        loadExact(block.data, part.i * 8, part.e);
      const as = (part: { e: Eightbyte }): KoffiType => exactType(part.e);
      if (first === undefined) return { koffi: 'void', hidden: false, value: () => undefined };
      if (second === undefined)
        return { koffi: as(first), hidden: false, value: (value) => from(blockOf(value), first) };
      return {
        koffi: pairOf(as(first), as(second)),
        hidden: false,
        value: (value) => {
          const block = blockOf(value);
          return { a: from(block, first), b: from(block, second) };
        },
      };
    }
  }
}

/** What koffi takes for a zero of a type that is not `isByValue`. */
function zeroOf(type: CType): unknown {
  const t = bare(type);
  if (t.kind === 'void') return undefined;
  if (t.kind === 'pointer') return null;
  return t.kind === 'bool' && t.size === 1 ? false : 0;
}

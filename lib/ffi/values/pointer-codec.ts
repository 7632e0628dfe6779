import { compatibleTargets } from '../../ctypes/compatible.js';
import { bare, isQualified, type CType, type PointerType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { typeError } from '../../errors.js';
import { Block, keep, keptAt } from '../block.js';
import { isText } from './array.js';
import { wrongKind } from './check.js';
import type { Codec, Values } from './codec.js';
import { extentOf, Pointer, targetOf } from './pointer.js';
import { allocateText, cString } from './text.js';

/** The codec of a pointer that lies in memory: `T *` a Pointer, `const char *` a string, a function pointer a callable. */
export function pointerCodec(type: CType, pointer: PointerType, values: Values): Codec {
  return {
    type,
    size: pointer.size,
    read: (block, offset) => {
      const address = block.data.getBigUint64(offset, true);
      const kept = keptAt(block, offset);
      return fromAddress(pointer, address, values, kept instanceof Block ? kept : undefined);
    },
    write: (block, offset, value, what) => {
      const { address, kept } = toAddress(type, pointer, value, what, values);
      block.data.setBigUint64(offset, address, true);
      keep(block, offset, kept);
    },
  };
}

/** What C's `address` is to JavaScript. `around` is the block it points into, where that is known. */
export function fromAddress(pointer: PointerType, address: bigint, values: Values, around?: Block): unknown {
  if (address === 0n) return null;
  const target = bare(pointer.target);
  if (target.kind === 'function') return values.callable(target, address);
  if (isConstText(pointer)) return cString(address);
  const offset = around === undefined ? -1 : Number(address - around.address);
  if (around === undefined || offset < 0 || offset > around.size)
    return values.pointer(pointer.target, address);
  return values.pointerInto(pointer.target, { block: around, offset, start: 0, end: around.size });
}

/** Whether a pointer is `const char *`: const says that the caller does not own the text, so that it is a plain string. */
export function isConstText(pointer: PointerType): boolean {
  return isText(pointer.target) && isQualified(pointer.target, 'const');
}

function toAddress(
  type: CType,
  pointer: PointerType,
  value: unknown,
  what: string,
  values: Values,
): { address: bigint; kept: unknown } {
  if (value === null) return { address: 0n, kept: undefined };
  const target = bare(pointer.target);
  if (target.kind === 'function') return values.functionAddress(target, value, what);
  if (value instanceof Pointer) {
    checkTarget(type, pointer, value, what);
    const block = extentOf(value)?.block;
    return { address: value.address, kept: block?.owned ? block : undefined };
  }
  if (typeof value === 'string' && isText(pointer.target)) {
    const text = allocateText(value, type, what);
    return { address: text.address, kept: text };
  }
  throw wrongKind(
    what,
    type,
    isText(pointer.target) ? 'a string, a Pointer or null' : 'a Pointer or null',
    value,
  );
}

/** Throws unless what `value` points to may be used as what `pointer` points to. */
export function checkTarget(type: CType, pointer: PointerType, value: Pointer, what: string): void {
  if (compatibleTargets(targetOf(value), pointer.target)) return;
  const given = print({ kind: 'pointer', target: targetOf(value), size: pointer.size });
  const hint = `cast it if that is meant: p.cast('${print(pointer)}')`;
  throw typeError(
    'ERR_INVALID_ARG_TYPE',
    `${what}: expected ${print(type)}, got a Pointer of type ${given}; ${hint}`,
  );
}

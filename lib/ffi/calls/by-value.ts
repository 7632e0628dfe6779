import { sizeOf } from '../../ctypes/layout.js';
import type { Compiler, CType } from '../../ctypes/model.js';
import { Block } from '../block.js';
import { copyOf, type Codec, type Values } from '../values/codec.js';
import { flatArgument, flatParts, flatResult } from './flat.js';
import type { Frame, Passing, Returning } from './passing.js';
import { shownResult } from './shown-result.js';

/**
 * How a value that is taken apart (see lowered.ts) goes into a block with its bytes, and comes out of one: a struct as a plain object, as nobody has
 * the memory that it was in.
 */
export function passingByValue(type: CType, values: Values, lasting = false): Passing {
  // Whole eightbytes are read, whatever the size is.
  const size = Math.ceil((sizeOf(type) ?? 0) / 8) * 8;
  let known: Codec | undefined;
  const spare: Block[] = [];
  const codec = (): Codec => (known ??= values.codec(type));
  return {
    koffi: 'void',
    toC: (value, what, frame) => {
      const block = spare.pop() ?? Block.scratch(size);
      try {
        codec().write(block, 0, value, what);
      } catch (error) {
        block.release();
        throw error;
      }
      if (block.kept.size > 0) lendKept(block, frame, lasting);
      return block;
    },
    fromC: (block) => copyOf(codec(), block as Block, 0),
    copies: true,
    recycle: (block) => {
      if (size > MOST_SPARE || (block as Block).kept.size > 0) return;
      for (let at = 0; at < size; at += 8) (block as Block).data.setFloat64(at, 0);
      spare.push(block as Block);
    },
  };
}

/** The same for an argument of a function that `compiler` has compiled: as its eightbytes alone, if that will do. */
export function argumentByValue(
  type: CType,
  values: Values,
  compiler: Compiler | undefined,
  lasting: boolean | undefined,
): Passing {
  const ordinary = passingByValue(type, values, lasting);
  const parts = flatParts(type, compiler);
  return parts === undefined ? ordinary : flatArgument(parts, ordinary);
}

/** The same for a result: in koffi's types, if that will do. */
export function returningByValue(type: CType, values: Values, compiler: Compiler | undefined): Returning {
  const parts = flatParts(type, compiler);
  return shownResult(
    (parts && flatResult(type, parts, values)) ?? passingByValue(type, values),
    type,
    values,
  );
}

/** How large blocks are that are kept for the next call. */
const MOST_SPARE = 64;

/** What the pointers in a struct lead to, strings say, lives until C has returned; if the result may lead there, as long as that. */
function lendKept(block: Block, frame: Frame, lasting: boolean): void {
  const lent = (frame.lent ??= []);
  if (lasting) for (const kept of block.kept.values()) if (kept instanceof Block) lent.push({ memory: kept });
  lent.push({
    memory: block,
    after: () => {
      block.release();
    },
  });
}

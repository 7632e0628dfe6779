import { inspect, type InspectOptions } from 'node:util';

import { alignOf, sizeOf } from '../../ctypes/layout.js';
import { bare, type CType } from '../../ctypes/model.js';
import { Block } from '../block.js';
import type { Values } from '../values/codec.js';
import { inspectMemory, type Inspected } from '../values/inspect.js';
import type { Returning } from './passing.js';

let asC = false;

/** From now on a struct that a C function returns prints as C, though it is a plain object: for a prompt, where a value is looked at. Costs each such call. */
export function showResultsAsC(): void {
  asC = true;
}

/** `returning`; if results are shown as C, of a struct or union with what `util.inspect` asks for, which nothing else sees. */
export function shownResult(returning: Returning, type: CType, values: Values): Returning {
  const { kind } = bare(type);
  if (!asC || (kind !== 'struct' && kind !== 'union')) return returning;
  const value = function (this: object, depth: number, options: InspectOptions): Inspected {
    try {
      // It is nowhere in C's memory: it is put there to be shown as everything else.
      const block = Block.allocate(sizeOf(type) ?? 0, alignOf(type));
      values.codec(type).write(block, 0, this, 'it');
      return inspectMemory(type, block, 0, depth, options);
    } catch {
      // Since it was returned it has got other fields.
      return inspect({ ...this }, options);
    }
  };
  const { fromC } = returning;
  if (fromC === undefined) return returning;
  return {
    ...returning,
    fromC: (raw, lent) => Object.defineProperty(fromC(raw, lent) as object, inspect.custom, { value }),
  };
}

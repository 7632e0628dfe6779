import { openSync, readSync } from 'node:fs';
import type { InspectOptions } from 'node:util';

import type { CType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import type { Memory } from '../../format/memory.js';
import type { FormatOptions } from '../../format/value.js';
import type { Block } from '../block.js';
import { cString } from './text.js';

/** Few programs print C values: what does is loaded for those. */
const format = () => require('../../format/value.js') as typeof import('../../format/value.js');

let descriptor: number | undefined;

/** This process's memory through the kernel, which answers EIO for a wild address instead of raising a signal (proc(5)). */
const memory: Memory = {
  readFloat: (...args) =>
    (require('./float-format.js') as typeof import('./float-format.js')).readFloat(...args),
  read(address, size) {
    const bytes = new Uint8Array(size);
    try {
      descriptor ??= openSync('/proc/self/mem', 'r');
      return readSync(descriptor, bytes, 0, size, address) === size ? bytes : undefined;
    } catch {
      return undefined;
    }
  },
};

/** What `console.log` and the REPL show of a struct, union or array: `(struct point){ .x = 1, .y = 2.5 }`. */
export function inspectMemory(
  type: CType,
  block: Block,
  offset: number,
  depth: number,
  options: InspectOptions,
): string {
  return `(${print(type)})${format().formatValue(type, block.address + BigInt(offset), memory, limits(depth, options))}`;
}

/** What they show of a pointer: `(int *)0x7f00 = 7`. */
export function inspectPointer(
  target: CType,
  address: bigint,
  depth: number,
  options: InspectOptions,
): string {
  return format().formatPointer(target, address, memory, limits(depth, options));
}

/** What they show of a pointer to text: the text, in a way that can't fault. */
export function inspectText(address: bigint, limit: number): string {
  const wild = new Error();
  try {
    return cString(address, limit, (at, size) => {
      const bytes = memory.read(at, size);
      if (bytes === undefined) throw wild;
      return bytes;
    });
  } catch (error) {
    if (error === wild) return '<bad address>';
    throw error;
  }
}

function limits(depth: number, options: InspectOptions): Partial<FormatOptions> {
  const { maxArrayLength } = options;
  const levels = options.depth === null ? Infinity : Math.max(depth + 1, 1);
  return { depth: levels, ...(typeof maxArrayLength === 'number' ? { elements: maxArrayLength } : {}) };
}

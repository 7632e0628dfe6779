import { openSync, readSync } from 'node:fs';
import { inspect, type InspectOptions, type InspectOptionsStylized } from 'node:util';

import type { CType } from '../../ctypes/model.js';
import { FormatError } from '../../errors.js';
import type { Memory } from '../../format/memory.js';
import type { FormatOptions } from '../../format/value.js';
import type { Block } from '../block.js';
import { cString } from './text.js';

/** Few programs print C values: what does is loaded for those. */
const format = () => require('../../format/value.js') as typeof import('../../format/value.js');

let descriptor: number | undefined;

/** This process's memory through the kernel, which answers EIO for a wild address instead of raising a signal (proc(5)). */
export const memory: Memory = {
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

/** What `util.inspect` takes from its caller for the text of an object, or an object with such a text. */
export type Inspected = string | { [inspect.custom](): string };

/** What `console.log` and the REPL show of a struct, union or array: `(struct point){ .x = 1, .y = 2.5 }`. */
export function inspectMemory(
  type: CType,
  block: Block,
  offset: number,
  depth: number,
  options: InspectOptions,
): Inspected {
  const address = block.address + BigInt(offset);
  return indented(format().formatValue(type, address, memory, formatOptions(depth, options)));
}

/** What they show of a pointer: `(int *)0x7f00 = 7`. */
export function inspectPointer(
  target: CType,
  address: bigint,
  depth: number,
  options: InspectOptions,
): Inspected {
  try {
    return indented(format().formatPointer(target, address, memory, formatOptions(depth, options)));
  } catch (error) {
    // Printing never fails: it may be what somebody does to find out.
    if (error instanceof FormatError) return `0x${address.toString(16)} <${error.message}>`;
    throw error;
  }
}

/** Node indents the lines of what an object shows by what is around it, but not those of a string. */
function indented(text: string): Inspected {
  return text.includes('\n') ? { [inspect.custom]: () => text } : text;
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

/** How values are shown. `depth` is what is left of that of `options`; what is null has no limit. Those that a caller of `[inspect.custom]` leaves out are inspect's own. */
export function formatOptions(depth: number, given: InspectOptions): FormatOptions {
  const options = { ...inspect.defaultOptions, ...given };
  const { compact = true, stylize = (text: string) => text } = options as Partial<InspectOptionsStylized>;
  return {
    depth: options.depth === null ? Infinity : depth + 1,
    elements: options.maxArrayLength ?? Infinity,
    characters: options.maxStringLength ?? Infinity,
    breakLength: options.breakLength ?? Infinity,
    compact: typeof compact === 'number' ? compact : compact ? Infinity : 0,
    stylize,
  };
}

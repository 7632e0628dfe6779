import { alignOf, sizeOf } from '../ctypes/layout.js';
import type { CType } from '../ctypes/model.js';
import { print } from '../ctypes/print.js';
import { PluginError, typeError } from '../errors.js';
import { Block } from './block.js';
import { libc } from './koffi.js';
import type { Values } from './values/codec.js';
import { describe } from './values/check.js';
import { extentOf, Pointer } from './values/pointer.js';

const calloc = libc('void *calloc(size_t count, size_t size)') as (
  count: number,
  size: number,
) => bigint | null;
const release = libc('void free(void *memory)') as (memory: bigint) => void;

/** What `malloc` here gave out and `free` has not had back, with its block. */
const allocated = new Map<bigint, Block>();
/** Pointers that were freed: freeing one again would corrupt the heap. */
const freed = new WeakSet<Pointer>();

/** A pointer to new memory of `type`, zeroed, that lives as long as something refers to it. C must not free it. */
export function alloc(values: Values, type: CType, init: unknown): Pointer {
  const block = Block.allocate(sizeToAllocate(type), Math.max(16, alignOf(type)));
  return initialised(values, type, block, init);
}

/** A pointer to new memory of `type` from the C heap, zeroed: for what C keeps and frees. Otherwise it takes a `free`. */
export function malloc(values: Values, type: CType, init: unknown): Pointer {
  const size = sizeToAllocate(type);
  const address = calloc(1, Math.max(size, 1));
  if (address === null)
    throw new PluginError('ERR_PLUGIN_BAD_ADDRESS', `malloc: no memory for ${size} bytes`);
  const block = Block.at(address, size);
  allocated.set(address, block);
  try {
    return initialised(values, type, block, init);
  } catch (error) {
    allocated.delete(address);
    release(address);
    throw error;
  }
}

/**
 * C's `free`, for memory of the C heap: of `malloc`, or handed over by C. Throws a `TypeError` for memory of `alloc` and of variables, for a
 * pointer into the middle, and for one that was freed before. Null is nothing to free.
 */
export function free(pointer: Pointer | null): void {
  if (pointer === null) return;
  if (!(pointer instanceof Pointer)) {
    throw typeError('ERR_INVALID_ARG_TYPE', `free: expected a Pointer or null, got ${describe(pointer)}`);
  }
  const { address } = pointer;
  const extent = extentOf(pointer);
  const own = allocated.get(address);
  const reason = freed.has(pointer)
    ? 'it was freed before'
    : extent?.block.owned
      ? 'memory of alloc is not on the C heap, it goes by itself'
      : extent !== undefined && own !== extent.block
        ? 'it does not point to the start of memory from malloc'
        : undefined;
  if (reason !== undefined) throw typeError('ERR_INVALID_ARG_VALUE', `free: ${reason}`);
  own?.release();
  allocated.delete(address);
  freed.add(pointer);
  release(address);
}

function sizeToAllocate(type: CType): number {
  const size = sizeOf(type);
  if (size !== undefined) return size;
  throw typeError('ERR_INVALID_ARG_VALUE', `alloc: ${print(type)} has no size`);
}

function initialised(values: Values, type: CType, block: Block, init: unknown): Pointer {
  // New memory may be given its first value even where its type is const.
  if (init !== undefined) values.codec(type).write(block, 0, init, `alloc('${print(type)}')`, true);
  return values.pointerInto(type, { block, offset: 0, start: 0, end: block.size });
}

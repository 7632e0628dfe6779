import { alignOf, sizeOf } from '../ctypes/layout.js';
import type { CType } from '../ctypes/model.js';
import { print } from '../ctypes/print.js';
import { PluginError, typeError } from '../errors.js';
import { Block } from './block.js';
import { koffi, libc } from './koffi.js';
import { iterateObjects, rangeOf } from './linker.js';
import { accessOf, cCalls, mappingsSeen, PROT } from './mapping.js';
import type { Values } from './values/codec.js';
import { describe } from './values/check.js';
import { extentOf, isFreed, markFreed, Pointer } from './values/pointer.js';

const calloc = libc('void *calloc(size_t count, size_t size)') as (
  count: number,
  size: number,
) => bigint | null;
const alignedAlloc = libc('void *aligned_alloc(size_t alignment, size_t size)') as (
  alignment: number,
  size: number,
) => bigint | null;
const uncleared = libc('void *malloc(size_t size)') as (size: number) => bigint | null;
const release = libc('void free(void *memory)') as (memory: bigint) => void;

/** What `malloc` aligns to on machines of 64 bits: twice the size of a pointer (malloc(3); musl has the same). */
const MALLOC_ALIGNMENT = 16;

/** What `malloc` here gave out and `free` has not had back, with its block. */
const allocated = new Map<bigint, Block>();

/** A pointer to new memory of `type`, zeroed, that lives as long as something refers to it. C must not free it. */
export function alloc(values: Values, type: CType, init: unknown): Pointer {
  const block = Block.allocate(sizeToAllocate(type), Math.max(MALLOC_ALIGNMENT, alignOf(type)));
  return initialised(values, type, block, init);
}

/** A pointer to new memory of `type` from the C heap, zeroed: for what C keeps and frees. Otherwise it takes a `free`. */
export function malloc(values: Values, type: CType, init: unknown): Pointer {
  const size = sizeToAllocate(type);
  const address = zeroed(Math.max(size, 1), alignOf(type));
  if (address === null)
    throw new PluginError('ERR_PLUGIN_BAD_ADDRESS', `malloc: no memory for ${size} bytes`);
  // C has freed what was there.
  allocated.get(address)?.free();
  const block = Block.at(address, size, 'heap');
  allocated.set(address, block);
  try {
    return initialised(values, type, block, init);
  } catch (error) {
    allocated.delete(address);
    release(address);
    throw error;
  }
}

function zeroed(size: number, alignment: number): bigint | null {
  if (alignment <= MALLOC_ALIGNMENT) return calloc(1, size);
  // C11 wanted the size to be a multiple of the alignment (§7.22.3.1).
  const whole = Math.ceil(size / alignment) * alignment;
  const address = alignedAlloc(alignment, whole);
  if (address !== null) Block.at(address, whole).write(0, new Uint8Array(whole));
  return address;
}

/** See `free` in entry.ts. */
export function free(pointer: Pointer | null): void {
  if (pointer === null) return;
  if (!(pointer instanceof Pointer)) {
    throw typeError('ERR_INVALID_ARG_TYPE', `free: expected a Pointer or null, got ${describe(pointer)}`);
  }
  const { address } = pointer;
  const own = allocated.get(address);
  const reason = notToFree(pointer, own);
  if (reason !== undefined) throw typeError('ERR_INVALID_ARG_VALUE', `free: ${reason}`);
  own?.free();
  allocated.delete(address);
  markFreed(pointer);
  release(address);
  cCalls.made++;
}

/** Why C's `free` would end the process, or worse, corrupt the heap; undefined if nothing is known against it. */
function notToFree(pointer: Pointer, own: Block | undefined): string | undefined {
  const { address } = pointer;
  const extent = extentOf(pointer);
  if (isFreed(pointer)) return 'it was freed before';
  if (extent?.block.owned) return 'memory of alloc is not on the C heap, it goes by itself';
  if (extent !== undefined && own !== extent.block)
    return 'it does not point to the start of memory from malloc';
  const not = `0x${address.toString(16)} is no memory of the C heap`;
  if (address % BigInt(MALLOC_ALIGNMENT) !== 0n) return `${not}: that is at multiples of ${MALLOC_ALIGNMENT}`;
  if ((accessOf(address, MALLOC_ALIGNMENT, PROT.WRITE, true) & PROT.WRITE) === 0)
    return `${not}: it is not mapped to be written`;
  // Asked first: the next allocation of that size, one of the engine's say, takes the chunk out of the cache.
  if (isInCache(address)) return 'it was freed before';
  return objectRanges().some(({ start, end }) => start <= address && address < end)
    ? `${not}: it lies in a library or the program`
    : undefined;
}

/** Where the loaded objects lie, as of which look at the mappings. */
let objects: { ranges: { start: bigint; end: bigint }[]; look: number } | undefined;

/** An object that C has loaded meanwhile lies where no look at the mappings has found memory, so that it makes for a new one. */
function objectRanges(): { start: bigint; end: bigint }[] {
  const look = mappingsSeen();
  if (objects?.look !== look) objects = { ranges: iterateObjects().map(rangeOf), look };
  return objects.ranges;
}

/** The mark of a chunk that waits in glibc's cache to be given out again; 0n as long as none was seen. */
let cacheMark = 0n;

/**
 * Whether glibc has this memory in its cache of freed chunks. It marks them with a key in their second word, which `malloc` takes away
 * (malloc.c, `tcache_put`), and ends the process when it finds it in what is to be freed. The key is random (since glibc 2.34), so that no data looks
 * like it; it is learnt from two chunks that are freed, of sizes that nobody else takes meanwhile. Other allocators leave them as they
 * are, or different.
 */
function isInCache(address: bigint): boolean {
  if (cacheMark === 0n) {
    const [a, b] = [968, 1000].map(freedMark);
    if (a !== undefined && a === b) cacheMark = a;
  }
  return (
    cacheMark !== 0n && secondWord(address) === cacheMark && isNext(firstWord(address) ^ (address >> 12n))
  );
}

/**
 * Whether a chunk of the cache could come next: the first word says which does, disguised by its own place (malloc.c, PROTECT_PTR). The mark alone may be old: a
 * thread that ends leaves it in chunks that it gives back, and only the cache takes it away.
 */
function isNext(address: bigint): boolean {
  if (address === 0n) return true;
  return (
    address % BigInt(MALLOC_ALIGNMENT) === 0n &&
    (accessOf(address, MALLOC_ALIGNMENT, PROT.WRITE, true) & PROT.WRITE) !== 0
  );
}

function firstWord(address: bigint): bigint {
  return BigInt(koffi.decode.uint64(address));
}

/**
 * The mark that a chunk gets when it is freed. `malloc` takes it out of the cache if one is there, so that there is room for it; `calloc` does not
 * (malloc.c, before glibc 2.41), and a chunk that finds the cache full gets no mark.
 */
function freedMark(size: number): bigint | undefined {
  const chunk = uncleared(size);
  if (chunk === null) return undefined;
  const before = secondWord(chunk);
  release(chunk);
  const after = secondWord(chunk);
  return after === before ? undefined : after;
}

function secondWord(address: bigint): bigint {
  return BigInt(koffi.decode.uint64(address + 8n));
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

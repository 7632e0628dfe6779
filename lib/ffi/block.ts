import { constants } from 'node:buffer';

import { PluginError, rangeError } from '../errors.js';
import { koffi } from './koffi.js';
import { accessOf } from './mapping.js';

/**
 * A run of C memory as JavaScript sees it: zero-copy, so that both sides see each other's writes at once.
 * Whoever holds a block of `allocate` keeps its memory; memory of others is theirs to keep.
 */
export class Block {
  readonly address: bigint;
  readonly size: number;
  readonly data: DataView<ArrayBuffer>;
  /** False where a write would be a SIGSEGV: `.rodata`, RELRO, code. */
  readonly writable: boolean;
  /** Whether the memory is ours, and goes when the last holder of this block goes. */
  readonly owned: boolean;
  /** Whether a value is put together here that then goes elsewhere as a whole; see `staged`. */
  readonly scratch: boolean;
  /** What the pointers stored in this block point to, by offset; see `keep`. */
  readonly kept: Map<number, unknown> = new Map();

  private constructor(
    address: bigint,
    data: DataView<ArrayBuffer>,
    writable: boolean,
    owned: boolean,
    scratch = false,
  ) {
    this.address = address;
    this.size = data.byteLength;
    this.data = data;
    this.writable = writable;
    this.owned = owned;
    this.scratch = scratch;
  }

  /** The `size` bytes at `address`. Throws `ERR_PLUGIN_BAD_ADDRESS` when they are not all mapped and readable. */
  static at(address: bigint, size: number): Block {
    const access = accessOf(address, Math.max(size, 1));
    if (access === 'none') {
      throw new PluginError(
        'ERR_PLUGIN_BAD_ADDRESS',
        `bad address 0x${address.toString(16)}: ${size} bytes there are not mapped`,
      );
    }
    // A longer view ends the process in Node 20: the engine checks it with an assertion.
    if (size > constants.MAX_LENGTH) {
      throw rangeError(
        `${size} bytes at 0x${address.toString(16)}: a buffer holds at most ${constants.MAX_LENGTH}`,
      );
    }
    const buffer = size === 0 ? new ArrayBuffer(0) : koffi.view(address, size);
    return new Block(address, new DataView(buffer), access === 'write', false);
  }

  /** `size` new bytes, all zero, at a multiple of `alignment`, which is a power of two. */
  static allocate(size: number, alignment = 16): Block {
    const exact = untransferable(Math.max(size, 1));
    const address = koffi.address(exact);
    const skip = Number(-address & BigInt(alignment - 1));
    if (skip === 0) return new Block(address, new DataView(exact, 0, size), true, true);
    // The engine aligns its buffers to 16 bytes; what wants more is cut out of a longer one.
    const longer = untransferable(size + alignment);
    const start = koffi.address(longer);
    const gap = Number(-start & BigInt(alignment - 1));
    return new Block(start + BigInt(gap), new DataView(longer, gap, size), true, true);
  }

  /** `size` zero bytes that C never sees. */
  static scratch(size: number): Block {
    return new Block(0n, new DataView(new ArrayBuffer(size)), true, true, true);
  }

  /** Lets go of what is kept for pointers in this memory, which nobody will read again. */
  release(): void {
    for (const offset of keptWithin(this, 0, this.size).keys()) keep(this, offset, undefined);
  }

  bytes(offset = 0, length: number = this.size - offset): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.data.buffer, this.data.byteOffset + offset, length);
  }
}

/** A buffer that stays here: sent to another thread it would leave C with a pointer to nothing. */
function untransferable(size: number): ArrayBuffer {
  const buffer = new ArrayBuffer(size);
  // Loaded when there is memory to mark: it takes 2.5 ms, a fifth of what importing this package does.
  process.getBuiltinModule('node:worker_threads').markAsUntransferable(buffer);
  return buffer;
}

/** What is stored in memory that is not ours (a library's variables), by address. */
const keptAbroad = new Map<bigint, unknown>();

/**
 * Keeps `value` (a string's bytes, a callback, a block) alive for as long as the pointer to it stands at `offset` of `block`: until this
 * place is written again, or its memory goes. `undefined` lets go of what was kept there.
 */
export function keep(block: Block, offset: number, value: unknown): void {
  if (block.owned) set(block.kept, offset, value);
  else if (value !== undefined || keptAbroad.size > 0) set(keptAbroad, block.address + BigInt(offset), value);
}

/** What is kept for `offset` of `block`. */
export function keptAt(block: Block, offset: number): unknown {
  if (block.owned) return block.kept.get(offset);
  return keptAbroad.size === 0 ? undefined : keptAbroad.get(block.address + BigInt(offset));
}

function set<K>(map: Map<K, unknown>, key: K, value: unknown): void {
  const old = map.get(key);
  if (old === value) return;
  if (value === undefined) map.delete(key);
  else map.set(key, value);
  hold(value, 1);
  hold(old, -1);
}

/** By how many a disposable is held: a struct that is assigned to another takes its callbacks along. */
const holders = new WeakMap<Disposable, number>();

/** Counts who holds `value`. A callback gives its slot back when nobody does any more. */
export function hold(value: unknown, change: 1 | -1): void {
  if (typeof value !== 'object' || value === null || !(Symbol.dispose in value)) return;
  const disposable = value as Disposable;
  const left = (holders.get(disposable) ?? 0) + change;
  holders.set(disposable, left);
  if (left === 0) disposable[Symbol.dispose]();
}

/**
 * Writes `size` bytes at `offset` of `block` by way of memory of their own, so that all of a struct or array is checked before its first byte
 * is written. With `partial` what is there already stays where `write` leaves it alone; otherwise that is zero.
 */
export function staged(
  block: Block,
  offset: number,
  size: number,
  partial: boolean,
  write: (scratch: Block, offset: number) => void,
): void {
  if (block.scratch) {
    write(block, offset);
    return;
  }
  const scratch = Block.scratch(size);
  try {
    if (partial) copy(block, offset, scratch, 0, size);
    write(scratch, 0);
    copy(scratch, 0, block, offset, size);
  } finally {
    scratch.release();
  }
}

/** Copies `size` bytes, and what is kept for the pointers among them. */
export function copy(from: Block, fromOffset: number, to: Block, toOffset: number, size: number): void {
  to.bytes(toOffset, size).set(from.bytes(fromOffset, size));
  const moved = keptWithin(from, fromOffset, size);
  for (const [at] of keptWithin(to, toOffset, size)) if (!moved.has(at)) keep(to, toOffset + at, undefined);
  for (const [at, value] of moved) keep(to, toOffset + at, value);
}

/** What is kept for `size` bytes from `offset`, by the distance from there. */
function keptWithin(block: Block, offset: number, size: number): Map<number, unknown> {
  const found = new Map<number, unknown>();
  const add = (at: number, value: unknown): void => {
    if (at >= 0 && at < size) found.set(at, value);
  };
  if (block.owned) for (const [at, value] of block.kept) add(at - offset, value);
  else for (const [address, value] of keptAbroad) add(Number(address - block.address) - offset, value);
  return found;
}

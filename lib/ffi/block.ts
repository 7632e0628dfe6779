import { constants } from 'node:buffer';

import { rangeError, type PluginError } from '../errors.js';
import { bufferOver, dataOver, isCopying, partOf } from './foreign.js';
import { koffi } from './koffi.js';
import { badAddress, checkAccess, PROT } from './mapping.js';
import { windowOver } from './window.js';

/**
 * A run of C memory as JavaScript sees it: both sides see each other's writes at once.
 * Whoever holds a block of `allocate` keeps its memory; memory of others is theirs to keep.
 */
export class Block {
  readonly address: bigint;
  readonly size: number;
  /** The memory. Everything that is read or written goes through here, so that `free` has one thing to take away. */
  data: DataView<ArrayBuffer>;
  /** False where a write would be a SIGSEGV: `.rodata`, RELRO, code. */
  readonly writable: boolean;
  /** Whether the memory is ours, and goes when the last holder of this block goes. */
  readonly owned: boolean;
  /** Whether a value is put together here that then goes elsewhere as a whole; see `staged`. */
  readonly scratch: boolean;
  /** Whether there may be more behind its end: somebody's memory, of which only the beginning is known. */
  readonly openEnded: boolean;
  /** Whether the memory was given back to the C heap, which may have given it to somebody else. */
  freed = false;
  /** What the pointers stored in this block point to, by offset; see `keep`. */
  kept: ReadonlyMap<number, unknown> = NOTHING;
  readonly #heap: boolean;
  /** Whether the buffer is over other memory, too. */
  readonly #window: boolean;

  private constructor(
    address: bigint,
    data: DataView<ArrayBuffer>,
    writable: boolean,
    kind: 'owned' | 'scratch' | 'heap' | 'open-ended' | 'window' | undefined,
  ) {
    this.address = address;
    this.size = data.byteLength;
    this.data = data;
    this.writable = writable;
    this.owned = kind === 'owned' || kind === 'scratch';
    this.scratch = kind === 'scratch';
    this.openEnded = kind === 'open-ended' || kind === 'window';
    this.#heap = kind === 'heap';
    this.#window = kind === 'window';
  }

  /**
   * The `size` bytes at `address`: all there is (a variable), memory of the C heap that is ours to free, or the beginning of what C
   * has there. Throws `ERR_PLUGIN_BAD_ADDRESS` when they are not all mapped and readable.
   */
  static at(address: bigint, size: number, kind?: 'heap' | 'open-ended'): Block {
    const access = checkAccess(address, size, PROT.READ);
    // A longer view ends the process in Node 20: the engine checks it with an assertion.
    if (size > constants.MAX_LENGTH) {
      throw rangeError(
        `${size} bytes at 0x${address.toString(16)}: a buffer holds at most ${constants.MAX_LENGTH}`,
      );
    }
    return new Block(address, dataOver(address, size), (access & PROT.WRITE) !== 0, kind);
  }

  /**
   * The same for the beginning of what C has at `address`, thirty times as fast: the bytes are part of a larger buffer, which is for nobody else. `fresh`:
   * C has just given the address out.
   */
  static through(address: bigint, size: number, fresh: boolean): Block {
    const window = windowOver(address, size, fresh);
    if (window === undefined) return Block.at(address, size, 'open-ended');
    const { data, start, writable } = window;
    return new Block(address, partOf(data, Number(address) - start, size), writable, 'window');
  }

  /** `size` new bytes, all zero, at a multiple of `alignment`, which is a power of two. */
  static allocate(size: number, alignment = 16): Block {
    const exact = untransferable(Math.max(size, 1));
    const address = koffi.address(exact);
    const skip = Number(-address & BigInt(alignment - 1));
    if (skip === 0) return new Block(address, new DataView(exact, 0, size), true, 'owned');
    // The engine aligns its buffers to 16 bytes; what wants more is cut out of a longer one.
    const longer = untransferable(size + alignment);
    const start = koffi.address(longer);
    const gap = Number(-start & BigInt(alignment - 1));
    return new Block(start + BigInt(gap), new DataView(longer, gap, size), true, 'owned');
  }

  /** The memory of a typed array or Buffer, which this block keeps. */
  static over(view: ArrayBufferView<ArrayBuffer>): Block {
    const { buffer, byteOffset, byteLength } = view;
    return new Block(koffi.address(view), new DataView(buffer, byteOffset, byteLength), true, 'owned');
  }

  /** `size` zero bytes that C never sees. */
  static scratch(size: number): Block {
    return new Block(0n, zeroes(size), true, 'scratch');
  }

  /** Lets go of what is kept for pointers in this memory, which nobody will read again. */
  release(): void {
    for (const offset of keptWithin(this, 0, this.size).keys()) keep(this, offset, undefined);
  }

  /** The memory is about to go back to the C heap: who reads or writes it here from now on gets `ERR_PLUGIN_BAD_ADDRESS`. */
  free(): void {
    if (this.freed) return;
    this.release();
    this.freed = true;
    if (!this.#window) detach(this.data.buffer);
    this.data = freedData(this.address);
  }

  /** The address of what lies at `offset`, for C to use. Throws `ERR_PLUGIN_BAD_ADDRESS` for memory that was freed. */
  addressAt(offset: number): bigint {
    if (this.freed) throw wasFreed(this.address);
    return this.address + BigInt(offset);
  }

  /**
   * Whether a typed array over these bytes shares the buffer of this block: memory of our own is then kept by it, and memory of the heap
   * taken from it by `free`. Elsewhere an array has a buffer of exactly its own length: cloning or sending it would take along all of a
   * larger one.
   */
  shares(offset: number, length: number): boolean {
    if (this.#window || isCopying(this.data)) return false;
    return this.owned || this.#heap || (this.openEnded && offset === 0 && length === this.size);
  }

  /** The bytes, to be read: where the engine forbids more, a copy of them. */
  bytes(offset = 0, length: number = this.size - offset): Uint8Array<ArrayBuffer> {
    const { data } = this;
    if (isCopying(data)) return data.read(offset, length);
    return new Uint8Array(data.buffer, data.byteOffset + offset, length);
  }

  write(offset: number, bytes: Uint8Array): void {
    const { data } = this;
    if (isCopying(data)) data.write(offset, bytes);
    else new Uint8Array(data.buffer, data.byteOffset + offset, bytes.byteLength).set(bytes);
  }

  /** A buffer of exactly these bytes; undefined where the engine forbids one. */
  bufferOf(offset: number, length: number): ArrayBuffer | undefined {
    return bufferOver(this.addressAt(offset), length);
  }
}

/** What most blocks keep. */
const NOTHING: ReadonlyMap<number, unknown> = new Map();

/** Small scratch blocks are cut out of one buffer, as Node does for its Buffers: a buffer of its own takes four times as long. */
const SLAB = 1 << 16;
let slab = new ArrayBuffer(0);
let slabUsed = 0;

function zeroes(size: number): DataView<ArrayBuffer> {
  if (size > SLAB / 64) return new DataView(new ArrayBuffer(size));
  if (slabUsed + size > slab.byteLength) {
    slab = new ArrayBuffer(SLAB);
    slabUsed = 0;
  }
  const start = slabUsed;
  slabUsed += Math.ceil(size / 8) * 8;
  return new DataView(slab, start, size);
}

export function wasFreed(address: bigint): PluginError {
  return badAddress(address, 'it was freed');
}

/** Stands for memory that is gone: whatever is asked of it throws. */
function freedData(address: bigint): DataView<ArrayBuffer> {
  return new Proxy(new DataView(new ArrayBuffer(0)), {
    get() {
      throw wasFreed(address);
    },
  });
}

/** A stream that takes buffers away from those who have them, as reading into a buffer does. */
let sink: ReadableStreamBYOBReader | undefined;

/** Takes the memory from every typed array over `buffer`: their length is 0 then. */
function detach(buffer: ArrayBuffer & { transfer?: (length: number) => ArrayBuffer }): void {
  if (buffer.byteLength === 0) return;
  // ES2024, Node 22. Before it this is what the standard has for a view that is read into (WHATWG Streams, "TransferArrayBuffer"); what
  // `structuredClone` is asked to transfer it copies where Node marked the memory as its own, as it does for koffi's views.
  if (buffer.transfer !== undefined) {
    buffer.transfer(0);
    return;
  }
  const { ReadableStream } = process.getBuiltinModule('node:stream/web');
  sink ??= new ReadableStream({
    type: 'bytes',
    start(controller) {
      controller.close();
    },
  }).getReader({ mode: 'byob' });
  void sink.read(new Uint8Array(buffer));
}

/** A buffer that stays here: sent to another thread it would leave C with a pointer to nothing. */
function untransferable(size: number): ArrayBuffer {
  const buffer = allocated(size);
  // Loaded when there is memory to mark: it takes 2.5 ms, a fifth of what importing this package does.
  process.getBuiltinModule('node:worker_threads').markAsUntransferable(buffer);
  return buffer;
}

function allocated(size: number): ArrayBuffer {
  try {
    return new ArrayBuffer(size);
  } catch {
    throw rangeError(`no memory for ${size} bytes: a buffer holds at most ${constants.MAX_LENGTH}`);
  }
}

/** What is stored in memory that is not ours (a library's variables), by address. */
const keptAbroad = new Map<bigint, unknown>();

/**
 * Keeps `value` (a string's bytes, a callback, a block) alive for as long as the pointer to it stands at `offset` of `block`: until this
 * place is written again, or its memory goes. `undefined` lets go of what was kept there.
 */
export function keep(block: Block, offset: number, value: unknown): void {
  if (block.owned) {
    if (value === undefined && block.kept.size === 0) return;
    if (block.kept === NOTHING) block.kept = new Map();
    set(block.kept as Map<number, unknown>, offset, value);
  } else if (value !== undefined || keptAbroad.size > 0)
    set(keptAbroad, block.address + BigInt(offset), value);
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
  to.write(toOffset, from.bytes(fromOffset, size));
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

import type { CType, FunctionType } from '../../ctypes/model.js';
import type { Block } from '../block.js';
import type { Machine } from './machine.js';
import type { Pointer } from './pointer.js';

/**
 * How values of one C type go to memory and back. `offset` counts bytes from the block's start. A codec checks kind and range, not
 * whether the place may be written: that is asked where an assignment enters (`assignable`).
 */
export interface Codec {
  /** The type as it was declared, for messages. */
  readonly type: CType;
  /** Bytes. */
  readonly size: number;
  /** `where` names the place in messages; given where reading may fail. */
  read(block: Block, offset: number, where?: () => string): unknown;
  /**
   * Stores `value`, or throws before the first byte is written. `what` names the place in messages: `V`, `point.x`. With `partial`, as in
   * C's initialisers, fields and elements that are left out stay as they are.
   */
  write(block: Block, offset: number, value: unknown, what: string, partial?: boolean): void;
  /** Set where the value is one the machine reads in one go; it selects the fast paths. */
  readonly machine?: Machine;
  /** Set where `read` fails for some values: 64-bit integers that no number holds, if numbers are asked for. */
  readonly inexact?: true;
  /** Set where `read` gives a view of the memory, which need not be made again. */
  readonly live?: boolean;
  /** What `snapshot` makes of what `read` gives, without that; left out where it is the same. */
  readonly copy?: (block: Block, offset: number) => unknown;
}

/** A plain copy of what `codec` reads. */
export function copyOf(codec: Codec, block: Block, offset: number): unknown {
  return codec.copy === undefined ? codec.read(block, offset) : codec.copy(block, offset);
}

/** Where a pointer points, if the memory around it is known: it may move from `start` to `end`, both offsets in `block`. */
export interface Extent {
  readonly block: Block;
  readonly offset: number;
  readonly start: number;
  readonly end: number;
}

/** Makes pointers to one type. */
export type PointerMaker = (address: bigint, extent?: Extent, name?: string, untyped?: Pointer) => Pointer;

/** What the codecs of one plugin share: its settings, and each other. */
export interface Values {
  /** How 64-bit integers are read. */
  readonly int64: 'bigint' | 'number';
  /** The codec of `type`; of a type that has no values (void, a function, an opaque struct) it throws. */
  codec(type: CType): Codec;
  /** A pointer to a `target` at `address`; null for address 0. */
  pointer(target: CType, address: bigint, extent?: Extent): Pointer | null;
  /** The same for many: makes pointers to a `target`, at addresses that are not 0. */
  pointerMaker(target: CType): PointerMaker;
  /** A pointer to a `target` in memory that is known. */
  pointerInto(target: CType, extent: Extent): Pointer;
  /** A pointer to a variable. `untyped` is that pointer, if it was made without its type: it gets it now. */
  variable(target: CType, address: bigint, name: string, extent?: Extent, untyped?: Pointer): Pointer;
  /** The C function at `address`, as a callable; null for address 0. */
  callable(type: FunctionType, address: bigint): CFunction | null;
  /** The address of what stands for a C function pointer of `type`, and what has to stay alive for it. */
  functionAddress(type: FunctionType, value: unknown, what: string): { address: bigint; kept: unknown };
  /** The type that a C declaration names, as this plugin understands it. */
  parse(declaration: string): CType;
}

/** A C function as users call it. */
export interface CFunction {
  (...args: unknown[]): unknown;
}

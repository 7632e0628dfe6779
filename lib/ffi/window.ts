import { dataOver } from './foreign.js';
import { cCalls, checkAccess, PROT, rangeAround } from './mapping.js';

/** A piece of this process's memory that is looked at through one view: making one for each pointer takes a hundred times as long as reading through it. */
export interface Window {
  /** Which piece it is, or is of. */
  readonly number: number;
  /** The address of its first byte. */
  readonly start: number;
  readonly end: number;
  readonly data: DataView<ArrayBuffer>;
  readonly writable: boolean;
  /** `calls.made` when it was last seen to be mapped. */
  seen: number;
  /** Where in it the address is that was asked for last. */
  offset: number;
}

/** A constant of this module: each access would ask the other one for its export. */
const calls = cCalls;

/** How large a piece is. The engine counts what a view is over as its own memory, and collects garbage the sooner. */
const PIECE = 1 << 20;
/** How many are kept. */
const MOST = 256;

/** An address as a number, which is exact below 2^53: to convert a bigint the engine leaves compiled code, for several times as long. */
const cell = new BigUint64Array(1);
const halves = new Uint32Array(cell.buffer);

function numberOf(address: bigint): number {
  cell[0] = address;
  return (halves[1] ?? 0) * 2 ** 32 + (halves[0] ?? 0);
}

/** By their number, as of which look at the mappings. */
const windows = new Map<number, Window>();
let look = -1;
let last: Window | undefined;

/**
 * The window that has the `size` bytes at `address`; undefined if they reach from one into another. Throws `ERR_PLUGIN_BAD_ADDRESS` when they are not all
 * mapped and readable. `fresh`: C has just given the address out.
 */
export function windowOver(address: bigint, size: number, fresh: boolean): Window | undefined {
  const at = numberOf(address);
  const known = last !== undefined && has(last, at, size) ? last : windows.get(Math.floor(at / PIECE));
  if (
    known !== undefined &&
    has(known, at, size) &&
    look === calls.looks &&
    (fresh || known.seen === calls.made)
  ) {
    last = known;
    known.offset = at - known.start;
    return known;
  }
  checkAccess(address, size, PROT.READ, fresh);
  if (look !== calls.looks) forget();
  const window =
    known !== undefined && has(known, at, size) && windows.has(known.number) ? known : open(address, size);
  if (window === undefined) return undefined;
  if (!fresh) window.seen = calls.made;
  window.offset = at - window.start;
  return window;
}

function has(window: Window, at: number, size: number): boolean {
  return window.start <= at && at + size <= window.end;
}

/** A piece may have several mappings, each with a window of its own; the last one is kept. */
function open(address: bigint, size: number): Window | undefined {
  const range = rangeAround(address);
  if (range === undefined) return undefined;
  const number = Math.floor(Number(address) / PIECE);
  const start = Math.max(range.start, number * PIECE);
  const end = Math.min(range.end, (number + 1) * PIECE);
  if (Number(address) + size > end) return undefined;
  const data = dataOver(start, end - start);
  const window = {
    number,
    start,
    end,
    data,
    writable: (range.access & PROT.WRITE) !== 0,
    seen: 0,
    offset: 0,
  };
  if (windows.size >= MOST) windows.clear();
  windows.set(number, window);
  last = window;
  return window;
}

function forget(): void {
  windows.clear();
  last = undefined;
  look = calls.looks;
}

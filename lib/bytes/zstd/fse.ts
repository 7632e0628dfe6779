import type { ByteCursor } from '../cursor.js';
import { highestBit, type BackwardBits } from './bits.js';

/** A table of Finite State Entropy codes (RFC 8878 §4.1.1): for each state its symbol, and how the next one comes from further bits. */
export interface FseTable {
  /** The number of states is 2 to this. */
  readonly accuracy: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
  readonly bases: Uint16Array;
}

/** The table for these probabilities; -1 is "less than 1" (§4.1.1 "From normalized distribution to decoding tables"). */
export function fseTable(probabilities: readonly number[], accuracy: number): FseTable {
  const size = 1 << accuracy;
  const symbols = new Uint8Array(size);
  const next: number[] = [];
  let high = size;
  probabilities.forEach((probability, symbol) => {
    if (probability === -1) symbols[--high] = symbol;
    next.push(Math.abs(probability));
  });
  const step = (size >> 1) + (size >> 3) + 3;
  let at = 0;
  probabilities.forEach((probability, symbol) => {
    for (let i = 0; i < probability; i++) {
      symbols[at] = symbol;
      do at = (at + step) & (size - 1);
      while (at >= high);
    }
  });
  const [bits, bases] = [new Uint8Array(size), new Uint16Array(size)];
  symbols.forEach((symbol, state) => {
    const value = next[symbol] ?? 1;
    next[symbol] = value + 1;
    const count = accuracy - highestBit(value);
    bits[state] = count;
    bases[state] = (value << count) - size;
  });
  return { accuracy, symbols, bits, bases };
}

/** A table with one symbol, which takes no bits. */
export function rleTable(symbol: number): FseTable {
  return { accuracy: 0, symbols: Uint8Array.of(symbol), bits: new Uint8Array(1), bases: new Uint16Array(1) };
}

/** Reads the description of a table at the cursor (§4.1.1 "FSE Table Description"), which ends at a whole byte. */
export function readFseTable(cursor: ByteCursor, maxAccuracy: number, maxSymbol: number): FseTable {
  const start = cursor.pos;
  const accuracy = (cursor.u8() & 15) + 5;
  if (accuracy > maxAccuracy) cursor.fail(`a zstd table of ${accuracy} bits`, start);
  let place = 4;
  const read = (count: number): number => {
    let value = 0;
    for (let i = 0; i < count; i++, place++) {
      cursor.pos = start + (place >> 3);
      value |= ((cursor.u8() >> (place & 7)) & 1) << i;
    }
    return value;
  };
  const probabilities: number[] = [];
  for (let left = 1 << accuracy; left > 0;) {
    // Values up to left + 1, of which the smaller ones take a bit less.
    const count = highestBit(left + 1) + 1;
    const small = (1 << count) - 1 - (left + 1);
    let value = read(count - 1);
    if (value >= small) {
      value |= read(1) << (count - 1);
      if (value >= 1 << (count - 1)) value -= small;
    }
    const probability = value - 1;
    probabilities.push(probability);
    left -= Math.abs(probability);
    if (left < 0) cursor.fail('a zstd table with too much in it', start);
    // How many further symbols have none; 3 says that another number follows.
    for (let more = probability === 0 ? 3 : 0; more === 3;) {
      more = read(2);
      for (let i = 0; i < more; i++) probabilities.push(0);
    }
    if (probabilities.length > maxSymbol + 1) cursor.fail('a zstd table with too many symbols', start);
  }
  cursor.pos = start + Math.ceil(place / 8);
  return fseTable(probabilities, accuracy);
}

/** Walks through a table, led by a bitstream. */
export class FseState {
  readonly #table: FseTable;
  readonly #stream: BackwardBits;
  #state: number;

  constructor(table: FseTable, stream: BackwardBits) {
    this.#table = table;
    this.#stream = stream;
    this.#state = stream.read(table.accuracy);
  }

  get symbol(): number {
    return this.#table.symbols[this.#state] ?? 0;
  }

  next(): void {
    const { bits, bases } = this.#table;
    this.#state = (bases[this.#state] ?? 0) + this.#stream.read(bits[this.#state] ?? 0);
  }
}

import { FormatError } from '../errors.js';

/** Where the probabilities of each kind of decision begin, in one table (LZMA specification, "LzmaSpec.cpp": the arrays of CLzmaDecoder). */
const IS_MATCH = 0; // 12 states, 16 positions
const IS_REP = 192;
const IS_REP_G0 = 204;
const IS_REP_G1 = 216;
const IS_REP_G2 = 228;
const IS_REP0_LONG = 240; // 12 states, 16 positions
const POS_SLOT = 432; // 4 lengths, 64 slots
const POS_SPECIAL = 688;
const ALIGN = 803;
const LENGTH = 819; // as in `#length`
const REP_LENGTH = 1333;
const LITERAL = 1847;

/** Bytes between two of the tables for literals. */
const LITERAL_STRIDE = 0x300;

/** Probabilities are of 11 bits; each begins at one half. */
const HALF = 1024;

/**
 * Decodes LZMA, chunk by chunk as LZMA2 cuts it, into one buffer, which is the dictionary, too. What the stream may not do is a `FormatError`;
 * bytes are never written behind the end of a chunk.
 */
export class LzmaDecoder {
  readonly #out: Uint8Array;
  readonly #subject: string;
  readonly #probabilities = new Uint16Array(LITERAL + (LITERAL_STRIDE << 4));
  #pos = 0;
  /** Where the dictionary begins: nothing before it may be copied. */
  #start = 0;
  #state = 0;
  readonly #reps = [0, 0, 0, 0];
  #lc = 0;
  #lp = 0;
  #pb = 0;
  #in: Uint8Array = new Uint8Array();
  #inPos = 0;
  #range = 0;
  #code = 0;

  constructor(out: Uint8Array, subject: string) {
    this.#out = out;
    this.#subject = subject;
  }

  resetDictionary(): void {
    this.#start = this.#pos;
  }

  /** `properties` is (pb * 5 + lp) * 9 + lc. */
  setProperties(properties: number): void {
    this.#lc = properties % 9;
    this.#lp = Math.floor(properties / 9) % 5;
    this.#pb = Math.floor(properties / 45);
    // "lc + lp must be at most 4" in LZMA2 (xz format, LZMA2 in the SDK's Lzma2Dec.c).
    if (this.#pb > 4 || this.#lc + this.#lp > 4) this.#fail(`properties ${properties}`);
  }

  resetState(): void {
    this.#probabilities.fill(HALF);
    this.#state = 0;
    this.#reps.fill(0);
  }

  /** Copies a chunk that is not compressed. */
  copy(bytes: Uint8Array): void {
    this.#out.set(bytes, this.#pos);
    this.#pos += bytes.length;
  }

  /** Decodes a chunk of `size` bytes. */
  decode(input: Uint8Array, size: number): void {
    if (input.length < 5 || input[0] !== 0) this.#fail('a chunk that does not begin with 0');
    this.#in = input;
    this.#inPos = 5;
    this.#range = 0xffffffff;
    this.#code = new DataView(input.buffer, input.byteOffset).getUint32(1);
    for (const end = this.#pos + size; this.#pos < end;) this.#symbol(end);
    if (this.#inPos !== input.length || this.#code !== 0)
      this.#fail('a chunk that does not end where it says');
  }

  #symbol(end: number): void {
    const position = (this.#pos - this.#start) & ((1 << this.#pb) - 1);
    const state = this.#state;
    if (this.#bit(IS_MATCH + (state << 4) + position) === 0) {
      this.#literal();
      return;
    }
    const [rep0 = 0, rep1 = 0, rep2 = 0, rep3 = 0] = this.#reps;
    let length: number;
    if (this.#bit(IS_REP + state) === 0) {
      length = this.#length(LENGTH, position);
      this.#state = state < 7 ? 7 : 10;
      this.#setReps(this.#distance(length), rep0, rep1, rep2);
    } else if (this.#bit(IS_REP_G0 + state) === 0) {
      if (this.#bit(IS_REP0_LONG + (state << 4) + position) === 0) {
        this.#state = state < 7 ? 9 : 11;
        this.#match(1, end);
        return;
      }
      length = this.#repLength(position);
    } else if (this.#bit(IS_REP_G1 + state) === 0) {
      this.#setReps(rep1, rep0, rep2, rep3);
      length = this.#repLength(position);
    } else {
      if (this.#bit(IS_REP_G2 + state) === 0) this.#setReps(rep2, rep0, rep1, rep3);
      else this.#setReps(rep3, rep0, rep1, rep2);
      length = this.#repLength(position);
    }
    // Lengths begin at 2.
    this.#match(length + 2, end);
  }

  #setReps(...reps: [number, number, number, number]): void {
    [this.#reps[0], this.#reps[1], this.#reps[2], this.#reps[3]] = reps;
  }

  #literal(): void {
    const out = this.#out;
    const position = this.#pos - this.#start;
    const before = position > 0 ? (out[this.#pos - 1] ?? 0) : 0;
    const context = ((position & ((1 << this.#lp) - 1)) << this.#lc) + (before >> (8 - this.#lc));
    const table = LITERAL + LITERAL_STRIDE * context;
    let symbol = 1;
    if (this.#state >= 7) {
      let match = out[this.#from()] ?? 0;
      while (symbol < 0x100) {
        const expected = (match >> 7) & 1;
        match <<= 1;
        const bit = this.#bit(table + ((1 + expected) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (bit !== expected) break;
      }
    }
    while (symbol < 0x100) symbol = (symbol << 1) | this.#bit(table + symbol);
    out[this.#pos++] = symbol;
    this.#state = this.#state < 4 ? 0 : this.#state < 10 ? this.#state - 3 : this.#state - 6;
  }

  #match(length: number, end: number): void {
    const from = this.#from();
    if (this.#pos + length > end) this.#fail('a match across the end of a chunk');
    // One by one: what is copied may be what was just written.
    for (let i = 0; i < length; i++) this.#out[this.#pos++] = this.#out[from + i] ?? 0;
  }

  /** Where the last distance leads. */
  #from(): number {
    const distance = this.#reps[0] ?? 0;
    if (distance >= this.#pos - this.#start) this.#fail(`a match ${distance + 1} bytes back`);
    return this.#pos - distance - 1;
  }

  #repLength(position: number): number {
    this.#state = this.#state < 7 ? 8 : 11;
    return this.#length(REP_LENGTH, position);
  }

  /** Its probabilities: two choices, 16 positions with 8 short lengths, 16 with 8 middle ones, 256 long ones. */
  #length(table: number, position: number): number {
    if (this.#bit(table) === 0) return this.#tree(table + 2 + (position << 3), 3);
    if (this.#bit(table + 1) === 0) return 8 + this.#tree(table + 130 + (position << 3), 3);
    return 16 + this.#tree(table + 258, 8);
  }

  #distance(length: number): number {
    const slot = this.#tree(POS_SLOT + (Math.min(length, 3) << 6), 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const high = ((2 | (slot & 1)) << bits) >>> 0;
    if (slot < 14) return high + this.#reverseTree(POS_SPECIAL + high - slot, bits);
    return high + this.#directBits(bits - 4) * 16 + this.#reverseTree(ALIGN, 4);
  }

  #tree(table: number, bits: number): number {
    let node = 1;
    for (let i = 0; i < bits; i++) node = (node << 1) | this.#bit(table + node);
    return node - (1 << bits);
  }

  #reverseTree(table: number, bits: number): number {
    let node = 1;
    let result = 0;
    for (let i = 0; i < bits; i++) {
      const bit = this.#bit(table + node);
      node = (node << 1) | bit;
      result |= bit << i;
    }
    return result;
  }

  #directBits(count: number): number {
    let result = 0;
    for (let i = 0; i < count; i++) {
      this.#range >>>= 1;
      const bit = this.#code >= this.#range ? 1 : 0;
      if (bit === 1) this.#code -= this.#range;
      result = result * 2 + bit;
      this.#normalize();
    }
    return result;
  }

  /** One decision, and what it teaches. */
  #bit(index: number): 0 | 1 {
    const probability = this.#probabilities[index] ?? 0;
    const bound = (this.#range >>> 11) * probability;
    const bit = this.#code < bound ? 0 : 1;
    if (bit === 0) {
      this.#range = bound;
      this.#probabilities[index] = probability + ((2048 - probability) >> 5);
    } else {
      this.#range -= bound;
      this.#code -= bound;
      this.#probabilities[index] = probability - (probability >> 5);
    }
    this.#normalize();
    return bit;
  }

  #normalize(): void {
    if (this.#range >= 0x1000000) return;
    const byte = this.#in[this.#inPos++];
    if (byte === undefined) this.#fail('a chunk that is cut off');
    this.#range = (this.#range << 8) >>> 0;
    this.#code = ((this.#code << 8) | byte) >>> 0;
  }

  #fail(what: string): never {
    throw new FormatError(this.#subject, undefined, `LZMA data with ${what}`);
  }
}

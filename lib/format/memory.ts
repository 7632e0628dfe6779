/** Memory as the formatter sees it: read to be shown, in a way that can't fault. */
export interface Memory {
  /** The `size` bytes at `address`; undefined if they can't all be read. */
  read(address: bigint, size: number): Uint8Array | undefined;
}

/** Thrown where memory can't be read. */
export class WildAddress extends Error {}

/** The smallest page there is: memory can be read or not by whole pages. */
const PAGE = 4096;

/** Reads values here and there, and the memory itself a page at a time. */
export class MemoryReader {
  readonly #memory: Memory;
  #page: { readonly start: bigint; readonly bytes: Uint8Array } | undefined;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** The `size` bytes at `address`; throws `WildAddress` if they can't all be read. */
  read(address: bigint, size: number): DataView {
    const at = Number(address % BigInt(PAGE));
    const page = this.#pageAt(address - BigInt(at));
    if (at + size <= PAGE) return new DataView(page.buffer, page.byteOffset + at, size);
    const bytes = new Uint8Array(size);
    bytes.set(page.subarray(at));
    const next = this.read(address + BigInt(PAGE - at), size - (PAGE - at));
    bytes.set(new Uint8Array(next.buffer, next.byteOffset, next.byteLength), PAGE - at);
    return new DataView(bytes.buffer);
  }

  #pageAt(start: bigint): Uint8Array {
    if (this.#page?.start === start) return this.#page.bytes;
    const bytes = this.#memory.read(start, PAGE);
    if (bytes === undefined) throw new WildAddress();
    this.#page = { start, bytes };
    return bytes;
  }
}

/** Memory as the formatter sees it: read to be shown, in a way that can't fault. */
export interface Memory {
  /** The `size` bytes at `address`; undefined if they can't all be read. */
  read(address: bigint, size: number): Uint8Array | undefined;
  /** A floating-point number in one of the formats that no DataView reads, as a double. */
  readonly readFloat: (format: 'binary16' | 'binary128' | 'x87', data: DataView, offset: number) => number;
}

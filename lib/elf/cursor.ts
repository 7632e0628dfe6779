import { ByteCursor } from '../bytes/cursor.js';

/** What decides how the numbers of an ELF file are read. */
export interface ElfEncoding {
  readonly class: 32 | 64;
  readonly littleEndian: boolean;
}

/** A cursor that knows the width of the file's addresses, offsets and sizes (gABI ch. 4 "Data Representation"). */
export class ElfCursor extends ByteCursor {
  readonly class: 32 | 64;

  constructor(bytes: Uint8Array, encoding: ElfEncoding, subject: string, base = 0) {
    super(bytes, encoding.littleEndian, subject, base);
    this.class = encoding.class;
  }

  /** An address, or another number as wide as one whose high bits count. */
  address(): bigint {
    return this.class === 64 ? this.u64() : BigInt(this.u32());
  }

  /** An offset or a size in bytes. */
  offset(): number {
    return this.class === 64 ? this.offset64() : this.u32();
  }
}

import { EM } from '../constants.js';

/** Types of relocations that the checks know, by machine (the psABIs, chapter "Relocation"). */
export interface RelocationTypes {
  readonly NONE: number;
  /** As wide as an address. */
  readonly ABSOLUTE: number;
  readonly GLOB_DAT: number;
  readonly JUMP_SLOT: number;
  readonly RELATIVE: number;
  readonly IRELATIVE: number;
  readonly COPY: number;
  /** Types that need a thread-local symbol. */
  readonly TLS: ReadonlySet<number>;
  /** Types that the linker takes, and no library has: their address is cut to 32 bits, or is one of x32. */
  readonly FOREIGN: ReadonlySet<number>;
  /** Types that write another number of bytes than an address has. */
  readonly sizes: ReadonlyMap<number, number>;
}

export const RELOCATION_TYPES: Readonly<Record<number, RelocationTypes>> = {
  // psABI x86-64 table 4.9: DTPMOD64, DTPOFF64, TPOFF64, TLSDESC; PC32, 32, SIZE32 write 4 bytes, TLSDESC 16.
  [EM.X86_64]: {
    NONE: 0,
    ABSOLUTE: 1,
    GLOB_DAT: 6,
    JUMP_SLOT: 7,
    RELATIVE: 8,
    IRELATIVE: 37,
    COPY: 5,
    TLS: new Set([16, 17, 18, 36]),
    // 32, which the linker tells of ("causes overflow") and goes on; RELATIVE64.
    FOREIGN: new Set([10, 38]),
    sizes: new Map([
      [2, 4],
      [32, 4],
      [36, 16],
    ]),
  },
  // psABI AArch64 "Dynamic relocations": TLS_DTPMOD64, TLS_DTPREL64, TLS_TPREL64, TLSDESC.
  [EM.AARCH64]: {
    NONE: 0,
    ABSOLUTE: 257,
    GLOB_DAT: 1025,
    JUMP_SLOT: 1026,
    RELATIVE: 1027,
    IRELATIVE: 1032,
    COPY: 1024,
    TLS: new Set([1028, 1029, 1030, 1031]),
    FOREIGN: new Set(),
    sizes: new Map([[1031, 16]]),
  },
};

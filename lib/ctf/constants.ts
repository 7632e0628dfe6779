/* CTF version 3, spelled as in binutils' include/ctf.h, which is its reference with the "CTF file format" manual. */

/** The first two bytes of a dictionary, in the byte order of the machine (`ctf_preamble_t`). */
export const CTF_MAGIC = 0xdff2;
/** `ctp_version` of version 3. */
export const CTF_VERSION_3 = 4;
/** The first eight bytes of an archive, always little-endian (`struct ctf_archive`). */
export const CTFA_MAGIC = 0x8b47f2a4d7623eebn;

/** `ctp_flags`. A further one, CTF_F_ARRNELEMS, was to say that arrays are in order; no compiler ever set it. */
export const CTF_F = {
  /** All behind the header is zlib data. */
  COMPRESS: 0x1,
  /** The function section holds type ids. Without it, it is of an older kind. */
  NEWFUNCINFO: 0x2,
  IDXSORTED: 0x4,
  /** Symbols and outside strings are those of .dynsym and .dynstr, not of .symtab and .strtab. */
  DYNSTR: 0x8,
} as const;

/** Kinds of types: the upper six bits of `ctt_info`. */
export const CTF_K = {
  /** What CTF can't represent. */
  UNKNOWN: 0,
  INTEGER: 1,
  FLOAT: 2,
  POINTER: 3,
  ARRAY: 4,
  FUNCTION: 5,
  STRUCT: 6,
  UNION: 7,
  ENUM: 8,
  FORWARD: 9,
  TYPEDEF: 10,
  VOLATILE: 11,
  CONST: 12,
  RESTRICT: 13,
  /** A bit-field. */
  SLICE: 14,
} as const;

/** The format of an integer: the upper eight bits of its encoding. */
export const CTF_INT = { SIGNED: 0x1, CHAR: 0x2, BOOL: 0x4, VARARGS: 0x8 } as const;

/** The format of a floating-point number: the upper eight bits of its encoding. */
export const CTF_FP = { SINGLE: 1, DOUBLE: 2, CPLX: 3, DCPLX: 4, LDCPLX: 5, LDOUBLE: 6 } as const;

/** `ctt_size` of a type whose size follows in 64 bits. */
export const CTF_LSIZE_SENT = 0xffffffff;
/** Structs and unions of this size on have members with offsets of 64 bits, `ctf_lmember_t`. */
export const CTF_LSTRUCT_THRESH = 536870912;
/** Set in the ids of a child dictionary's own types, and in names of the outside string table (`CTF_NAME_STID`). */
export const HIGH_BIT = 0x80000000;

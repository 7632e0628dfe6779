/**
 * Numbers of the ELF format, spelled as their specifications spell them, without the prefix that the group's name is.
 * Sources: the generic ABI (gABI, "System V Application Binary Interface", chapters 4 and 5), the GNU extensions
 * as in glibc's elf/elf.h.
 */

/** e_ident[EI_CLASS] (gABI ch. 4 "ELF Identification"). */
export const ELFCLASS = { 32: 1, 64: 2 } as const;

/** e_ident[EI_DATA] (gABI ch. 4 "ELF Identification"). */
export const ELFDATA = { '2LSB': 1, '2MSB': 2 } as const;

/** e_ident[EI_OSABI] (gABI ch. 4 "ELF Identification"): the ones a Linux file can have, and its neighbours. */
export const ELFOSABI = { NONE: 0, NETBSD: 2, GNU: 3, SOLARIS: 6, FREEBSD: 9, OPENBSD: 12, ARM: 97 } as const;

/** e_type (gABI ch. 4 "ELF Header"). */
export const ET = { NONE: 0, REL: 1, EXEC: 2, DYN: 3, CORE: 4 } as const;

/** e_machine (gABI ch. 4 "ELF Header", and the registry that continues it): machines that Linux runs on. */
export const EM = {
  NONE: 0,
  SPARC: 2,
  '386': 3,
  '68K': 4,
  MIPS: 8,
  PARISC: 15,
  SPARC32PLUS: 18,
  PPC: 20,
  PPC64: 21,
  S390: 22,
  ARM: 40,
  SH: 42,
  SPARCV9: 43,
  IA_64: 50,
  X86_64: 62,
  AARCH64: 183,
  RISCV: 243,
  BPF: 247,
  LOONGARCH: 258,
  ALPHA: 0x9026,
} as const;

/** e_phnum when the real number is in sh_info of section 0 (gABI ch. 4 "ELF Header"). */
export const PN_XNUM = 0xffff;

/** p_type (gABI ch. 5 "Program Header"; GNU_*: glibc elf.h). */
export const PT = {
  NULL: 0,
  LOAD: 1,
  DYNAMIC: 2,
  INTERP: 3,
  NOTE: 4,
  SHLIB: 5,
  PHDR: 6,
  TLS: 7,
  GNU_EH_FRAME: 0x6474e550,
  GNU_STACK: 0x6474e551,
  GNU_RELRO: 0x6474e552,
  GNU_PROPERTY: 0x6474e553,
} as const;

/** p_flags (gABI ch. 5 "Segment Permissions"). */
export const PF = { X: 1, W: 2, R: 4 } as const;

/** sh_type (gABI ch. 4 "Sections"; GNU_*: glibc elf.h). */
export const SHT = {
  NULL: 0,
  PROGBITS: 1,
  SYMTAB: 2,
  STRTAB: 3,
  RELA: 4,
  HASH: 5,
  DYNAMIC: 6,
  NOTE: 7,
  NOBITS: 8,
  REL: 9,
  DYNSYM: 11,
  INIT_ARRAY: 14,
  FINI_ARRAY: 15,
  PREINIT_ARRAY: 16,
  GROUP: 17,
  SYMTAB_SHNDX: 18,
  RELR: 19,
  GNU_HASH: 0x6ffffff6,
  GNU_verdef: 0x6ffffffd,
  GNU_verneed: 0x6ffffffe,
  GNU_versym: 0x6fffffff,
} as const;

/** sh_flags (gABI ch. 4 "Section Attribute Flags"). */
export const SHF = {
  WRITE: 1,
  ALLOC: 2,
  EXECINSTR: 4,
  MERGE: 0x10,
  STRINGS: 0x20,
  INFO_LINK: 0x40,
  GROUP: 0x200,
  TLS: 0x400,
  COMPRESSED: 0x800,
} as const;

/** Section numbers with a meaning of their own (gABI ch. 4 "Special Section Indexes"). */
export const SHN = { UNDEF: 0, LORESERVE: 0xff00, ABS: 0xfff1, COMMON: 0xfff2, XINDEX: 0xffff } as const;

/** ch_type (gABI ch. 4 "Section Compression"). */
export const ELFCOMPRESS = { ZLIB: 1, ZSTD: 2 } as const;

/** Symbol types (gABI ch. 4 "Symbol Type"; GNU_IFUNC: glibc elf.h). */
export const STT = {
  NOTYPE: 0,
  OBJECT: 1,
  FUNC: 2,
  SECTION: 3,
  FILE: 4,
  COMMON: 5,
  TLS: 6,
  GNU_IFUNC: 10,
} as const;

/** Symbol bindings (gABI ch. 4 "Symbol Binding"; GNU_UNIQUE: glibc elf.h). */
export const STB = { LOCAL: 0, GLOBAL: 1, WEAK: 2, GNU_UNIQUE: 10 } as const;

/** Symbol visibilities (gABI ch. 4 "Symbol Visibility"). */
export const STV = { DEFAULT: 0, INTERNAL: 1, HIDDEN: 2, PROTECTED: 3 } as const;

/** d_tag (gABI ch. 5 "Dynamic Array Tags"; GNU_* and VER*: glibc elf.h). */
export const DT = {
  NULL: 0,
  NEEDED: 1,
  PLTRELSZ: 2,
  PLTGOT: 3,
  HASH: 4,
  STRTAB: 5,
  SYMTAB: 6,
  RELA: 7,
  RELASZ: 8,
  RELAENT: 9,
  STRSZ: 10,
  SYMENT: 11,
  INIT: 12,
  FINI: 13,
  SONAME: 14,
  RPATH: 15,
  SYMBOLIC: 16,
  REL: 17,
  RELSZ: 18,
  RELENT: 19,
  PLTREL: 20,
  TEXTREL: 22,
  JMPREL: 23,
  BIND_NOW: 24,
  INIT_ARRAY: 25,
  FINI_ARRAY: 26,
  INIT_ARRAYSZ: 27,
  FINI_ARRAYSZ: 28,
  RUNPATH: 29,
  FLAGS: 30,
  PREINIT_ARRAY: 32,
  PREINIT_ARRAYSZ: 33,
  RELRSZ: 35,
  RELR: 36,
  RELRENT: 37,
  GNU_HASH: 0x6ffffef5,
  VERSYM: 0x6ffffff0,
  RELACOUNT: 0x6ffffff9,
  RELCOUNT: 0x6ffffffa,
  FLAGS_1: 0x6ffffffb,
  VERDEF: 0x6ffffffc,
  VERDEFNUM: 0x6ffffffd,
  VERNEED: 0x6ffffffe,
  VERNEEDNUM: 0x6fffffff,
  AUXILIARY: 0x7ffffffd,
  FILTER: 0x7fffffff,
} as const;

/** DT_FLAGS (gABI ch. 5 "DT_FLAGS values"). */
export const DF = { ORIGIN: 1, SYMBOLIC: 2, TEXTREL: 4, BIND_NOW: 8, STATIC_TLS: 16 } as const;

/** DT_FLAGS_1 (glibc elf.h; Solaris "Linker and Libraries Guide"). */
export const DF_1 = {
  NOW: 1,
  GLOBAL: 2,
  NODELETE: 8,
  INITFIRST: 0x20,
  NOOPEN: 0x40,
  ORIGIN: 0x80,
  NODEFLIB: 0x800,
  PIE: 0x08000000,
} as const;

/** Version indexes of DT_VERSYM (LSB "Symbol Versioning"): no version, and the bit of a version that is not the default. */
export const VER_NDX = { LOCAL: 0, GLOBAL: 1 } as const;
export const VERSYM_HIDDEN = 0x8000;

/** n_type of notes whose owner is "GNU" (glibc elf.h). */
export const NT = { GNU_ABI_TAG: 1, GNU_BUILD_ID: 3, GNU_PROPERTY_TYPE_0: 5 } as const;

/** The group's name for `value`: `nameOf(STT, 10)` is `GNU_IFUNC`. A value it does not know is printed in hex. */
export function nameOf(group: Readonly<Record<string, number>>, value: number): string {
  for (const [name, number] of Object.entries(group)) if (number === value) return name;
  return `0x${value.toString(16)}`;
}

/**
 * The numbers of DWARF that this reader knows, spelled as the standard spells them without their prefix: `DW_TAG.member`.
 * Sections refer to DWARF v5; `GNU_…`, `MIPS_…` and `LLVM_…` are from binutils' `dwarf2.def` and LLVM's `Dwarf.def`.
 */

/** Kinds of entries (§7.5.3, Table 7.3). */
export const DW_TAG = {
  array_type: 0x01,
  class_type: 0x02,
  enumeration_type: 0x04,
  formal_parameter: 0x05,
  member: 0x0d,
  pointer_type: 0x0f,
  reference_type: 0x10,
  compile_unit: 0x11,
  string_type: 0x12,
  structure_type: 0x13,
  subroutine_type: 0x15,
  typedef: 0x16,
  union_type: 0x17,
  unspecified_parameters: 0x18,
  variant: 0x19,
  inheritance: 0x1c,
  module: 0x1e,
  ptr_to_member_type: 0x1f,
  set_type: 0x20,
  subrange_type: 0x21,
  base_type: 0x24,
  const_type: 0x26,
  enumerator: 0x28,
  file_type: 0x29,
  packed_type: 0x2d,
  subprogram: 0x2e,
  variant_part: 0x33,
  variable: 0x34,
  volatile_type: 0x35,
  restrict_type: 0x37,
  interface_type: 0x38,
  namespace: 0x39,
  unspecified_type: 0x3b,
  partial_unit: 0x3c,
  imported_unit: 0x3d,
  shared_type: 0x40,
  type_unit: 0x41,
  rvalue_reference_type: 0x42,
  template_alias: 0x43,
  coarray_type: 0x44,
  generic_subrange: 0x45,
  dynamic_type: 0x46,
  atomic_type: 0x47,
  skeleton_unit: 0x4a,
  immutable_type: 0x4b,
} as const;

/** Attributes (§7.5.4, Table 7.5). */
export const DW_AT = {
  sibling: 0x01,
  location: 0x02,
  name: 0x03,
  byte_size: 0x0b,
  bit_offset: 0x0c,
  bit_size: 0x0d,
  stmt_list: 0x10,
  low_pc: 0x11,
  high_pc: 0x12,
  language: 0x13,
  import: 0x18,
  string_length: 0x19,
  comp_dir: 0x1b,
  const_value: 0x1c,
  lower_bound: 0x22,
  producer: 0x25,
  prototyped: 0x27,
  bit_stride: 0x2e,
  upper_bound: 0x2f,
  abstract_origin: 0x31,
  artificial: 0x34,
  calling_convention: 0x36,
  count: 0x37,
  data_member_location: 0x38,
  decl_file: 0x3a,
  decl_line: 0x3b,
  declaration: 0x3c,
  encoding: 0x3e,
  external: 0x3f,
  specification: 0x47,
  type: 0x49,
  virtuality: 0x4c,
  byte_stride: 0x51,
  ranges: 0x55,
  data_bit_offset: 0x6b,
  signature: 0x69,
  endianity: 0x65,
  linkage_name: 0x6e,
  enum_class: 0x6d,
  str_offsets_base: 0x72,
  addr_base: 0x73,
  rnglists_base: 0x74,
  dwo_name: 0x76,
  alignment: 0x88,
  defaulted: 0x8b,
  loclists_base: 0x8c,
  MIPS_linkage_name: 0x2007,
  GNU_vector: 0x2107,
  GNU_dwo_name: 0x2130,
  GNU_dwo_id: 0x2131,
  GNU_ranges_base: 0x2132,
  GNU_addr_base: 0x2133,
} as const;

/** How an attribute's value is stored (§7.5.6, Table 7.6). */
export const DW_FORM = {
  addr: 0x01,
  block2: 0x03,
  block4: 0x04,
  data2: 0x05,
  data4: 0x06,
  data8: 0x07,
  string: 0x08,
  block: 0x09,
  block1: 0x0a,
  data1: 0x0b,
  flag: 0x0c,
  sdata: 0x0d,
  strp: 0x0e,
  udata: 0x0f,
  ref_addr: 0x10,
  ref1: 0x11,
  ref2: 0x12,
  ref4: 0x13,
  ref8: 0x14,
  ref_udata: 0x15,
  indirect: 0x16,
  sec_offset: 0x17,
  exprloc: 0x18,
  flag_present: 0x19,
  strx: 0x1a,
  addrx: 0x1b,
  ref_sup4: 0x1c,
  strp_sup: 0x1d,
  data16: 0x1e,
  line_strp: 0x1f,
  ref_sig8: 0x20,
  implicit_const: 0x21,
  loclistx: 0x22,
  rnglistx: 0x23,
  ref_sup8: 0x24,
  strx1: 0x25,
  strx2: 0x26,
  strx3: 0x27,
  strx4: 0x28,
  addrx1: 0x29,
  addrx2: 0x2a,
  addrx3: 0x2b,
  addrx4: 0x2c,
  GNU_addr_index: 0x1f01,
  GNU_str_index: 0x1f02,
  GNU_ref_alt: 0x1f20,
  GNU_strp_alt: 0x1f21,
} as const;

/** Unit types (§7.5.1, Table 7.2). */
export const DW_UT = {
  compile: 0x01,
  type: 0x02,
  partial: 0x03,
  skeleton: 0x04,
  split_compile: 0x05,
  split_type: 0x06,
} as const;

/** Encodings of base types (§7.8, Table 7.11). */
export const DW_ATE = {
  address: 0x01,
  boolean: 0x02,
  complex_float: 0x03,
  float: 0x04,
  signed: 0x05,
  signed_char: 0x06,
  unsigned: 0x07,
  unsigned_char: 0x08,
  imaginary_float: 0x09,
  packed_decimal: 0x0a,
  numeric_string: 0x0b,
  edited: 0x0c,
  signed_fixed: 0x0d,
  unsigned_fixed: 0x0e,
  decimal_float: 0x0f,
  UTF: 0x10,
  UCS: 0x11,
  ASCII: 0x12,
  lo_user: 0x80,
} as const;

/** Operations of the expressions that tell where a variable or a member lies (§7.7.1, Table 7.9). */
export const DW_OP = {
  addr: 0x03,
  deref: 0x06,
  const1u: 0x08,
  const2u: 0x0a,
  const4u: 0x0c,
  const8u: 0x0e,
  constu: 0x10,
  plus: 0x22,
  plus_uconst: 0x23,
  reg0: 0x50,
  reg31: 0x6f,
  breg0: 0x70,
  breg31: 0x8f,
  regx: 0x90,
  fbreg: 0x91,
  form_tls_address: 0x9b,
  addrx: 0xa1,
  constx: 0xa2,
  GNU_push_tls_address: 0xe0,
  GNU_addr_index: 0xfb,
  GNU_const_index: 0xfc,
} as const;

/** Entries of a range list (§7.25, Table 7.30). */
export const DW_RLE = {
  end_of_list: 0x00,
  base_addressx: 0x01,
  startx_endx: 0x02,
  startx_length: 0x03,
  offset_pair: 0x04,
  base_address: 0x05,
  start_end: 0x06,
  start_length: 0x07,
} as const;

/** Entries of a location list (§7.7.3, Table 7.10). */
export const DW_LLE = {
  end_of_list: 0x00,
  base_addressx: 0x01,
  startx_endx: 0x02,
  startx_length: 0x03,
  offset_pair: 0x04,
  default_location: 0x05,
  base_address: 0x06,
  start_end: 0x07,
  start_length: 0x08,
} as const;

/** Source languages (§7.12, Table 7.17); 0x8001 is in no standard, but every assembler writes it. */
export const DW_LANG = {
  C89: 0x0001,
  C: 0x0002,
  Fortran77: 0x0007,
  Fortran90: 0x0008,
  C99: 0x000c,
  Fortran95: 0x000e,
  ObjC: 0x0010,
  UPC: 0x0012,
  D: 0x0013,
  Go: 0x0016,
  Rust: 0x001c,
  C11: 0x001d,
  Fortran03: 0x0022,
  Fortran08: 0x0023,
  C17: 0x002c,
  Fortran18: 0x002d,
  C23: 0x003e,
  Mips_Assembler: 0x8001,
} as const;

/** Calling conventions of functions and of types (§7.15, Table 7.20). */
export const DW_CC = {
  normal: 0x01,
  program: 0x02,
  nocall: 0x03,
  pass_by_reference: 0x04,
  pass_by_value: 0x05,
  LLVM_vectorcall: 0xc0,
  LLVM_Win64: 0xc1,
  LLVM_X86_64SysV: 0xc2,
  LLVM_AAPCS: 0xc3,
  LLVM_AAPCS_VFP: 0xc4,
  LLVM_IntelOclBicc: 0xc5,
  LLVM_SpirFunction: 0xc6,
  LLVM_OpenCLKernel: 0xc7,
  LLVM_Swift: 0xc8,
  LLVM_PreserveMost: 0xc9,
  LLVM_PreserveAll: 0xca,
  LLVM_X86RegCall: 0xcb,
} as const;

/** The byte orders a base type may ask for (§7.8, Table 7.12). */
export const DW_END = { default: 0x00, big: 0x01, little: 0x02 } as const;

const tables = new Map<object, string>([
  [DW_TAG, 'DW_TAG'],
  [DW_AT, 'DW_AT'],
  [DW_FORM, 'DW_FORM'],
  [DW_ATE, 'DW_ATE'],
  [DW_RLE, 'DW_RLE'],
  [DW_LLE, 'DW_LLE'],
  [DW_CC, 'DW_CC'],
]);

/** A constant as messages show it: `DW_TAG.member`, or `DW_TAG 0x9999` where the table doesn't know it. */
export function nameOf(table: Record<string, number>, value: number): string {
  const prefix = tables.get(table) ?? 'constant';
  const known = Object.keys(table).find((name) => table[name] === value);
  return known === undefined ? `${prefix} 0x${value.toString(16)}` : `${prefix}.${known}`;
}

const C_LANGUAGES: readonly number[] = [
  DW_LANG.C89,
  DW_LANG.C,
  DW_LANG.C99,
  DW_LANG.ObjC,
  DW_LANG.UPC,
  DW_LANG.C11,
  DW_LANG.C17,
  DW_LANG.C23,
];

/** Whether `language` is a C, where `f()` has no prototype. */
export function isC(language: number | undefined): boolean {
  return language !== undefined && C_LANGUAGES.includes(language);
}

const FORTRAN: readonly number[] = [
  DW_LANG.Fortran77,
  DW_LANG.Fortran90,
  DW_LANG.Fortran95,
  DW_LANG.Fortran03,
  DW_LANG.Fortran08,
  DW_LANG.Fortran18,
];

export function isFortran(language: number | undefined): boolean {
  return language !== undefined && FORTRAN.includes(language);
}

/** Where arrays begin when no lower bound is written: 1 in Fortran, 0 in C and its kin (§5.13, Table 7.17). */
export function defaultLowerBound(language: number | undefined): number {
  return isFortran(language) ? 1 : 0;
}

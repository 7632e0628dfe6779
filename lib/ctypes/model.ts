/**
 * The C type model: plain data, whatever the source (DWARF, CTF, a header, a declaration).
 *
 * Types may be cyclic (`struct node { struct node *next; }`), and a reader makes only what is looked at: the
 * `target` of a pointer, the `members` of a struct and the like may be getters that read on first use. Such a
 * getter may throw a `FormatError`; everything else is data. It may be the getter of a class, which a spread does not
 * see: what is to be changed is spread from `copyOf`.
 */
export type CType =
  | VoidType
  | BoolType
  | IntType
  | FloatType
  | ComplexType
  | EnumType
  | PointerType
  | ArrayType
  | RecordType
  | FunctionType
  | TypedefType
  | QualifiedType
  | UnsupportedType;

export interface VoidType {
  readonly kind: 'void';
}

/** `_Bool`. Its size is in bytes (Fortran's `logical(kind=4)` has 4). */
export interface BoolType {
  readonly kind: 'bool';
  readonly name: string;
  readonly size: number;
}

/** An integer, of 1, 2, 4, 8 or 16 bytes. `text` marks plain `char`, which holds text rather than a number. */
export interface IntType {
  readonly kind: 'int';
  readonly name: string;
  readonly size: number;
  readonly signed: boolean;
  readonly text: boolean;
}

/**
 * IEEE 754 binary16 (`_Float16`), binary32, binary64, binary128 (`_Float128`), and the 80-bit format of the x87 in
 * 16 bytes (`long double`, psABI x86-64 §3.1.2).
 */
export type FloatFormat = 'binary16' | 'binary32' | 'binary64' | 'binary128' | 'x87';

export interface FloatType {
  readonly kind: 'float';
  readonly name: string;
  readonly size: number;
  readonly format: FloatFormat;
}

/** `_Complex`: two floats of `format`, real part first. `size` counts both, in bytes. */
export interface ComplexType {
  readonly kind: 'complex';
  readonly name: string;
  readonly size: number;
  readonly format: FloatFormat;
}

export interface Enumerator {
  readonly name: string;
  readonly value: bigint;
}

/** `enum tag`. `size` is undefined where only the tag was declared. */
export interface EnumType {
  readonly kind: 'enum';
  readonly tag: string | undefined;
  readonly size: number | undefined;
  readonly signed: boolean;
  readonly enumerators: readonly Enumerator[];
  /** See `RecordType.declared`. */
  readonly declared?: boolean;
}

/** `target *`; with `reference`, a reference of C++ or Rust, which is a pointer to the ABI and never null. */
export interface PointerType {
  readonly kind: 'pointer';
  readonly target: CType;
  readonly size: number;
  readonly reference?: '&' | '&&';
  /** Whoever takes one frees what it leads to: Rust's `Box`. */
  readonly owned?: boolean;
}

/** `element[length]`; a flexible array member has no length. `vector`: a register-wide `vector_size` type. */
export interface ArrayType {
  readonly kind: 'array';
  readonly element: CType;
  readonly length: number | undefined;
  readonly vector: boolean;
}

/** A member of a struct or union. Without a name it is an anonymous struct or union (C11 §6.7.2.1p13). */
export interface Member {
  readonly name: string | undefined;
  readonly type: CType;
  /** Bytes from the start of the struct; for a bit-field those of the byte that holds its first bit. */
  readonly offset: number;
  /** A bit-field's first (least significant) bit, in bits from the start of the struct, little-endian. */
  readonly bitOffset?: number;
  /** A bit-field's width in bits. */
  readonly bitSize?: number;
  /** In bytes, where the member asks for it (`_Alignas`, `aligned`); otherwise its type's. */
  readonly alignment?: number;
}

/** `struct tag` or `union tag`. `size` is undefined for an opaque one, which is declared but not defined. */
export interface RecordType {
  readonly kind: 'struct' | 'union';
  readonly tag: string | undefined;
  readonly size: number | undefined;
  /** In bytes, where the debug info says it (DWARF v5 §2.24): of a record that asks for one. Otherwise see `alignOf`. */
  readonly alignment?: number | undefined;
  /** It may ask for an alignment that the debug info has no place for (CTF): whoever passes it on the stack has to refuse it where that counts. */
  readonly alignmentInDoubt?: boolean;
  readonly members: readonly Member[];
  /**
   * Why the record is not plain C data (a C++ class with a non-trivial copy, say); undefined if it is. For calls, which pass
   * such a record by invisible reference (Itanium C++ ABI §1.1, §3.1): whoever passes structs by value has to refuse it.
   */
  readonly nonTrivial?: string | undefined;
  /** Whether the place that names it only declares it: the first look at its size or members then searches the whole file for its definition. */
  readonly declared?: boolean;
}

export interface Parameter {
  readonly name: string | undefined;
  readonly type: CType;
}

/** What compiled the code: where compilers read the ABI differently it is called in its own way. */
export interface Compiler {
  readonly name: 'gcc' | 'clang' | 'rustc';
  /** The major one; rustc's minor one. */
  readonly version: number;
}

export interface FunctionType {
  readonly kind: 'function';
  readonly result: CType;
  readonly parameters: readonly Parameter[];
  /** `...` at the end. */
  readonly variadic: boolean;
  /** False for `int f()` (C17 and before): the parameters are not known to callers. */
  readonly prototyped: boolean;
  /** The calling convention where it is not C's: as DWARF names it, `DW_CC.LLVM_Win64`, or a language's own. Such a function can't be called. */
  readonly convention?: string | undefined;
  /** Undefined if it is not known. */
  readonly compiler?: Compiler | undefined;
}

export interface TypedefType {
  readonly kind: 'typedef';
  readonly name: string;
  readonly target: CType;
  /** In bytes, where the typedef asks for it: `typedef int wide __attribute__((aligned(64)))`, or less than the type's own. */
  readonly alignment?: number | undefined;
}

/** What C writes in front of a type, or behind the `*` of a pointer. */
export type Qualifier = 'const' | 'volatile' | 'restrict' | '_Atomic';

export interface QualifiedType {
  readonly kind: 'qualified';
  readonly qualifier: Qualifier;
  readonly target: CType;
}

/** A type this project can't represent. It never fails the library: only its use fails, with `reason`. */
export interface UnsupportedType {
  readonly kind: 'unsupported';
  /** How the source names it (`DW_TAG.ptr_to_member_type`, `std::nullptr_t`). */
  readonly name: string;
  readonly size: number | undefined;
  readonly reason: string;
  /** Set where a symbol's type is not known at all: what the error of its use has besides `reason`, which then is the whole text. */
  readonly of?: { readonly path: string; readonly symbol: string };
}

export const VOID: VoidType = { kind: 'void' };

/** A type without its typedefs and qualifiers: what the machine sees. */
export type BareType = Exclude<CType, TypedefType | QualifiedType>;

/** `type` without typedefs and qualifiers at its top. Throws on a typedef that names itself (corrupt input). */
export function bare(type: CType): BareType {
  let at = type;
  for (let depth = 0; depth < 100; depth++) {
    if (at.kind !== 'typedef' && at.kind !== 'qualified') return at;
    at = at.target;
  }
  return {
    kind: 'unsupported',
    name: 'typedef',
    size: undefined,
    reason: 'typedefs nested more than 100 deep',
  };
}

/** Whether `qualifier` stands anywhere at the top of `type`, also behind a typedef; for an array, on its element (C17 §6.7.3p9). */
export function isQualified(type: CType, qualifier: Qualifier): boolean {
  let at = type;
  for (let depth = 0; depth < 100; depth++) {
    if (at.kind === 'qualified') {
      if (at.qualifier === qualifier) return true;
      at = at.target;
    } else if (at.kind === 'typedef') at = at.target;
    else if (at.kind === 'array') at = at.element;
    else return false;
  }
  return false;
}

/** Whether `type` is plain `char`, which holds text rather than a number. */
export function isText(type: CType): boolean {
  const t = bare(type);
  return t.kind === 'int' && t.text && t.size === 1;
}

/** `type` with qualifiers, which C writes in this order: in front of it, or behind the `*` of a pointer. */
export function qualified(type: CType, qualifiers: readonly Qualifier[]): CType {
  // What is printed first is the outermost in front, and the innermost behind a star.
  const outwards = type.kind === 'pointer' ? qualifiers : qualifiers.toReversed();
  return outwards.reduce((target, qualifier) => ({ kind: 'qualified', qualifier, target }), type);
}

/** What is read at the first look, by kind. */
const READ_LATER: Readonly<Partial<Record<CType['kind'], readonly string[]>>> = {
  pointer: ['target'],
  qualified: ['target'],
  typedef: ['target'],
  array: ['element'],
  function: ['result', 'parameters', 'compiler'],
  struct: ['size', 'alignment', 'members', 'nonTrivial'],
  union: ['size', 'alignment', 'members', 'nonTrivial'],
  enum: ['size', 'signed', 'enumerators'],
};

/** A copy of `type` with all it is made of read, to be changed by a spread. May throw a `FormatError`. */
export function copyOf<T extends CType>(type: T): T {
  const read = (READ_LATER[type.kind] ?? []).filter((key) => key in type);
  return { ...type, ...Object.fromEntries(read.map((key) => [key, Reflect.get(type, key)])) };
}

const constTypes = new WeakMap<CType, QualifiedType>();

/** `type` with `const` in front; the same one each time. */
export function constOf(type: CType): CType {
  if (isQualified(type, 'const')) return type;
  let made = constTypes.get(type);
  if (made === undefined)
    constTypes.set(type, (made = { kind: 'qualified', qualifier: 'const', target: type }));
  return made;
}

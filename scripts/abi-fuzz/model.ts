/* C types and values as the generator knows them: enough to declare them, to write constants of them and to tell the bytes of what is in them. */

export interface IntegerType {
  readonly kind: 'integer';
  readonly c: string;
  readonly size: 1 | 2 | 4 | 8 | 16;
  readonly signed: boolean;
}

export interface BoolType {
  readonly kind: 'bool';
  readonly c: '_Bool';
}

export interface EnumType {
  readonly kind: 'enum';
  readonly c: string;
  readonly size: 1 | 4 | 8;
  readonly signed: boolean;
  readonly values: readonly bigint[];
}

export interface FloatType {
  readonly kind: 'float';
  readonly c: string;
  /** Bytes that hold the value: of the 16 of a `long double` these are 10. */
  readonly size: 2 | 4 | 8 | 10;
}

export interface ComplexType {
  readonly kind: 'complex';
  readonly c: string;
  readonly part: FloatType;
}

export interface PointerType {
  readonly kind: 'pointer';
  readonly c: 'void *' | 'int *';
}

/** A pointer to a function, as an opaque value. */
export interface FunctionPointerType {
  readonly kind: 'function';
  /** A typedef, so that declarations need no declarator around the name. */
  readonly c: 'operation';
}

export interface VectorType {
  readonly kind: 'vector';
  /** A typedef. */
  readonly c: string;
  readonly element: IntegerType | FloatType;
  readonly length: number;
}

export interface ArrayType {
  readonly kind: 'array';
  readonly element: Type;
  readonly length: number;
}

export interface RecordType {
  readonly kind: 'struct' | 'union';
  readonly c: string;
  readonly members: readonly Member[];
  readonly packed: boolean;
  readonly aligned: number | undefined;
  /** `T tail[]` or `T tail[0]` at the end; no value, and no byte of it is passed. */
  readonly tail: string | undefined;
}

export interface Member {
  /** Empty for `int : 0`. */
  readonly name: string;
  readonly type: Type;
  /** Of a bit-field. */
  readonly bits?: number;
  readonly aligned?: number;
}

export type Type =
  | IntegerType
  | BoolType
  | EnumType
  | FloatType
  | ComplexType
  | PointerType
  | FunctionPointerType
  | VectorType
  | ArrayType
  | RecordType;

/** An address that C and JavaScript both can name: of a byte of `arena`, or of a function `target0`, `target1`. */
export interface Place {
  readonly place: 'arena' | 'target';
  readonly index: number;
}

/**
 * A value as JavaScript sees it, with a `Place` for a pointer or a function. A struct has all its members, a union the one that was chosen.
 */
export type Value =
  number | bigint | boolean | string | null | Place | Complex | readonly Value[] | RecordValue;

export interface Complex {
  readonly re: number;
  readonly im: number;
}

export interface RecordValue {
  readonly [member: string]: Value;
}

/** A number past this is a bigint in JavaScript, as all of its type are. */
export function isBig(type: IntegerType | EnumType): boolean {
  return type.size >= 8;
}

export function isChar(type: Type): boolean {
  return type.kind === 'integer' && type.c === 'char';
}

/** The value of a member; only a union's members that were not chosen have none. */
export function memberValue(value: Value, name: string): Value | undefined {
  return (value as RecordValue)[name];
}

/** The types that `type` is made of, itself included. */
export function* parts(type: Type): Generator<Type> {
  yield type;
  if (type.kind === 'array' || type.kind === 'vector') yield* parts(type.element);
  if (type.kind === 'complex') yield type.part;
  if (type.kind === 'struct' || type.kind === 'union')
    for (const member of type.members) yield* parts(member.type);
}

/** Types that are counted apart: few use them, and their rules are their own. */
export function isExotic(type: Type): boolean {
  return [...parts(type)].some(
    (t) => t.kind === 'vector' || (t.kind === 'float' && (t.size === 2 || t.size === 10)),
  );
}

/** `_Float16`, which not every compiler has. */
export function isHalf(type: Type): boolean {
  return [...parts(type)].some((t) => t.kind === 'float' && t.size === 2);
}

/** A declaration of `name`; with an empty one, the type's name. */
export function declare(type: Type, name: string): string {
  if (type.kind === 'array') return declare(type.element, `${name}[${type.length}]`);
  if (type.kind === 'pointer') return `${type.c}${name}`;
  return name === '' ? type.c : `${type.c} ${name}`;
}

import type { ArrayView } from '../values/array.js';
import type { Pointer } from '../values/pointer.js';
import type {
  ArrayItems,
  Bytes,
  Callable,
  ConstArrayView,
  ConstPointer,
  ConstPointerArgument,
  PointerArgument,
  StoredPointer,
  TextArgument,
  Variable,
  VariadicArgument,
  VoidArgument,
  VoidPointer,
} from './values.js';

/*
 * What simple C declarations mean at compile time: `int (int, int)`, `unsigned long`, `const char *`, `int[4]`. What is not spelled in one of the ways
 * below, a typedef of the library say, is not understood here, and its type is the general one: never a wrong one. `Wide` is how 64-bit integers
 * are read.
 */

/**
 * How C's own types, and the typedefs that the ABI fixes, are read, a typed array of which memory of ours consists, and those that are passed for it. Words in
 * the orders that people use.
 */
interface Numbers<Wide> {
  'signed char': [number, Int8Array<ArrayBuffer>, Bytes];
  'unsigned char': [number, Uint8Array<ArrayBuffer>, Bytes];
  short: Number16;
  'short int': Number16;
  'unsigned short': Number16U;
  'unsigned short int': Number16U;
  int: Number32;
  signed: Number32;
  'signed int': Number32;
  unsigned: Number32U;
  'unsigned int': Number32U;
  long: Number64<Wide>;
  'long int': Number64<Wide>;
  'unsigned long': Number64U<Wide>;
  'unsigned long int': Number64U<Wide>;
  'long unsigned int': Number64U<Wide>;
  'long long': Number64<Wide>;
  'long long int': Number64<Wide>;
  'unsigned long long': Number64U<Wide>;
  'unsigned long long int': Number64U<Wide>;
  'long long unsigned int': Number64U<Wide>;
  float: [number, Float32Array<ArrayBuffer>, Float32Array];
  double: [number, Float64Array<ArrayBuffer>, Float64Array];
  _Bool: [boolean, ArrayView<boolean>, never];
  int8_t: [number, Int8Array<ArrayBuffer>, Bytes];
  uint8_t: [number, Uint8Array<ArrayBuffer>, Bytes];
  int16_t: Number16;
  uint16_t: Number16U;
  int32_t: Number32;
  uint32_t: Number32U;
  int64_t: Number64<Wide>;
  uint64_t: Number64U<Wide>;
  intptr_t: Number64<Wide>;
  uintptr_t: Number64U<Wide>;
  ptrdiff_t: Number64<Wide>;
  ssize_t: Number64<Wide>;
  size_t: Number64U<Wide>;
}

type Number16 = [number, Int16Array<ArrayBuffer>, Int16Array];
type Number16U = [number, Uint16Array<ArrayBuffer>, Uint16Array];
type Number32 = [number, Int32Array<ArrayBuffer>, Int32Array];
type Number32U = [number, Uint32Array<ArrayBuffer>, Uint32Array];
type Number64<Wide> = [Wide, WideArray<Wide, BigInt64Array<ArrayBuffer>>, BigInt64Array];
type Number64U<Wide> = [Wide, WideArray<Wide, BigUint64Array<ArrayBuffer>>, BigUint64Array];

/** Where 64-bit integers are read as numbers there is no typed array of them. */
type WideArray<Wide, A> = [Wide] extends [bigint] ? A : ArrayView<Wide>;

/** The names of the types. */
type NumberName = keyof Numbers<unknown>;

/** What is understood of a type: how it is read, what is passed for it, and what may be stored in it. */
interface Meaning<Read = unknown, Argument = unknown, Stored = unknown> {
  readonly read: Read;
  readonly argument: Argument;
  readonly stored: Stored;
}

/** Of a 64-bit integer both kinds of number are taken, however it is read. */
type NumberMeaning<T, A> = [A] extends [BigInt64Array | BigUint64Array]
  ? Meaning<T, bigint | number, bigint | number>
  : Meaning<T, T, T>;

/** Takes spaces off both ends. */
type Trim<S extends string> = S extends ` ${infer R}` ? Trim<R> : S extends `${infer R} ` ? Trim<R> : S;

/** The meaning of a type that a value can have; never for what is not understood. */
type MeaningOf<S extends string, Wide> = S extends NumberName
  ? NumberMeaning<Numbers<Wide>[S][0], Numbers<Wide>[S][2]>
  : S extends 'char'
    ? Meaning<number, number, number>
    : S extends `${infer Target}*`
      ? PointerTo<Trim<Target>, Wide>
      : never;

/** The meaning of `T *`. */
type PointerTo<S extends string, Wide> = S extends 'void' | 'const void'
  ? Meaning<VoidPointer | null, VoidArgument, StoredPointer<unknown>>
  : S extends 'char'
    ? Meaning<Pointer<number> | null, TextArgument, string | StoredPointer<number>>
    : S extends 'const char'
      ? Meaning<string | null, TextArgument, string | StoredPointer<number>>
      : S extends NumberName
        ? PointerToNumber<Numbers<Wide>[S][0], Numbers<Wide>[S][2]>
        : S extends `const ${infer T extends NumberName}`
          ? PointerToConst<Numbers<Wide>[T][0], Numbers<Wide>[T][2]>
          : S extends `${string}*`
            ? PointerToPointer<MeaningOf<S, Wide>>
            : never;

type PointerToNumber<T, Buffer> = Meaning<
  Pointer<T> | null,
  PointerArgument<T, Buffer, NumberMeaning<T, Buffer>['stored']>,
  StoredPointer<T>
>;

type PointerToConst<T, Buffer> = Meaning<
  ConstPointer<T> | null,
  ConstPointerArgument<T, Buffer, NumberMeaning<T, Buffer>['stored']>,
  StoredPointer<T>
>;

type PointerToPointer<M> = [M] extends [never]
  ? never
  : M extends Meaning
    ? Meaning<
        Pointer<M['read'], M['stored']> | null,
        PointerArgument<M['read'], never, M['stored']>,
        StoredPointer<M['read']>
      >
    : never;

type Result<S extends string, Wide> = S extends 'void' ? Meaning<void> : MeaningOf<S, Wide>;

/** The arguments of a parameter list; never if one is not understood. */
type Arguments<
  S extends string,
  Wide,
  Done extends readonly unknown[] = [],
> = S extends `${infer First},${infer Rest}`
  ? WithArgument<MeaningOf<Trim<First>, Wide>, Done> extends infer More extends readonly unknown[]
    ? [More] extends [never]
      ? never
      : Arguments<Rest, Wide, More>
    : never
  : Trim<S> extends '...'
    ? Done extends []
      ? never
      : [...Done, ...VariadicArgument[]]
    : WithArgument<MeaningOf<Trim<S>, Wide>, Done>;

type WithArgument<M, Done extends readonly unknown[]> = [M] extends [never]
  ? never
  : M extends Meaning
    ? [...Done, M['argument']]
    : never;

type ParameterList<S extends string, Wide> = Trim<S> extends 'void' ? [] : Arguments<S, Wide>;

/** The signature of `R (P, …)`; never if it is not understood. */
type Signature<R, P extends readonly unknown[]> = [R] extends [never]
  ? never
  : [P] extends [never]
    ? never
    : R extends Meaning
      ? (...args: P) => R['read']
      : never;

/** What is read of a variable of that type, and what may be stored in it. An array's memory may be read-only, so that it need not be a typed array. */
type ElementsOf<S extends string, Wide> = S extends NumberName
  ? Meaning<
      ConstArrayView<Numbers<Wide>[S][0]>,
      unknown,
      ArrayItems<NumberMeaning<Numbers<Wide>[S][0], Numbers<Wide>[S][2]>['stored']>
    >
  : S extends 'char'
    ? Meaning<string, unknown, string>
    : never;

type VariableOf<M, General> = [M] extends [never]
  ? General
  : M extends Meaning
    ? Variable<M['read'], M['stored']>
    : General;

type FunctionOf<F, General> = [F] extends [never]
  ? General
  : F extends (...args: infer P) => infer R
    ? Callable<(...args: P) => R>
    : General;

/** What `lookup(name, S)` gives; `General` for what is not understood. */
export type Declared<S extends string, General, Wide> = string extends S
  ? General
  : S extends `${infer R}(${infer P})`
    ? P extends `${string}${'(' | ')' | '{'}${string}`
      ? General
      : FunctionOf<Signature<Result<Trim<R>, Wide>, ParameterList<P, Wide>>, General>
    : S extends `${infer E}[${number | ''}]`
      ? VariableOf<ElementsOf<Trim<E>, Wide>, General>
      : VariableOf<MeaningOf<Trim<S>, Wide>, General>;

/** What `alloc(S)` gives: memory of its own, which can be written; `General` for what is not understood. */
export type Allocated<S extends string, General, Wide> = string extends S
  ? General
  : S extends `${infer E}[${number}]`
    ? Trim<E> extends infer T extends NumberName
      ? Pointer<
          Numbers<Wide>[T][1],
          ArrayItems<NumberMeaning<Numbers<Wide>[T][0], Numbers<Wide>[T][2]>['stored']>
        >
      : Trim<E> extends 'char'
        ? Pointer<string>
        : General
    : PointerOf<MeaningOf<Trim<S>, Wide>, General>;

type PointerOf<M, General> = [M] extends [never]
  ? General
  : M extends Meaning
    ? Pointer<M['read'], M['stored']>
    : General;

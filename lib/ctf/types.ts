import { sizeOf } from '../ctypes/layout.js';
import {
  bare,
  type ArrayType,
  type Compiler,
  type CType,
  type EnumType,
  type FunctionType,
  type Qualifier,
} from '../ctypes/model.js';
import type { ArrayOrder } from './array-order.js';
import { CTF_K } from './constants.js';
import type { CtfType } from './dictionary.js';
import { readEnumType } from './enum-type.js';
import { FinitenessCheck, keyOf } from './finite.js';
import { readFloatType, readIntegerType, unsupported } from './number-type.js';
import { readRecordType } from './record-type.js';
import { readArrayEntry, readParameterEntries } from './references.js';

/** What types need to know that is not in them. */
export interface TypeContext {
  /** Of the machine, in bytes. */
  readonly addressSize: number;
  readonly longDouble: 'x87' | 'binary128';
  readonly arrays: ArrayOrder | undefined;
  readonly compiler: Compiler | undefined;
  /** The size of an enum, in bytes. */
  enumSize(type: CtfType): number;
  /** What defines a struct, union or enum that `type` only declares; undefined if nothing does, or different ones do. */
  complete(type: CtfType): CtfType | undefined;
}

/** More than any language allows. */
const MAX_DIMENSIONS = 64;

/** Entries → C types. The same entry gives the same object, so that `===` holds and cycles close. */
export class TypeReader {
  readonly context: TypeContext;
  readonly finite: FinitenessCheck = new FinitenessCheck();
  readonly #types = new Map<number, CType>();

  constructor(context: TypeContext) {
    this.context = context;
  }

  /** The type that an entry describes. Reads the entry alone: what it refers to is read when looked at. */
  of(type: CtfType): CType {
    const key = keyOf(type);
    let made = this.#types.get(key);
    if (made === undefined) this.#types.set(key, (made = this.#read(type)));
    return made;
  }

  /** The type with an id that `from` refers to. */
  target(from: CtfType, id: number): CType {
    // libctf writes 0 where it found nothing.
    if (id === 0) return unrepresented();
    const type = from.dictionary.type(id);
    this.finite.nameless(type);
    return this.of(type);
  }

  #read(type: CtfType): CType {
    switch (type.kind) {
      case CTF_K.INTEGER:
        return readIntegerType(type);
      case CTF_K.FLOAT:
        return readFloatType(type, this.context.longDouble);
      case CTF_K.POINTER:
        return this.#pointer(type);
      case CTF_K.ARRAY:
        return this.#array(type);
      case CTF_K.FUNCTION:
        return this.#function(type);
      case CTF_K.STRUCT:
      case CTF_K.UNION:
        return readRecordType(this, type);
      case CTF_K.ENUM:
        return readEnumType(this, type);
      case CTF_K.FORWARD:
        return this.#declared(type);
      case CTF_K.TYPEDEF:
        return this.#typedef(type);
      case CTF_K.VOLATILE:
        return this.#qualified(type, 'volatile');
      case CTF_K.CONST:
        return this.#qualified(type, 'const');
      case CTF_K.RESTRICT:
        return this.#qualified(type, 'restrict');
      case CTF_K.SLICE:
        return unsupported('bit-field', 'a bit-field outside of a struct');
      default:
        return unrepresented();
    }
  }

  #pointer(type: CtfType): CType {
    const read = this.#lazyTarget(type);
    return {
      kind: 'pointer',
      size: this.context.addressSize,
      get target() {
        return read();
      },
    };
  }

  #qualified(type: CtfType, qualifier: Qualifier): CType {
    const read = this.#lazyTarget(type);
    return {
      kind: 'qualified',
      qualifier,
      get target() {
        return read();
      },
    };
  }

  #typedef(type: CtfType): CType {
    const read = this.#lazyTarget(type);
    return {
      kind: 'typedef',
      name: type.name ?? '',
      get target() {
        return read();
      },
    };
  }

  /**
   * `CTF_K_ARRAY`: one entry for each dimension, of which gcc flattens all that it can see, also behind typedefs. A length of 0 is `[]` as well as
   * `[0]`: taken as unknown, so that it is the linker that tells how long a variable is.
   */
  #array(type: CtfType): CType {
    const lengths: number[] = [];
    let at = type;
    let { element, length } = readArrayEntry(at);
    for (;;) {
      lengths.push(length);
      if (lengths.length > MAX_DIMENSIONS) type.dictionary.at(type.pos).fail('an array without end');
      const inner = element === 0 ? undefined : at.dictionary.type(element);
      if (inner?.kind !== CTF_K.ARRAY) break;
      at = inner;
      ({ element, length } = readArrayEntry(at));
    }
    const [last, innermost] = [at, element];
    const read = once(() => this.target(last, innermost));
    if (this.context.arrays === 'reversed') lengths.reverse();
    if (this.context.arrays === undefined && new Set(lengths).size > 1) {
      const count = lengths.reduce((product, each) => product * each, 1);
      return {
        ...unsupported(
          'array',
          'gcc 12 and 13 reversed its dimensions, and .comment does not tell which gcc it was',
        ),
        get size() {
          const size = sizeOf(read());
          return size && size * count;
        },
      };
    }
    const dimension = (each: number, of: () => CType): ArrayType => ({
      kind: 'array',
      get element() {
        return of();
      },
      length: each === 0 ? undefined : each,
      vector: false,
    });
    const inmost = dimension(lengths.pop() ?? 0, read);
    return lengths.reduceRight<ArrayType>((inner, each) => dimension(each, () => inner), inmost);
  }

  /**
   * `CTF_K_FUNCTION`. Nothing says whether there is a prototype, and `void f(void)` looks as the definition of `void f()` does: both are called without
   * arguments. A pointer to `int f()` has a `...` and nothing else, which is no C before C23.
   */
  #function(type: CtfType): FunctionType {
    const ids = readParameterEntries(type);
    const hasRest = ids.at(-1) === 0;
    if (hasRest) ids.pop();
    const prototyped = !hasRest || ids.length > 0;
    const parameters = once(() => ids.map((id) => ({ name: undefined, type: this.target(type, id) })));
    const result = this.#lazyTarget(type);
    // To gcc `T[0]` may count where `T[]` does not (i386.cc, classify_argument), and this is either.
    const isDisputed = once(() => [result(), ...parameters().map((p) => p.type)].some(hasEmptyArray));
    const { compiler } = this.context;
    return {
      kind: 'function',
      get result() {
        return result();
      },
      get parameters() {
        return parameters();
      },
      variadic: hasRest && prototyped,
      prototyped,
      get compiler() {
        return isDisputed() ? undefined : compiler;
      },
    };
  }

  /** `CTF_K_FORWARD`: `struct tag;`, as it is defined elsewhere, if it is. */
  #declared(type: CtfType): CType {
    const tag = type.name;
    const definition = once(() => {
      const found = this.context.complete(type);
      return found && this.of(found);
    });
    if (type.size === CTF_K.ENUM) {
      const defined = (): EnumType | undefined => {
        const found = definition();
        return found?.kind === 'enum' ? found : undefined;
      };
      return {
        kind: 'enum',
        tag,
        get size() {
          return defined()?.size;
        },
        get signed() {
          return defined()?.signed ?? false;
        },
        get enumerators() {
          return defined()?.enumerators ?? [];
        },
      };
    }
    const kind = type.size === CTF_K.UNION ? 'union' : 'struct';
    const defined = () => {
      const found = definition();
      return found?.kind === kind ? found : undefined;
    };
    return {
      kind,
      tag,
      get size() {
        return defined()?.size;
      },
      get members() {
        return defined()?.members ?? [];
      },
    };
  }

  #lazyTarget(type: CtfType): () => CType {
    return once(() => this.target(type, type.size));
  }
}

/** Whether there is an array of no length in a struct or union itself. */
function hasEmptyArray(type: CType): boolean {
  const t = bare(type);
  if (t.kind === 'array') return t.length === undefined || hasEmptyArray(t.element);
  return (t.kind === 'struct' || t.kind === 'union') && t.members.some((m) => hasEmptyArray(m.type));
}

/** Of kind 0: gcc writes no more than that there is a type. */
function unrepresented(): CType {
  return unsupported('unknown', 'CTF has no such type: a vector, _Float16, _Decimal64 and the like');
}

/** `read`, called at the first call; a failure is not kept. */
export function once<T>(read: () => T): () => T {
  let value: { of: T } | undefined;
  return () => (value ??= { of: read() }).of;
}

import { alignmentOf, sizeOf } from './layout.js';
import { declare, isExotic, isHalf, type EnumType, type RecordType, type Type, type Value } from './model.js';
import { Random } from './random.js';
import { INT, TypeGenerator, UNPROMOTED, type Flavour } from './types.js';
import { randomValue } from './values.js';

/** A parameter and what is passed for it. */
export interface Parameter {
  readonly name: string;
  readonly type: Type;
  readonly value: Value;
  /** How JavaScript passes it: as it is, a struct as a live view of C memory, or with `cast`, which tells its C type. */
  readonly how: 'plain' | 'view' | 'cast';
}

export interface Result {
  /** Undefined for void. */
  readonly type: Type | undefined;
  readonly value: Value;
}

/** A function that C defines, calls, and that is called through the library. Everything in it follows from the seed and the index. */
export interface Signature {
  readonly index: number;
  readonly types: readonly (EnumType | RecordType)[];
  readonly parameters: readonly Parameter[];
  readonly result: Result;
  /** What is passed behind `int n, ...`; undefined if the function is not variadic. */
  readonly variadic: readonly Parameter[] | undefined;
  readonly callback: Callback | undefined;
  /** Whether it needs long double, `_Float16` or a vector. */
  readonly exotic: boolean;
  /** Whether it needs `_Float16`, which not every compiler has. */
  readonly half: boolean;
}

/** A parameter `cb` that points to a function, which the callee calls once. */
export interface Callback {
  /** The number of parameters before it. */
  readonly position: number;
  readonly parameters: readonly Parameter[];
  readonly result: Result;
}

/** The signature of that number among those of a seed. `exotic` is the probability that exotic types may be in it. */
export function signatureOf(seed: number, index: number, exotic: number): Signature {
  const random = new Random(seed, index);
  const flavour = random.weighted<Flavour>([
    [2, 'integer'],
    [2, 'sse'],
    [3, 'mixed'],
  ]);
  const maker = new SignatureMaker(random, index, flavour, random.chance(exotic));
  return maker.make();
}

class SignatureMaker {
  readonly #random: Random;
  readonly #types: TypeGenerator;
  readonly #index: number;
  /** How many parameters and results are structs and unions. */
  readonly #recordShare: number;

  constructor(random: Random, index: number, flavour: Flavour, exotic: boolean) {
    this.#random = random;
    this.#index = index;
    this.#types = new TypeGenerator(random, index, flavour, exotic);
    this.#recordShare = random.pick([0, 0.3, 0.5, 0.9]);
  }

  make(): Signature {
    const shape = this.#random.weighted([
      [7, 'plain'],
      [1.5, 'variadic'],
      [1.5, 'callback'],
    ]);
    const parameters = this.#parameters(this.#random.below(shape === 'plain' ? 13 : 7), 'p');
    const result = this.#result();
    let variadic: Parameter[] | undefined;
    let callback: Callback | undefined;
    if (shape === 'variadic') {
      variadic = Array.from({ length: this.#random.below(11) }, (_, i) => this.#variadicArgument(`v${i}`));
      parameters.push({ name: 'n', type: INT, value: variadic.length, how: 'plain' });
    } else if (shape === 'callback') {
      const position = this.#random.between(0, parameters.length);
      callback = {
        position,
        parameters: this.#parameters(this.#random.below(11), 'q'),
        result: this.#result(),
      };
    }
    const used = [...parameters, result, ...(variadic ?? []), ...callbackTypes(callback)].flatMap(
      ({ type }) => type ?? [],
    );
    return {
      index: this.#index,
      types: this.#types.defined,
      parameters,
      result,
      variadic,
      callback,
      exotic: used.some(isExotic),
      // Also of a type that is defined and not used: it must compile.
      half: [...used, ...this.#types.defined].some(isHalf),
    };
  }

  #parameters(count: number, letter: string): Parameter[] {
    return Array.from({ length: count }, (_, i) => {
      const type = this.#types.value(this.#recordShare);
      const how = isRecord(type) && this.#random.chance(0.2) ? 'view' : 'plain';
      return { name: `${letter}${i}`, type, value: randomValue(type, this.#random), how };
    });
  }

  #result(): Result {
    if (this.#random.chance(0.1)) return { type: undefined, value: null };
    const type = this.#types.value(Math.max(0.3, this.#recordShare));
    return { type, value: randomValue(type, this.#random) };
  }

  /** An argument of a type that is passed unpromoted (C17 §6.5.2.2p6), with `cast` where the value does not tell the type. */
  #variadicArgument(name: string): Parameter {
    const random = this.#random;
    if (random.chance(this.#recordShare)) {
      const record = this.#variadicRecord();
      return { name, type: record, value: randomValue(record, random), how: 'cast' };
    }
    const type = random.pick(UNPROMOTED);
    const value = randomValue(type, random);
    const how = tellsType(type, value) && random.chance(0.7) ? 'plain' : 'cast';
    // A typedef of the library means nothing to `cast`.
    return { name, type, value, how: type.kind === 'function' ? 'plain' : how };
  }

  /**
   * Not one of 16 bytes that is aligned to more than 8: gcc 12 reads it at -O2 from where the callee saved its registers with an instruction that
   * needs an alignment which that place does not have.
   */
  #variadicRecord(): RecordType {
    for (;;) {
      const record = this.#types.record();
      if (sizeOf(record) > 16 || alignmentOf(record) <= 8) return record;
    }
  }
}

/** Whether the type of an argument that is passed without `cast` follows from its value. */
function tellsType(type: Type, value: Value): boolean {
  if (type.kind === 'float') return !Number.isSafeInteger(value);
  return type.kind === 'pointer' || (type.kind === 'integer' && type.size <= 8);
}

function isRecord(type: Type): boolean {
  return type.kind === 'struct' || type.kind === 'union';
}

function callbackTypes(callback: Callback | undefined): (Parameter | Result)[] {
  return callback === undefined ? [] : [...callback.parameters, callback.result];
}

export function nameOf({ index }: Signature): string {
  return `f${index}`;
}

/** The C declaration of the function. */
export function prototypeOf(signature: Signature): string {
  const { parameters, callback, variadic } = signature;
  const list = parameters.map(({ type, name }) => declare(type, name));
  if (callback !== undefined) list.splice(callback.position, 0, callbackPrototype(callback, '(*cb)'));
  if (variadic !== undefined) list.push('...');
  return functionDeclaration(signature.result, nameOf(signature), list);
}

/** The callback's type around a declarator: `(*cb)`, or the name of a function of that type. */
export function callbackPrototype({ parameters, result }: Callback, declarator: string): string {
  return functionDeclaration(
    result,
    declarator,
    parameters.map(({ type, name }) => declare(type, name)),
  );
}

function functionDeclaration({ type }: Result, name: string, parameters: readonly string[]): string {
  const list = parameters.length === 0 ? 'void' : parameters.join(', ');
  return type === undefined ? `void ${name}(${list})` : declare(type, `${name}(${list})`);
}

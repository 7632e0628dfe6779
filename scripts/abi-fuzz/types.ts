import { alignmentOf, sizeOf } from './layout.js';
import type { EnumType, FloatType, IntegerType, Member, RecordType, Type, VectorType } from './model.js';
import type { Random } from './random.js';

const integer = (c: string, size: IntegerType['size'], signed: boolean): IntegerType => {
  return { kind: 'integer', c, size, signed };
};

export const INT: IntegerType = integer('int', 4, true);
const UNSIGNED: IntegerType = integer('unsigned int', 4, false);
export const LONG_LONG: IntegerType = integer('long long', 8, true);
const FLOAT: FloatType = { kind: 'float', c: 'float', size: 4 };
const DOUBLE: FloatType = { kind: 'float', c: 'double', size: 8 };
const LONG_DOUBLE: FloatType = { kind: 'float', c: 'long double', size: 10 };
const HALF: FloatType = { kind: 'float', c: '_Float16', size: 2 };
const FLOAT_COMPLEX: Type = { kind: 'complex', c: 'float _Complex', part: FLOAT };
const DOUBLE_COMPLEX: Type = { kind: 'complex', c: 'double _Complex', part: DOUBLE };
const BOOL: Type = { kind: 'bool', c: '_Bool' };
const OPERATION: Type = { kind: 'function', c: 'operation' };
const POINTERS: readonly Type[] = [
  { kind: 'pointer', c: 'void *' },
  { kind: 'pointer', c: 'int *' },
];

const SMALL_INTEGERS: readonly IntegerType[] = [
  integer('char', 1, true),
  integer('signed char', 1, true),
  integer('unsigned char', 1, false),
  integer('short', 2, true),
  integer('unsigned short', 2, false),
];
const LARGE_INTEGERS: readonly IntegerType[] = [
  INT,
  UNSIGNED,
  integer('long', 8, true),
  integer('unsigned long', 8, false),
  LONG_LONG,
  integer('unsigned long long', 8, false),
];
const INTEGERS: readonly IntegerType[] = [...SMALL_INTEGERS, ...LARGE_INTEGERS];
const INTEGERS_128: readonly IntegerType[] = [
  integer('__int128', 16, true),
  integer('unsigned __int128', 16, false),
];

/** Scalars that C's default argument promotions leave as they are (C17 §6.5.2.2p6), as often as they are listed. */
export const UNPROMOTED: readonly Type[] = [
  ...LARGE_INTEGERS,
  ...Array<Type>(4).fill(DOUBLE),
  ...POINTERS,
  OPERATION,
  FLOAT_COMPLEX,
  DOUBLE_COMPLEX,
];

/** Typedefs of the vectors, which the C text begins with. Of 8 and 16 bytes, as `__m64` and `__m128` are. */
export const VECTORS: readonly VectorType[] = [...INTEGERS, FLOAT, DOUBLE]
  .filter((t) => t.c !== 'char' && !t.c.includes('long long'))
  .flatMap((element) =>
    [8, 16].map((size): VectorType => {
      const c = `v${size}_${element.c.replaceAll(' ', '_')}`;
      return { kind: 'vector', c, element, length: size / element.size };
    }),
  );

/** What structs are over-aligned to. Past 16 bytes callers must align the stack themselves, which few do. */
const ALIGNMENTS: readonly [weight: number, alignment: number][] = [
  [2, 2],
  [2, 8],
  [10, 16],
  [0.5, 32],
  [0.5, 64],
];

/** What the scalars of a signature are like: mostly of one class, so that its registers run out, or mixed. */
export type Flavour = 'integer' | 'sse' | 'mixed';

/** Random types of one signature. Structs, unions and enums are named after it, and are listed in the order in which C needs them. */
export class TypeGenerator {
  readonly defined: (EnumType | RecordType)[] = [];
  readonly #random: Random;
  readonly #index: number;
  readonly #flavour: Flavour;
  readonly #exotic: boolean;
  #names = 0;

  constructor(random: Random, index: number, flavour: Flavour, exotic: boolean) {
    this.#random = random;
    this.#index = index;
    this.#flavour = flavour;
    this.#exotic = exotic;
  }

  /** What can be a parameter or a result. */
  value(recordShare: number): Type {
    return this.#random.chance(recordShare) ? this.record() : this.scalar();
  }

  /** A scalar of at most `most` bytes. */
  scalar(most = 32): Type {
    const type = this.#anyScalar();
    return sizeOf(type) <= most ? type : this.#random.pick(INTEGERS.filter((t) => t.size <= most));
  }

  #anyScalar(): Type {
    const random = this.#random;
    if (this.#exotic && random.chance(0.3)) return this.#exoticScalar();
    const integers = this.#flavour === 'sse' ? 2 : 8;
    const floats = this.#flavour === 'integer' ? 2 : 8;
    return random.weighted<() => Type>([
      [integers, () => random.pick(INTEGERS)],
      [integers / 2, () => random.pick(SMALL_INTEGERS)],
      [1, () => BOOL],
      [1, () => this.#enum()],
      [2, () => random.pick(POINTERS)],
      [0.5, () => OPERATION],
      [0.5, () => random.pick(INTEGERS_128)],
      [floats / 2, () => FLOAT],
      [floats / 2, () => DOUBLE],
      [floats / 8, () => FLOAT_COMPLEX],
      [floats / 8, () => DOUBLE_COMPLEX],
    ])();
  }

  #exoticScalar(): Type {
    return this.#random.weighted<() => Type>([
      [3, () => LONG_DOUBLE],
      [1, () => ({ kind: 'complex', c: 'long double _Complex', part: LONG_DOUBLE })],
      [3, () => HALF],
      [4, () => this.#random.pick(VECTORS)],
    ])();
  }

  #enum(): EnumType {
    const c = this.#name('enum', 'e');
    const [size, signed, values] = this.#random.pick<[1 | 4 | 8, boolean, bigint[]]>([
      [4, false, [0n, 5n, 0xffffffffn]],
      [4, false, [1n, 2n, 4n]],
      [4, true, [-(2n ** 31n), -1n, 7n]],
      [8, true, [-(2n ** 40n), 0n, 2n ** 62n]],
      [8, false, [1n, 2n ** 63n]],
      // Packed: as small as it can be.
      [1, false, [0n, 200n]],
      [1, true, [-100n, 100n]],
    ]);
    const type: EnumType = { kind: 'enum', c, size, signed, values };
    this.defined.push(type);
    return type;
  }

  /** A struct or union of any size; most are small enough for registers (psABI x86-64 §3.2.3: up to 16 bytes). */
  record(): RecordType {
    const random = this.#random;
    const budget = random.weighted([
      [7, random.between(1, 16)],
      [2, random.between(17, 64)],
      [1, random.between(65, 400)],
    ]);
    return this.#record(budget, 0);
  }

  #record(budget: number, depth: number): RecordType {
    const random = this.#random;
    const kind = random.chance(0.2) ? 'union' : 'struct';
    const packed = random.chance(0.12);
    const count = random.chance(0.02) ? 0 : kind === 'union' ? random.between(1, 4) : Infinity;
    const members: Member[] = [];
    for (let left = budget; left > 0 && members.length < count && members.length < 40;) {
      const added = this.#member(left, depth, packed, `m${members.length}`);
      members.push(...added);
      if (kind === 'struct') left -= added.reduce((sum, m) => sum + memberSize(m), 0);
      if (kind === 'struct' && random.chance(0.1)) break;
    }
    const aligned = random.chance(0.06) ? random.weighted(ALIGNMENTS) : undefined;
    const hasTail = kind === 'struct' && depth === 0 && members.length > 0 && random.chance(0.003);
    const tail = hasTail ? random.pick(['char tail[]', 'int tail[0]', 'double tail[]']) : undefined;
    const c = this.#name(kind, kind === 'union' ? 'u' : 's');
    const type: RecordType = { kind, c, members, packed, aligned, tail };
    this.defined.push(type);
    return type;
  }

  /** A member of at most `most` bytes where that is possible, or a run of bit-fields. */
  #member(most: number, depth: number, packed: boolean, name: string): Member[] {
    const random = this.#random;
    if (random.chance(0.1)) return this.#bitFields(name);
    const type = this.#memberType(most, depth);
    const over = random.chance(0.03) ? random.pick([4, 8, 16, 16]) : 0;
    // C lets `aligned` on a member only raise its alignment, except in a packed struct.
    return [over > (packed ? 0 : alignmentOf(type)) ? { name, type, aligned: over } : { name, type }];
  }

  #memberType(most: number, depth: number): Type {
    const random = this.#random;
    if (depth < 3 && random.chance(0.15)) {
      const nested = this.#record(random.between(1, most), depth + 1);
      if (sizeOf(nested) <= most) return nested;
      this.defined.splice(this.defined.indexOf(nested), 1);
      return this.scalar(most);
    }
    if (!random.chance(0.18)) return this.scalar(most);
    const element =
      depth < 3 && random.chance(0.1) ? this.#record(random.between(1, most), depth + 1) : this.scalar(most);
    const fits = Math.max(1, Math.floor(most / Math.max(1, sizeOf(element))));
    const length = random.between(1, Math.min(fits, 9));
    const rows = Math.floor(fits / length);
    const row: Type = { kind: 'array', element, length };
    return rows > 1 && random.chance(0.25)
      ? { kind: 'array', element: row, length: random.between(1, Math.min(rows, 4)) }
      : row;
  }

  /** One to three bit-fields beside each other, sometimes parted by `int : 0`, which begins a new unit (psABI x86-64 §3.1.2). */
  #bitFields(name: string): Member[] {
    const random = this.#random;
    const members: Member[] = [];
    for (let i = random.between(1, 3); i > 0; i--) {
      const type = random.pick<Type>([INT, UNSIGNED, LONG_LONG, BOOL]);
      // As wide as its type clang's debug info does not tell it from what is no bit-field.
      const most = sizeOf(type) === 1 ? 1 : sizeOf(type) * (random.chance(0.7) ? 4 : 8);
      const bits = Math.min(random.between(1, most), Math.max(1, sizeOf(type) * 8 - 1));
      members.push({ name: `${name}_${i}`, type, bits });
      if (i > 1 && random.chance(0.15)) members.push({ name: '', type: INT, bits: 0 });
    }
    return members;
  }

  #name(keyword: string, letter: string): string {
    return `${keyword} ${letter}${this.#index}_${this.#names++}`;
  }
}

function memberSize({ type, bits }: Member): number {
  return bits === undefined ? sizeOf(type) : Math.ceil(bits / 8);
}

import { FormatError } from '../../errors.js';

/** A JSON object of a types file. Whatever is read from it is checked, and what is wrong is told with its place. */
export class Fields {
  /** The file and the place in it: `x.types.json: types[12].members[0]`. */
  readonly place: string;
  readonly #object: Readonly<Record<string, unknown>>;

  constructor(value: unknown, place: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(place, 'not an object');
    this.place = place;
    this.#object = value as Readonly<Record<string, unknown>>;
  }

  /** Undefined where there is none. Only the object's own: `__proto__` and `constructor` are names like others. */
  get(key: string): unknown {
    return Object.hasOwn(this.#object, key) ? this.#object[key] : undefined;
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#object, key);
  }

  keys(): string[] {
    return Object.keys(this.#object);
  }

  child(key: string): Fields {
    return new Fields(this.get(key), `${this.place}.${key}`);
  }

  array(key: string): readonly unknown[] {
    const value = this.get(key);
    return Array.isArray(value) ? (value as readonly unknown[]) : this.fail(key, 'not an array');
  }

  string(key: string): string {
    const value = this.get(key);
    return typeof value === 'string' ? value : this.fail(key, 'not a string');
  }

  boolean(key: string): boolean {
    const value = this.get(key);
    return typeof value === 'boolean' ? value : this.fail(key, 'not true or false');
  }

  /** A whole number from 0 to `most`. */
  count(key: string, most: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.get(key);
    if (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most)
      return value as number;
    return this.fail(key, `not a whole number from 0 to ${most}`);
  }

  one<T extends string>(key: string, values: readonly T[]): T {
    const value = this.get(key);
    return values.find((v) => v === value) ?? this.fail(key, `none of ${values.join(', ')}`);
  }

  /** What `read` gives, or undefined without such a field. */
  optional<T>(key: string, read: (key: string) => T): T | undefined {
    return this.has(key) ? read(key) : undefined;
  }

  fail(key: string, reason: string): never {
    return fail(`${this.place}.${key}`, reason);
  }
}

/** Items of an array, each with its place. */
export function items(list: Fields, key: string): Fields[] {
  return list.array(key).map((value, i) => new Fields(value, `${list.place}.${key}[${i}]`));
}

export function fail(place: string, reason: string): never {
  throw new FormatError(place, undefined, reason);
}

/** Digits, or a number that is exact. */
export function bigintOf(value: unknown, place: string): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === 'string' && /^-?\d{1,39}$/.test(value)) return BigInt(value);
  return fail(place, 'not an integer, or one of digits in a string');
}

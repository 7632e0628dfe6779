import type { Fields } from './fields.js';
import { fail, items } from './fields.js';

/** Deeper than any real type. */
const MAX_DEPTH = 200;

/** Types that one nameless type is written with, in C: two parameters of the same kind in each other double with each level. */
const MAX_PARTS = 100_000;

/** What C writes without a name of its own: printing such a type goes on into what it refers to. */
const NAMELESS: readonly unknown[] = ['pointer', 'qualified', 'array', 'function'];

/**
 * Makes sure that whoever walks a type comes to an end: that no struct, array or typedef contains itself, none is larger than memory, no member lies outside its
 * struct, and no nameless type refers to itself. Nothing writes such types, but a file may be damaged.
 */
export class FinitenessCheck {
  readonly #node: (index: unknown, from: string) => Fields;
  readonly #parts = new Map<number, number>();
  readonly #sizes = new Map<number, number | undefined>();
  readonly #inside = new Set<string>();

  constructor(node: (index: unknown, from: string) => Fields) {
    this.#node = node;
  }

  /** Throws a `FormatError` if the type with that number has no end. */
  check(index: number, node: Fields): void {
    this.#countParts(index, node);
    this.#size(index, node);
  }

  /** How many nameless types one is written with. */
  #countParts(index: number, node: Fields): number {
    if (!NAMELESS.includes(node.get('kind'))) return 0;
    return this.#once(this.#parts, 'written', index, node, () => {
      const holders = node.get('kind') === 'function' ? [node, ...items(node, 'parameters')] : [node];
      const key = { array: 'element', function: 'result' }[String(node.get('kind'))] ?? 'target';
      let sum = 1;
      for (const holder of holders)
        sum += this.#into(holder, holder === node ? key : 'type', (i, n) => this.#countParts(i, n));
      return sum > MAX_PARTS ? fail(node.place, 'a type too long to be written') : sum;
    });
  }

  /** What an object of the type takes, in bytes; undefined for what has no size. */
  #size(index: number, node: Fields): number | undefined {
    switch (node.get('kind')) {
      case 'typedef':
      case 'qualified':
        return this.#once(this.#sizes, 'in', index, node, () => this.#sizeOf(node, 'target'));
      case 'array':
        return this.#once(this.#sizes, 'in', index, node, () => {
          const size = this.#sizeOf(node, 'element');
          const length = node.optional('length', (key) => node.count(key));
          if (size === undefined || length === undefined) return undefined;
          return Number.isSafeInteger(size * length)
            ? size * length
            : node.fail('length', 'larger than memory');
        });
      case 'struct':
      case 'union':
        return this.#once(this.#sizes, 'in', index, node, () => this.#record(node));
      default:
        return node.optional('size', (key) => node.count(key));
    }
  }

  #record(node: Fields): number | undefined {
    const size = node.optional('size', (key) => node.count(key));
    for (const member of items(node, 'members')) {
      const own = this.#sizeOf(member, 'type') ?? 0;
      const offset = member.count('offset');
      const bits = member.optional('bitSize', (key) => member.count(key));
      const end = bits === undefined ? offset + own : (member.count('bitOffset') + bits) / 8;
      if (size !== undefined && end > size)
        fail(member.place, `ends at ${end}, its ${size} bytes large struct before`);
    }
    return size;
  }

  #sizeOf(holder: Fields, key: string): number | undefined {
    return this.#into(holder, key, (index, node) => this.#size(index, node));
  }

  #into<T>(holder: Fields, key: string, visit: (index: number, node: Fields) => T): T {
    const index = holder.get(key);
    return visit(index as number, this.#node(index, `${holder.place}.${key}`));
  }

  #once<T>(done: Map<number, T>, way: string, index: number, node: Fields, read: () => T): T {
    if (done.has(index)) return done.get(index) as T;
    const step = `${way} ${index}`;
    if (this.#inside.has(step)) fail(node.place, 'a type that contains itself');
    if (this.#inside.size >= MAX_DEPTH) fail(node.place, `types nested more than ${MAX_DEPTH} deep`);
    this.#inside.add(step);
    try {
      const value = read();
      done.set(index, value);
      return value;
    } finally {
      this.#inside.delete(step);
    }
  }
}

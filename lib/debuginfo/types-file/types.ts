import type { CType, Compiler, Enumerator, FloatFormat, Member, Parameter } from '../../ctypes/model.js';
import { bigintOf, fail, Fields, items } from './fields.js';
import { FinitenessCheck } from './finite.js';

const QUALIFIERS = ['const', 'volatile', 'restrict', '_Atomic'] as const;

/** The sizes that a floating-point format has in bytes: the x87's takes 12 on i386 (psABI i386 §2.1.1). */
const FLOAT_SIZES: Readonly<Record<FloatFormat, readonly number[]>> = {
  binary16: [2],
  binary32: [4],
  binary64: [8],
  binary128: [16],
  x87: [12, 16],
};
const FORMATS = Object.keys(FLOAT_SIZES) as FloatFormat[];

/** The array `types` of a types file as C types. Each is made when it is first looked at, and once; what it refers to when that is. */
export class TypeTable {
  readonly #place: string;
  readonly #nodes: readonly unknown[];
  readonly #made: (CType | undefined)[] = [];
  readonly #finite: FinitenessCheck;

  constructor(nodes: readonly unknown[], place: string) {
    this.#nodes = nodes;
    this.#place = place;
    this.#finite = new FinitenessCheck((index, from) => this.node(index, from));
  }

  /** The type that `key` of an object names. Throws a `FormatError` if that can't be a type of C. */
  at(holder: Fields, key: string): CType {
    const index = holder.get(key);
    const node = this.node(index, `${holder.place}.${key}`);
    return (this.#made[index as number] ??= this.#read(node, index as number));
  }

  /** The object at `index`, which stands at `from`. */
  node(index: unknown, from: string): Fields {
    if (!Number.isInteger(index) || (index as number) < 0 || (index as number) >= this.#nodes.length)
      fail(from, `not the number of a type: there are ${this.#nodes.length}`);
    return new Fields(this.#nodes[index as number], `${this.#place}[${index as number}]`);
  }

  #read(node: Fields, index: number): CType {
    this.#finite.check(index, node);
    const kind = node.get('kind');
    switch (kind) {
      case 'void':
        return { kind };
      case 'bool':
        return { kind, name: node.string('name'), size: oneOf(node, 'size', [1, 2, 4, 8, 16]) };
      case 'int': {
        const size = oneOf(node, 'size', [1, 2, 4, 8, 16]);
        const text = flag(node, 'text');
        return { kind, name: node.string('name'), size, signed: node.boolean('signed'), text };
      }
      case 'float':
      case 'complex': {
        const format = node.one('format', FORMATS);
        const parts = kind === 'complex' ? 2 : 1;
        const size = oneOf(
          node,
          'size',
          FLOAT_SIZES[format].map((s) => s * parts),
        );
        return { kind, name: node.string('name'), size, format };
      }
      case 'enum': {
        const size = node.optional('size', () => oneOf(node, 'size', [1, 2, 4, 8, 16]));
        const enumerators = enumeratorsOf(node);
        return { kind, tag: text(node, 'tag'), size, signed: node.boolean('signed'), enumerators };
      }
      case 'pointer':
        return this.#pointer(node);
      case 'array':
        return this.#array(node);
      case 'struct':
      case 'union':
        return this.#record(node, kind);
      case 'function':
        return this.#function(node);
      case 'typedef': {
        const target = this.#lazy(node, 'target');
        return {
          kind,
          name: node.string('name'),
          get target() {
            return target();
          },
          alignment: alignmentOf(node),
        };
      }
      case 'qualified': {
        const target = this.#lazy(node, 'target');
        return {
          kind,
          qualifier: node.one('qualifier', QUALIFIERS),
          get target() {
            return target();
          },
        };
      }
      case 'unsupported': {
        const size = node.optional('size', (key) => node.count(key));
        return { kind, name: node.string('name'), size, reason: node.string('reason') };
      }
      default:
        return node.fail('kind', 'no kind of type');
    }
  }

  #pointer(node: Fields): CType {
    const target = this.#lazy(node, 'target');
    const reference = node.optional('reference', (key) => node.one(key, ['&', '&&'] as const));
    return {
      kind: 'pointer',
      size: oneOf(node, 'size', [2, 4, 8]),
      get target() {
        return target();
      },
      ...(reference && { reference }),
      ...(flag(node, 'owned') && { owned: true }),
    };
  }

  #array(node: Fields): CType {
    const element = this.#lazy(node, 'element');
    return {
      kind: 'array',
      get element() {
        return element();
      },
      length: node.optional('length', (key) => node.count(key)),
      vector: flag(node, 'vector'),
    };
  }

  #record(node: Fields, kind: 'struct' | 'union'): CType {
    const list = items(node, 'members');
    const members = once(() => list.map((member) => this.#member(member)));
    return {
      kind,
      tag: text(node, 'tag'),
      size: node.optional('size', (key) => node.count(key)),
      alignment: alignmentOf(node),
      nonTrivial: text(node, 'nonTrivial'),
      get members() {
        return members();
      },
    };
  }

  #member(member: Fields): Member {
    const bitOffset = member.optional('bitOffset', (key) => member.count(key));
    const bitSize = member.optional('bitSize', (key) => member.count(key, 128));
    const alignment = alignmentOf(member);
    return {
      name: text(member, 'name'),
      type: this.at(member, 'type'),
      offset: member.count('offset'),
      ...(bitOffset === undefined ? {} : { bitOffset }),
      ...(bitSize === undefined ? {} : { bitSize }),
      ...(alignment === undefined ? {} : { alignment }),
    };
  }

  #function(node: Fields): CType {
    const list = items(node, 'parameters');
    const result = this.#lazy(node, 'result');
    const parameters = once(() =>
      list.map((p): Parameter => ({ name: text(p, 'name'), type: this.at(p, 'type') })),
    );
    return {
      kind: 'function',
      get result() {
        return result();
      },
      get parameters() {
        return parameters();
      },
      variadic: flag(node, 'variadic'),
      prototyped: node.boolean('prototyped'),
      convention: text(node, 'convention'),
      compiler: compilerOf(node),
    };
  }

  #lazy(node: Fields, key: string): () => CType {
    return once(() => this.at(node, key));
  }
}

function text(node: Fields, key: string): string | undefined {
  return node.optional(key, (k) => node.string(k));
}

function flag(node: Fields, key: string): boolean {
  return node.optional(key, (k) => node.boolean(k)) ?? false;
}

function oneOf(node: Fields, key: string, sizes: readonly number[]): number {
  const size = node.count(key);
  return sizes.includes(size) ? size : node.fail(key, `not one of ${sizes.join(', ')}`);
}

/** A power of two up to what the linker can place. */
function alignmentOf(node: Fields): number | undefined {
  const alignment = node.optional('alignment', (key) => node.count(key, 2 ** 32));
  if (alignment !== undefined && !Number.isInteger(Math.log2(alignment)))
    node.fail('alignment', 'not a power of two');
  return alignment;
}

function compilerOf(node: Fields): Compiler | undefined {
  const stated = text(node, 'compiler');
  if (stated === undefined) return undefined;
  const [, name, version] = /^(gcc|clang|rustc) (\d{1,4})$/.exec(stated) ?? [];
  return name === 'gcc' || name === 'clang' || name === 'rustc'
    ? { name, version: Number(version) }
    : node.fail('compiler', 'not gcc, clang or rustc and a version');
}

function enumeratorsOf(node: Fields): Enumerator[] {
  return node.array('enumerators').map((value, i): Enumerator => {
    const place = `${node.place}.enumerators[${i}]`;
    if (!Array.isArray(value) || value.length !== 2) fail(place, 'not a name and a value');
    const [name, number] = value as [unknown, unknown];
    return {
      name: typeof name === 'string' ? name : fail(place, 'its name is not a string'),
      value: bigintOf(number, place),
    };
  });
}

/** `read`, called at the first call; a failure is not kept. */
function once<T>(read: () => T): () => T {
  let value: { of: T } | undefined;
  return () => (value ??= { of: read() }).of;
}

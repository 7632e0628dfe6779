import type { TypeNode } from '../debuginfo/types-file/format.js';

type NodeOf<K extends TypeNode['kind']> = Extract<TypeNode, { readonly kind: K }>;

export type RecordNode = NodeOf<'struct' | 'union'>;
export type EnumNode = NodeOf<'enum'>;
export type FunctionNode = NodeOf<'function'>;
export type PointerNode = NodeOf<'pointer'>;

/** What is behind typedefs and qualifiers. */
export interface Bare {
  readonly node: Exclude<TypeNode, { readonly kind: 'typedef' | 'qualified' }>;
  readonly index: number;
  readonly isConst: boolean;
  /** The first typedef on the way. */
  readonly typedef: string | undefined;
}

/** Typedefs within each other: no real type has as many, and a corrupt one may name itself. */
const MAX_DEPTH = 100;

const UNKNOWN: Bare['node'] = { kind: 'unsupported', name: 'unknown type', reason: 'it can not be read' };

/** The types of one library, as nodes that refer to each other by number: each is there once, however many units have it. */
export class Types {
  readonly nodes: readonly TypeNode[];

  constructor(nodes: readonly TypeNode[]) {
    this.nodes = nodes;
  }

  bare(index: number): Bare {
    let isConst = false;
    let typedef: string | undefined;
    for (let at = index, depth = 0; depth < MAX_DEPTH; depth++) {
      const node = this.nodes[at] ?? UNKNOWN;
      if (node.kind === 'typedef') {
        typedef ??= node.name;
        at = node.target;
      } else if (node.kind === 'qualified') {
        isConst ||= node.qualifier === 'const';
        at = node.target;
      } else return { node, index: at, isConst: isConst || this.#ofConst(node), typedef };
    }
    return { node: UNKNOWN, index, isConst, typedef };
  }

  /** Const stands on the elements of an array (C17 §6.7.3p9). */
  #ofConst(node: TypeNode): boolean {
    for (let depth = 0; node.kind === 'array' && depth < MAX_DEPTH; depth++) {
      const element = this.nodes[node.element];
      if (element === undefined) return false;
      if (element.kind !== 'array') return this.bare(node.element).isConst;
      node = element;
    }
    return false;
  }

  /** Whether C forbids an assignment to it: it is const, or has a const member (C17 §6.3.2.1p1). */
  isReadOnly(index: number, seen = new Set<TypeNode>()): boolean {
    const { node, isConst } = this.bare(index);
    // A corrupt type may have itself within.
    if (isConst || seen.has(node)) return isConst;
    seen.add(node);
    if (node.kind === 'array') return this.isReadOnly(node.element, seen);
    if (node.kind !== 'struct' && node.kind !== 'union') return false;
    return node.members.some(({ type }) => this.isReadOnly(type, seen));
  }

  /** Whether `T *` with this target is text. */
  isText(index: number): boolean {
    const { node } = this.bare(index);
    return node.kind === 'int' && node.text === true && node.size === 1;
  }

  /** Whether values of the type are known to have a size: not so opaque structs, functions, void. */
  isSized(index: number): boolean {
    const { node } = this.bare(index);
    switch (node.kind) {
      case 'void':
      case 'function':
      case 'unsupported':
        return false;
      case 'struct':
      case 'union':
      case 'enum':
        return node.size !== undefined;
      case 'array':
        return node.length !== undefined && node.length > 0 && this.isSized(node.element);
      default:
        return true;
    }
  }

  /** In bytes; 0 for what has none. */
  sizeOf(index: number, depth = 0): number {
    const { node } = this.bare(index);
    if (node.kind === 'array')
      return depth > MAX_DEPTH ? 0 : (node.length ?? 0) * this.sizeOf(node.element, depth + 1);
    return 'size' in node ? (node.size ?? 0) : 0;
  }

  /** The members by name, those of anonymous structs and unions among them; `isShared` where another lies at the same place. */
  fields(record: RecordNode): Field[] {
    const fields = new Map<string, Omit<Field, 'isShared'>>();
    this.#collect(record, 0, fields, 0);
    const all = [...fields.values()];
    // Sorted by their start, one overlaps another only if it begins before the furthest end so far.
    const sorted = all.toSorted((a, b) => a.start - b.start);
    const shared = new Set<string>();
    let last: Omit<Field, 'isShared'> | undefined;
    for (const field of sorted) {
      if (last !== undefined && field.start < last.end) shared.add(field.name).add(last.name);
      if (last === undefined || field.end > last.end) last = field;
    }
    return all.map((field) => ({ ...field, isShared: shared.has(field.name) }));
  }

  #collect(
    record: RecordNode,
    base: number,
    into: Map<string, Omit<Field, 'isShared'>>,
    depth: number,
  ): void {
    for (const { name, type, offset, bitOffset, bitSize } of record.members) {
      if (name !== undefined) {
        const start = base * 8 + (bitOffset ?? offset * 8);
        into.set(name, { name, type, start, end: start + (bitSize ?? this.sizeOf(type) * 8) });
        continue;
      }
      const { node } = this.bare(type);
      if ((node.kind === 'struct' || node.kind === 'union') && depth < MAX_DEPTH)
        this.#collect(node, base + offset, into, depth + 1);
    }
  }
}

export interface Field {
  readonly name: string;
  readonly type: number;
  /** In bits. */
  readonly start: number;
  readonly end: number;
  readonly isShared: boolean;
}

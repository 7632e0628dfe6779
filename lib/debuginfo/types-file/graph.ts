import type { CType } from '../../ctypes/model.js';
import type { TypeNode } from './format.js';
import { nodeOf, renumbered, type NodeOptions } from './nodes.js';

/** Types as nodes that refer to each other by number. Each type is looked at once, without a recursion that long lists could exhaust. */
export class TypeGraph {
  readonly types: CType[] = [];
  readonly #nodes: TypeNode[] = [];
  readonly #numbers = new Map<CType, number>();
  readonly #options: NodeOptions;

  constructor(options: NodeOptions) {
    this.#options = options;
  }

  /** The number of `type`, which is added with all that it leads to. */
  add(type: CType): number {
    const number = this.#number(type);
    while (this.#nodes.length < this.types.length) {
      const next = this.types[this.#nodes.length];
      if (next !== undefined) this.#nodes.push(nodeOf(next, (t) => this.#number(t), this.#options));
    }
    return number;
  }

  #number(type: CType): number {
    let number = this.#numbers.get(type);
    if (number === undefined) {
      number = this.types.push(type) - 1;
      this.#numbers.set(type, number);
    }
    return number;
  }

  /**
   * The nodes without those that can't be told apart, in the order in which `roots` lead to them: a header's types stand in every unit that uses
   * it, each time as other entries. `number` gives a type's number among them.
   */
  merged(roots: Iterable<number>): {
    readonly nodes: readonly TypeNode[];
    number: (added: number) => number;
  } {
    const classes = this.#classes();
    const numbers = new Map<number, number>();
    const order: number[] = [];
    const number = (added: number): number => {
      const group = classes[added] ?? added;
      let found = numbers.get(group);
      if (found === undefined) {
        found = order.push(added) - 1;
        numbers.set(group, found);
      }
      return found;
    };
    for (const root of roots) number(root);
    const nodes: TypeNode[] = [];
    for (const added of order) {
      const node = this.#nodes[added];
      if (node !== undefined) nodes.push(renumbered(node, number));
    }
    return { nodes, number };
  }

  /**
   * A class for each node, the same for those that look the same however far one follows them (partition refinement): each round tells apart
   * what leads to different classes of the round before, until none does.
   */
  #classes(): readonly number[] {
    // What a node refers to changes its class from round to round; the rest of it is compared once.
    const children: number[][] = [];
    let { classes, count } = grouped(
      this.#nodes.map((node) => {
        const referred: number[] = [];
        children.push(referred);
        return JSON.stringify(renumbered(node, (child) => referred.push(child) * 0));
      }),
    );
    for (;;) {
      const before = classes;
      const next = grouped(children.map((of, i) => `${before[i] ?? 0} ${of.map((c) => before[c]).join()}`));
      if (next.count === count) return classes;
      ({ classes, count } = next);
    }
  }
}

/** A number for each text, the same for the same. */
function grouped(looks: readonly string[]): { classes: readonly number[]; count: number } {
  const known = new Map<string, number>();
  const classes = looks.map((look) => {
    let group = known.get(look);
    if (group === undefined) known.set(look, (group = known.size));
    return group;
  });
  return { classes, count: known.size };
}

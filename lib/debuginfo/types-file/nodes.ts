import type { CType } from '../../ctypes/model.js';
import { FormatError } from '../../errors.js';
import { integer, type TypeNode } from './format.js';

/** How types are turned into nodes. */
export interface NodeOptions {
  /** Whether function types keep what compiled them: a header does not say what compiled the library. */
  readonly compilers: boolean;
}

/**
 * `type` as a node; `index` gives what it refers to its number. A type that can't be read is an `unsupported` one, with
 * the reason, so that the others can be written.
 */
export function nodeOf(type: CType, index: (type: CType) => number, options: NodeOptions): TypeNode {
  try {
    return read(type, index, options);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return {
      kind: 'unsupported',
      name: 'tag' in type ? `${type.kind} ${type.tag ?? ''}`.trim() : type.kind,
      reason: error.message,
    };
  }
}

/** The fields in the order in which they are written; what is undefined is not. */
function read(type: CType, index: (type: CType) => number, options: NodeOptions): TypeNode {
  switch (type.kind) {
    case 'void':
      return { kind: 'void' };
    case 'bool':
      return { kind: 'bool', name: type.name, size: type.size };
    case 'int': {
      const { kind, name, size, signed, text } = type;
      return { kind, name, size, signed, text: text || undefined };
    }
    case 'float':
    case 'complex': {
      const { kind, name, size, format } = type;
      return { kind, name, size, format };
    }
    case 'enum': {
      const { kind, tag, size, signed } = type;
      const enumerators = type.enumerators.map((e) => [e.name, integer(e.value)] as const);
      return { kind, tag, size, signed, enumerators };
    }
    case 'pointer': {
      const { kind, size, reference, owned } = type;
      return { kind, target: index(type.target), size, reference, owned };
    }
    case 'array': {
      const { kind, length, vector } = type;
      return { kind, element: index(type.element), length, vector: vector || undefined };
    }
    case 'struct':
    case 'union': {
      const { kind, tag, size, alignment, nonTrivial } = type;
      const members = type.members.map((m) => ({
        name: m.name,
        type: index(m.type),
        offset: m.offset,
        bitOffset: m.bitOffset,
        bitSize: m.bitSize,
        alignment: m.alignment,
      }));
      return { kind, tag, size, alignment, nonTrivial, members };
    }
    case 'function': {
      const { kind, variadic, prototyped, convention } = type;
      const compiler = options.compilers ? type.compiler : undefined;
      return {
        kind,
        result: index(type.result),
        parameters: type.parameters.map((p) => ({ name: p.name, type: index(p.type) })),
        variadic: variadic || undefined,
        prototyped,
        convention,
        compiler: compiler && `${compiler.name} ${compiler.version}`,
      };
    }
    case 'typedef':
      return { kind: 'typedef', name: type.name, target: index(type.target), alignment: type.alignment };
    case 'qualified':
      return { kind: 'qualified', qualifier: type.qualifier, target: index(type.target) };
    case 'unsupported':
      return { kind: 'unsupported', name: type.name, size: type.size, reason: type.reason };
  }
}

/** The node with other numbers for what it refers to. */
export function renumbered(node: TypeNode, number: (index: number) => number): TypeNode {
  switch (node.kind) {
    case 'pointer':
    case 'typedef':
    case 'qualified':
      return { ...node, target: number(node.target) };
    case 'array':
      return { ...node, element: number(node.element) };
    case 'struct':
    case 'union':
      return { ...node, members: node.members.map((m) => ({ ...m, type: number(m.type) })) };
    case 'function': {
      const result = number(node.result);
      return { ...node, result, parameters: node.parameters.map((p) => ({ ...p, type: number(p.type) })) };
    }
    default:
      return node;
  }
}

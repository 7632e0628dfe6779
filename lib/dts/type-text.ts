import type { Bare, EnumNode, FunctionNode, PointerNode, RecordNode, Types } from './nodes.js';
import { identifier, Names } from './names.js';

/** Says how structs, unions and enums are called. */
export interface TypeNames {
  /** `hint` is what one without a tag may be called. */
  record(index: number, record: RecordNode, hint: string): string;
  enumeration(index: number, type: EnumNode, hint: string): string;
}

/** How the two sides of function pointers may be within each other. */
const MAX_DEPTH = 6;

/**
 * C types as TypeScript: what is read of a variable or a field, what may be assigned to it, what a parameter takes and what a call gives, as the value table of the
 * documentation has it. `hint` is a name for what has none.
 */
export class TypeText {
  readonly #types: Types;
  readonly #names: TypeNames;
  /** How 64-bit integers are read. */
  readonly #wide: 'bigint' | 'number';

  constructor(types: Types, names: TypeNames, wide: 'bigint' | 'number') {
    this.#types = types;
    this.#names = names;
    this.#wide = wide;
  }

  /** How 64-bit integers are read. */
  get wide(): 'bigint' | 'number' {
    return this.#wide;
  }

  /** What is read. */
  read(index: number, hint: string, depth = 0): string {
    const type = this.#types.bare(index);
    const { node } = type;
    switch (node.kind) {
      case 'bool':
        return 'boolean';
      case 'int':
        return node.size > 8 ? 'bigint' : node.size === 8 ? this.#wide : 'number';
      case 'enum':
        return node.size === undefined ? 'never' : this.#names.enumeration(type.index, node, hint);
      case 'float':
        return 'number';
      case 'complex':
        return 'Complex';
      case 'pointer':
        return this.#pointer(node, hint, depth);
      case 'array':
        return this.#array(type, hint, depth);
      case 'struct':
      case 'union': {
        const name = this.#names.record(type.index, node, hint);
        return type.isConst ? `Const<${name}>` : name;
      }
      case 'void':
      case 'function':
      case 'unsupported':
        return 'never';
    }
  }

  /** What a call gives, or a callback is given: of a struct a copy. */
  result(index: number, hint: string, depth = 0): string {
    const { node, index: bare } = this.#types.bare(index);
    if (node.kind === 'void') return 'void';
    if (node.kind === 'struct' || node.kind === 'union')
      return `Snapshot<${this.#names.record(bare, node, hint)}>`;
    return this.read(index, hint, depth);
  }

  /** What may be assigned. */
  assigned(index: number, hint: string, depth = 0): string {
    const type = this.#types.bare(index);
    const { node } = type;
    switch (node.kind) {
      case 'int':
        return node.size >= 8 ? 'bigint | number' : 'number';
      case 'enum': {
        if (node.size === undefined) return 'never';
        const name = this.#names.enumeration(type.index, node, hint);
        const number = node.size === 8 ? `${name} | bigint | number` : name;
        return node.enumerators.length === 0 ? number : `${number} | ${name}_name`;
      }
      case 'pointer':
        return this.#stored(node, hint, depth);
      case 'array':
        if (node.length === undefined || node.length === 0) return 'never';
        if (this.#types.isText(node.element)) return 'string';
        return `ArrayItems<${this.assigned(node.element, hint, depth)}>`;
      case 'struct':
      case 'union': {
        const name = this.#names.record(type.index, node, hint);
        return node.size === undefined ? 'never' : `${name} | ${name}_init`;
      }
      default:
        return this.read(index, hint, depth);
    }
  }

  /** What a parameter takes. */
  argument(index: number, hint: string, depth = 0): string {
    const { node } = this.#types.bare(index);
    if (node.kind !== 'pointer') return this.assigned(index, hint, depth);
    const text = this.#pointerArgument(node, hint, depth);
    return node.reference === undefined ? text : `Exclude<${text}, null>`;
  }

  /** A pointer to it, as it is read: a variable, say, with `Pointer` or `Variable` for `of`. */
  pointerTo(index: number, hint: string, of: 'Pointer' | 'Variable', depth = 0): string {
    const { isConst } = this.#types.bare(index);
    const read = this.read(index, hint, depth);
    if (isConst) return of === 'Pointer' ? `ConstPointer<${stripConst(read)}>` : `ConstVariable<${read}>`;
    if (this.#types.isReadOnly(index)) return `${of}<${read}, never>`;
    return this.#isPlain(index) ? `${of}<${read}>` : `${of}<${read}, ${this.assigned(index, hint, depth)}>`;
  }

  /** The signature of a function as it is called. */
  signature(type: FunctionNode, hint: string, depth = 0): string {
    const parameters = this.#parameters(type, (p, name) => this.argument(p, `${hint}_${name}`, depth));
    if (type.variadic === true) parameters.push('...more: VariadicArgument[]');
    return `(${parameters.join(', ')}) => ${this.result(type.result, `${hint}_result`, depth)}`;
  }

  /** A C function, which can be called where its parameters are known and its convention is C's. */
  callable(type: FunctionNode, hint: string, depth = 0): string {
    if (type.convention !== undefined || depth > MAX_DEPTH) return 'FunctionProperties';
    return `Callable<${this.signature(type, hint, depth)}>`;
  }

  /** What a function pointer takes: the JavaScript function is given what C passes. */
  #callback(type: FunctionNode, hint: string, depth: number): string {
    const inner = depth + 1;
    if (type.variadic === true || inner > MAX_DEPTH) return 'FunctionArgument<never> | FunctionProperties';
    const parameters = this.#parameters(type, (p, name) => this.result(p, `${hint}_${name}`, inner));
    const result = this.#types.bare(type.result);
    const given = result.node.kind === 'void' ? 'void' : this.assigned(type.result, `${hint}_result`, inner);
    return `FunctionArgument<(${parameters.join(', ')}) => ${given}>`;
  }

  #parameters(type: FunctionNode, text: (index: number, name: string) => string): string[] {
    const names = new Names(['more']);
    return type.parameters.map((p, i) => {
      const name = names.unique(identifier(p.name ?? `arg${i + 1}`));
      return `${name}: ${text(p.type, name)}`;
    });
  }

  #pointer(pointer: PointerNode, hint: string, depth: number): string {
    const orNull = pointer.reference === undefined ? ' | null' : '';
    const target = this.#types.bare(pointer.target);
    if (target.node.kind === 'function') {
      // Without a prototype it is not known what it takes.
      const isKnown = target.node.prototyped;
      return `${isKnown ? this.callable(target.node, hint, depth + 1) : 'FunctionProperties'}${orNull}`;
    }
    if (this.#isConstText(pointer)) return `string${orNull}`;
    if (target.node.kind === 'void' || target.node.kind === 'unsupported') return `VoidPointer${orNull}`;
    return `${this.pointerTo(pointer.target, hint, 'Pointer', depth)}${orNull}`;
  }

  #isConstText(pointer: PointerNode): boolean {
    return this.#isAnyText(pointer) && this.#types.bare(pointer.target).isConst;
  }

  #isAnyText(pointer: PointerNode): boolean {
    return pointer.reference === undefined && this.#types.isText(pointer.target);
  }

  #stored(pointer: PointerNode, hint: string, depth: number): string {
    const target = this.#types.bare(pointer.target);
    if (target.node.kind === 'function') return this.#callback(target.node, hint, depth);
    if (this.#isAnyText(pointer)) return 'string | StoredPointer<number>';
    if (target.node.kind === 'void' || target.node.kind === 'unsupported') return 'StoredPointer<unknown>';
    return `StoredPointer<${this.read(pointer.target, hint, depth)}>`;
  }

  #pointerArgument(pointer: PointerNode, hint: string, depth: number): string {
    const { node, isConst } = this.#types.bare(pointer.target);
    if (node.kind === 'void') return 'VoidArgument';
    if (this.#isAnyText(pointer)) return 'TextArgument';
    if (node.kind === 'function' || !this.#types.isSized(pointer.target))
      return this.#stored(pointer, hint, depth);
    const read = stripConst(this.read(pointer.target, hint, depth));
    const buffer = this.#buffer(pointer.target) ?? 'never';
    const parameters = [read];
    if (!this.#isPlain(pointer.target)) parameters.push(buffer, this.assigned(pointer.target, hint, depth));
    else if (buffer !== 'never') parameters.push(buffer);
    const text = `${isConst ? 'ConstPointerArgument' : 'PointerArgument'}<${parameters.join(', ')}>`;
    // One row is no list of rows.
    return node.kind === 'array' ? `${text} | ${this.assigned(pointer.target, hint, depth)}` : text;
  }

  /** Whether what may be assigned follows from what is read. */
  #isPlain(index: number): boolean {
    const { node } = this.#types.bare(index);
    switch (node.kind) {
      case 'enum':
      case 'pointer':
        return false;
      case 'array':
        return this.#types.isText(node.element) || this.#isPlain(node.element);
      case 'int':
        return node.size !== 8 || this.#wide === 'bigint';
      default:
        return true;
    }
  }

  #array({ node, isConst }: Bare, hint: string, depth: number): string {
    if (node.kind !== 'array') return 'never';
    if (node.length === undefined || node.length === 0)
      return this.#types.isSized(node.element)
        ? this.pointerTo(node.element, hint, 'Pointer', depth)
        : 'never';
    if (this.#types.isText(node.element)) return 'string';
    if (!this.#types.isSized(node.element)) return 'never';
    if (!isConst) {
      const own = this.#typedArray(node.element);
      if (own !== undefined) return `${own}<ArrayBuffer>`;
    }
    return `${isConst ? 'ConstArrayView' : 'ArrayView'}<${this.read(node.element, hint, depth)}>`;
  }

  /** The typed array that shows such elements; none for enums, which take names. */
  #typedArray(index: number): string | undefined {
    const { node } = this.#types.bare(index);
    if (node.kind === 'int' && node.size === 8 && this.#wide === 'number') return undefined;
    return node.kind === 'enum' ? undefined : this.#machine(index);
  }

  /** The typed arrays that go for memory with such elements. */
  #buffer(index: number): string | undefined {
    const { node } = this.#types.bare(index);
    if (node.kind === 'array') return this.#buffer(node.element);
    const machine = this.#machine(index);
    return machine === 'Int8Array' || machine === 'Uint8Array' ? 'Bytes' : machine;
  }

  #machine(index: number): string | undefined {
    const { node } = this.#types.bare(index);
    if (node.kind === 'float')
      return node.format === 'binary32'
        ? 'Float32Array'
        : node.format === 'binary64'
          ? 'Float64Array'
          : undefined;
    if (node.kind !== 'int' && node.kind !== 'enum') return undefined;
    const bits = (node.size ?? 4) * 8;
    if (bits > 64) return undefined;
    return `${bits === 64 ? 'Big' : ''}${node.signed ? 'Int' : 'Uint'}${bits}Array`;
  }
}

/** `ConstPointer` says it. */
function stripConst(text: string): string {
  return /^Const<(\w+)>$/.exec(text)?.[1] ?? text;
}

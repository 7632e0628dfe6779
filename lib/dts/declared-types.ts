import { identifier, property, type Names } from './names.js';
import type { EnumNode, RecordNode, Types } from './nodes.js';
import { TypeText, type TypeNames } from './type-text.js';

/** The structs, unions and enums that the symbols of a library lead to: each gets a name when it is first met, and its declaration after that. */
export class DeclaredTypes implements TypeNames {
  readonly text: TypeText;
  readonly #types: Types;
  readonly #names: Names;
  readonly #named = new Map<number, string>();
  /** What is named and not declared yet. */
  readonly #pending: (() => string)[] = [];
  /** Typedefs of what has no tag. */
  readonly #typedefs = new Map<number, string>();
  /** The names that C has for them, with their names here. */
  readonly #byC = new Map<string, string>();

  constructor(types: Types, names: Names, wide: 'bigint' | 'number') {
    this.#types = types;
    this.#names = names;
    this.text = new TypeText(types, this, wide);
    for (const node of types.nodes) {
      if (node.kind !== 'typedef') continue;
      const { node: target, index } = types.bare(node.target);
      const isTagless = 'tag' in target && target.tag === undefined;
      if (isTagless && !this.#typedefs.has(index)) this.#typedefs.set(index, node.name);
    }
  }

  record(index: number, record: RecordNode, hint: string): string {
    const known = this.#named.get(index);
    if (known !== undefined) return known;
    const typedef = this.#typedefs.get(index);
    const name = this.#name(index, record, hint);
    const written =
      record.tag !== undefined ? `${record.kind} ${record.tag}` : (typedef ?? `${record.kind} {…} ${name}`);
    if (record.tag !== undefined || typedef !== undefined) this.#knownAs(written, name);
    this.#pending.push(() => this.#record(name, written, record));
    return name;
  }

  enumeration(index: number, type: EnumNode, hint: string): string {
    const known = this.#named.get(index);
    if (known !== undefined) return known;
    const name = this.#name(index, type, hint);
    this.#pending.push(() => this.#enumeration(name, type));
    return name;
  }

  /** The declarations of all that has been named, and of what these lead to. */
  *declarations(): Generator<string> {
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) yield next();
  }

  /** Types by the names that C declarations have for them. Typedefs of what is declared have a declaration, too. */
  *typedefs(): Generator<string> {
    for (const node of this.#types.nodes) {
      if (node.kind !== 'typedef' || this.#byC.has(node.name)) continue;
      const { node: target, index } = this.#types.bare(node.target);
      if (!('tag' in target)) continue;
      const name = this.#named.get(index);
      if (name === undefined) continue;
      if (target.kind !== 'enum') this.#byC.set(node.name, name);
      const alias = identifier(node.name);
      if (alias === name) continue;
      yield `export type ${this.#names.unique(alias)} = ${name};`;
    }
  }

  byC(): [string, string][] {
    return [...this.#byC];
  }

  #knownAs(written: string, name: string): void {
    if (!this.#byC.has(written)) this.#byC.set(written, name);
  }

  #name(index: number, { kind, tag }: RecordNode | EnumNode, hint: string): string {
    const typedef = this.#typedefs.get(index);
    const name = this.#names.unique(
      identifier(tag !== undefined ? `${kind}_${tag}` : (typedef ?? `${kind}_${hint}`)),
      [kind === 'enum' ? '_name' : '_init'],
    );
    this.#named.set(index, name);
    return name;
  }

  #record(name: string, written: string, record: RecordNode): string {
    const brand = JSON.stringify(written);
    if (record.size === undefined)
      return `/** \`${written}\`, of which nothing is known here. */\nexport interface ${name} extends Opaque<${brand}> {}`;
    const view: string[] = [];
    const init: string[] = [];
    // `struct { … } inner` of `struct foo` becomes `struct_foo_inner`.
    const owner = name.replace(/^(?:struct|union)_/, '');
    for (const field of this.#types.fields(record)) {
      const key = property(field.name);
      const hint = `${owner}_${field.name}`;
      const { node } = this.#types.bare(field.type);
      const read = this.text.read(field.type, hint);
      const assigned = this.text.assigned(field.type, hint);
      if (assigned === 'never' || this.#types.isReadOnly(field.type))
        view.push(`  readonly ${key}: ${read};`);
      else if (assigned === read) view.push(`  ${key}: ${read};`);
      else view.push(`  get ${key}(): ${read};`, `  set ${key}(value: ${assigned});`);
      const isFlexible = node.kind === 'array' && (node.length === undefined || node.length === 0);
      if (isFlexible) continue;
      const isOptional = record.kind === 'union' || field.isShared;
      init.push(`  ${key}${isOptional ? '?' : ''}: ${assigned};`);
    }
    const size = `${record.size} ${record.size === 1 ? 'byte' : 'bytes'}`;
    return [
      `/** \`${comment(written)}\`, ${size}. */`,
      `export interface ${name} extends View<${brand}, ${name}_init> ${block(view)}`,
      `/** What may be assigned to \`${comment(written)}\`. */`,
      `export interface ${name}_init ${block(init)}`,
    ].join('\n');
  }

  #enumeration(name: string, type: EnumNode): string {
    const read = type.size === 8 ? this.text.wide : 'number';
    const written = type.tag === undefined ? name : `enum ${type.tag}`;
    const lines = [`/** \`${comment(written)}\` */`, `export type ${name} = ${read};`];
    if (type.enumerators.length > 0) {
      const names = type.enumerators.map(([enumerator]) => JSON.stringify(enumerator));
      lines.push(`export type ${name}_name = ${names.join(' | ')};`);
    }
    return lines.join('\n');
  }
}

/** Text that may stand in a comment. */
export function comment(text: string): string {
  return text.replaceAll('*/', '*\\/').replaceAll(/[\r\n]+/g, ' ');
}

function block(lines: readonly string[]): string {
  return lines.length === 0 ? '{}' : `{\n${lines.join('\n')}\n}`;
}

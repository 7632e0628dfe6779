import { layoutRecord, type Field } from './declarations/record-layout.js';
import { alignOf, sizeOf } from './layout.js';
import {
  type ArrayType,
  copyOf,
  type CType,
  type EnumType,
  type FunctionType,
  type Member,
  type RecordType,
} from './model.js';
import { typeOfWords } from './names.js';
import { print } from './print.js';
import type { TypeKeyword } from './type-source.js';

/** Types within each other: deeper than any real one. */
const MAX_DEPTH = 100;

const IDENTIFIER = /^[A-Za-z_]\w*$/;

/** Typedefs of what each compiler has built in. */
const VA_LISTS: readonly string[] = ['va_list', '__gnuc_va_list', '__builtin_va_list'];

export interface CHeaderOptions {
  /** What is declared already, by the headers that the code includes. */
  readonly isDeclared?: (keyword: TypeKeyword, name: string) => boolean;
  /** Whether a struct that is only pointed to is wanted whole. */
  readonly isWanted?: (record: RecordType) => boolean;
}

/** The type can't be written in C. */
class NotC extends Error {}

/**
 * Declarations as a C compiler takes them, each behind those that it needs. A struct that is only pointed to is declared and not defined, unless it is wanted. Layouts are
 * those of the library: what a plain definition would not give is asked for with `packed` and `aligned`, and each definition asserts its size and offsets.
 *
 * @example
 * const header = new CHeader();
 * header.symbol('origin', pointType, false);
 * header.text;   // struct point { int x; double y; }; … extern struct point origin;
 */
export class CHeader {
  readonly #lines: string[] = [];
  /** Tags and typedefs that are written or being written, by keyword and name, each with its type. */
  readonly #known = new Map<string, CType>();
  readonly #defined = new Set<string>();
  /** Structs that are only pointed to so far. */
  readonly #pointed = new Map<string, RecordType>();
  readonly #enumerators = new Set<string>();
  readonly #options: CHeaderOptions;

  constructor(options: CHeaderOptions = {}) {
    this.#options = options;
  }

  get text(): string {
    return this.#lines.map((line) => `${line}\n`).join('');
  }

  /** Declares a function or variable; false if C has no words for its type. */
  symbol(name: string, type: CType, threadLocal: boolean): boolean {
    if (!IDENTIFIER.test(name)) return false;
    return this.#attempt(() => {
      const isFunction = type.kind === 'function';
      const spelled = this.#use(type, false, 0);
      const storage = isFunction ? '' : threadLocal ? 'extern __thread ' : 'extern ';
      this.#lines.push(`${storage}${print(spelled, name)};`);
      this.#wanted();
    });
  }

  /** Declares a type, a struct with its members; false if C has no words for it. */
  type(type: CType): boolean {
    return this.#attempt(() => {
      this.#use(type, true, 0);
      this.#wanted();
    });
  }

  /** A constant by its name, unless an enum that is declared has it. */
  constant(name: string, value: number | bigint | string): void {
    if (this.#enumerators.has(name) || !IDENTIFIER.test(name)) return;
    const isInt =
      typeof value !== 'string' && value >= -(2 ** 31) && value < 2 ** 31 && Number.isInteger(Number(value));
    if (isInt) this.#lines.push(`enum { ${name} = ${value} };`);
    else
      this.#lines.push(
        `#define ${name} ${typeof value === 'string' ? JSON.stringify(value) : `${value}${typeof value === 'bigint' ? (value < 0n ? 'LL' : 'ULL') : ''}`}`,
      );
  }

  #attempt(write: () => void): boolean {
    try {
      write();
      return true;
    } catch (error) {
      if (error instanceof NotC) return false;
      throw error;
    }
  }

  /** Defines what is pointed to and wanted, and what these point to. */
  #wanted(): void {
    for (const [key, record] of this.#pointed) {
      if (this.#defined.has(key) || record.size === undefined || this.#options.isWanted?.(record) !== true)
        continue;
      this.#attempt(() => this.#use(record, true, 0));
    }
  }

  /** Writes what `type` needs in front of it, and gives it as it is to be written. `complete`: its size is needed. */
  #use(type: CType, complete: boolean, depth: number): CType {
    if (depth > MAX_DEPTH) throw new NotC();
    const next = depth + 1;
    switch (type.kind) {
      case 'void':
        return type;
      case 'pointer':
        // A reference is a pointer to whoever calls from C.
        return { kind: 'pointer', size: type.size, target: this.#use(type.target, false, next) };
      case 'array':
        if (type.vector) return this.#vector(type, next);
        return { ...copyOf(type), element: this.#use(type.element, true, next) };
      case 'qualified':
        return { ...copyOf(type), target: this.#use(type.target, complete, next) };
      case 'function':
        return this.#function(type, next);
      case 'typedef': {
        if (!IDENTIFIER.test(type.name)) throw new NotC();
        return this.#typedef(type, complete, next);
      }
      case 'struct':
      case 'union':
        return this.#record(type, complete, next);
      case 'enum':
        return this.#enum(type);
      case 'unsupported':
        throw new NotC();
      default:
        return named(type);
    }
  }

  /** What print writes of a vector is for people. */
  #vector(type: ArrayType, depth: number): CType {
    const element = print(this.#use(type.element, true, depth));
    const size = sizeOf(type);
    if (size === undefined) throw new NotC();
    return {
      kind: 'unsupported',
      name: `${element} __attribute__((vector_size(${size})))`,
      size,
      reason: '',
    };
  }

  #function(type: FunctionType, depth: number): CType {
    if (type.convention !== undefined) throw new NotC();
    return {
      ...copyOf(type),
      result: this.#use(type.result, false, depth),
      parameters: type.parameters.map((p) => ({
        // Not even a name that C++ allows, and C's macros may not.
        name: undefined,
        type: this.#use(p.type, false, depth),
      })),
    };
  }

  #typedef(type: Extract<CType, { kind: 'typedef' }>, complete: boolean, depth: number): CType {
    if (this.#options.isDeclared?.('typedef', type.name) === true) return type;
    const key = `typedef ${type.name}`;
    if (!this.#known.has(key)) {
      this.#known.set(key, type);
      if (VA_LISTS.includes(type.name)) {
        if (type.name !== '__builtin_va_list') this.#lines.push(`typedef __builtin_va_list ${type.name};`);
        return type;
      }
      try {
        const target = this.#use(type.target, false, depth);
        const aligned = type.alignment === undefined ? '' : ` __attribute__((aligned(${type.alignment})))`;
        this.#lines.push(`typedef ${print(target, type.name)}${aligned};`);
      } catch (error) {
        this.#known.delete(key);
        throw error;
      }
    }
    if (complete) this.#use(type.target, true, depth);
    return type;
  }

  #record(type: RecordType, complete: boolean, depth: number): CType {
    if (type.tag === undefined) return { ...copyOf(type), tag: this.#body(type, depth) };
    if (!IDENTIFIER.test(type.tag)) throw new NotC();
    if (this.#options.isDeclared?.(type.kind, type.tag) === true) return type;
    const key = `${type.kind} ${type.tag}`;
    if (!this.#known.has(key)) {
      this.#known.set(key, type);
      this.#pointed.set(key, type);
      this.#lines.push(`${key};`);
    }
    if (complete && !this.#defined.has(key) && type.size !== undefined) {
      this.#defined.add(key);
      try {
        this.#lines.push(`${key} ${this.#body(type, depth)};`, ...assertions(key, type));
      } catch (error) {
        this.#defined.delete(key);
        throw error;
      }
    }
    return type;
  }

  #enum(type: EnumType): CType {
    for (const { name } of type.enumerators) if (!IDENTIFIER.test(name)) throw new NotC();
    const { tag } = type;
    const key = `enum ${tag ?? ''}`;
    const list = type.enumerators.map((e) => `${e.name} = ${e.value}`).join(', ');
    const isShort = type.size !== undefined && type.size < 4;
    const body = `{ ${list} }${isShort ? ' __attribute__((packed))' : ''}`;
    if (tag === undefined) {
      // Twice in a file would declare its enumerators twice.
      const isNew = type.enumerators.every((e) => !this.#enumerators.has(e.name));
      for (const { name } of type.enumerators) this.#enumerators.add(name);
      return isNew
        ? { ...copyOf(type), tag: body }
        : named({ kind: 'int', name: '', size: type.size ?? 4, signed: type.signed, text: false });
    }
    if (!IDENTIFIER.test(tag)) throw new NotC();
    if (this.#known.has(key) || this.#options.isDeclared?.('enum', tag) === true) return type;
    this.#known.set(key, type);
    for (const { name } of type.enumerators) this.#enumerators.add(name);
    this.#lines.push(type.enumerators.length === 0 ? `${key};` : `${key} ${body};`);
    return type;
  }

  /** The members of a struct or union in braces, with what gives them their places. */
  #body(record: RecordType, depth: number): string {
    const members = record.members.map((member): Member => {
      try {
        return { ...member, type: this.#use(member.type, true, depth) };
      } catch (error) {
        if (!(error instanceof NotC) || member.bitSize !== undefined) throw error;
        return { ...member, type: bytes(sizeOf(member.type) ?? 0) };
      }
    });
    if (isNatural(record)) {
      const asked = record.alignment === undefined ? '' : ` __attribute__((aligned(${record.alignment})))`;
      return `{ ${members.map((m) => declaration(m)).join(' ')} }${asked}`;
    }
    return `{ ${placed(record, members)} } __attribute__((packed, aligned(${alignOf(record)})))`;
  }
}

function bytes(length: number): CType {
  return {
    kind: 'array',
    element: { kind: 'int', name: 'unsigned char', size: 1, signed: false, text: false },
    length,
    vector: false,
  };
}

function declaration(member: Member, withAlignment = true): string {
  const bits = member.bitSize === undefined ? '' : ` : ${member.bitSize}`;
  const aligned =
    withAlignment && member.alignment !== undefined ? ` __attribute__((aligned(${member.alignment})))` : '';
  return `${print(member.type, member.name ?? '')}${bits}${aligned};`;
}

/** Whether a plain definition puts every member where it is. */
function isNatural(record: RecordType): boolean {
  const fields = record.members.map(({ name, type, bitSize, alignment }): Field => ({
    name,
    type,
    width: bitSize,
    packed: false,
    alignment,
  }));
  const layout = layoutRecord(fields, {
    kind: record.kind,
    alignment: record.alignment,
    limit: undefined,
    machine: process.arch,
  });
  if (layout?.size !== record.size) return false;
  return record.members.every((member, i) => {
    const at = layout?.members[i];
    return at?.offset === member.offset && at.bitOffset === member.bitOffset;
  });
}

/** Members without any padding of the compiler's, and unnamed bit-fields for what is between them. */
function placed(record: RecordType, members: readonly Member[]): string {
  const parts: string[] = [];
  let end = 0;
  const skip = (to: number): void => {
    for (; end < to; end += Math.min(8, to - end)) parts.push(`unsigned char : ${Math.min(8, to - end)};`);
  };
  members.forEach((member, i) => {
    const start = member.bitOffset ?? member.offset * 8;
    if (record.kind === 'struct') skip(start);
    parts.push(declaration(member, false));
    end = start + (member.bitSize ?? (sizeOf(record.members[i]?.type ?? member.type) ?? 0) * 8);
  });
  if (record.kind === 'struct') skip((record.size ?? 0) * 8);
  return parts.join(' ');
}

/** What is wrong here would be a wrong number there. */
function assertions(name: string, record: RecordType): string[] {
  const offsets = record.members.flatMap(({ name: member, offset, bitSize }) =>
    member === undefined || bitSize !== undefined
      ? []
      : `__builtin_offsetof(${name}, ${member}) == ${offset}`,
  );
  const all = [`sizeof(${name}) == ${record.size ?? 0}`, ...offsets].join(' && ');
  return [`_Static_assert(${all}, "the layout of ${name}");`];
}

/** A type of the language itself by C's name: other languages have others. */
function named(type: Extract<CType, { kind: 'bool' | 'int' | 'float' | 'complex' }>): CType {
  if (type.kind === 'bool') return type.size === 1 ? { ...type, name: '_Bool' } : integer(type.size, false);
  if (typeOfWords(type.name.split(' ')) !== undefined && type.name !== '') return type;
  if (type.kind === 'int') return type.text ? { ...type, name: 'char' } : integer(type.size, type.signed);
  const word = {
    binary16: '_Float16',
    binary32: 'float',
    binary64: 'double',
    binary128: '_Float128',
    x87: 'long double',
  }[type.format];
  return { ...type, name: type.kind === 'complex' ? `_Complex ${word}` : word };
}

function integer(size: number, signed: boolean): CType {
  const word = { 1: 'char', 2: 'short', 4: 'int', 8: 'long', 16: '__int128' }[size];
  if (word === undefined) throw new NotC();
  return { kind: 'int', name: `${signed ? 'signed' : 'unsigned'} ${word}`, size, signed, text: false };
}

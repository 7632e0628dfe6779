import { inspect } from 'node:util';

import { sizeOf } from './layout.js';
import type { CType } from './model.js';
import { print, printDefinition } from './print.js';

/** The same C type gives the same `Type`, so that types compare with `===`. */
const known = new WeakMap<CType, Type>();

/**
 * A C type as users hold it: it prints as C.
 *
 * @example
 * String(typeOf(V));            // 'int'
 * typeOf(point).definition;     // 'struct point {\n  int x;\n  int y;\n}'
 */
export class Type {
  /** The type as plain data. */
  readonly ctype: CType;

  private constructor(ctype: CType) {
    this.ctype = ctype;
  }

  static of(ctype: CType): Type {
    let type = known.get(ctype);
    if (type === undefined) known.set(ctype, (type = new Type(ctype)));
    return type;
  }

  /** What it is: `int`, `pointer`, `struct`, `typedef` … */
  get kind(): CType['kind'] {
    return this.ctype.kind;
  }

  /** Bytes; undefined for void, functions, opaque structs and flexible arrays. */
  get size(): number | undefined {
    return sizeOf(this.ctype);
  }

  /** A struct, union or enum with its members, one a line; anything else as `String(type)`. */
  get definition(): string {
    return printDefinition(this.ctype);
  }

  /** The type as C writes it: `int (*)(const char *)`. */
  toString(): string {
    return print(this.ctype);
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

import { inspect } from 'node:util';

import type { CType } from '../../ctypes/model.js';
import { sizeOf } from '../../ctypes/layout.js';
import { print } from '../../ctypes/print.js';
import { Type } from '../../ctypes/type.js';
import { Block } from '../block.js';
import type { Values } from '../values/codec.js';

/** Only printing needs it, and every call knows this class. */
const copies = () => require('../values/snapshot.js') as typeof import('../values/snapshot.js');

/** A value with the C type that it is passed as: what `cast` gives for all but pointers. */
export class CValue {
  /** As JavaScript has it; of an integer type a number where it fits 32 bits, a bigint otherwise. */
  readonly value: unknown;
  readonly #type: CType;
  readonly #values: Values;

  /**
   * Made by `cast`.
   *
   * @internal
   */
  constructor(type: CType, value: unknown, values: Values) {
    this.#type = type;
    this.#values = values;
    this.value = typeof value === 'bigint' && (sizeOf(type) ?? 0) <= 4 ? Number(value) : value;
  }

  /** The C type that it is passed as. */
  get type(): Type {
    return Type.of(this.#type);
  }

  /**
   * Throws unless the value is one of the type.
   *
   * @internal
   */
  check(): void {
    const codec = this.#values.codec(this.#type);
    const block = Block.scratch(codec.size);
    codec.write(block, 0, this.value, `cast('${print(this.#type)}')`);
    block.release();
  }

  /** The value itself, so that it counts as one: `cast('int', 5) + 1`. */
  valueOf(): unknown {
    return copies().snapshot(this.value);
  }

  /** As C writes it: `(unsigned char)44`. */
  toString(): string {
    return `(${print(this.#type)})${String(this.value)}`;
  }

  /** As `toString`, for `console.log` and the REPL. */
  [inspect.custom](): string {
    return this.toString();
  }
}

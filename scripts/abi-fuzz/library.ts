import { cast, type AnyFunction, type Plugin, type Pointer, type Variable } from '../../lib/index.js';
import { bytesOf } from './bytes.js';
import type { Leaf } from './leaves.js';
import { declare, memberValue, type Place, type Type, type Value } from './model.js';
import { nameOf, type Parameter, type Signature } from './signature.js';
import { TARGETS } from './values.js';

/** A loaded batch: its functions, what they record, and values as the library wants them. */
export class Library {
  /** What the callee last called recorded, and what C's caller last got. */
  readonly seen: Uint8Array;
  readonly result: Uint8Array;
  readonly #plugin: Plugin;
  readonly #arena: Pointer;
  readonly #targets: readonly AnyFunction[];

  constructor(plugin: Plugin) {
    this.#plugin = plugin;
    this.#arena = plugin.lookup<Variable>('arena').cast('unsigned char *');
    this.#targets = Array.from({ length: TARGETS }, (_, i) => plugin.lookup<AnyFunction>(`target${i}`));
    this.seen = plugin.lookup<Variable<Uint8Array>>('seen').value;
    this.result = plugin.lookup<Variable<Uint8Array>>('result').value;
  }

  has(signature: Signature): boolean {
    return this.#plugin.has(nameOf(signature));
  }

  function(signature: Signature): AnyFunction {
    return this.#plugin.lookup<AnyFunction>(nameOf(signature));
  }

  /** Calls the function from C, with the constants. */
  callFromC(signature: Signature): void {
    this.#plugin.lookup<() => void>(`call_${nameOf(signature)}`)();
  }

  readonly addressOf = ({ place, index }: Place): bigint =>
    place === 'arena' ? this.#arena.address + BigInt(index) : this.#target(index).address;

  /** The bytes that leaves of these values have in memory, one after the other. */
  bytes(leaves: readonly Leaf[]): number[] {
    return leaves.flatMap(({ type, value }) => bytesOf(type, value, this.addressOf));
  }

  /** What is passed for a parameter. */
  argument({ type, value, how }: Parameter): unknown {
    const given = this.value(type, value);
    if (how === 'plain') return given;
    if (type.kind !== 'struct' && type.kind !== 'union') return cast(declare(type, ''), given);
    const memory = this.#plugin.alloc(type.c, given);
    return how === 'view' ? memory.value : cast(memory.type, memory.value);
  }

  /** A value with pointers and functions for its places. */
  value(type: Type, value: Value): unknown {
    switch (type.kind) {
      case 'pointer':
        return value === null ? null : this.#arena.offset((value as Place).index).cast(type.c);
      case 'function':
        return value === null ? null : this.#target((value as Place).index);
      case 'array':
        if (typeof value === 'string') return value;
        return (value as readonly Value[]).map((item) => this.value(type.element, item));
      case 'struct':
      case 'union':
        return Object.fromEntries(
          type.members.flatMap(({ name, type: memberType }) => {
            const item = memberValue(value, name);
            return item === undefined ? [] : [[name, this.value(memberType, item)]];
          }),
        );
      default:
        return value;
    }
  }

  #target(index: number): AnyFunction {
    const target = this.#targets[index];
    if (target === undefined) throw new Error(`there is no target${index}`);
    return target;
  }
}

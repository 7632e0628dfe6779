import type { Values } from './codec.js';
import { Pointer, UNTYPED } from './pointer.js';

/** What gives a pointer its type: a call of `Values.variable` with that pointer. */
type Typing = (pointer: Pointer) => void;

const typings = new WeakMap<object, Typing>();

/** Between a pointer without its type and `Pointer.prototype`: whatever the pointer is asked or told first, it gets its type, and with it its class. */
const untyped = new Proxy(Object.create(Pointer.prototype) as object, {
  get: (_, name, pointer: object) => Reflect.get(classOf(pointer), name, pointer) as unknown,
  set: (_, name, value, pointer: object) => Reflect.set(classOf(pointer), name, value, pointer),
});

/**
 * A pointer to a variable whose type is read when it is first used: of the thousands that an `import` names few are. If `typing` throws, so does that use,
 * and the next one tries again.
 */
export function untypedPointer(values: Values, address: bigint, name: string, typing: Typing): Pointer {
  const pointer = new Pointer(values, UNTYPED, address, undefined, name);
  typings.set(pointer, typing);
  return Object.setPrototypeOf(pointer, untyped) as Pointer;
}

/** The prototype that `pointer` has when it has its type. What inherits from a pointer is none itself. */
function classOf(pointer: object): object {
  const typing = typings.get(pointer);
  if (typing === undefined) return Pointer.prototype;
  typing(pointer as Pointer);
  typings.delete(pointer);
  return Object.getPrototypeOf(pointer) as object;
}

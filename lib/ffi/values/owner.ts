import type { Type } from '../../ctypes/type.js';
import type { Values } from './codec.js';

/** The values of a plugin, by the types that it has given out: names in declarations mean what they mean there. */
const owners = new WeakMap<Type, Values>();

/** Remembers whose type it is. */
export function belongsTo(type: Type, values: Values): Type {
  owners.set(type, values);
  return type;
}

/** Whose type it is; undefined for one of nobody's. */
export function ownerOf(type: Type): Values | undefined {
  return owners.get(type);
}

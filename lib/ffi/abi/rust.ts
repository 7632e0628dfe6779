import { alignOf, sizeOf } from '../../ctypes/layout.js';
import { bare, type CType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';

/** A number or pointer in a struct: what Rust's ABI looks at. In bytes. */
interface Scalar {
  readonly offset: number;
  readonly size: number;
}

/**
 * Whether a value of at most two eightbytes is in the same registers to Rust's own functions and to those that are `extern "C"`, as the debug info
 * does not tell which one is. Rust passes one number as that number, and two, a "scalar pair", in a register each (rustc_abi, `BackendRepr`); whatever else
 * is small is an integer to it, and an argument of more than two eightbytes a pointer (rustc_ty_utils, `fn_abi_adjust_for_abi`).
 */
export function isAsInC(type: CType): boolean {
  const scalars: Scalar[] = [];
  if (!collect(type, 0, scalars)) return false;
  const [first, second, third] = scalars;
  const size = sizeOf(type);
  if (first?.offset !== 0 || third !== undefined || alignOf(bare(type)) > 8) return false;
  return second === undefined ? first.size === size : second.offset === 8 && size === 16;
}

/** Adds the scalars of `type`; false if it has something else, an array or a union. */
function collect(type: CType, offset: number, into: Scalar[]): boolean {
  const t = bare(type);
  switch (t.kind) {
    case 'struct':
      return t.members.every((m) => collect(m.type, offset + m.offset, into));
    case 'bool':
    case 'int':
    case 'enum':
    case 'pointer':
    case 'float':
      into.push({ offset, size: t.size ?? 0 });
      return true;
    default:
      return false;
  }
}

/** Why such a value is not passed. */
export function unsure(type: CType): string {
  return `${print(type)} is passed as in C only if the function is extern "C", which Rust's debug info does not tell: if it is, say so with its declaration, lookup(name, 'declaration')`;
}

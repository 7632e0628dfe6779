import { constOf, copyOf, type CType, type PointerType } from '../ctypes/model.js';
import { unsupported } from './base-type.js';
import { DW_AT, DW_TAG } from './constants.js';
import { Die } from './die.js';
import type { TypeReader } from './types.js';

const BOX = /^alloc::boxed::Box</;

/** A type of Rust that looks like a struct and is none of C; undefined for structs that are. */
export function readForeignRecord(reader: TypeReader, die: Die): CType | undefined {
  const name = die.string(DW_AT.name) ?? '';
  const size = die.number(DW_AT.byte_size);
  const variants = die.children().find((child) => child.tag === DW_TAG.variant_part);
  if (variants !== undefined) {
    return (
      nullable(reader, die, variants) ??
      unsupported(name, 'an enum of Rust with data, which C does not have', size)
    );
  }
  // What rustc calls its pointers with a length or a table of methods.
  if (/^[&*]/.test(name) || BOX.test(name))
    return unsupported(
      name,
      'a pointer of Rust with more than an address: pass a pointer and a length',
      size,
    );
  if (name.startsWith('('))
    return unsupported(
      name,
      'a tuple of Rust, whose layout C does not know: declare a #[repr(C)] struct',
      size,
    );
  return undefined;
}

/** `Option` of a pointer is that pointer, or null (Rust's std::option, "Representation"). */
function nullable(reader: TypeReader, die: Die, variants: Die): CType | undefined {
  if (!(die.string(DW_AT.name) ?? '').startsWith('Option<')) return undefined;
  const members = variants
    .children()
    .filter((child) => child.tag === DW_TAG.variant)
    .flatMap((variant) => variant.children().filter((child) => child.tag === DW_TAG.member));
  const some = members.find((member) => member.name === 'Some')?.reference(DW_AT.type);
  if (members.length !== 2 || !(some instanceof Die)) return undefined;
  const [only, ...others] = some.children().filter((child) => child.tag === DW_TAG.member);
  const type = only?.reference(DW_AT.type);
  if (others.length > 0 || !(type instanceof Die) || type.tag !== DW_TAG.pointer_type) return undefined;
  const size = type.number(DW_AT.byte_size) ?? type.unit.addressSize;
  return size === die.number(DW_AT.byte_size) ? reader.rustPointer(type, size, true) : undefined;
}

/** Whether what a pointer leads to goes to whoever is given the pointer, who frees it. */
export function isOwner(pointer: Die): boolean {
  return BOX.test(pointer.string(DW_AT.name) ?? '');
}

/** Whether it is a pointer that may be null (Rust reference, "Behavior considered undefined"). */
export function isRaw(pointer: Die): boolean {
  return /^\*|^$/.test(pointer.string(DW_AT.name) ?? '');
}

/** What a pointer or reference of Rust leads to; its own name says what its target's does not. */
export function readTarget(pointer: Die, target: CType): PointerType['target'] {
  const name = pointer.string(DW_AT.name) ?? '';
  // Function pointers of another ABI than Rust's say which.
  if (target.kind === 'function' && /^(?:unsafe )?fn\(/.test(name))
    return { ...copyOf(target), convention: 'of Rust (declare it extern "C" fn)' };
  return /^(?:\*const |&(?!mut ))/.test(name) && target.kind !== 'function' ? constOf(target) : target;
}

/** A base type of Rust as C has it. */
export function asC(type: CType): CType {
  if (type.kind !== 'int') return type;
  // Rust 1.77 gave it C's alignment ("Changes to u128/i128 layout in 1.77 and 1.78", blog.rust-lang.org): before, they differ.
  if (type.size === 16) return unsupported(type.name, 'its alignment depends on the version of rustc', 16);
  return type.name === 'char' ? { ...type, name: 'char32_t' } : type;
}

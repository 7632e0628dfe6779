import type { CType, Parameter } from '../ctypes/model.js';
import { bare } from '../ctypes/model.js';
import { ByteCursor } from '../bytes/cursor.js';
import { unsupported } from './base-type.js';
import { DW_AT, DW_OP } from './constants.js';
import type { Die } from './die.js';
import { firstLocation } from './location-list.js';
import type { TypeReader } from './types.js';

/**
 * A parameter of a Fortran procedure. gfortran gives all of them the type of their value; whether that or its address is passed (Fortran 2018
 * §18.3.6: the VALUE attribute) only its place tells: memory that an argument points to.
 */
export function readParameter(reader: TypeReader, entry: Die, procedure: Die): Parameter {
  const type = reader.target(entry);
  const { name } = entry;
  if (passing(entry, procedure) !== 'reference') return { name, type };
  const t = bare(type);
  if (isDescriptor(t)) {
    const reason = 'an array of assumed shape: declare it x(n) or x(*), and pass its length';
    return { name, type: unsupported(name ?? 'array', reason, 8) };
  }
  if (t.kind === 'function') {
    const reason = 'it does not say which function: give the dummy procedure an interface';
    return { name, type: unsupported('type(c_funptr)', reason, 8) };
  }
  // A pointer to the elements, as C has it: `double *` for `real(c_double) x(n)`.
  let target: CType = type;
  for (let inner = bare(target); inner.kind === 'array' && !inner.vector; inner = bare(target)) {
    target = inner.element;
  }
  return { name, type: { kind: 'pointer', target, size: entry.unit.addressSize } };
}

/** Why a procedure can't be called as C; undefined if it can. */
export function conventionOf(entries: readonly Die[], procedure: Die): string | undefined {
  for (const entry of entries) {
    if (entry.flag(DW_AT.artificial)) {
      return `of Fortran (its character arguments or result have hidden parameters; declare it bind(C), with character(kind=c_char) arrays)`;
    }
    if (passing(entry, procedure) === undefined) {
      return `of Fortran (the debug info does not say whether ${entry.name ?? 'a parameter'} is passed by value; compile it with -O0 or -Og)`;
    }
  }
  return undefined;
}

/**
 * DWARF register numbers that are a stack or frame pointer on x86-64 (psABI Figure 3.36: 6, 7) or AArch64 (AADWARF64 §4.1: 29, 31), some of which are
 * arguments' on the other. gfortran writes a place on the stack as `fbreg`: these are not believed to hold an address, nor a frame.
 */
const AMBIGUOUS_REGISTERS: readonly number[] = [6, 7, 29, 31];

/** How an argument is passed, as its place at the entry of the procedure shows; undefined if the compiler has left that out. */
function passing(entry: Die, procedure: Die): 'value' | 'reference' | undefined {
  const placed = [entry, ...procedure.children()].find(
    (die) => die.has(DW_AT.location) && die.chain().some((d) => d.id === entry.id),
  );
  const place = placed && firstLocation(placed);
  return place && passingAt(place, entry.unit.file.littleEndian);
}

function passingAt(place: Uint8Array, littleEndian: boolean): 'value' | 'reference' | undefined {
  const cursor = new ByteCursor(place, littleEndian, 'DW_AT.location');
  const op = cursor.u8();
  if ((op >= DW_OP.reg0 && op <= DW_OP.reg31) || op === DW_OP.regx) return 'value';
  if (op !== DW_OP.fbreg && (op < DW_OP.breg0 || op > DW_OP.breg31)) return undefined;
  const offset = cursor.sleb();
  if (op === DW_OP.fbreg) {
    // On the stack is the value, or its address.
    if (cursor.atEnd) return 'value';
    return cursor.u8() === DW_OP.deref && cursor.pos === place.length ? 'reference' : undefined;
  }
  const isArgument = !AMBIGUOUS_REGISTERS.includes(op - DW_OP.breg0);
  return isArgument && offset === 0n && cursor.atEnd ? 'reference' : undefined;
}

/** The C descriptor of an array (Fortran 2018 §18.5.3), whose shape the caller decides. */
function isDescriptor(type: CType): boolean {
  return type.kind === 'struct' && type.members[0]?.name === 'base_addr';
}

/** The names of C for what gfortran calls `integer(kind=4)` (Fortran 2018 §18.2.2, Table 18.2). */
const INTEGERS: Readonly<Record<number, string>> = {
  1: 'signed char',
  2: 'short',
  4: 'int',
  8: 'long',
  16: '__int128',
};

/** A base type of Fortran as C has it. */
export function asC(type: CType): CType {
  switch (type.kind) {
    case 'int':
      if (type.name.startsWith('character') && type.size === 1)
        return { ...type, name: 'char', signed: true, text: true };
      return { ...type, name: INTEGERS[type.size] ?? type.name };
    case 'bool':
      return type.size === 1 ? { ...type, name: '_Bool' } : type;
    case 'float':
      if (type.size === 4) return { ...type, name: 'float' };
      if (type.size === 8) return { ...type, name: 'double' };
      return { ...type, name: type.format === 'x87' ? 'long double' : '_Float128' };
    default:
      return type;
  }
}

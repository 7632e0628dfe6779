import { alignOf, asksFor, hasPadding, membersAlignment, sizeOf } from '../../ctypes/layout.js';
import { bare, type BareType, type Compiler, type CType, type RecordType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { classify, type Eightbyte, type NotPassed, type Passed } from './classify.js';

/** Only Rust's functions are to be asked. */
const rust = () => require('./rust.js') as typeof import('./rust.js');

/** A part of an argument, and where it goes: eight bytes of it in a register, or all of it on the stack. */
export interface Piece {
  /** The number of the parameter. */
  readonly parameter: number;
  /** In bytes of the argument. */
  readonly offset: number;
  /** Undefined on the stack. */
  readonly eightbyte: Eightbyte | undefined;
  /** In bytes. */
  readonly size: number;
}

/** What stands where no argument does: the stack before one that is aligned to 16 bytes. */
export const PADDING = 'padding';

/** Where the arguments of a call go, in the order of the registers and of the stack. */
export interface Placement {
  readonly integer: readonly Piece[];
  readonly sse: readonly Piece[];
  readonly stack: readonly (Piece | typeof PADDING)[];
}

/** rdi, rsi, rdx, rcx, r8, r9; xmm0 to xmm7 (psABI x86-64, Figure 3.4). */
export const REGISTERS = { integer: 6, sse: 8 } as const;

/** What the stack is aligned to where the arguments begin (psABI x86-64 §3.2.2). */
const STACK_ALIGNMENT = 16;

/**
 * Gives each argument its registers, or its place on the stack (psABI x86-64 §3.2.3 "Passing"): an argument whose eightbytes do not all find a register
 * goes to the stack as a whole, and the ones after it may still take what is left. `hidden`: the first register has the address for a result in memory.
 * `compiler` is what compiled the function.
 */
export function place(types: readonly CType[], hidden: boolean, compiler?: Compiler): Placement | NotPassed {
  const integer: Piece[] = [];
  const sse: Piece[] = [];
  const stack: (Piece | typeof PADDING)[] = [];
  let stackSize = 0;
  /** An `__int128` has taken the last register for its lower half. */
  let isTorn = false;
  for (const [parameter, type] of types.entries()) {
    const passed = classify(type, compiler);
    if ('refused' in passed) return { refused: `parameter ${parameter + 1}: ${passed.refused}` };
    if (passed.where === 'nowhere') continue;
    if (passed.where === 'registers') {
      const pieces = passed.eightbytes.map((eightbyte, i): Piece => ({
        parameter,
        offset: i * 8,
        eightbyte,
        size: 8,
      }));
      const [ints, floats] = [of(pieces, 'INTEGER'), of(pieces, 'SSE')];
      // Half of clang believes that register to be free still, and has a struct taken apart for it.
      if (isTorn && ints.length > 0 && isRecord(bare(type)))
        return {
          refused: `parameter ${parameter + 1}: compilers do not agree where ${print(type)} goes here`,
        };
      if (
        ints.length <= room(integer, REGISTERS.integer, hidden) &&
        floats.length <= room(sse, REGISTERS.sse, false)
      ) {
        integer.push(...ints);
        sse.push(...floats);
        continue;
      }
      if (isSplit(type, compiler)) {
        isTorn ||= room(integer, REGISTERS.integer, hidden) === 1;
        for (const piece of ints) {
          if (room(integer, REGISTERS.integer, hidden) > 0) integer.push(piece);
          else {
            stack.push(piece);
            stackSize += 8;
          }
        }
        continue;
      }
    }
    if (compiler?.name === 'rustc' && isRecord(bare(type)) && (sizeOf(type) ?? 0) > 8)
      return { refused: `parameter ${parameter + 1}: ${rust().unsure(type)}` };
    const alignment = stackAlignment(passed, type);
    const isPadded = stackSize % alignment !== 0;
    const left = room(integer, REGISTERS.integer, hidden);
    const why =
      notOnStack(type, alignment, isPadded, compiler === undefined && (isPadded || left === 1)) ??
      notAligned(type, alignment, stackSize, compiler);
    if (why !== undefined) return { refused: `parameter ${parameter + 1}: ${why}` };
    if (isPadded) {
      stack.push(PADDING);
      stackSize += 8;
    }
    const size = sizeOf(type) ?? 0;
    stack.push({ parameter, offset: 0, eightbyte: undefined, size });
    stackSize += Math.ceil(size / 8) * 8;
  }
  return { integer, sse, stack };
}

function of(pieces: readonly Piece[], registerClass: Eightbyte['class']): Piece[] {
  return pieces.filter((p) => p.eightbyte?.class === registerClass);
}

/** How many registers are left. */
function room(taken: readonly Piece[], most: number, hidden: boolean): number {
  return most - taken.length - (hidden ? 1 : 0);
}

/** What a typedef asks for does not count (gcc i386.cc, ix86_function_arg_boundary: TYPE_MAIN_VARIANT). */
function stackAlignment(passed: Passed, type: CType): number {
  return passed.where === 'memory' ? passed.alignment : Math.max(8, alignOf(bare(type)));
}

/** Clang before 18 gives each half of an `__int128` its place, and aligns it to 8 bytes on the stack (LLVM D86310). */
function isSplit(type: CType, compiler: Compiler | undefined): boolean {
  return compiler?.name === 'clang' && compiler.version < 18 && isInt128(type);
}

function isInt128(type: CType): boolean {
  const t = bare(type);
  return t.kind === 'int' && t.size === 16;
}

function notOnStack(type: CType, alignment: number, isPadded: boolean, inDoubt: boolean): string | undefined {
  if (alignment > STACK_ALIGNMENT) return `an alignment of ${alignment} bytes on the stack can't be given`;
  const t = bare(type);
  if (isInt128(t) && inDoubt) return `compilers do not agree where a ${print(type)} goes here`;
  // A packed one is aligned to 1, which debug info does not say: its members look the same.
  if (isPadded && isRecord(t) && !isAligned(t, alignment))
    return `whether ${print(type)} is packed, and so where it goes here, the debug info does not say`;
  return undefined;
}

/** Where a record goes that is aligned to 16 bytes, or is not. What is, has a size that is a multiple of that. */
function notAligned(
  type: CType,
  alignment: number,
  stackSize: number,
  compiler: Compiler | undefined,
): string | undefined {
  const t = bare(type);
  if (!isRecord(t)) return undefined;
  // Clang writes what a record asks for, of one whose members make it more as well as of a packed one.
  const asksForLess =
    compiler?.name !== 'gcc' && t.alignment !== undefined && membersAlignment(t) > alignment;
  if (t.alignmentInDoubt !== true && !asksForLess) return undefined;
  if (alignment >= STACK_ALIGNMENT || stackSize % STACK_ALIGNMENT === 0) return undefined;
  return (t.size ?? 0) % STACK_ALIGNMENT === 0
    ? `what ${print(type)} is aligned to, and so where it goes here, the debug info does not say`
    : undefined;
}

function isRecord(type: BareType): type is RecordType {
  return type.kind === 'struct' || type.kind === 'union';
}

/**
 * Whether it is sure that a record is aligned to as much as that: it, or a member of it, asks for it, or there are bytes that are there for nothing less, or a
 * member whose type is sure to be is in a record that is not packed. Of a packed one no debug info says that it is.
 */
function isAligned(record: RecordType, alignment: number): boolean {
  const { alignment: own, members, size = 0 } = record;
  if (own === alignment || members.some((m) => m.alignment === alignment && asksFor(m))) return true;
  if (!hasPadding(record)) return false;
  let end = 0;
  for (const { type, offset, bitSize } of members) {
    if (offset % alignment === 0 && offset - end >= alignment / 2) return true;
    end = Math.max(end, offset + (bitSize === undefined ? (sizeOf(type) ?? 0) : Math.ceil(bitSize / 8)));
  }
  if (size - end >= alignment / 2) return true;
  return members.some(({ type }) => {
    let t = bare(type);
    while (t.kind === 'array') t = bare(t.element);
    return alignOf(t) === alignment && (!isRecord(t) || isAligned(t, alignment));
  });
}

import type { Compiler } from '../ctypes/model.js';
import { orUndefined } from '../errors.js';
import { DW_AT, DW_LANG } from './constants.js';
import { Die } from './die.js';
import type { Unit } from './unit.js';

const known = new WeakMap<Unit, Compiler | undefined>();

/** What a unit says it was compiled by (DWARF v5 §3.1.1.1); undefined for what passes arguments in a way of its own, or is not known to us. */
export function compilerOf(unit: Unit): Compiler | undefined {
  if (!known.has(unit))
    known.set(
      unit,
      orUndefined(() => parse(producerOf(unit))),
    );
  return known.get(unit);
}

/** What the compiler calls itself; empty if it does not. */
export function producerOf(unit: Unit): string {
  return new Die(unit, unit.header.rootPos).string(DW_AT.producer) ?? '';
}

/** `GNU C17 12.2.0 -mtune=generic …`, `Debian clang version 14.0.6`, `clang LLVM (rustc version 1.63.0)`. Apple counts in its own way. */
function parse(producer: string): Compiler | undefined {
  const gcc = /^GNU .*?\b(\d+)\.\d+\.\d+/.exec(producer)?.[1];
  if (gcc !== undefined) return { name: 'gcc', version: Number(gcc) };
  const rustc = /\brustc version 1\.(\d+)\./.exec(producer)?.[1];
  if (rustc !== undefined) return { name: 'rustc', version: Number(rustc) };
  const clang = /\bclang version (\d+)\./.exec(producer.startsWith('Apple') ? '' : producer)?.[1];
  return clang === undefined ? undefined : { name: 'clang', version: Number(clang) };
}

/** Whether a unit without any type was to have them, so that its `void f()` is meant: what compilers say and leave out. */
export function mayHaveTypes(unit: Unit, external: boolean): boolean {
  const producer = producerOf(unit);
  if (producer.startsWith('GNU ')) {
    // gcc writes the options down, unless told otherwise; the last -g counts.
    const level = producer.match(/ -g(?:gdb|dwarf)?[0-3]?(?= |$)/g)?.at(-1);
    return level !== undefined && !/[01]$/.test(level);
  }
  // rustc with debuginfo=1 writes the same entries as with 2, less the types; LLVM's own line tables have nothing external.
  return external && unit.root.language !== DW_LANG.Rust;
}

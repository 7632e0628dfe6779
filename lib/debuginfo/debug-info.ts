import type { CType } from '../ctypes/model.js';
import { DwarfInfo, type Absent, type SymbolQuery, type TypedSymbol } from '../dwarf/dwarf-info.js';
import type { Enumerators } from '../dwarf/enumerators.js';
import { EM } from '../elf/constants.js';
import type { ElfFile } from '../elf/file.js';
import { messageOf } from '../errors.js';

/** How C names a type: `struct point`, or a typedef by its name alone. */
export type TypeKeyword = 'struct' | 'union' | 'enum' | 'typedef';

/** The types of one library, from whichever source answered. */
export interface DebugInfo {
  /** Which source answers, for people: `DWARF in /lib/libx.so`; undefined if none does. */
  readonly source: string | undefined;
  /** What was tried, a line each, and why it did not answer. */
  readonly tried: readonly string[];
  symbol(query: SymbolQuery): TypedSymbol | Absent;
  typeNamed(keyword: TypeKeyword, name: string): CType | undefined;
  /** Every enumerator at file scope. Reads all units; throws a `FormatError` where they are corrupt. */
  enumerators(): Enumerators;
}

/** Finds the types of `file`: the DWARF inside it. Reads no more than the names of its sections. */
export function findDebugInfo(file: ElfFile): DebugInfo {
  const tried: string[] = [];
  try {
    if (file.sections.some((s) => s.name === '.debug_info' || s.name === '.zdebug_info')) return dwarf(file);
    tried.push(`DWARF in ${file.path}: it has no .debug_info`);
  } catch (error) {
    tried.push(`DWARF in ${file.path}: ${messageOf(error)}`);
  }
  return {
    source: undefined,
    tried,
    symbol: () => ({ reason: tried.join('\n') }),
    typeNamed: () => undefined,
    enumerators: () => new Map(),
  };
}

function dwarf(file: ElfFile): DebugInfo {
  const { littleEndian, machine } = file.header;
  const info = new DwarfInfo({
    littleEndian,
    addressSize: file.header.class / 8,
    longDouble: machine === EM.X86_64 || machine === EM['386'] ? 'x87' : 'binary128',
    section: (name) => file.section(name),
  });
  return {
    source: `DWARF in ${file.path}`,
    tried: [`DWARF in ${file.path}`],
    symbol: (query) => info.symbol(query),
    typeNamed: (keyword, name) => info.typeNamed(keyword, name),
    enumerators: () => info.enumerators(),
  };
}

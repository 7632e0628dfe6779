import { ByteCursor } from '../bytes/cursor.js';
import { FormatError } from '../errors.js';
import type { DebugFile } from './file.js';
import type { Unit } from './unit.js';

/** Few files have one of these, and no file both. */
const gdbIndex = () => require('./gdb-index.js') as typeof import('./gdb-index.js');
const debugNames = () => require('./debug-names.js') as typeof import('./debug-names.js');

/** What maps names to units, and perhaps addresses. */
export interface LookupTable {
  /** The offsets of the units in which something has the name; as far as the table knows. */
  unitsNaming(name: string): number[];
  /** The offsets of the units with code at the address. */
  unitsAt(address: number): number[];
}

/**
 * The index that a linker, a compiler or gdb has put into a file: `.gdb_index` or `.debug_names` (DWARF v5 §6.1.1). It is a hint of where to look
 * first: what it says may be corrupt, or older than the file, and is believed only as far as the entries themselves say the same.
 */
export class LookupTables {
  readonly #file: DebugFile;
  #table: { readonly found: LookupTable | undefined } | undefined;

  constructor(file: DebugFile) {
    this.#file = file;
  }

  unitsNaming(name: string): Unit[] {
    return this.#units((table) => table.unitsNaming(name));
  }

  unitsAt(address: bigint): Unit[] {
    return this.#units((table) => table.unitsAt(Number(address)));
  }

  /** In the order of the file, as a search of the entries finds them. */
  #units(find: (table: LookupTable) => number[]): Unit[] {
    try {
      this.#table ??= { found: this.#open() };
      const { found } = this.#table;
      if (found === undefined) return [];
      return [...new Set(find(found))].sort((a, b) => a - b).map((offset) => this.#file.unitAt(offset));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.#table = { found: undefined };
      return [];
    }
  }

  #open(): LookupTable | undefined {
    const gdb = this.#file.section('.gdb_index');
    if (gdb !== undefined) return new (gdbIndex().GdbIndex)(gdb);
    const names = this.#file.section('.debug_names');
    const strings = this.#file.section('.debug_str');
    if (names === undefined || strings === undefined) return undefined;
    const cursor = new ByteCursor(names.read(0, names.size), this.#file.littleEndian, names.name);
    return new (debugNames().DebugNames)(cursor, strings);
  }
}

import { type Abbrev, AbbrevTable, findAbbrev, KnownAbbrevs } from './abbrev.js';
import type { DebugFile } from './file.js';
import type { Encoding } from './form.js';
import { parseAt } from './sections.js';

/** Abbreviations in the tables that are kept at a time, 80 bytes each besides what tables share. Units of one compiler have 30 to 150. */
const ABBREVS = 1 << 18;

/** The abbreviation tables of one file. Units share them (after LTO and dwz), but not their sizes if they differ in format. */
export class AbbrevTables {
  readonly #file: DebugFile;
  readonly #tables = new Map<string, AbbrevTable>();
  readonly #known = new Map<string, KnownAbbrevs>();
  #kept = 0;

  constructor(file: DebugFile) {
    this.#file = file;
  }

  /** The table at `offset`. */
  at(offset: number, encoding: Encoding): AbbrevTable {
    const key = tableKey(offset, encoding);
    let table = this.#tables.get(key);
    if (table === undefined) {
      const file = this.#file;
      table = parseAt(
        file.required('.debug_abbrev'),
        offset,
        file.littleEndian,
        4096,
        (cursor) => new AbbrevTable(cursor, this.#knownOf(encoding)),
      );
      this.#kept += table.size;
      for (const [oldKey, old] of this.#tables) {
        if (this.#kept <= ABBREVS) break;
        this.#tables.delete(oldKey);
        this.#kept -= old.size;
      }
      this.#tables.set(key, table);
    }
    return table;
  }

  /** The abbreviation `code` at `offset`, of the entry of a unit of which no other may be wanted. */
  root(offset: number, encoding: Encoding, code: number): Abbrev | undefined {
    const table = this.#tables.get(tableKey(offset, encoding));
    if (table !== undefined) return table.get(code);
    const file = this.#file;
    const section = file.forward(file.required('.debug_abbrev'));
    // gcc numbers them by how often they are used: a unit's own entry has one of the last.
    return parseAt(section, offset, file.littleEndian, 1024, (cursor) =>
      findAbbrev(cursor, this.#knownOf(encoding), code),
    );
  }

  #knownOf(encoding: Encoding): KnownAbbrevs {
    const key = encodingKey(encoding);
    let known = this.#known.get(key);
    if (known === undefined) this.#known.set(key, (known = new KnownAbbrevs(encoding)));
    return known;
  }
}

function tableKey(offset: number, encoding: Encoding): string {
  return `${offset}:${encodingKey(encoding)}`;
}

function encodingKey({ version, offsetSize, addressSize }: Encoding): string {
  return `${version}:${offsetSize}:${addressSize}`;
}

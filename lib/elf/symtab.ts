import { SHN, SHT, STT } from './constants.js';
import { ElfCursor } from './cursor.js';
import type { ElfFile } from './file.js';
import type { SectionHeader } from './section.js';
import { StringTable } from './string-table.js';
import { readSymbol, symbolSize } from './symbol.js';

/** The full symbol table, `.symtab`: what a file defines, exported or not. `strip` removes it. */
export class SymbolTableSection {
  readonly #cursor: ElfCursor;
  readonly #names: StringTable;

  /** That of `file`; undefined if it has none. */
  static of(file: ElfFile): SymbolTableSection | undefined {
    const section = file.sections.find((s) => s.type === SHT.SYMTAB);
    const names = section && file.sections[section.link];
    return section && names && new SymbolTableSection(file, section, names);
  }

  private constructor(file: ElfFile, symbols: SectionHeader, names: SectionHeader) {
    const bytes = (section: SectionHeader): Uint8Array => file.rawSection(section).read(0, section.size);
    this.#cursor = new ElfCursor(bytes(symbols), file.header, symbols.name);
    this.#names = new StringTable(names.name, bytes(names));
  }

  /** Whether it has a definition of that name. Every entry is looked at: there is no hash table for these. */
  defines(name: string): boolean {
    const cursor = this.#cursor;
    const wanted = Buffer.from(name);
    const size = symbolSize(cursor.class);
    // The entry at index 0 is empty.
    for (let at = size; at + size <= cursor.length; at += size) {
      cursor.pos = at;
      const { nameOffset, shndx, type } = readSymbol(cursor);
      const isDefined = shndx !== SHN.UNDEF && type !== STT.FILE && type !== STT.SECTION;
      if (isDefined && this.#names.equals(nameOffset, wanted)) return true;
    }
    return false;
  }
}

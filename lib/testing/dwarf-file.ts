import { dwarfSections } from '../debuginfo/dwarf-source.js';
import { DwarfInfo } from '../dwarf/dwarf-info.js';
import { ElfFile } from '../elf/file.js';
import { TypedFile } from './typed-file.js';

/** A library's DWARF and what it exports, for tests. */
export class DwarfFile extends TypedFile<DwarfInfo> {
  /** `debug`: the file that has its debug info, if that is another one. */
  constructor(path: string, debug?: string) {
    super(
      path,
      (file) => new DwarfInfo(dwarfSections(debug === undefined ? file : ElfFile.open(debug), path)),
    );
  }
}

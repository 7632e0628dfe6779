import { DwarfInfo } from '../dwarf/dwarf-info.js';
import { TypedFile } from './typed-file.js';

/** A library's DWARF and what it exports, for tests. */
export class DwarfFile extends TypedFile<DwarfInfo> {
  constructor(path: string) {
    super(
      path,
      (file) =>
        new DwarfInfo({
          littleEndian: file.header.littleEndian,
          addressSize: file.header.class / 8,
          section: (name) => file.section(name),
        }),
    );
  }
}

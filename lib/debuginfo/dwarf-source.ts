import type { TypeSource } from '../ctypes/type-source.js';
import { DwarfInfo } from '../dwarf/dwarf-info.js';
import { EM } from '../elf/constants.js';
import type { ElfFile } from '../elf/file.js';

/** The DWARF in an ELF file. Nothing is read yet. */
export function dwarfSource(file: ElfFile): TypeSource {
  const { littleEndian, machine } = file.header;
  const info = new DwarfInfo({
    littleEndian,
    addressSize: file.header.class / 8,
    longDouble: machine === EM.X86_64 || machine === EM['386'] ? 'x87' : 'binary128',
    section: (name) => file.section(name),
  });
  return {
    name: `DWARF in ${file.path}`,
    symbol: (query) => info.symbol(query),
    typeNamed: (keyword, name) => info.typeNamed(keyword, name),
    constants: () => info.constants(),
    declarations: () => info.declarations(),
  };
}

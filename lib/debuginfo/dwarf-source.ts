import type { TypeSource } from '../ctypes/type-source.js';
import { DwarfInfo } from '../dwarf/dwarf-info.js';
import type { DwarfSections, SplitCandidate } from '../dwarf/sections.js';
import { EM, SHF } from '../elf/constants.js';
import type { ElfFile } from '../elf/file.js';
import type { SplitFile } from './split-files.js';

/** Few libraries went through dwz, or were made with -gsplit-dwarf. */
const supplementary = () => require('./supplementary.js') as typeof import('./supplementary.js');
const splitFiles = () => require('./split-files.js') as typeof import('./split-files.js');
/** Compressed debug info is for distributions. */
const diskCache = () => require('./disk-cache/sections.js') as typeof import('./disk-cache/sections.js');

/** Bytes of a compressed `.debug_info`, about 600 KB of entries, from which on it is worth a place on disk: 2 ms. */
const MIN_CACHED = 1 << 18;

/** The DWARF in an ELF file. Nothing is read yet. `library`: the path of the library that it describes, if that is another file. */
export function dwarfSource(file: ElfFile, library: string = file.path): TypeSource {
  const info = new DwarfInfo(dwarfSections(file, library));
  return {
    name: `DWARF in ${file.path}`,
    expect: (count) => {
      info.expect(count);
    },
    symbol: (query) => info.symbol(query),
    typeNamed: (keyword, name) => info.typeNamed(keyword, name),
    typeNames: () => info.typeNames(),
    constants: () => info.constants(),
    declarations: () => info.declarations(),
  };
}

/** The debug sections of a file, and the way to those of others that they refer to. */
export function dwarfSections(file: ElfFile, library: string = file.path): DwarfSections {
  return {
    ...sectionsOf(file),
    get supplementary() {
      const named = file.sections.some(({ name }) => LINKS.includes(name));
      return named ? () => sectionsOf(supplementary().openSupplementary(file)) : undefined;
    },
    *split(name, directory) {
      for (const found of splitFiles().splitFiles(library, name, directory)) yield splitCandidate(found);
    },
    package: () => splitCandidate(splitFiles().packageFile(library)),
  };
}

/** What names a supplementary file: dwz's own section, and that of DWARF 5. */
const LINKS: readonly string[] = ['.gnu_debugaltlink', '.debug_sup'];

function splitCandidate({ path, file }: SplitFile): SplitCandidate {
  if (typeof file === 'string') return { path, sections: file };
  return {
    path,
    sections: { ...sectionsOf(file), section: (name) => splitFiles().splitSection(file, name) },
  };
}

function sectionsOf(file: ElfFile): DwarfSections {
  const { littleEndian, machine } = file.header;
  return {
    littleEndian,
    addressSize: file.header.class / 8,
    longDouble: machine === EM.X86_64 || machine === EM['386'] ? 'x87' : 'binary128',
    section: (name) => (isCostly(file) ? diskCache().cachedSection(file, name) : file.section(name)),
  };
}

/** Whether it takes time to decompress a file's debug info. */
function isCostly({ sections }: ElfFile): boolean {
  return sections.some(
    ({ name, flags, size }) =>
      size >= MIN_CACHED &&
      (name === '.zdebug_info' || (name === '.debug_info' && (flags & SHF.COMPRESSED) !== 0)),
  );
}

import type { TypeSource } from '../ctypes/type-source.js';
import { CtfInfo } from '../ctf/ctf-info.js';
import type { CtfSymbol } from '../ctf/symbol-slots.js';
import { EM, STT } from '../elf/constants.js';
import type { ElfFile } from '../elf/file.js';
import { DynamicSymbols } from '../elf/symbol.js';

/** The CTF in an ELF file. Nothing is read yet. */
export function ctfSource(file: ElfFile): TypeSource {
  const { machine } = file.header;
  const info = new CtfInfo({
    addressSize: file.header.class / 8,
    longDouble: machine === EM.X86_64 || machine === EM['386'] ? 'x87' : 'binary128',
    section: (name) => file.section(name),
    symbols: () => countedSymbols(file),
  });
  return {
    name: `CTF in ${file.path}`,
    symbol: (query) => info.symbol(query),
    typeNamed: (keyword, name) => info.typeNamed(keyword, name),
    typeNames: () => info.typeNames(),
    constants: () => info.constants(),
  };
}

/** Symbols that libctf passes over, whatever they are (`ctf_symtab_skippable`). */
const SKIPPED: readonly string[] = ['', '_START_', '_END_'];

/**
 * The symbols that GNU ld counts for CTF. The marks of versions (`V1`, SHN_ABS, 0) are among them: libctf would pass them over, but ld numbers that
 * section otherwise than libctf does.
 */
function* countedSymbols(file: ElfFile): Generator<CtfSymbol> {
  for (const { name, type, value, size, defined } of DynamicSymbols.of(file)) {
    if (!defined || SKIPPED.includes(name)) continue;
    if (type === STT.OBJECT) yield { name, kind: 'variable', address: value, size };
    if (type === STT.FUNC) yield { name, kind: 'function', address: value, size };
  }
}

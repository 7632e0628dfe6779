import { BufferSource } from '../bytes/source.js';
import { ElfFile } from '../elf/file.js';
import { SymbolTableSection } from '../elf/symtab.js';
import { orUndefined } from '../errors.js';
import { findDebugFile } from './separate-file.js';
import type { Subject } from './sources.js';

/**
 * Whether a library defines `name` without exporting it: by its full symbol table, by that of its debug file, or by the one that Fedora leaves in
 * stripped files (`.gnu_debugdata`, which lists functions only). False if nothing tells.
 */
export function isUnexported(subject: Subject, name: string): boolean {
  for (const file of filesWithTable(subject)) {
    const table = orUndefined(() => SymbolTableSection.of(file));
    // A table that there is is complete.
    if (table !== undefined) return orUndefined(() => table.defines(name)) ?? false;
  }
  return false;
}

function* filesWithTable(subject: Subject): Generator<ElfFile> {
  yield subject.file;
  const debugFile = findDebugFile(subject, []);
  try {
    if (debugFile !== undefined) yield debugFile;
  } finally {
    debugFile?.close();
  }
  const mini = orUndefined(() => miniDebugInfo(subject.file));
  if (mini !== undefined) yield mini;
}

/** A whole ELF file, with a symbol table only, compressed by `xz` (GDB manual, "MiniDebugInfo"). */
function miniDebugInfo(file: ElfFile): ElfFile | undefined {
  const name = '.gnu_debugdata';
  const section = file.section(name);
  if (section === undefined) return undefined;
  const { decompressXz } = require('../bytes/xz.js') as typeof import('../bytes/xz.js');
  return new ElfFile(new BufferSource(name, decompressXz(section.read(0, section.size), name)));
}

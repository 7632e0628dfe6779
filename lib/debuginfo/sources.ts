import type { TypeSource } from '../ctypes/type-source.js';
import type { ElfFile } from '../elf/file.js';
import { messageOf } from '../errors.js';
import { dwarfSource } from './dwarf-source.js';

/** Most libraries whose types are wanted have them inside. */
const separateFile = () => require('./separate-file.js') as typeof import('./separate-file.js');

/** The library whose types are wanted. */
export interface Subject {
  readonly file: ElfFile;
  /** Where it is, if that is not what `file` is called. */
  readonly path: string;
  /** In lower-case hex. */
  readonly buildId: string | undefined;
  /** In place of `/usr/lib/debug`. */
  readonly debugDirectories?: readonly string[];
}

/**
 * What gives types to a library, in the order of trust. Writes into `tried`
 * what there is not, and why.
 */
export function* findSources(subject: Subject, tried: string[]): Generator<TypeSource, undefined> {
  const own = ownDwarf(subject.file, tried);
  if (own !== undefined) yield dwarfSource(own);
  else {
    const file = separateFile().findDebugFile(subject, tried);
    if (file !== undefined) yield dwarfSource(file);
  }
}

/** The library itself, if it has DWARF. */
function ownDwarf(file: ElfFile, tried: string[]): ElfFile | undefined {
  try {
    if (hasDwarf(file)) return file;
    tried.push(`DWARF in ${file.path}: it has no .debug_info`);
  } catch (error) {
    tried.push(`DWARF in ${file.path}: ${messageOf(error)}`);
  }
  return undefined;
}

/** Whether a file has DWARF. Throws a `FormatError` if its section headers are corrupt. */
export function hasDwarf(file: ElfFile): boolean {
  return file.sections.some((s) => s.name === '.debug_info' || s.name === '.zdebug_info');
}

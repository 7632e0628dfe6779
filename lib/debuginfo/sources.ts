import type { TypeSource } from '../ctypes/type-source.js';
import type { ElfFile } from '../elf/file.js';
import { messageOf } from '../errors.js';
import { dwarfSource } from './dwarf-source.js';

/** The library whose types are wanted. */
export interface Subject {
  readonly file: ElfFile;
}

/**
 * What gives types to a library, in the order of trust. Writes into `tried`
 * what there is not, and why.
 */
export function* findSources({ file }: Subject, tried: string[]): Generator<TypeSource, undefined> {
  try {
    if (file.sections.some((s) => s.name === '.debug_info' || s.name === '.zdebug_info')) {
      yield dwarfSource(file);
      return;
    }
    tried.push(`DWARF in ${file.path}: it has no .debug_info`);
  } catch (error) {
    tried.push(`DWARF in ${file.path}: ${messageOf(error)}`);
  }
}

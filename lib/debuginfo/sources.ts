import type { TypeSource } from '../ctypes/type-source.js';
import type { ElfFile } from '../elf/file.js';
import { messageOf } from '../errors.js';
import type { FetchResult } from './debuginfod/local.js';
import { dwarfSource } from './dwarf-source.js';

/** Most libraries whose types are wanted have them inside, as DWARF. */
const separateFile = () => require('./separate-file.js') as typeof import('./separate-file.js');
const ctf = () => require('./ctf-source.js') as typeof import('./ctf-source.js');
const fetched = () => require('./fetched-file.js') as typeof import('./fetched-file.js');

/** The last line of errors about types that there are not. */
export const ALL_THE_WAYS = 'all the ways: docs/debug-info.md in the package elf-plugin';

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

/** Where types come from besides the library and what is known of it on this machine. */
export interface TypeOptions {
  /** A debug file or a types file. */
  readonly types?: string | undefined;
  /** C text. */
  readonly declarations?: string | undefined;
  /** Whether debuginfod's servers are asked; or what they have answered. */
  readonly debuginfod?: boolean | FetchResult | undefined;
}

/** The first that there is of what gives types to a library, in the order of trust. Writes into `tried` what there is not, and why. */
export function findSource(
  subject: Subject,
  { debuginfod = false }: TypeOptions,
  tried: string[],
): TypeSource | undefined {
  const { file, path } = subject;
  if (has(file, 'DWARF', DWARF, tried)) return dwarfSource(file);
  const separate = separateFile().findDebugFile(subject, tried);
  if (separate !== undefined) return dwarfSource(separate, path);
  if (has(file, 'CTF', CTF, tried)) return ctf().ctfSource(file);
  if (debuginfod === false) {
    tried.push('debuginfod: not asked; open takes debuginfod: true, the command line DEBUGINFOD_URLS');
    return undefined;
  }
  const debugFile = fetched().fetchedFile(subject, debuginfod, tried);
  return debugFile && dwarfSource(debugFile, path);
}

const DWARF: readonly string[] = ['.debug_info', '.zdebug_info'];
const CTF: readonly string[] = ['.ctf'];

function has(file: ElfFile, what: string, sections: readonly string[], tried: string[]): boolean {
  try {
    if (hasSection(file, sections)) return true;
    tried.push(`${what} in ${file.path}: it has no ${sections[0] ?? ''}`);
  } catch (error) {
    tried.push(`${what} in ${file.path}: ${messageOf(error)}`);
  }
  return false;
}

function hasSection(file: ElfFile, names: readonly string[]): boolean {
  return file.sections.some((s) => names.includes(s.name));
}

/** Whether a file has DWARF. Throws a `FormatError` if its section headers are corrupt. */
export function hasDwarf(file: ElfFile): boolean {
  return hasSection(file, DWARF);
}

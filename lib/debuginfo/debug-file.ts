import { statSync } from 'node:fs';
import { resolve } from 'node:path';

import type { TypeSource } from '../ctypes/type-source.js';
import { EM, nameOf, PT, SHF } from '../elf/constants.js';
import { ElfFile } from '../elf/file.js';
import { buildId } from '../elf/note.js';
import { messageOf, PluginError } from '../errors.js';
import { dwarfSource } from './dwarf-source.js';
import { ALL_THE_WAYS, hasDwarf, type Subject } from './sources.js';

/** Why a debug file, whose build-id is given too, is not the library's; undefined if it is. */
export type Mismatch = (file: ElfFile, id: string | undefined) => string | undefined;

/** The debug file at `path`, open, or why it gives this library no types. */
export function openDebugFile(
  path: string,
  library: ElfFile,
  mismatch: Mismatch,
  whenEmpty = 'it is empty',
): ElfFile | string {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return 'there is no such file';
    // A FIFO would be waited for.
    if (!stat.isFile()) return 'it is no regular file';
    if (stat.size === 0) return whenEmpty;
    const file = ElfFile.open(path);
    const reason = whyNot(file, library, mismatch);
    if (reason === undefined) return file;
    file.close();
    return reason;
  } catch (error) {
    return messageOf(error);
  }
}

/**
 * The types in a debug file that the caller names; it may also be the library from before it was stripped. Throws a `PluginError` with the code
 * `ERR_PLUGIN_TYPE` for a file that is not this library's: by the build-ids or, if neither has one, by where their sections are.
 *
 * @example
 * const library = Library.open('libx.so');
 * debugFileSource('libx.so.debug', library).symbol({ name: 'f', kind: 'function', address: 0x1100n });
 */
export function debugFileSource(
  path: string,
  { file: library, path: shown, buildId: wanted }: Subject,
): TypeSource {
  const file = openDebugFile(resolve(path), library, (candidate, id) =>
    wanted === undefined && id === undefined ? otherLayout(candidate, library) : otherBuildId(id, wanted),
  );
  if (typeof file !== 'string') return dwarfSource(file);
  const text = `plugin: debug file ${path} is not that of plugin ${shown}: ${file}\n  ${ALL_THE_WAYS}`;
  throw new PluginError('ERR_PLUGIN_TYPE', text, { path: shown });
}

/** Why two build-ids are not those of one library. */
export function otherBuildId(id: string | undefined, wanted: string | undefined): string | undefined {
  if (id === wanted) return undefined;
  const its = id === undefined ? 'it has no build-id' : `its build-id is ${id}`;
  return `${its}, the library ${wanted === undefined ? 'has none' : `has ${wanted}`}`;
}

/** What can be seen without reading all of the file comes first. */
function whyNot(file: ElfFile, library: ElfFile, mismatch: Mismatch): string | undefined {
  try {
    const reason = otherMachine(file, library) ?? (hasDwarf(file) ? undefined : 'it has no .debug_info');
    return reason ?? mismatch(file, buildId(file));
  } catch (error) {
    return messageOf(error);
  }
}

function otherMachine({ header: its }: ElfFile, { header: the }: ElfFile): string | undefined {
  const same =
    its.machine === the.machine && its.class === the.class && its.littleEndian === the.littleEndian;
  if (same) return undefined;
  const [a, b] = [its, the].map(
    (h) => `${h.class}-bit ${h.littleEndian ? 'little' : 'big'}-endian EM_${nameOf(EM, h.machine)}`,
  );
  return `it is for ${a ?? ''}, the library for ${b ?? ''}`;
}

/**
 * Why two files without build-ids can't be one library: stripping, and `objcopy --only-keep-debug`, leave the addresses and sizes of what is
 * loaded. It is compared by section, or by segment for a library whose section headers were cut off.
 */
function otherLayout(file: ElfFile, library: ElfFile): string | undefined {
  const layout = library.sections.length > 0 ? loadedSections : loadedSegments;
  const [its, the] = [layout(file), layout(library)];
  const at = the.findIndex((place, i) => place !== its[i]);
  if (at < 0 && its.length === the.length) return undefined;
  const [found = 'nothing', wanted = 'nothing'] = at < 0 ? [its[the.length]] : [its[at], the[at]];
  return `neither has a build-id, and it has ${found} where the library has ${wanted}`;
}

function loadedSections(file: ElfFile): string[] {
  return file.sections
    .filter((s) => (s.flags & SHF.ALLOC) !== 0)
    .map((s) => `${s.name} of ${s.size} bytes at 0x${s.address.toString(16)}`);
}

function loadedSegments(file: ElfFile): string[] {
  return file.programHeaders
    .filter((p) => p.type === PT.LOAD)
    .map((p) => `a segment of ${p.memorySize} bytes at 0x${p.address.toString(16)}`);
}

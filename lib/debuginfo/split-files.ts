import { basename, dirname, isAbsolute, join, resolve } from 'node:path';

import { BufferSource, FileSource, type ByteSource } from '../bytes/source.js';
import { SHT } from '../elf/constants.js';
import { ElfFile } from '../elf/file.js';
import { messageOf } from '../errors.js';

/** A file, or why it can't be read. */
export interface SplitFile {
  readonly path: string;
  readonly file: ElfFile | string;
}

/**
 * The files in which the split debug info called `name` may be: where the compiler wrote it, as GDB does, and beside the library, where it is when both were moved.
 * `directory` is the one that the compiler worked in.
 */
export function* splitFiles(
  library: string,
  name: string,
  directory: string | undefined,
): Generator<SplitFile> {
  const beside = dirname(resolve(library));
  const written = isAbsolute(name) || directory === undefined ? [] : [resolve(beside, directory, name)];
  for (const path of new Set([...written, resolve(beside, name), join(beside, basename(name))])) {
    // Read at once, so that a library of a thousand of them keeps no thousand files open.
    yield { path, file: open(() => new ElfFile(wholeFile(path))) };
  }
}

/**
 * The section called `name` of a split file. With -fdebug-types-section gcc writes each type unit into a section of its own, all of the same name: it is an object
 * file that no linker has seen. No unit refers into another, so they may stand one behind the other.
 */
export function splitSection(file: ElfFile, name: string): ByteSource | undefined {
  const parts = file.sections.filter((section) => section.name === name && section.type !== SHT.NOBITS);
  if (parts.length <= 1) return file.section(name);
  const bytes = parts.map((part) => file.contents(part)).map((source) => source.read(0, source.size));
  return new BufferSource(name, Buffer.concat(bytes));
}

/** The package of a library's split files, `lib.so.dwp`, where there is one. */
export function packageFile(library: string): SplitFile {
  const path = `${library}.dwp`;
  return { path, file: open(() => ElfFile.open(path)) };
}

function wholeFile(path: string): BufferSource {
  const source = new FileSource(path);
  try {
    return new BufferSource(path, source.read(0, source.size));
  } finally {
    source.close();
  }
}

function open(read: () => ElfFile): ElfFile | string {
  try {
    return read();
  } catch (error) {
    return messageOf(error);
  }
}

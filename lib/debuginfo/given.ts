import { closeSync, constants, openSync, readSync } from 'node:fs';

import type { CType } from '../ctypes/model.js';
import type { TypeKeyword, TypeSource } from '../ctypes/type-source.js';
import { EM } from '../elf/constants.js';
import { messageOf, PluginError } from '../errors.js';
import type { Subject, TypeOptions } from './sources.js';

/** Few libraries are given types, and then of one kind. */
const declarations = () => require('./declarations-source.js') as typeof import('./declarations-source.js');
const typesFile = () => require('./types-file/source.js') as typeof import('./types-file/source.js');
const debugFile = () => require('./debug-file.js') as typeof import('./debug-file.js');

/**
 * What the caller gives, read now: declarations, and a file. `resolve` knows the types that declarations use and do not say. Throws a `TypeError` for
 * declarations that are not understood, a `PluginError` (`ERR_PLUGIN_TYPE`) for a file that is not this library's.
 */
export function givenSources(
  subject: Subject,
  options: TypeOptions,
  resolve: (keyword: TypeKeyword, name: string) => CType | undefined,
): TypeSource[] {
  const sources: TypeSource[] = [];
  if (options.declarations !== undefined) {
    const target = subject.file.header.machine === EM.AARCH64 ? 'arm64' : 'x64';
    sources.push(declarations().declarationsSource(options.declarations, { resolve, target }));
  }
  if (options.types !== undefined) {
    const isText = firstByte(options.types, subject) === BRACE;
    sources.push(
      isText
        ? typesFile().typesFileSource(options.types, subject)
        : debugFile().debugFileSource(options.types, subject),
    );
  }
  return sources;
}

/** A types file is JSON. */
const BRACE = 0x7b;

function firstByte(path: string, { path: library }: Subject): number | undefined {
  const byte = new Uint8Array(1);
  let fd: number | undefined;
  try {
    // A FIFO would be waited for.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return readSync(fd, byte, 0, 1, 0) === 1 ? byte[0] : undefined;
  } catch (error) {
    const text = `plugin: types ${path} of plugin ${library} can't be read: ${messageOf(error)}`;
    throw new PluginError('ERR_PLUGIN_TYPE', text, { path: library, cause: error });
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

import type { NameResolver } from '../ctypes/parse.js';
import type { TypeSource } from '../ctypes/type-source.js';
import { EM } from '../elf/constants.js';
import { messageOf, PluginError } from '../errors.js';
import { ALL_THE_WAYS, type Subject } from './sources.js';

/** Few libraries are given types, and then of one kind. */
const declarations = () => require('./declarations-source.js') as typeof import('./declarations-source.js');
const typesFile = () => require('./types-file/source.js') as typeof import('./types-file/source.js');
const debugFile = () => require('./debug-file.js') as typeof import('./debug-file.js');

/** The types in a file that the caller names. Throws a `PluginError` for a file that can't be read (`ERR_PLUGIN_TYPE`), is damaged (`ERR_FORMAT`), or is not this library's. */
export function givenFile(path: string, subject: Subject): TypeSource {
  const first = firstByte(path, subject);
  if (first === BRACE) return typesFile().typesFileSource(path, subject);
  if (first === undefined || first === MAGIC) return debugFile().debugFileSource(path, subject);
  const text = `plugin: types ${path} of plugin ${subject.path}: it is neither an ELF file nor a types file, which is JSON and begins with {\n  ${ALL_THE_WAYS}`;
  throw new PluginError('ERR_PLUGIN_TYPE', text, { path: subject.path });
}

/**
 * The types in declarations that the caller writes. `resolve` knows those that they use and do not say. Throws a `TypeError` where they are not
 * understood.
 */
export function givenDeclarations(text: string, { file }: Subject, resolve: NameResolver): TypeSource {
  const target = file.header.machine === EM.AARCH64 ? 'arm64' : 'x64';
  return declarations().declarationsSource(text, { resolve, target });
}

/** A types file is JSON, and an ELF file begins with 0x7f (gABI ch. 4 "ELF Identification"). */
const [BRACE, MAGIC] = [0x7b, 0x7f];

function firstByte(path: string, { path: library }: Subject): number | undefined {
  const byte = new Uint8Array(1);
  let fd: number | undefined;
  try {
    // A FIFO would be waited for.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!fstatSync(fd).isFile()) throw new Error('it is no regular file');
    return readSync(fd, byte, 0, 1, 0) === 1 ? byte[0] : undefined;
  } catch (error) {
    const text = `plugin: types ${path} of plugin ${library} can't be read: ${messageOf(error)}\n  ${ALL_THE_WAYS}`;
    throw new PluginError('ERR_PLUGIN_TYPE', text, { path: library, cause: error });
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

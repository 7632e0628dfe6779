import { FormatError } from '../errors.js';
import type { ElfFile } from './file.js';

/** What a file says of the one that dwz moved shared debug info to. */
export interface DebugAltLink {
  /** As it was given to dwz; relative to the folder of the file that says it. */
  readonly path: string;
  /** Of the other file, in lower-case hex. */
  readonly buildId: string;
}

/** Reads `.gnu_debugaltlink`: a path, and behind its NUL the bytes of a build-id (dwz(1)). Undefined if the file has none. */
export function readDebugAltLink(file: ElfFile): DebugAltLink | undefined {
  const section = file.section('.gnu_debugaltlink');
  if (section === undefined) return undefined;
  const bytes = Buffer.from(section.read(0, section.size));
  const end = bytes.indexOf(0);
  if (end < 0) throw new FormatError(section.name, 0, 'path without an end');
  return { path: bytes.toString('utf8', 0, end), buildId: bytes.toString('hex', end + 1) };
}

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Language } from '../debuginfo/header-probe/compiler.js';
import { PluginError, typeError } from '../errors.js';
import { suggest } from '../symbols/suggest.js';

/**
 * What is compiled. A string is C text if it has a semicolon, a brace or a newline, or begins with `#`, as no C is without; else it is the path of a file,
 * relative to the working directory as that of `open` is. `{ file }` and `{ text }` say which it is.
 */
export type Source =
  | string
  | URL
  | {
      /** The path of a file, whatever is in its name. */
      readonly file: string | URL;
    }
  | {
      /** C text, however short. */
      readonly text: string;
    };

/** A source whose content is known. */
export interface ReadSource {
  /** The file's absolute path; undefined for text. */
  readonly file: string | undefined;
  readonly text: string;
}

/** What messages call text. */
export const TEXT_NAME = '<source>';

/** The extensions that gcc takes for C++ ("Options Controlling the Kind of Output"). */
const CXX = ['.cc', '.cp', '.cxx', '.cpp', '.CPP', '.c++', '.C', '.ii'];
const HEADERS = ['.h', '.hh', '.hpp', '.hxx', '.H', '.h++'];

/** Reads what is to be compiled: a source, or a list of them. */
export function readSources(source: unknown): ReadSource[] {
  if (!Array.isArray(source)) return [readSource(source)];
  if (source.length === 0) throw typeError('ERR_INVALID_ARG_VALUE', 'compile: the list of sources is empty');
  return source.map(readSource);
}

/** Throws a `TypeError` for what is no source, `ERR_PLUGIN_COMPILE` for a file that can't be read. */
function readSource(source: unknown): ReadSource {
  const given = typeof source === 'string' ? fromString(source) : source;
  if (typeof given === 'object' && given !== null) {
    if ('text' in given && typeof given.text === 'string') return { file: undefined, text: given.text };
    if ('file' in given && typeof given.file === 'string') return readFile(given.file);
    const url = 'file' in given ? given.file : given;
    if (isURL(url)) return readFile(pathOf(url));
  }
  throw typeError(
    'ERR_INVALID_ARG_TYPE',
    'compile: expected C text, the path or URL of a file, { file } or { text }, or a list of them',
  );
}

function fromString(source: string): Source {
  return /[;{}\n]|^\s*#/.test(source) ? { text: source } : { file: source };
}

/** A URL may be one of another realm (Jest's). */
function isURL(value: unknown): value is URL {
  return typeof value === 'object' && value !== null && 'href' in value && 'protocol' in value;
}

function pathOf(url: URL): string {
  if (url.protocol !== 'file:')
    throw typeError('ERR_INVALID_ARG_VALUE', `compile: ${url.href} is not the URL of a file`);
  return fileURLToPath(url.href);
}

function readFile(name: string): ReadSource {
  if (name === '' || name.includes('\0'))
    throw typeError('ERR_INVALID_ARG_VALUE', `compile: ${JSON.stringify(name)} is no path of a file`);
  const file = resolve(name);
  if (HEADERS.includes(extname(file)))
    throw refused(name, 'it is a header: compile the C file that includes it');
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) throw missing(name, file);
  if (!stat.isFile()) throw refused(name, `${file} is no regular file`);
  try {
    return { file, text: readFileSync(file, 'latin1') };
  } catch (error) {
    throw refused(name, (error as Error).message, error);
  }
}

function missing(name: string, file: string): PluginError {
  const lines = [`there is no such file: ${file}`];
  const folder = dirname(file);
  const names = statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(folder) : [];
  const [close] = suggest(basename(file), names);
  if (close !== undefined) lines.push(`did you mean ${join(dirname(name), close)}?`);
  else lines.push('a path is relative to the working directory, as that of open is');
  if (/\s/.test(name))
    lines.push('C text has a semicolon, a brace or a newline in it, or is given as { text }');
  return refused(name, lines.join('\n  '));
}

function refused(name: string, reason: string, cause?: unknown): PluginError {
  return new PluginError('ERR_PLUGIN_COMPILE', `compile(${JSON.stringify(name)}): ${reason}`, { cause });
}

/** C++ if one of the files is. */
export function languageOf(sources: readonly ReadSource[]): Language {
  return sources.some(({ file }) => file !== undefined && CXX.includes(extname(file))) ? 'C++' : 'C';
}

/** What messages call a source: a file as it is seen from the working directory. */
export function shownName({ file }: ReadSource): string {
  if (file === undefined) return TEXT_NAME;
  const cwd = `${process.cwd()}/`;
  return file.startsWith(cwd) ? file.slice(cwd.length) : file;
}

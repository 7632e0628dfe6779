import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import type { CCompiler } from '../debuginfo/header-probe/compiler.js';

/** A file that a library is made from, by its absolute path, and a hash of what is in it. */
export type Input = readonly [path: string, hash: string];

/** Hashes of files, each read once. */
export class Hashes {
  readonly #known = new Map<string, string>();

  of(path: string): string {
    let hash = this.#known.get(path);
    if (hash === undefined) this.#known.set(path, (hash = hashOf(path)));
    return hash;
  }
}

/** Of a file that can't be read it is empty. */
function hashOf(path: string): string {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('base64url');
  } catch {
    return '';
  }
}

/** Hashes the files as they are now. */
export function readInputs(paths: Iterable<string>): Input[] {
  const hashes = new Hashes();
  return Array.from(new Set(paths), (path): Input => [path, hashes.of(path)]);
}

/** The source files and all they include, headers of the system among them; undefined if the compiler does not say, as where a header is missing. */
export function includedFiles(compiler: CCompiler, args: readonly string[]): string[] | undefined {
  const { ok, stdout } = compiler.run([...args, '-M']);
  const paths = ok ? prerequisites(stdout) : [];
  return paths.length === 0 ? undefined : paths;
}

/** What the rules of a makefile name behind their colons. */
function prerequisites(rules: string): string[] {
  const paths: string[] = [];
  for (const rule of rules.replaceAll(/\\\r?\n/g, ' ').split('\n')) {
    const names = rule.replace(/^(?:\\.|[^\\:])*:(?=\s|$)/, '');
    // gcc and clang write a blank as `\ `, `#` as `\#`, `$` as `$$`.
    for (const [name] of names.matchAll(/(?:\\[\s#]|\S)+/g))
      paths.push(resolve(name.replaceAll(/\\([\s#])/g, '$1').replaceAll('$$', '$')));
  }
  return paths;
}

/** Makes the linker name on its standard output the files that it reads. */
export const TRACE = '-Wl,-t';

/**
 * Object files and archives that became part of the library, by the linker's words: `libx.a`, `libx.a(member.o)` or `(libx.a)member.o`. Of a shared
 * library nothing becomes a part.
 */
export function linkedFiles(trace: string): string[] {
  const names = trace.split('\n').map((line) => /^\(?(.*?\.(?:a|o|lo))(?:[()].*)?$/.exec(line.trim())?.[1]);
  // The compiler has removed its own object files.
  return names.flatMap((name) => (name !== undefined && existsSync(name) ? [resolve(name)] : []));
}

import { constants, copyFileSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import type { CCompiler } from '../debuginfo/header-probe/compiler.js';
import { messageOf, PluginError } from '../errors.js';
import { CommandFolder, stamp, type Build } from './cache.js';
import { findCompiler, identityOf } from './compiler.js';
import { includedFiles, linkedFiles, readInputs, TRACE, type Input } from './inputs.js';
import { flagWords, type CompilerOptions } from './options.js';
import { readSources, shownName, TEXT_NAME, type ReadSource } from './source.js';

const FLAGS = ['-g', '-shared', '-fPIC'];
/** A header that is written to without an end is not waited for. */
const MAX_ROUNDS = 5;

/** Lines that say once more what the linker, or the lines before, have said. */
const REPEATED =
  /^(?:collect2: error: .*|clang.*: error: linker command failed.*|\d+ (?:error|warning)s?(?: and \d+ errors?)? generated\.)\n/gm;

/** Sources, a compiler and its flags: a library to be compiled, or found as it was compiled before. */
export class Compilation {
  readonly #folder: CommandFolder;
  readonly #sources: readonly ReadSource[];
  readonly #flags: readonly string[];
  readonly #compiler: CCompiler;

  constructor(source: unknown, { flags, compiler }: CompilerOptions) {
    this.#sources = readSources(source);
    this.#flags = flagWords(flags);
    this.#compiler = findCompiler(this.#sources, compiler);
    this.#folder = new CommandFolder([
      identityOf(this.#compiler),
      process.cwd(),
      FLAGS,
      this.#flags,
      this.#sources,
    ]);
  }

  /** What messages call the sources. */
  get names(): string {
    return this.#sources.map(shownName).join(', ');
  }

  /** Throws `ERR_PLUGIN_COMPILE` with the compiler's words for what it refuses. */
  build(): Build {
    return this.#folder.find() ?? written(() => this.#compile());
  }

  /** A copy of the library under a name that no library in the process ever had: the linker would take it for that one. */
  copy({ path }: Build): string {
    return written(() => {
      const copy = join(this.#folder.make(), `${stemOf(path).replace(/-\w+$/, '')}-${stamp()}.so`);
      copyFileSync(path, copy, constants.COPYFILE_FICLONE);
      return copy;
    });
  }

  #compile(): Build {
    const folder = this.#folder.make();
    const files = this.#sources.map((source, i) => source.file ?? this.#write(folder, source.text, i));
    const args = [...files, ...this.#flags];
    // Text includes what is in the working directory, as what is piped into gcc does.
    if (this.#sources.some(({ file }) => file === undefined)) args.push('-iquote', process.cwd());
    const [first = ''] = files;
    const path = join(folder, `${stemOf(first)}-${stamp()}.so`);
    try {
      return this.#publish(folder, path, args);
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    }
  }

  #publish(folder: string, path: string, args: readonly string[]): Build {
    let inputs = this.#inputs(args, folder);
    for (let round = 1; ; round++) {
      const { ok, stdout, stderr } = this.#compiler.run([...FLAGS, '-o', path, ...args, TRACE]);
      const words = this.#shown(stderr, folder);
      if (!ok) throw this.#refusal(words);
      if (!existsSync(path)) throw this.#refusal(`it writes no library: ${this.#flags.join(' ')}`);
      // What it has read is what was there before and afterwards.
      if (inputs !== undefined && isDeepStrictEqual(readInputs(inputs.map(([name]) => name)), inputs))
        return this.#folder.publish(path, [...inputs, ...readInputs(linkedFiles(stdout))], words);
      if (inputs === undefined || round === MAX_ROUNDS) return { path, warnings: words };
      inputs = this.#inputs(args, folder);
    }
  }

  #inputs(args: readonly string[], folder: string): Input[] | undefined {
    const files = includedFiles(this.#compiler, args);
    // Text is known already.
    return files && readInputs(files.filter((file) => dirname(file) !== folder));
  }

  /** Text as a file, which debuggers can show. What another process writes there is the same. */
  #write(folder: string, text: string, index: number): string {
    const isCxx = this.#compiler.command.some((word) => basename(word).includes('++'));
    const path = join(folder, textName(index) + (isCxx ? '.cc' : '.c'));
    const temporary = `${path}.${stamp()}`;
    writeFileSync(temporary, text, { mode: 0o600 });
    renameSync(temporary, path);
    return path;
  }

  /** The compiler's words, with files as they are seen from the working directory. */
  #shown(stderr: string, folder: string): string {
    let text = stderr;
    this.#sources.forEach(({ file }, index) => {
      if (file !== undefined) return;
      for (const extension of ['.c', '.cc'])
        text = text.replaceAll(join(folder, textName(index) + extension), TEXT_NAME);
    });
    const cwd = process.cwd();
    if (cwd !== '/') text = text.replaceAll(`${cwd}/`, '');
    return text.replace(REPEATED, '').trimEnd();
  }

  #refusal(words: string): PluginError {
    const message = `compile: ${this.#compiler.command.join(' ')} refuses ${this.names}`;
    const [path] = this.#sources.flatMap(({ file }) => file ?? []);
    const lines = words.split('\n').map((line) => `\n  ${line}`);
    return new PluginError(
      'ERR_PLUGIN_COMPILE',
      message + lines.join(''),
      path === undefined ? {} : { path },
    );
  }
}

/** What `action` gives. The system's errors, such as a full disk, become `ERR_PLUGIN_COMPILE`. */
function written<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof PluginError) throw error;
    throw new PluginError('ERR_PLUGIN_COMPILE', `compile: ${messageOf(error)}`, { cause: error });
  }
}

/** A file's name without its extension, and without what the linker or a shell takes for something else. */
function stemOf(path: string): string {
  return basename(path, extname(path)).replace(/[^\w.+-]/g, '_');
}

function textName(index: number): string {
  return index === 0 ? 'source' : `source-${index + 1}`;
}

import { spawnSync } from 'node:child_process';

import { PluginError } from '../../errors.js';
import { words } from './words.js';

/** What is tried where CC names no compiler. */
const USUAL = ['gcc', 'clang', 'cc'];

/** No header takes as long, or says as much. */
const TIMEOUT_MILLISECONDS = 120_000;
const MAX_OUTPUT = 512 << 20;

export interface CompilerRun {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** The C compiler: the one that CC names, else gcc, clang or cc, whichever is there. */
export class CCompiler {
  readonly #command: readonly string[];

  readonly #environment: NodeJS.ProcessEnv;

  private constructor(command: readonly string[], environment: NodeJS.ProcessEnv) {
    this.#command = command;
    this.#environment = environment;
  }

  /** Throws `ERR_PLUGIN_TYPE` if there is none. `environment` has CC and PATH. */
  static find(environment: NodeJS.ProcessEnv = process.env): CCompiler {
    const named = words(environment['CC'] ?? '');
    for (const command of named.length > 0 ? [named] : USUAL.map((name) => [name])) {
      const compiler = new CCompiler(command, environment);
      if (compiler.#spawn(['--version'], '').error === undefined) return compiler;
    }
    const tried =
      named.length > 0 ? `CC is ${named.join(' ')}, which can't be run` : `${USUAL.join(', ')} are not there`;
    throw new PluginError(
      'ERR_PLUGIN_TYPE',
      `a header needs a C compiler: ${tried}\ninstall gcc or clang, or name a C compiler in CC`,
    );
  }

  /** Compiles C from `input` with these arguments. */
  run(args: readonly string[], input: string): CompilerRun {
    const { error, status, signal, stdout, stderr } = this.#spawn(args, input);
    if (error !== undefined)
      throw new PluginError('ERR_PLUGIN_TYPE', `${this.#command.join(' ')}: ${error.message}`, {
        cause: error,
      });
    if (signal !== null)
      throw new PluginError('ERR_PLUGIN_TYPE', `${this.#command.join(' ')}: ended by ${signal}`);
    return { ok: status === 0, stdout, stderr };
  }

  #spawn(
    args: readonly string[],
    input: string,
  ): ReturnType<typeof spawnSync> & { stdout: string; stderr: string } {
    const [program = '', ...first] = this.#command;
    return spawnSync(program, [...first, ...args], {
      input,
      encoding: 'utf8',
      // Messages are read: in English, without colours.
      env: { ...this.#environment, LC_ALL: 'C', GCC_COLORS: '' },
      timeout: TIMEOUT_MILLISECONDS,
      maxBuffer: MAX_OUTPUT,
    });
  }
}

import { spawnSync } from 'node:child_process';

import { PluginError, type PluginErrorCode } from '../../errors.js';
import { words } from './words.js';

/** By language: the environment variable that names the compiler, and what is tried where it names none. */
const COMPILERS = {
  C: { variable: 'CC', usual: ['gcc', 'clang', 'cc'] },
  'C++': { variable: 'CXX', usual: ['g++', 'clang++', 'c++'] },
} as const;

export type Language = keyof typeof COMPILERS;

/** No header takes as long, or says as much. */
const TIMEOUT_MILLISECONDS = 120_000;
const MAX_OUTPUT = 512 << 20;

/** What a compiler is wanted for. */
export interface CompilerRequest {
  /** Who needs it, in messages: `a header`. */
  readonly user: string;
  /** Of the errors. */
  readonly code: PluginErrorCode;
  /** C unless told otherwise. */
  readonly language?: Language;
  /** Its command, as a shell would have it, in place of what the environment says. */
  readonly command?: string | undefined;
  /** Has CC, CXX and PATH. That of the process unless told otherwise. */
  readonly environment?: NodeJS.ProcessEnv | undefined;
}

export interface CompilerRun {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** The compiler: the one that is asked for, or that CC (CXX) names, else gcc, clang or cc, whichever is there. */
export class CCompiler {
  /** Its command, in words. */
  readonly command: readonly string[];
  /** What it says of itself, on several lines. */
  readonly version: string;
  readonly #code: PluginErrorCode;
  readonly #environment: NodeJS.ProcessEnv;

  private constructor(
    command: readonly string[],
    version: string,
    code: PluginErrorCode,
    environment: NodeJS.ProcessEnv,
  ) {
    this.command = command;
    this.version = version;
    this.#code = code;
    this.#environment = environment;
  }

  /** Throws the request's error if there is none. */
  static find(request: CompilerRequest): CCompiler {
    const { user, code, language = 'C', environment = process.env } = request;
    const { variable, usual } = COMPILERS[language];
    const named = words(request.command ?? environment[variable] ?? '');
    for (const command of named.length > 0 ? [named] : usual.map((name) => [name])) {
      const { error, stdout } = spawn([...command, '--version'], '', environment);
      if (error === undefined) return new CCompiler(command, stdout, code, environment);
    }
    const isAsked = request.command !== undefined;
    const who = isAsked
      ? `${named.join(' ')} can't be run`
      : `${variable} is ${named.join(' ')}, which can't be run`;
    const tried = named.length > 0 ? who : `${usual.join(', ')} are not there`;
    throw new PluginError(
      code,
      `${user} needs a ${language} compiler: ${tried}; ${install(language, variable)}`,
    );
  }

  /** Compiles C from `input` with these arguments. */
  run(args: readonly string[], input = ''): CompilerRun {
    const command = [...this.command, ...args];
    const { error, status, signal, stdout, stderr } = spawn(command, input, this.#environment);
    if (error !== undefined)
      throw new PluginError(this.#code, `${this.command.join(' ')}: ${error.message}`, { cause: error });
    if (signal !== null) throw new PluginError(this.#code, `${this.command.join(' ')}: ended by ${signal}`);
    return { ok: status === 0, stdout, stderr };
  }
}

function install(language: Language, variable: string): string {
  const [debian, alpine] = language === 'C' ? ['gcc', 'gcc musl-dev'] : ['g++', 'g++'];
  const fedora = language === 'C' ? 'gcc' : 'gcc-c++';
  return `to install one: apt install ${debian} (Debian, Ubuntu), dnf install ${fedora} (Fedora), apk add ${alpine} (Alpine). ${variable} can name another`;
}

function spawn(
  [program = '', ...args]: readonly string[],
  input: string,
  environment: NodeJS.ProcessEnv,
): ReturnType<typeof spawnSync> & { stdout: string; stderr: string } {
  return spawnSync(program, args, {
    input,
    encoding: 'utf8',
    // Messages are read: in English, without colours.
    env: { ...environment, LC_ALL: 'C', GCC_COLORS: '' },
    timeout: TIMEOUT_MILLISECONDS,
    maxBuffer: MAX_OUTPUT,
  });
}

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const ROOT: string = resolve(__dirname, '../..');
export const FIXTURES: string = join(ROOT, 'fixtures');
/** Everything that tests compile; git does not see it. */
export const BUILD: string = join(ROOT, 'build');

/** Runs a program to its end; the standard output, or an error with everything it wrote. */
export function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): string {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  if (result.error) throw result.error;
  if (result.status !== 0) {
    const end = result.signal ? `signal ${result.signal}` : `exit ${String(result.status)}`;
    throw new Error(`${command} ${args.join(' ')}: ${end}\n${result.stdout}${result.stderr}`);
  }
  return result.stdout;
}

/** Whether a program of that name is on the PATH. */
export function hasTool(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}

/**
 * `describe`, or a skipped `describe` with a printed reason when a program or a file that the tests need is missing.
 * Where `ELF_PLUGIN_NO_SKIP` is set (in CI, which installs everything) a missing one fails instead.
 */
export function describeWith(needs: readonly string[], title: string, body: () => void): void {
  const missing = needs.filter((n) => (n.includes('/') ? !existsSync(n) : !hasTool(n)));
  if (missing.length === 0) {
    describe(title, body);
  } else if (process.env['ELF_PLUGIN_NO_SKIP']) {
    test(`${title}: everything it needs is installed`, () => {
      expect(missing).toEqual([]);
    });
  } else {
    console.warn(`skipped: ${title}: needs ${missing.join(', ')}`);
    // Jest runs the body of a skipped `describe`, which may ask for what is missing.
    test.skip(title, body);
  }
}

export interface CompileOptions {
  /** `gcc` unless told otherwise. */
  compiler?: string;
  /** In place of `-g -shared -fPIC`. */
  flags?: readonly string[];
  /** Behind the source, where the linker wants libraries. */
  libs?: readonly string[];
  /** The output's file name; `NAME.so` with the source's name unless told otherwise. */
  output?: string;
}

/**
 * Compiles C to a shared object in `build/` and returns its path. `source` is a file of `fixtures/` (`basic.c`) or, if it holds
 * a newline, C text. The same source, compiler and flags are compiled once for a machine, also by tests that run at the same time.
 */
export function compile(source: string, options: CompileOptions = {}): string {
  const { compiler = 'gcc', flags = ['-g', '-shared', '-fPIC'], libs = [] } = options;
  const isText = source.includes('\n');
  const text = isText ? source : readFileSync(join(FIXTURES, source), 'utf8');
  const key = createHash('sha256')
    .update(JSON.stringify([text, compiler, flags, libs, process.arch]))
    .digest('hex')
    .slice(0, 12);
  const stem = isText ? 'inline' : source.replace(/\.\w+$/, '');
  const folder = join(BUILD, 'fixtures', `${stem.replaceAll('/', '-')}-${compiler}-${key}`);
  const output = join(folder, options.output ?? `${stem.split('/').at(-1) ?? stem}.so`);
  if (existsSync(output)) return output;
  mkdirSync(folder, { recursive: true });
  const input = isText ? join(folder, 'inline.c') : join(FIXTURES, source);
  if (isText) writeFileSync(input, text);
  const temporary = `${output}.${process.pid}.tmp`;
  run(compiler, [...flags, '-o', temporary, input, ...libs], { cwd: folder });
  // What another process has put there meanwhile stays: somebody may be opening it.
  try {
    linkSync(temporary, output);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  rmSync(temporary);
  return output;
}

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { BUILD, ROOT } from './tools.js';

export interface ChildResult {
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface ChildOptions {
  /** Its `process.argv.slice(2)`. */
  args?: readonly string[];
  /** Added to this process's environment; `undefined` takes a variable away. */
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Its standard input. */
  input?: string;
  /** In front of the file: `--expose-gc`. */
  execArgv?: readonly string[];
  /** Whether `source` is JavaScript: a file that Node runs as it is, at a third of the cost. */
  javaScript?: boolean;
  /** Kills the child with SIGKILL when it takes longer; 20 s unless told otherwise. */
  timeoutMilliseconds?: number;
}

/**
 * Runs TypeScript in a process of its own, for what Jest can't show or survive: what happens once per process, threads,
 * signals. `source` is a file or, if it holds a newline, text, in which `import … from '#lib/errors.js'` reaches this
 * package. `new Worker(__filename)` and `inWorkers` run TypeScript too: `--require` is inherited by workers, and works
 * there in Node 20, where `--import tsx` does not; it also starts in a third of the time.
 */
export function runChild(source: string, options: ChildOptions = {}): ChildResult {
  const { args = [], env = {}, cwd = ROOT, execArgv = [], timeoutMilliseconds = 20_000 } = options;
  const loader = options.javaScript === true ? [] : ['--require', require.resolve('tsx/cjs')];
  const file = source.includes('\n') ? textFile(source) : source;
  const child = spawnSync(process.execPath, [...loader, ...execArgv, file, ...args], {
    encoding: 'utf8',
    cwd,
    env: { ...process.env, ...env },
    ...(options.input === undefined ? {} : { input: options.input }),
    timeout: timeoutMilliseconds,
    killSignal: 'SIGKILL',
    maxBuffer: 1 << 28,
  });
  if (child.error && child.signal === null) throw child.error;
  const { status, signal, stdout, stderr } = child;
  return { status, signal, stdout, stderr };
}

/** The one line of JSON that a child printed; what it wrote and how it ended if that is not what it did. */
export function childValue(source: string, options: ChildOptions = {}): unknown {
  const { status, signal, stdout, stderr } = runChild(source, options);
  if (status !== 0 || stderr !== '') {
    throw new Error(`child: ${signal ?? `exit ${String(status)}`}\n${stdout}${stderr}`);
  }
  return JSON.parse(stdout);
}

/**
 * For use inside a child: runs `file` in `count` workers at once, with this process's arguments and
 * `{ index, …data }` as their `workerData`, and gives the first message of each, in their order, when all have ended. A
 * worker that posts none gives `undefined`.
 *
 * @public
 */
export function inWorkers(count: number, file: string, data: object = {}): Promise<unknown[]> {
  return Promise.all(
    Array.from({ length: count }, (_, index) => {
      const worker = new Worker(file, { argv: process.argv.slice(2), workerData: { index, ...data } });
      return new Promise<unknown>((resolve, reject) => {
        let first: unknown;
        worker.once('message', (message: unknown) => (first = message));
        worker.once('error', reject);
        worker.once('exit', () => {
          resolve(first);
        });
      });
    }),
  );
}

/** Files of the same text are written once, also by tests that run at the same time. */
function textFile(text: string): string {
  const folder = join(BUILD, 'children');
  const name = createHash('sha256').update(text).digest('hex').slice(0, 12);
  const file = join(folder, `${name}.ts`);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const temporary = join(folder, `${name}.${process.pid}.tmp`);
  writeFileSync(temporary, text.replaceAll("'#lib/", "'../../lib/"));
  renameSync(temporary, file);
  return file;
}

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';

import { Screen } from './screen.js';

/** What keys send (ECMA-48, as xterm does). */
export const KEYS = {
  enter: '\r',
  tab: '\t',
  up: '\x1b[A',
  ctrlC: '\x03',
  ctrlD: '\x04',
  ctrlU: '\x15',
} as const;

/** Milliseconds until what was to be seen is missed. */
const PATIENCE = 20_000;

export interface TerminalOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly columns?: number;
  readonly rows?: number;
}

/** A program in a terminal of its own, which Node can't make: Python's `pty` does. */
export class Terminal {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #screen: Screen;
  readonly #ended: Promise<number | null>;
  /** What the driver says. */
  #errors = '';
  #changed: () => void = () => undefined;

  constructor(command: readonly string[], options: TerminalOptions = {}) {
    const { env = {}, cwd, columns = 100, rows = 40 } = options;
    this.#screen = new Screen(columns);
    const args = [join(__dirname, 'pseudo-terminal.py'), String(columns), String(rows), ...command];
    this.#child = spawn('python3', args, {
      cwd,
      env: { ...process.env, TERM: 'xterm', ...env },
    });
    const decoder = new StringDecoder();
    this.#child.stdout.on('data', (bytes: Buffer) => {
      this.#screen.write(decoder.write(bytes));
      this.#changed();
    });
    this.#child.stderr.on('data', (bytes: Buffer) => (this.#errors += bytes.toString()));
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve));
  }

  /** What is on the screen, with all that has scrolled away. */
  get screen(): string {
    return this.#screen.text;
  }

  press(keys: string): void {
    this.#child.stdin.write(keys);
  }

  /** Waits until `pattern` is seen on the screen behind its first `from` characters, and gives the screen; fails with what is there instead. */
  async until(pattern: RegExp, from = 0): Promise<string> {
    const limit = Date.now() + PATIENCE;
    while (!pattern.test(this.screen.slice(from))) {
      const left = limit - Date.now();
      if (left <= 0 || this.#child.exitCode !== null)
        throw new Error(`${String(pattern)} is not on the screen:\n${this.screen}${this.#errors}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, 200));
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.screen;
  }

  /** Waits for the end; the exit code. */
  end(): Promise<number | null> {
    return this.#ended;
  }

  /** Ends what has not ended. */
  close(): void {
    this.#child.kill('SIGKILL');
  }
}

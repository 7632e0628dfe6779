import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Called as bytes of the file arrive; `total` is undefined where the server does not say it. */
export type Progress = (received: number, total: number | undefined) => void;

/** What takes less is over before anybody wonders. */
const QUIET_MILLISECONDS = 1000;
const STEP_MILLISECONDS = 200;
const STDERR = 2;

/** Writes to standard error, at once: a process that blocks, or a worker, never gets to what is buffered. */
export function writeError(text: string): void {
  try {
    writeSync(STDERR, text);
  } catch {
    // It is closed, or a pipe that is full: progress is not worth an error.
  }
}

/**
 * A line on standard error about what takes longer than a second. A terminal shows it rewritten in place and, at the end, erased; elsewhere the
 * steps follow each other behind carriage returns, as elfutils writes them.
 */
export class ProgressLine {
  #text: string;
  #shown = false;
  readonly #terminal = isatty(STDERR);
  readonly #start = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor(text: string) {
    this.#text = text;
    this.#timer = setInterval(() => {
      this.#show();
    }, STEP_MILLISECONDS).unref();
  }

  /** Whether anybody looks at it: a terminal, or somebody who asked for it by `DEBUGINFOD_PROGRESS`. */
  static wanted(asked: boolean): boolean {
    return asked || isatty(STDERR);
  }

  set text(text: string) {
    this.#text = text;
  }

  end(): void {
    clearInterval(this.#timer);
    if (this.#shown) writeError(this.#terminal ? '\r\x1b[K' : '\n');
  }

  #show(): void {
    if (performance.now() - this.#start < QUIET_MILLISECONDS) return;
    const columns = process.stderr.columns || 80;
    writeError(`\r${this.#text.slice(0, columns - 1)}${this.#terminal ? '\x1b[K' : ''}`);
    this.#shown = true;
  }
}

/** `3.1 of 12.4 MB`. */
export function megabytes(received: number, total: number | undefined): string {
  const number = (bytes: number): string => (bytes / 1e6).toFixed(1);
  return `${number(received)}${total === undefined ? '' : ` of ${number(total)}`} MB`;
}

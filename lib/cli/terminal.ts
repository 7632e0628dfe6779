import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';

const STDERR = 2;

/** SGR codes (ECMA-48 §8.3.117): on, off. */
const STYLES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

export type Style = keyof typeof STYLES;

/** Colours text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

/** For standard output: colours on a terminal, or where `FORCE_COLOR` asks for them; none under `NO_COLOR` (no-color.org), `FORCE_COLOR=0` or `TERM=dumb`. */
export function paintFor(stream: { readonly isTTY?: boolean } = process.stdout): Paint {
  return hasColours(stream, process.env)
    ? (style, text) => `\x1b[${STYLES[style][0]}m${text}\x1b[${STYLES[style][1]}m`
    : (_, text) => text;
}

function hasColours({ isTTY = false }: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return isTTY && TERM !== 'dumb';
}

/** Columns of the terminal; undefined where the output is no terminal, and whoever reads it wants all of it. */
export function terminalWidth(): number | undefined {
  return process.stdout.isTTY ? process.stdout.columns || 80 : undefined;
}

const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Text of a file on one line, without what would steer a terminal: control characters, and those that change the direction of writing. */
export function printable(text: string): string {
  // As a rule there is none, which to find out takes less time than to replace nothing.
  if (text.search(UNPRINTABLE) < 0) return text;
  return text.replaceAll(UNPRINTABLE, (c) => {
    const code = c.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
  });
}

/** What takes less is over before anybody wonders. */
const QUIET_MILLISECONDS = 500;
const STEP_MILLISECONDS = 100;

/** A line on standard error about what takes long, if that is a terminal: `reading types: 512 of 1690`. It is erased at the end. */
export class Progress {
  readonly #what: string;
  readonly #total: number;
  readonly #wanted = isatty(STDERR);
  // Where nobody sees it, what tells the time is not even loaded.
  #next = this.#wanted ? performance.now() + QUIET_MILLISECONDS : Infinity;
  #shown = false;

  constructor(what: string, total: number) {
    this.#what = what;
    this.#total = total;
  }

  /** Says that `done` of the total are done. */
  at(done: number): void {
    if (!this.#wanted || performance.now() < this.#next) return;
    this.#next = performance.now() + STEP_MILLISECONDS;
    this.#shown = true;
    // Nothing that is buffered would be seen before the work ends.
    writeSync(STDERR, `\r${this.#what}: ${done} of ${this.#total}\x1b[K`);
  }

  end(): void {
    if (this.#shown) writeSync(STDERR, '\r\x1b[K');
  }
}

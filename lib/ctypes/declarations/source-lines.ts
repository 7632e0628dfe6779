import { typeError } from '../../errors.js';
import { marked, type Token } from '../tokens.js';

/** A place in a text, as people count: lines and columns from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
  /** Where the line came from, if a line marker says so. */
  readonly file: string | undefined;
}

/** From here on, the lines are those of another file. */
interface Marker {
  /** The index of the line behind the marker, from 0. */
  readonly index: number;
  readonly line: number;
  readonly file: string | undefined;
}

/** The lines of a text, and the names that line markers give them (gcc's "Preprocessor Output": `# 12 "stdio.h" 3`). */
export class SourceLines {
  readonly #text: string;
  /** Where each line begins. */
  readonly #starts: number[] = [0];
  readonly #markers: Marker[] = [];

  constructor(text: string) {
    this.#text = text;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  /** Whether the text is what a preprocessor made. */
  get marked(): boolean {
    return this.#markers.length > 0;
  }

  /** The line behind the one at `at` is line `line` of `file`. */
  mark(at: number, line: number, file: string | undefined): void {
    this.#markers.push({ index: this.#indexOf(at) + 1, line, file: file ?? this.#markers.at(-1)?.file });
  }

  place(at: number): Place {
    const index = this.#indexOf(at);
    const marker = this.#markers[below(this.#markers.length, (i) => (this.#markers[i]?.index ?? 0) <= index)];
    const column = at - (this.#starts[index] ?? 0) + 1;
    if (marker === undefined) return { line: index + 1, column, file: undefined };
    return { line: marker.line + index - marker.index, column, file: marker.file };
  }

  /** The `TypeError` for what is wrong at a token, or at the end; it shows the line. */
  error(reason: string, token: Token | undefined): TypeError {
    const at = token?.at ?? this.#text.trimEnd().length;
    const { line, column, file } = this.place(at);
    const index = this.#indexOf(at);
    const start = this.#starts[index] ?? 0;
    const shown = this.#text.slice(start, (this.#starts[index + 1] ?? this.#text.length + 1) - 1);
    const where = `line ${line}, column ${column}${file === undefined ? '' : ` of ${file}`}`;
    return typeError(
      'ERR_INVALID_ARG_VALUE',
      `C declarations at ${where}: ${reason}\n${marked(shown.trimEnd(), at - start)}`,
    );
  }

  #indexOf(at: number): number {
    return below(this.#starts.length, (i) => (this.#starts[i] ?? 0) <= at);
  }
}

/** The last index below `length` for which `holds`, which holds up to some index; -1 if for none. */
export function below(length: number, holds: (index: number) => boolean): number {
  let [low, high] = [-1, length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}

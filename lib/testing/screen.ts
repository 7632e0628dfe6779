/** What Node's readline and a terminal's line discipline write: text, CR LF BS BEL, and control sequences (ECMA-48 §5.4). */
const PIECE = /\x1b\[([?0-9;]*)([A-Za-z])|\r|\n|\x08|\x07|[^\x1b\r\n\x08\x07]/gu;

/** The screen of a terminal, as far as Node's readline uses one: what somebody sees who sits in front of it. */
export class Screen {
  readonly #columns: number;
  readonly #lines: string[][] = [[]];
  #row = 0;
  #column = 0;
  /** A control sequence of which the end has not come. */
  #rest = '';

  constructor(columns: number) {
    this.#columns = columns;
  }

  /** The lines, from the first one on: none scrolls away. */
  get text(): string {
    return this.#lines.map((line) => line.join('').trimEnd()).join('\n');
  }

  write(output: string): void {
    const text = this.#rest + output;
    const open = /\x1b(?:\[[?0-9;]*)?$/.exec(text);
    this.#rest = open?.[0] ?? '';
    for (const [piece, parameters, command] of text.slice(0, open?.index).matchAll(PIECE)) {
      if (command !== undefined) this.#control(command, parameters ?? '');
      else if (piece === '\r') this.#column = 0;
      else if (piece === '\n') this.#move(1);
      else if (piece === '\b') this.#column = Math.max(0, this.#column - 1);
      else if (piece !== '\x07') this.#put(piece);
    }
  }

  #put(character: string): void {
    if (this.#column === this.#columns) {
      this.#move(1);
      this.#column = 0;
    }
    const line = this.#line;
    while (line.length < this.#column) line.push(' ');
    line[this.#column++] = character;
  }

  get #line(): string[] {
    return (this.#lines[this.#row] ??= []);
  }

  #move(rows: number): void {
    this.#row = Math.max(0, this.#row + rows);
    while (this.#lines.length <= this.#row) this.#lines.push([]);
  }

  #control(command: string, parameters: string): void {
    const count = Number(parameters) || 1;
    if (command === 'A') this.#move(-count);
    else if (command === 'B') this.#move(count);
    else if (command === 'C') this.#column = Math.min(this.#columns - 1, this.#column + count);
    else if (command === 'D') this.#column = Math.max(0, this.#column - count);
    else if (command === 'G') this.#column = count - 1;
    else if (command === 'K') this.#line.length = Math.min(this.#line.length, this.#column);
    else if (command === 'J') {
      this.#line.length = Math.min(this.#line.length, this.#column);
      this.#lines.length = this.#row + 1;
    }
  }
}

/** How `util.inspect` colours a text: the names of its styles. */
export type Style = 'boolean' | 'null' | 'number' | 'special' | 'string' | 'symbol' | 'undefined';

/** A piece of a value's text: a word, or what stands in braces. */
export type Piece = Word | Braces;

export interface Word {
  readonly text: string;
  readonly style?: Style;
  /** Behind the word, without its colour. */
  readonly behind?: Word;
}

export interface Braces {
  readonly items: readonly Item[];
}

export interface Item {
  /** In front of the piece: `.x = `. */
  readonly label: string;
  readonly piece: Piece;
}

export interface LayoutOptions {
  /** How many columns a line has. */
  readonly breakLength: number;
  /** How many levels of braces may stand on one line; 0 for none. */
  readonly compact: number;
  readonly stylize: (text: string, style: Style) => string;
}

/** `piece` as text that begins in column `column`: on one line where it fits, otherwise indented by two for each level of braces. */
export function layOut(piece: Piece, column: number, options: LayoutOptions): string {
  return lines(piece, column, 0, options);
}

function lines(piece: Piece, column: number, indentation: number, options: LayoutOptions): string {
  if (!('items' in piece)) return word(piece, options);
  const { items } = piece;
  if (items.length === 0) return '{}';
  const { width, levels } = measure(piece);
  if (levels <= options.compact && column + width <= options.breakLength) return oneLine(piece, options);
  const inner = indentation + 2;
  const margin = ' '.repeat(inner);
  const isRow = items.every(({ label, piece: p }) => label === '' && !('items' in p));
  const body = isRow
    ? fill(items, inner, options)
    : items
        .map((i) => i.label + lines(i.piece, inner + i.label.length + 1, inner, options))
        .join(`,\n${margin}`);
  return `{\n${margin}${body}\n${' '.repeat(indentation)}}`;
}

/** Words, as many on a line as fit. */
function fill(items: readonly Item[], indentation: number, options: LayoutOptions): string {
  let text = '';
  let column = indentation;
  items.forEach(({ piece }, i) => {
    const { width } = measure(piece);
    // With the comma in front, and the one behind.
    if (i > 0 && (options.compact === 0 || column + 2 + width + 1 > options.breakLength)) {
      text += `,\n${' '.repeat(indentation)}`;
      column = indentation;
    } else if (i > 0) {
      text += ', ';
      column += 2;
    }
    text += oneLine(piece, options);
    column += width;
  });
  return text;
}

function oneLine(piece: Piece, options: LayoutOptions): string {
  if (!('items' in piece)) return word(piece, options);
  if (piece.items.length === 0) return '{}';
  return `{ ${piece.items.map((i) => i.label + oneLine(i.piece, options)).join(', ')} }`;
}

function word({ text, style, behind }: Word, options: LayoutOptions): string {
  const styled = style === undefined ? text : options.stylize(text, style);
  return behind === undefined ? styled : `${styled} ${word(behind, options)}`;
}

interface Measure {
  /** On one line, in columns. */
  readonly width: number;
  /** Of braces in each other. */
  readonly levels: number;
}

/** Each is measured once: what is around it asks again. */
const measures = new WeakMap<Piece, Measure>();

function measure(piece: Piece): Measure {
  let known = measures.get(piece);
  if (known === undefined) measures.set(piece, (known = measured(piece)));
  return known;
}

function measured(piece: Piece): Measure {
  if (!('items' in piece)) {
    const behind = piece.behind === undefined ? 0 : 1 + measure(piece.behind).width;
    return { width: piece.text.length + behind, levels: 0 };
  }
  let width = 2;
  let levels = 0;
  for (const item of piece.items) {
    const inner = measure(item.piece);
    width += item.label.length + inner.width + 2;
    levels = Math.max(levels, inner.levels);
  }
  return { width, levels: levels + 1 };
}

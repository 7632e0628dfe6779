import { type Paint, printable, type Style } from './terminal.js';

/** A column of a table. */
export interface Column {
  readonly title: string;
  readonly style?: Style;
  /** Numbers end below each other. */
  readonly right?: boolean;
  /** Which end of a text is cut off where the terminal is too narrow, down to `least` characters; without it none is. */
  readonly cut?: { readonly end: 'left' | 'right'; readonly least: number };
}

const GAP = '  ';

/**
 * Rows below their titles, a line each; columns with nothing in them are left out. `width`: characters of a line, into which the texts are cut; undefined for
 * as many as it takes. The last column is not filled up, and cut first.
 */
export function printTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
  paint: Paint,
): string {
  const cells = rows.map((row) => row.map(printable));
  const used = columns
    .map((column, index) => ({ column, index, width: 0 }))
    .filter(({ index }) => cells.some((row) => row[index] !== ''));
  for (const place of used) {
    place.width = place.column.title.length;
    for (const row of cells) place.width = Math.max(place.width, (row[place.index] ?? '').length);
  }
  if (width !== undefined) narrow(used, width);
  const line = (texts: readonly string[], style: (column: Column, text: string) => string): string => {
    let written = '';
    /** Spaces in front of the next text, if there is one. */
    let gap = 0;
    for (const { column, index, width: room } of used) {
      const text = cut(texts[index] ?? '', room, column.cut?.end ?? 'right');
      const fill = room - text.length;
      if (text === '') gap += fill;
      else {
        const isRight = column.right === true;
        written += ' '.repeat(isRight ? gap + fill : gap) + style(column, text);
        gap = isRight ? 0 : fill;
      }
      gap += GAP.length;
    }
    return written.trimEnd();
  };
  const head = line(
    columns.map(({ title }) => title),
    (_, text) => paint('dim', text),
  );
  const body = cells.map((row) =>
    line(row, ({ style }, text) => (style === undefined ? text : paint(style, text))),
  );
  return [head, ...body].map((text) => `${text}\n`).join('');
}

/** What is left of a column that can be cut where even that is too much. */
const LEAST = 8;

/** Takes from the columns that can be cut, the last first, until a line fits. */
function narrow(used: readonly { readonly column: Column; width: number }[], width: number): void {
  let excess = used.reduce((sum, place) => sum + place.width + GAP.length, -GAP.length) - width;
  for (const isLast of [false, true]) {
    for (const place of used.toReversed()) {
      const { cut: how } = place.column;
      if (excess <= 0 || how === undefined) continue;
      const taken = Math.min(excess, Math.max(place.width - (isLast ? LEAST : how.least), 0));
      place.width -= taken;
      excess -= taken;
    }
  }
}

function cut(text: string, width: number, end: 'left' | 'right'): string {
  if (text.length <= width) return text;
  return end === 'left' ? `…${text.slice(text.length - width + 1)}` : `${text.slice(0, width - 1)}…`;
}

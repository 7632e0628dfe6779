import { figureOf, isRatio, isSlower, meets, type Row } from './row.js';

export const COLUMNS = [
  '',
  'work',
  'beside',
  'ours',
  'theirs',
  'ratio',
  'min',
  'median',
  'max',
  'bar',
  '',
] as const;

/** Three digits of a number, without an exponent. */
export function digits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

function cells(row: Row): string[] {
  const { work, peer = '', ours, theirs = [], unit, atMost, missing, note = '' } = row;
  const best = (samples: readonly number[]): string =>
    samples.length === 0 ? '' : `${digits(Math.min(...samples))} ${unit}`;
  const figure = figureOf(row);
  if (figure === undefined) return ['', work, peer, best(ours), '', '', '', '', '', '', missing ?? ''];
  const suffix = isRatio(row) ? '' : ` ${unit}${row.by === 'more' ? ' more' : ''}`;
  const { value, min, median, max } = figure;
  const verdict = meets(row) ? (isSlower(row) ? 'slower' : atMost === undefined ? '' : 'ok') : 'MISSED';
  const bar = atMost === undefined ? '' : `≤ ${Number(atMost.toPrecision(3))}${suffix}`;
  return [
    verdict,
    work,
    peer,
    best(ours),
    best(theirs),
    `${digits(value)}${suffix}`,
    ...[min, median, max].map(digits),
    bar,
    note,
  ];
}

/** The rows as a table of text. */
export function printTable(rows: readonly Row[]): string {
  const all = [[...COLUMNS], ...rows.map(cells)];
  const widths = COLUMNS.map((_, column) => Math.max(...all.map((line) => (line[column] ?? '').length)));
  return all
    .map((line) =>
      line
        .map((text, i) => text.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The rows as a table of Markdown. What is in the last column stands below it. */
export function markdownTable(rows: readonly Row[]): string {
  const escape = (text: string): string => text.replaceAll(/[|*_<>]/g, String.raw`\$&`);
  const line = (texts: readonly string[]): string => `| ${texts.map(escape).join(' | ')} |`;
  const notes = new Set<string>();
  const lines = rows.map((row) => {
    const all = cells(row);
    const note = all.at(-1) ?? '';
    if (note !== '' && row.missing === undefined) notes.add(`- ${row.work}, ${row.peer ?? ''}: ${note}`);
    // What is missing says why where the ratio would be.
    return line([...all.slice(1, 5), all[5] || (row.missing ?? ''), ...all.slice(6, 10), all[0] ?? '']);
  });
  const head = [...COLUMNS.slice(1, 10), ''];
  const rule = head.map((_, i) => (i >= 2 && i <= 8 ? '--:' : '---'));
  return [line(head), `| ${rule.join(' | ')} |`, ...lines, '', ...[...notes].map(escape)].join('\n');
}

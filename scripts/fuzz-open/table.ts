import type { Outcome } from './run.js';

/** How many mutants of each kind ended how. */
export function printTable(outcomes: readonly Outcome[]): string {
  const kinds = [...new Set(outcomes.map((o) => o.mutant.kind))];
  const ends = [...new Set(outcomes.map((o) => o.outcome))].sort();
  const count = (kind: string | undefined, end: string): string =>
    String(
      outcomes.filter((o) => (kind === undefined || o.mutant.kind === kind) && o.outcome === end).length,
    );
  const rows = [
    ['', ...ends],
    ...kinds.map((kind) => [kind, ...ends.map((end) => count(kind, end))]),
    ['all', ...ends.map((end) => count(undefined, end))],
  ];
  const widths = ends.map((end) => end.length);
  const first = Math.max(...rows.map(([kind = '']) => kind.length));
  return rows
    .map(([kind = '', ...cells]) =>
      [kind.padEnd(first), ...cells.map((cell, i) => cell.padStart(widths[i] ?? 0))].join('  '),
    )
    .join('\n');
}

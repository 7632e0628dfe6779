/** One line of the result: a ratio against what a user would write with koffi alone, and the bar it has to meet. */
export interface Row {
  readonly work: string;
  /** What was measured, for people: `38 ns, raw koffi 37 ns`. */
  readonly detail: string;
  readonly value: number;
  readonly unit: string;
  readonly bar: { readonly atMost: number } | { readonly atLeast: number };
}

export function meets({ value, bar }: Row): boolean {
  return 'atMost' in bar ? value <= bar.atMost : value >= bar.atLeast;
}

/** The rows as a table of text, each with its bar and whether it is met. */
export function printTable(rows: readonly Row[]): string {
  const cells = rows.map((row) => {
    const { work, detail, value, unit, bar } = row;
    const limit = 'atMost' in bar ? `≤ ${bar.atMost}` : `≥ ${bar.atLeast}`;
    return [
      meets(row) ? 'ok' : 'MISSED',
      work,
      `${value.toPrecision(3)} ${unit}`,
      `${limit} ${unit}`,
      detail,
    ];
  });
  const all = [['', 'work', 'measured', 'bar', 'detail'], ...cells];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((line) => (line[column] ?? '').length)));
  return all
    .map((line) =>
      line
        .map((text, i) => text.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

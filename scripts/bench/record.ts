import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { digits } from './table.js';
import { figureOf, isRatio, type Figure, type Row } from './row.js';

export const RECORD: string = join(__dirname, 'record.json');

/** How much worse than the recorded one a ratio may be. */
const TOLERANCE = 1.25;

/** What `npm run bench` writes: the ratios of a run by what was compared, and where they were measured. */
export interface Recorded {
  readonly machine: readonly string[];
  readonly ratios: Readonly<Record<string, Figure>>;
}

/** What the row is recorded under. */
export const key = ({ work, peer = '' }: Row): string => `${work} / ${peer}`;

export function makeRecord(rows: readonly Row[], machine: readonly string[]): Recorded {
  const ratios: Record<string, Figure> = {};
  for (const row of rows) {
    const figure = figureOf(row);
    if (figure !== undefined && isRatio(row)) ratios[key(row)] = figure;
  }
  return { machine, ratios };
}

export function readRecord(): Recorded {
  if (!existsSync(RECORD)) throw new Error('there is no record yet: npm run bench writes one');
  return JSON.parse(readFileSync(RECORD, 'utf8')) as Recorded;
}

/** The ratios that are worse than the recorded ones by more than a quarter, with what to say of them. */
export function worse(rows: readonly Row[], { ratios }: Recorded): { row: Row; text: string }[] {
  return rows.flatMap((row) => {
    const [now, recorded] = [figureOf(row)?.value, ratios[key(row)]?.value];
    if (now === undefined || recorded === undefined || !isRatio(row) || now <= recorded * TOLERANCE)
      return [];
    const percent = Math.round((now / recorded - 1) * 100);
    return [{ row, text: `${key(row)}: ${digits(now)}, recorded ${digits(recorded)}: ${percent} % worse` }];
  });
}

/** What the record has and this run has not, and the other way round. */
export function unmatched(rows: readonly Row[], { ratios }: Recorded): string[] {
  const measured = Object.keys(makeRecord(rows, []).ratios);
  const recorded = Object.keys(ratios);
  return [
    ...recorded.filter((name) => !measured.includes(name)).map((name) => `not measured: ${name}`),
    ...measured.filter((name) => !recorded.includes(name)).map((name) => `not recorded: ${name}`),
  ];
}

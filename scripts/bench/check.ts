import { figureOf, type Row } from './row.js';
import { key, worse, type Recorded } from './record.js';

/** Measures a part once more: of its work what is asked for, if it can be divided. */
type Measure = (part: string, isAsked: (work: string) => boolean) => Promise<readonly Row[]>;

/**
 * What fails `npm run bench:check`: ratios that are worse than the recorded ones, and are so again when their parts are measured once more, as another
 * program may have run beside them. One that can't be measured again stays worse.
 */
export async function worseTwice(
  measured: ReadonlyMap<string, readonly Row[]>,
  record: Recorded,
  measure: Measure,
): Promise<string[]> {
  const found: string[] = [];
  for (const [part, rows] of measured) {
    const suspects = worse(rows, record);
    if (suspects.length === 0) continue;
    const again = await measure(part, (work) => suspects.some(({ row }) => row.work === work));
    const worseAgain = worse(again, record);
    for (const { row, text } of suspects) {
      const isSame = (other: Row): boolean => key(other) === key(row);
      const second = worseAgain.find((other) => isSame(other.row));
      if (second !== undefined) found.push(`worse, twice: ${second.text}`);
      else if (!again.some((other) => isSame(other) && figureOf(other) !== undefined))
        found.push(`worse, and not measured again: ${text}`);
    }
  }
  return found;
}

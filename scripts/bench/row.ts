import type { Samples } from './measure.js';

/** One line of the result: what something takes, alone or beside somebody else's way to do the same. Less is better throughout. */
export interface Row {
  readonly work: string;
  /** Whose way: `koffi`. A measure of its own has none. */
  readonly peer?: string;
  /** What each round took, in `unit`. */
  readonly ours: Samples;
  readonly theirs?: Samples;
  readonly unit: 'ns' | 'ms' | 'MB';
  /** `more`: what this project takes beyond the peer, which it is built on, in `unit`. A ratio otherwise. */
  readonly by?: 'more';
  /** The most that the ratio may be, or the measure where it is none. */
  readonly atMost?: number;
  /** Why there is nothing to compare with. */
  readonly missing?: string;
  /** What is worth knowing about the comparison. */
  readonly note?: string;
}

/** What is judged and recorded comes of the best rounds: whatever else the machine does only adds. The others are of each round by itself. */
export interface Figure {
  readonly value: number;
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Undefined where there is nothing to compare with. */
export function figureOf({ ours, theirs, by, missing, peer }: Row): Figure | undefined {
  if (missing !== undefined) return undefined;
  if (peer === undefined || theirs === undefined) return figure(Math.min(...ours), ours);
  const join = (a: number, b: number): number => (by === 'more' ? a - b : a / b);
  // Of what takes seconds there are fewer rounds.
  const rounds = Math.min(ours.length, theirs.length);
  const each = ours.slice(0, rounds).map((sample, i) => join(sample, theirs[i] ?? NaN));
  return figure(join(Math.min(...ours), Math.min(...theirs)), each);
}

function figure(value: number, samples: Samples): Figure {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
  return { value, min: sorted[0] ?? NaN, median, max: sorted.at(-1) ?? NaN };
}

/** Whether it is a ratio, which is the same on another machine, more or less. */
export function isRatio({ peer, by, missing }: Row): boolean {
  return peer !== undefined && by === undefined && missing === undefined;
}

export function meets(row: Row): boolean {
  const { atMost = Infinity, missing } = row;
  return missing !== undefined || (figureOf(row)?.value ?? NaN) <= atMost;
}

/** Whether a peer takes less; by more than what the rounds differ. */
export function isSlower(row: Row): boolean {
  return isRatio(row) && (figureOf(row)?.median ?? NaN) > 1;
}

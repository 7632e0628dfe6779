/** How the calls of one signature in one build went. */
export interface Outcome {
  readonly index: number;
  readonly exotic: boolean;
  /**
   * `oracle`: C's own caller did not get the constants through, or crashed, so that there is nothing to compare with. `absent`: the compiler lacks one of the
   * types, or there is nothing in the call to corrupt.
   */
  readonly kind: 'right' | 'refused' | 'wrong' | 'crashed' | 'oracle' | 'absent';
  /** Why it was refused, without what is particular to this signature; which call was wrong; how the process ended. */
  readonly reason?: string;
  /** What was wrong, line by line. */
  readonly details?: readonly string[];
}

export function isFailure({ kind }: Outcome): boolean {
  return kind === 'wrong' || kind === 'crashed' || kind === 'oracle';
}

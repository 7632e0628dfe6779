import type { Random } from '../../abi-fuzz/random.js';

/** A reader, and what is given to it. */
export interface Target {
  readonly name: string;
  /** Programs that make its fixtures. */
  readonly needs: readonly string[];
  /** Makes its fixtures; gives what runs one case. All that a case does is chosen by its `Random`, so that it can be repeated. */
  prepare(): (random: Random) => unknown;
}

import type { Loop } from '../measure.js';
import type { OperationName } from '../operations.js';

/** What a peer is given: the library, and the addon that was compiled for it. */
export interface Files {
  readonly library: string;
  readonly glue: string;
}

/**
 * One way to use a C library from JavaScript. Each writes its loops in full, though they are alike: all peers take turns in one process, so that a slow
 * moment of the machine meets all of them, and a loop that they shared would have one feedback for all. The engine would inline none of their calls.
 */
export interface Peer {
  readonly name: string;
  /** Opens the library; a loop for each piece of work, or why there can be none. What is left out is not compared. */
  open(files: Files): Partial<Readonly<Record<OperationName, Loop | string>>>;
  /**
   * JavaScript for a fresh process in which `library` and `glue` are paths: an expression that imports the package, which is `m` in the next one, which
   * opens the library and has `add(1, 2)`. Some have nothing to import.
   */
  readonly start?: { readonly load?: string; readonly first: string };
}

/** How gcc wrote the dimensions of `int m[3][4]`: `ordered` as an array of three arrays of four, or the other way round. */
export type ArrayOrder = 'ordered' | 'reversed';

/** Of the compilers that a library names. */
export interface Writer {
  /** Of gcc, if all its versions agree. */
  readonly version: number | undefined;
  /** Undefined if it is not known. */
  readonly arrays: ArrayOrder | undefined;
}

/**
 * What the `.comment` section, which survives `strip`, says of the gcc that wrote the CTF: `GCC: (Debian 12.2.0-14) 12.2.0`, a string for each
 * version that made a part of the library. The CTF itself says nothing of it.
 */
export function writerOf(comment: string): Writer {
  const versions = [...comment.matchAll(/GCC: \(.*?\) (\d+)\.(\d+)\.(\d+)/g)].map((found) =>
    found.slice(1, 4).map(Number),
  );
  const [version, ...versionsLeft] = new Set(versions.map(([major]) => major));
  const [arrays, ...ordersLeft] = new Set(versions.map(orderOf));
  return {
    version: versionsLeft.length === 0 ? version : undefined,
    arrays: ordersLeft.length === 0 ? arrays : undefined,
  };
}

/**
 * gcc 12 and 13 reversed the dimensions (PR debug/114186, repaired in March 2024 for 14.1). Of releases on the older branches after that, and of what
 * distributions take from branches between releases (12.2.1, 14.0.1), nobody can tell.
 */
function orderOf([major = 0, minor = 0, patch = 0]: readonly number[]): ArrayOrder | undefined {
  if (major > 14 || (major === 14 && minor > 0)) return 'ordered';
  const lastReversed = new Map([
    [12, 3],
    [13, 2],
  ]).get(major);
  return lastReversed !== undefined && minor <= lastReversed && patch === 0 ? 'reversed' : undefined;
}

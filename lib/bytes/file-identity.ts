import { statSync } from 'node:fs';

/** Milliseconds: a file may be written to twice within one tick of the clock that its times are of. */
const SETTLED = 2000;

/**
 * Which file is at a path, and as of when; undefined if that can't be told. The time of change tells of every write, also where a tool has set that of
 * modification back.
 */
export function fileIdentity(path: string): string | undefined {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch {
    return undefined;
  }
}

/** Whether a file that was changed at `ctimeNs` would be known as another one if it were changed now. */
export function isSettled(ctimeNs: bigint): boolean {
  return Date.now() - Number(ctimeNs / 1_000_000n) > SETTLED;
}

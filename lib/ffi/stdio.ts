import { libc } from './koffi.js';

const fflush = libc('int fflush(void *)') as (stream: null) => number;

/** Writes out what C has buffered in all of its streams (C17 §7.21.5.2p3). JavaScript's own output is not buffered. */
export function flushStreams(): void {
  fflush(null);
}

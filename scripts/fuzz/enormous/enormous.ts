/** Bytes of a file that is called large. */
export const SIZE: number = 10 << 20;

/**
 * A file that was made to cost much: what it is, its bytes, and what is asked of it, each by itself, from where it is. What is thrown has to be of
 * this project.
 */
export type Enormous = readonly [
  what: string,
  make: () => Uint8Array,
  ask: readonly ((path: string) => void)[],
];

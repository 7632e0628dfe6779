import { spawnSync } from 'node:child_process';

/** The same numbers below 2¹⁵ at each run: a linear congruential generator. */
export function generator(): () => number {
  let state = 1;
  return () => (state = (state * 1103515245 + 12345) % 2 ** 31) >> 16;
}

/** Bytes that nothing makes shorter. */
export function noise(size: number): Buffer {
  return Buffer.from(Array.from({ length: size }, generator()));
}

/** Machine code: of Node itself. */
export function machineCode(size: number): Buffer {
  return spawnSync('cat', [process.execPath], { maxBuffer: 1 << 28 }).stdout.subarray(
    1 << 21,
    (1 << 21) + size,
  );
}

/** `content` as a command packs it. */
export function packed(command: string, content: Uint8Array, ...options: string[]): Buffer {
  const { stdout, stderr, status } = spawnSync(command, ['-q', '-c', ...options], {
    input: content,
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(String(stderr));
  return stdout;
}

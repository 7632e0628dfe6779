import type { Random } from '../abi-fuzz/random.js';

/** A number in a file: where it is, and its size in bytes. */
export interface Field {
  readonly at: number;
  readonly size: number;
}

/** Numbers that bounds are made of, near which readers go wrong. */
const EDGES: readonly bigint[] = [0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x10000]
  .map(BigInt)
  .concat([1n << 24n, (1n << 31n) - 1n, 1n << 31n, (1n << 32n) - 16n, (1n << 32n) - 1n])
  .concat([1n << 53n, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n]);

const mask = (size: number): bigint => (1n << BigInt(size * 8)) - 1n;

/** Changes one to `most` things in `bytes`, in place; what comes back may be shorter. `fields`: where numbers are, which are changed more often than the rest. */
export function mutate(random: Random, bytes: Buffer, fields: readonly Field[] = [], most = 6): Buffer {
  if (bytes.length === 0) return bytes;
  let result = bytes;
  for (let i = random.between(1, most); i > 0; i--) {
    const inField = fields.length > 0 && random.chance(0.6);
    if (inField) changeNumber(random, bytes, random.pick(fields));
    else result = mutateOnce(random, bytes, result);
  }
  return result;
}

function mutateOnce(random: Random, bytes: Buffer, result: Buffer): Buffer {
  const at = random.below(bytes.length);
  const size = random.pick([1, 2, 4, 8]);
  switch (random.below(12)) {
    case 0:
    case 1:
    case 2:
      bytes[at] = random.below(256);
      break;
    case 3:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      break;
    case 4:
    case 5:
    case 6:
      changeNumber(random, bytes, { at: at - (at % size), size });
      break;
    case 7:
      bytes.copy(bytes, at, random.below(bytes.length), random.below(bytes.length));
      break;
    case 8:
      bytes.copyWithin(at, random.below(bytes.length), random.below(bytes.length) + random.below(64));
      break;
    case 9:
      bytes.fill(random.pick([0, 0xff, 0x80, 1]), at, Math.min(at + random.between(1, 40), bytes.length));
      break;
    case 10:
      // A LEB128 number that is long, or has no end.
      bytes.fill(random.pick([0x80, 0xff]), at, Math.min(at + random.between(1, 12), bytes.length));
      break;
    default:
      if (random.chance(0.3)) return bytes.subarray(0, at);
  }
  return result;
}

/** Little-endian, as every fixture is. */
function changeNumber(random: Random, bytes: Buffer, { at, size }: Field): void {
  if (at + size > bytes.length) return;
  const old = read(bytes, at, size);
  write(
    bytes,
    at,
    size,
    random.weighted<() => bigint>([
      [3, () => random.pick(EDGES)],
      [2, () => old + BigInt(random.between(-9, 9))],
      [2, () => BigInt(random.below(bytes.length))],
      [1, () => BigInt(at)],
      [1, () => BigInt(bytes.length + random.between(-9, 9))],
      [1, () => BigInt(random.below(64))],
      [1, () => old << BigInt(random.below(32))],
      [1, () => read(bytes, Math.min(random.below(bytes.length), bytes.length - size), size)],
    ])(),
  );
}

export function read(bytes: Buffer, at: number, size: number): bigint {
  let value = 0n;
  for (let i = Math.min(size, bytes.length - at) - 1; i >= 0; i--)
    value = (value << 8n) | BigInt(bytes[at + i] ?? 0);
  return value;
}

export function write(bytes: Buffer, at: number, size: number, value: bigint): void {
  let rest = value & mask(size);
  for (let i = 0; i < size && at + i < bytes.length; i++, rest >>= 8n) bytes[at + i] = Number(rest & 0xffn);
}

/** Every aligned number of `size` bytes from `start` to `end`. */
export function numbersIn(start: number, end: number, size: number): Field[] {
  return Array.from({ length: Math.max(0, Math.floor((end - start) / size)) }, (_, i) => ({
    at: start + i * size,
    size,
  }));
}

import { FormatError, messageOf } from '../errors.js';

/** The most that a byte of deflate can become (zlib's own documentation: 1032:1), so that no lie about a size is believed. */
const MAX_RATIO = 1032;

/** Node takes 2 ms to load zlib, which most libraries don't need: compressed debug info is for distributions. */
const zlib = (): typeof import('node:zlib') => process.getBuiltinModule('node:zlib');

/** Few files have sections in zstd, and only Node before 22.15 needs it for them. */
const zstd = () => require('./zstd/frames.js') as typeof import('./zstd/frames.js');

/** zlib data that become `size` bytes; anything else is a `FormatError` about `name`. */
export function inflate(name: string, data: Uint8Array, size: number): Uint8Array {
  if (size > data.length * MAX_RATIO) throw tooLarge(name, data, size);
  return exactly(name, size, () => zlib().inflateSync(data, outputOptions(size)));
}

interface OutputOptions {
  chunkSize: number;
  maxOutputLength: number;
}

type Decompress = (data: Uint8Array, options: OutputOptions) => Uint8Array;

/** Zstandard data that become `size` bytes; anything else is a `FormatError` about `name`. */
export function unzstd(name: string, data: Uint8Array, size: number): Uint8Array {
  // Node has it since 22.15; this package's oldest is 20.
  const { zstdDecompressSync } = zlib() as { zstdDecompressSync?: Decompress };
  // An RLE block is 4 bytes for 128 KiB (RFC 8878 §3.1.1.2.4).
  if (size > data.length * 2 ** 15) throw tooLarge(name, data, size);
  return exactly(name, size, () =>
    zstdDecompressSync === undefined
      ? zstd().decompressZstd(data, size, name)
      : zstdDecompressSync(data, outputOptions(size)),
  );
}

/** One block of the result's size (up to 1 GiB) in place of many that are joined. Node would make a further one for a block that is full. */
function outputOptions(size: number): OutputOptions {
  return { chunkSize: Math.min(Math.max(size + 1, 64), 1 << 30), maxOutputLength: Math.max(size, 1) };
}

function tooLarge(name: string, data: Uint8Array, size: number): FormatError {
  return new FormatError(name, 0, `${data.length} compressed bytes can't be ${size} uncompressed ones`);
}

function exactly(name: string, size: number, decompress: () => Uint8Array): Uint8Array {
  let result: Uint8Array;
  try {
    result = decompress();
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError(name, undefined, `can't be decompressed: ${messageOf(error)}`);
  }
  if (result.length === size) return result;
  throw new FormatError(name, undefined, `${result.length} uncompressed bytes, ${size} were announced`);
}

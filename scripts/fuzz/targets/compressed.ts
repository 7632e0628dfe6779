import { deflateSync } from 'node:zlib';

import { inflate, unzstd } from '../../../lib/bytes/decompress.js';
import { decompressXz } from '../../../lib/bytes/xz.js';
import { decompressZstd } from '../../../lib/bytes/zstd/frames.js';
import { decompressSection, decompressZdebug } from '../../../lib/elf/compression.js';
import { packed } from '../../../lib/testing/samples.js';
import { mutate } from '../bytes.js';
import { attempt } from '../oracle.js';
import type { Target } from './target.js';

/** Words that repeat, with numbers between them: what each of the formats has its ways for. */
const CONTENT = Buffer.from(
  Array.from({ length: 700 }, (_, i) => `struct point${(i * i) % 97} { int x${i}; };`).join('\n'),
);

/** `Elf64_Chdr` in front of `data`. */
function section(type: number, data: Uint8Array): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(type, 0);
  header.writeBigUInt64LE(BigInt(CONTENT.length), 8);
  return Buffer.concat([header, data]);
}

const ENCODING = { class: 64, littleEndian: true } as const;

export const compressed: Target = {
  name: 'compressed',
  needs: ['xz', 'zstd'],
  prepare() {
    const [zlib, zstd, strong] = [
      deflateSync(CONTENT),
      packed('zstd', CONTENT),
      packed('zstd', CONTENT, '-19', '--no-check'),
    ];
    const zdebug = Buffer.concat([Buffer.from('ZLIB\0\0\0\0'), Buffer.alloc(4), zlib]);
    zdebug.writeUInt32BE(CONTENT.length, 8);
    const size = CONTENT.length;
    const readers: readonly (readonly [bytes: Buffer, read: (bytes: Uint8Array) => unknown])[] = [
      [packed('xz', CONTENT), (bytes) => decompressXz(bytes, 'x')],
      [packed('xz', CONTENT, '-0', '--check=none'), (bytes) => decompressXz(bytes, 'x')],
      [zstd, (bytes) => decompressZstd(bytes, size, 'x')],
      [strong, (bytes) => decompressZstd(bytes, size, 'x')],
      [strong, (bytes) => unzstd('x', bytes, size)],
      [zlib, (bytes) => inflate('x', bytes, size)],
      [section(1, zlib), (bytes) => decompressSection('x', bytes, ENCODING, () => undefined)],
      [section(2, zstd), (bytes) => decompressSection('x', bytes, ENCODING, () => undefined)],
      [zdebug, (bytes) => decompressZdebug('x', bytes, () => undefined)],
    ];
    return (random) => {
      const [bytes, read] = random.pick(readers);
      const changed = mutate(
        random,
        Buffer.from(bytes),
        [
          { at: 0, size: 4 },
          { at: 8, size: 8 },
        ],
        4,
      );
      attempt(() => read(changed));
    };
  },
};

import { FormatError, isPluginError } from '../../errors.js';
import { generator, machineCode, noise, packed } from '../../testing/samples.js';
import { describeWith } from '../../testing/tools.js';
import { decompressZstd } from './frames.js';

const zstd = (content: Uint8Array, ...options: string[]): Buffer => packed('zstd', content, ...options);

const bytes = noise(200_000);
const text = Buffer.from('struct point { int x, y; };\n'.repeat(40_000));
const code = machineCode(1 << 20);
const mixed = Buffer.concat([text.subarray(0, 300_000), bytes, code, Buffer.alloc(500_000, 7)]);

describeWith(['zstd'], 'zstd', () => {
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['one byte', Buffer.from('a')],
    ['one block', text.subarray(0, 1 << 17)],
    ['one byte more', text.subarray(0, (1 << 17) + 1)],
    ['zeros', Buffer.alloc(3_000_000)],
    ['noise', bytes],
    ['machine code', code],
    ['a mixture', mixed],
    // Huffman codes of all sizes, and literals without sequences.
    ...[2, 5, 16, 40, 130].map((n): [string, Buffer] => [
      `${n} letters`,
      Buffer.from(bytes.map((b) => (b * b) % n)),
    ]),
  ])('gives back %s at every level', (_, content) => {
    for (const options of [
      ['-1'],
      ['--fast=5'],
      ['-3', '--no-check'],
      ['-9'],
      ['-19'],
      ['--ultra', '-22', '--long=27'],
      [`--stream-size=${content.length}`],
    ]) {
      const result = decompressZstd(zstd(content, ...options), content.length, '.debug_x');
      expect(Buffer.compare(result, content)).toBe(0);
    }
  });

  it('reads several frames, and skips what is to be skipped', () => {
    const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    const data = Buffer.concat([zstd(text), skippable, zstd(mixed, '--no-check'), zstd(text)]);
    const whole = Buffer.concat([text, mixed, text]);
    expect(Buffer.compare(decompressZstd(data, whole.length, '.debug_x'), whole)).toBe(0);
  });

  it.each<[string, () => Buffer, number, string]>([
    [
      'too much',
      () => zstd(text),
      text.length - 1,
      `more than the ${text.length - 1} bytes that were announced`,
    ],
    ['other bytes', () => text, 10, 'decoding .debug_x at offset 0x0: not zstd data'],
    ['a frame that is cut off', () => zstd(text).subarray(0, 100), text.length, 'bytes wanted'],
    [
      'a dictionary',
      () => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x21, 1, 7]),
      1,
      'a zstd frame with a dictionary',
    ],
    [
      'a wrong size',
      () => wrongSize(),
      text.length,
      `a frame of ${text.length} bytes that says ${text.length + 1}`,
    ],
  ])('refuses %s', (_, data, size, message) => {
    const bytes = data();
    expect(() => decompressZstd(bytes, size, '.debug_x')).toThrow(FormatError);
    expect(() => decompressZstd(bytes, size, '.debug_x')).toThrow(message);
  });

  it('has an error of its own for whatever is changed in the data', () => {
    const content = mixed.subarray(200_000, 700_000);
    const data = zstd(content, '--no-check');
    const next = generator();
    let refused = 0;
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(data);
      for (let i = 0; i <= round % 3; i++) bytes[(next() * 32_768 + next()) % bytes.length] = next();
      try {
        decompressZstd(bytes, content.length, '.debug_x');
      } catch (error) {
        if (!isPluginError(error)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
});

function wrongSize(): Buffer {
  const data = zstd(text, `--stream-size=${text.length}`);
  // Frame_Content_Size is behind the magic number and the descriptor: a single segment has no window.
  data.writeUInt32LE(text.length + 1, 5);
  return data;
}

it('does no more work than there is content: 22 bytes that ask for 32,512 copies of 131,000', () => {
  const literals = [9, 0x61];
  // Each of the three tables has one code, that of the largest number.
  const sequences = [255, 0, 0, 0x54, 35, 0, 52, 1];
  const block = Buffer.from([...literals, ...sequences]);
  const header = Buffer.alloc(3);
  header.writeUIntLE((block.length << 3) | (2 << 1) | 1, 0, 3);
  const frame = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 2, 0]), header, block]);
  expect(() => decompressZstd(frame, 1 << 17, '.debug_x')).toThrow(FormatError);
});

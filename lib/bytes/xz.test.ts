import { isPluginError } from '../errors.js';
import { generator, machineCode, noise, packed } from '../testing/samples.js';
import { describeWith } from '../testing/tools.js';
import { decompressXz } from './xz.js';

const xz = (content: Uint8Array, ...options: string[]): Buffer => packed('xz', content, ...options);

const bytes = noise(150_000);
const text = Buffer.from('static int private_function(struct point *p, long count);\n'.repeat(10_000));
const code = machineCode(700_000);
const mixed = Buffer.concat([text.subarray(0, 90_000), bytes, code, Buffer.alloc(300_000, 7)]);

describeWith(['xz'], 'xz', () => {
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['one byte', Buffer.from('a')],
    ['zeros', Buffer.alloc(3_000_000)],
    ['noise', bytes],
    ['text', text],
    ['machine code', code],
    ['a mixture', mixed],
  ])('gives back %s', (_, content) => {
    for (const options of [
      ['-0'],
      ['-6', '--check=none'],
      ['-9e', '--check=sha256'],
      ['--check=crc32', '--block-size=100000'],
      ['--lzma2=lc=0,lp=4,pb=4'],
      ['--lzma2=lc=4,lp=0,pb=0,dict=4KiB'],
    ]) {
      expect(Buffer.compare(decompressXz(xz(content, ...options), '.x'), content)).toBe(0);
    }
  });

  it('refuses what it does not read, and what is too much', () => {
    expect(() => decompressXz(text, '.x')).toThrow('decoding .x at offset 0x0: not .xz data');
    expect(() => decompressXz(xz(code, '--x86', '--lzma2'), '.x')).toThrow('another filter than LZMA2');
    expect(() => decompressXz(xz(text).subarray(0, 200), '.x')).toThrow('bytes wanted');
    expect(() => decompressXz(xz(Buffer.alloc(70_000_000), '-0'), '.x')).toThrow(
      '70000000 uncompressed bytes are too',
    );
  });

  it('has an error of its own for whatever is changed in the data', () => {
    const data = xz(mixed.subarray(60_000, 200_000));
    const next = generator();
    let refused = 0;
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(data);
      for (let i = 0; i <= round % 3; i++) bytes[(next() * 32_768 + next()) % bytes.length] = next();
      try {
        decompressXz(bytes, '.x');
      } catch (error) {
        if (!isPluginError(error)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
});

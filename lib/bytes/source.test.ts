import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { FormatError } from '../errors.js';
import { run } from '../testing/tools.js';
import { BufferSource, FileSource, ForwardSource, readCString, SourceSlice } from './source.js';

// Larger than two pages of the cache; each byte tells where it is.
const content = Buffer.alloc(40_000, 0).map((_, i) => i % 251);
const dir = mkdtempSync(join(tmpdir(), 'bytes-source-'));
const path = join(dir, 'file');
writeFileSync(path, content);
afterAll(() => {
  rmSync(dir, { recursive: true });
});

const file = new FileSource(path);
afterAll(() => {
  file.close();
});

describe.each([
  ['a buffer', new BufferSource('file', content), 0],
  ['a file', file, 0],
  ['a slice', new SourceSlice('file', new BufferSource('whole', content), 100, 39_900), 100],
  ['a file, hopped through', new ForwardSource(file), 0],
])('%s', (_, source, start) => {
  it.each([
    [0, 0],
    [0, 10],
    [16_380, 10],
    [10, 39_000],
    [source.size - 5, 5],
    [source.size, 0],
  ])('gives from %i, %i bytes', (offset, length) => {
    expect(Buffer.from(source.read(offset, length))).toEqual(
      content.subarray(start + offset, start + offset + length),
    );
    expect(Buffer.from(source.read(offset, length, new Uint8Array(length + 1)))).toEqual(
      content.subarray(start + offset, start + offset + length),
    );
  });

  it.each([
    [-1, 1],
    [0, -1],
    [source.size, 1],
    [0, 1e15],
    [NaN, 1],
  ])('has nothing from %i, %i bytes', (offset, length) => {
    expect(() => source.read(offset, length)).toThrow(FormatError);
  });
});

it('has at most what the sources below have', () => {
  const slice = new SourceSlice('slice', new BufferSource('whole', content), 39_990, 20);
  expect(slice.read(0, 10)).toHaveLength(10);
  expect(() => slice.read(5, 10)).toThrow(
    'decoding whole at offset 0x9c3b: 10 bytes wanted, the end is at 0x9c40',
  );
});

it('stays the file that was opened, and fails where it was cut', () => {
  const other = join(dir, 'other');
  writeFileSync(other, Buffer.alloc(20_000, 1));
  const source = new FileSource(other);
  writeFileSync(join(dir, 'new'), 'new');
  renameSync(join(dir, 'new'), other);
  expect(source.read(0, 1)[0]).toBe(1);
  source.close();
  source.close();

  writeFileSync(other, Buffer.alloc(20_000, 1));
  const cut = new FileSource(other);
  writeFileSync(other, 'cut');
  expect(() => cut.read(0, 100)).toThrow('the file ends here');
  cut.close();
});

it('reads strings of unknown length', () => {
  const text = 'x'.repeat(5_000);
  const source = new BufferSource('strings', Buffer.from(`short\0${text}\0rest`));
  expect(readCString(source, 0)).toBe('short');
  expect(readCString(source, 6)).toBe(text);
  expect(() => readCString(source, 5_007)).toThrow('string without an end');
  expect(() => readCString(source, 9_999)).toThrow(FormatError);
});

it.each(['fifo', 'device'])('a %s is not waited for', (what) => {
  const other = what === 'fifo' ? join(dir, 'fifo') : '/dev/null';
  if (what === 'fifo') run('mkfifo', [other]);
  expect(() => new FileSource(other)).toThrow('it is no regular file');
});

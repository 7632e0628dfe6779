import { BufferSource } from '../bytes/source.js';
import { writeElf } from '../testing/elf-writer.js';
import { readDebugAltLink } from './debugaltlink.js';
import { ElfFile } from './file.js';

function file(data?: readonly number[]): ElfFile {
  const sections = data && [{ name: '.gnu_debugaltlink', data: Uint8Array.from(data) }];
  return new ElfFile(new BufferSource('lib.so', writeElf(sections === undefined ? {} : { sections })));
}

it('is a path and a build-id', () => {
  const bytes = [...Buffer.from('../c.debug\0'), 0xab, 0, 0x12];
  expect(readDebugAltLink(file(bytes))).toEqual({ path: '../c.debug', buildId: 'ab0012' });
});

it('may be absent', () => {
  expect(readDebugAltLink(file())).toBeUndefined();
});

it('without an end is refused', () => {
  expect(() => readDebugAltLink(file([0x61, 0x62]))).toThrow('path without an end');
});

import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';

import { BufferSource } from '../bytes/source.js';
import { FormatError } from '../errors.js';
import { inspect } from '../library/inspect.js';
import { writeElf } from '../testing/elf-writer.js';
import { BUILD, compile, describeWith, run } from '../testing/tools.js';
import { SHF } from './constants.js';
import { ElfFile } from './file.js';
import { findLibrary } from './search.js';

const LIBPYTHON = findLibrary('libpython3.11d.so.1.0') ?? '/libpython3.11d.so.1.0';
const SOURCE = 'struct point { short x; long y; } origin;\nint add(int a, int b) { return a + b; }\n';

function bytes(file: ElfFile, name: string): Uint8Array {
  const section = file.section(name);
  return section?.read(0, section.size) ?? new Uint8Array();
}

/** The linker's and objcopy's `zstd` came with binutils 2.40. */
describeWith(['gcc', 'objcopy'], 'compressed debug info', () => {
  it.each(['zlib', 'zlib-gnu', 'zstd'])('gives the same types in %s', (kind) => {
    const flags = ['-g', '-shared', '-fPIC', `-Wl,--compress-debug-sections=${kind}`];
    const types = (path: string): string[] => inspect(path).symbols.map((s) => String(s.type));
    const compressed = compile(SOURCE, { flags });
    expect(types(compressed)).toEqual(types(compile(SOURCE)));
    expect(types(compressed)).toContain('struct point');
  });

  describeWith([LIBPYTHON], 'libpython3.11d', () => {
    it.each(['zlib', 'zstd'])('has the bytes that objcopy gives, from %s', (kind) => {
      const folder = join(BUILD, 'compression');
      mkdirSync(folder, { recursive: true });
      const compressed = join(folder, `python-${kind}.so`);
      const plain = join(folder, `python-${kind}-plain.so`);
      run('objcopy', [`--compress-debug-sections=${kind}`, LIBPYTHON, compressed]);
      run('objcopy', ['--decompress-debug-sections', compressed, plain]);
      using ours = ElfFile.open(compressed);
      using theirs = ElfFile.open(plain);
      const names = theirs.sections.map((s) => s.name).filter((n) => n.startsWith('.debug_'));
      const differ = names.filter((name) => Buffer.compare(bytes(ours, name), bytes(theirs, name)) !== 0);
      expect(names).toContain('.debug_info');
      expect(differ).toEqual([]);
    });
  });
});

it('refuses a bomb in zstd before anything is decompressed', () => {
  const header = Buffer.alloc(24 + 100);
  header.writeUInt32LE(2, 0);
  header.writeBigUInt64LE(2n ** 26n, 8);
  const bytes = writeElf({ sections: [{ name: '.debug_x', flags: SHF.COMPRESSED, data: header }] });
  const file = new ElfFile(new BufferSource('test.so', bytes));
  expect(() => file.section('.debug_x')).toThrow("100 compressed bytes can't be 67108864 uncompressed ones");
});

describeWith(['zstd'], 'damaged zstd data', () => {
  it('is a FormatError or other data, and soon', () => {
    const content = Buffer.from('struct point { int x, y; };\n'.repeat(5000));
    const input = Buffer.concat([content, Buffer.from(content).reverse()]);
    const options = ['-q', '-c', '--no-check', `--stream-size=${input.length}`];
    const frame = spawnSync('zstd', options, { input }).stdout;
    const header = Buffer.alloc(24);
    header.writeUInt32LE(2, 0);
    header.writeBigUInt64LE(BigInt(input.length), 8);
    let state = 1;
    const next = (): number => (state = (state * 1103515245 + 12345) % 2 ** 31) >> 8;
    let refused = 0;
    for (let round = 0; round < 300; round++) {
      const data = Buffer.concat([header, frame]);
      for (let i = 0; i <= round % 3; i++) data[24 + (next() % frame.length)] = next();
      const bytes = writeElf({ sections: [{ name: '.debug_x', flags: SHF.COMPRESSED, data }] });
      try {
        new ElfFile(new BufferSource('test.so', bytes)).section('.debug_x');
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
});

it('decompresses no more of one file than its size allows, all sections together', () => {
  // Zeros: zlib makes a thousandth of them.
  const size = 50 << 20;
  const header = Buffer.alloc(24);
  header.writeUInt32LE(1, 0);
  header.writeBigUInt64LE(BigInt(size), 8);
  const data = Buffer.concat([header, deflateSync(Buffer.alloc(size))]);
  const sections = ['.a', '.b', '.c'].map((name) => ({ name, flags: SHF.COMPRESSED, data }));
  const file = new ElfFile(new BufferSource('test.so', writeElf({ sections })));
  expect(file.section('.a')?.size).toBe(size);
  expect(file.section('.b')?.size).toBe(size);
  expect(() => file.section('.c')).toThrow('the sections of such a file may become 134217728 together');
});

import { linkSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as zlib from 'node:zlib';

import { BufferSource } from '../bytes/source.js';
import { FormatError } from '../errors.js';
import { writeElf, type ElfSpec } from '../testing/elf-writer.js';
import { DT, EM, ET, PF, PT, SHF, SHT } from './constants.js';
import { readDynamic } from './dynamic.js';
import { ElfFile } from './file.js';

const encodings = [
  { class: 64, littleEndian: true },
  { class: 64, littleEndian: false },
  { class: 32, littleEndian: true },
  { class: 32, littleEndian: false },
] as const;

function elf(spec: ElfSpec): ElfFile {
  return new ElfFile(new BufferSource('test.so', writeElf(spec)));
}

function text(file: ElfFile, section: string): string | undefined {
  const source = file.section(section);
  return source && Buffer.from(source.read(0, source.size)).toString();
}

describe.each(encodings)('a file of class $class, little-endian: $littleEndian', (encoding) => {
  const extra = { name: '.extra', data: Buffer.from('hello'), flags: SHF.ALLOC };

  it('has its header', () => {
    const { header } = elf({ ...encoding, machine: EM.PPC64, osabi: 3, type: ET.DYN });
    expect(header).toMatchObject({ ...encoding, machine: EM.PPC64, osabi: 3, type: ET.DYN, entry: 0n });
  });

  it('has its segments', () => {
    const [load, dynamic] = elf(encoding).programHeaders;
    expect(load).toMatchObject({ type: PT.LOAD, flags: PF.R | PF.W, offset: 0, address: 0n, align: 0x1000n });
    expect(dynamic).toMatchObject({ type: PT.DYNAMIC, flags: PF.R });
  });

  it('has its sections', () => {
    const file = elf({ ...encoding, sections: [extra] });
    expect(file.sections.slice(0, 3)).toMatchObject([
      { index: 0, name: '', type: SHT.NULL },
      { index: 1, name: '.extra', type: SHT.PROGBITS, size: 5, flags: SHF.ALLOC },
      { index: 2, name: '.dynsym', type: SHT.DYNSYM },
    ]);
    expect(text(file, '.extra')).toBe('hello');
    expect(file.section('.missing')).toBeUndefined();
  });

  it('keeps its counts in section 0 if they are too large', () => {
    const [usual, extended] = [false, true].map((e) => elf({ ...encoding, extendedNumbering: e }));
    expect(extended?.header).toMatchObject({ phnum: 0xffff, shnum: 0, shstrndx: 0xffff });
    expect(extended?.programHeaders).toEqual(usual?.programHeaders);
    expect(extended?.sections.slice(1)).toEqual(usual?.sections.slice(1));
  });

  it('has its dynamic array', () => {
    const file = elf({
      ...encoding,
      needed: ['libb.so', 'liba.so'],
      soname: 'libx.so.1',
      rpath: '/r',
      runpath: '$ORIGIN',
      dynamic: [[DT.FLAGS_1, 0x48]],
    });
    const { needed, soname, rpath, runpath, flags, flags1 } = readDynamic(file) ?? {};
    expect({ needed, soname, rpath, runpath, flags, flags1 }).toEqual({
      needed: ['libb.so', 'liba.so'],
      soname: 'libx.so.1',
      rpath: '/r',
      runpath: '$ORIGIN',
      flags: 0,
      flags1: 0x48,
    });
  });

  it('decompresses SHF_COMPRESSED', () => {
    const content = Buffer.from('compressed '.repeat(100));
    const file = elf({ ...encoding, sections: [compressed('.debug_info', encoding, 1, content)] });
    expect(text(file, '.debug_info')).toBe(content.toString());
    expect(file.section('.debug_info')).toBe(file.section('.debug_info'));
  });

  it('reads what is mapped', () => {
    const file = elf({ ...encoding, sections: [extra] });
    const address = BigInt(file.sections[1]?.offset ?? 0);
    expect(Buffer.from(file.dataAt(address, 5)).toString()).toBe('hello');
    expect(file.segmentAt(address)).toBe(file.programHeaders[0]);
    expect(file.segmentAt(1n << 31n)).toBeUndefined();
    expect(() => file.dataAt(1n << 31n, 1)).toThrow(FormatError);
    expect(() => file.dataAt(address, 1 << 20)).toThrow(FormatError);
  });
});

function compressed(
  name: string,
  { class: elfClass, littleEndian }: { class: 32 | 64; littleEndian: boolean },
  type: number,
  content: Uint8Array,
  size = content.length,
): { name: string; flags: number; data: Uint8Array } {
  const header = Buffer.alloc(elfClass === 64 ? 24 : 12);
  const view = new DataView(header.buffer, header.byteOffset);
  view.setUint32(0, type, littleEndian);
  if (elfClass === 64) view.setBigUint64(8, BigInt(size), littleEndian);
  else view.setUint32(4, size, littleEndian);
  return { name, flags: SHF.COMPRESSED, data: Buffer.concat([header, zlib.deflateSync(content)]) };
}

describe('compressed sections', () => {
  const content = Buffer.from('x'.repeat(1000));
  const [encoding] = encodings;

  it('finds .zdebug_info as .debug_info', () => {
    const size = Buffer.from([0, 0, 0, 0, 0, 0, 3, 232]);
    const data = Buffer.concat([Buffer.from('ZLIB'), size, zlib.deflateSync(content)]);
    expect(text(elf({ sections: [{ name: '.zdebug_info', data }] }), '.debug_info')).toBe(content.toString());
  });

  it.each([
    ['an unknown type', compressed('.debug_x', encoding, 9, content), 'unknown compression type 0x9'],
    [
      'a wrong size',
      compressed('.debug_x', encoding, 1, content, 1001),
      '1000 uncompressed bytes, 1001 were',
    ],
    ['too small a size', compressed('.debug_x', encoding, 1, content, 999), "can't be decompressed"],
    ['an absurd size', compressed('.debug_x', encoding, 1, content, 2 ** 26), "can't be 67108864"],
    ['other bytes', { name: '.zdebug_x', data: Buffer.alloc(20) }, 'not "ZLIB" data'],
  ])('refuses %s', (_, section, message) => {
    expect(() => elf({ sections: [section] }).section('.debug_x')).toThrow(message);
  });
});

describe('ElfFile', () => {
  it('has no sections without section headers', () => {
    const file = elf({ sectionHeaders: false });
    expect(file.sections).toEqual([]);
    expect(file.section('.dynsym')).toBeUndefined();
  });

  it('has no content for SHT_NOBITS', () => {
    const file = elf({ sections: [{ name: '.bss', type: SHT.NOBITS, data: new Uint8Array(8) }] });
    expect(file.section('.bss')).toBeUndefined();
  });

  it('refuses a section beyond the end when its bytes are wanted', () => {
    const bytes = writeElf({ sections: [{ name: '.x', data: new Uint8Array(4) }] });
    const at = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(40, true)) + 64;
    bytes.writeBigUInt64LE(1n << 40n, at + 32);
    const file = new ElfFile(new BufferSource('test.so', bytes));
    expect(() => file.section('.x')).toThrow('ends beyond the file');
  });

  it.each([
    ['empty', Buffer.alloc(0), 'not an ELF file'],
    ['text', Buffer.from('hello'), 'not an ELF file'],
    ['cut', writeElf().subarray(0, 63), 'the ELF header is cut off'],
    ['only magic', writeElf().subarray(0, 4), 'unknown ELF class beyond the end'],
    ['class 3', writeElf({ patch: { 4: 3 } }), 'unknown ELF class 3'],
    ['data 3', writeElf({ patch: { 5: 3 } }), 'unknown ELF data encoding 3'],
  ])('refuses a file that is %s', (_, bytes, message) => {
    expect(() => new ElfFile(new BufferSource('test.so', bytes))).toThrow(message);
  });

  it('opens a path, and knows the file by its identity', () => {
    const dir = mkdtempSync(join(tmpdir(), 'elf-file-'));
    const path = join(dir, 'a.so');
    writeFileSync(path, writeElf());
    linkSync(path, join(dir, 'b.so'));
    using a = ElfFile.open(path);
    using b = ElfFile.open(join(dir, 'b.so'));
    expect(a.path).toBe(path);
    expect(a.identity).toMatch(/^\d+:\d+$/);
    expect(b.identity).toBe(a.identity);
    writeFileSync(join(dir, 'c.so'), 'text');
    expect(() => ElfFile.open(join(dir, 'c.so'))).toThrow(FormatError);
    expect(() => ElfFile.open(join(dir, 'none.so'))).toThrow('ENOENT');
    rmSync(dir, { recursive: true });
  });
});

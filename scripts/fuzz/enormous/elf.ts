import { deflateSync } from 'node:zlib';

import { packed } from '../../../lib/testing/samples.js';
import { writeElf, type SectionSpec } from '../../../lib/testing/elf-writer.js';
import { inspect } from '../../../lib/library/inspect.js';
import { BufferSource } from '../../../lib/bytes/source.js';
import { readDynamic } from '../../../lib/elf/dynamic.js';
import { ElfFile } from '../../../lib/elf/file.js';
import { attempt } from '../oracle.js';
import { SIZE, type Enormous } from './enormous.js';

/** All that a look at a library reads. */
const look: readonly ((path: string) => void)[] = [
  (path) => {
    const info = attempt(() => inspect(path));
    attempt(() => info?.symbols);
  },
];

/** A 64-bit number, little-endian. */
function word(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** `Elf64_Chdr` (gABI ch. 4 "Section Compression") in front of `data`, which become `size` bytes. */
function chdr(type: number, size: number, data: Uint8Array): Buffer {
  return Buffer.concat([word(type), word(size), word(1), data]);
}

const zeros = (size: number): Buffer => Buffer.alloc(size);
const section = (name: string, data: Uint8Array, flags = 0): SectionSpec => ({ name, data, flags, type: 1 });
const COMPRESSED = 0x800;
const ZLIB = 1;
const ZSTD = 2;

/** A file with a symbol, and these sections. */
const withSections = (...sections: SectionSpec[]): Buffer =>
  writeElf({ symbols: [{ name: 'foo' }], hash: ['gnu'], sections });

/** A file whose headers of sections all say the same; `patch` writes one. */
function manySections(name: number, strings: Buffer): Buffer {
  const file = withSections(section('.strings', strings));
  const elf = new ElfFile({
    name: 'x',
    size: file.length,
    read: (at, length) => file.subarray(at, at + length),
  });
  const first = elf.sections.find((s) => s.name === '.strings');
  if (first === undefined) throw new Error('no .strings');
  const count = Math.floor(SIZE / 2 / 64);
  const headers = Buffer.alloc(count * 64);
  for (let i = 1; i < count; i++) {
    headers.writeUInt32LE(name + i, i * 64);
    headers.writeUInt32LE(1, i * 64 + 4);
  }
  // The names are in the section 1.
  headers.writeBigUInt64LE(BigInt(first.offset), 64 + 24);
  headers.writeBigUInt64LE(BigInt(first.size), 64 + 32);
  headers.writeBigUInt64LE(BigInt(count), 32);
  const made = Buffer.concat([file, headers]);
  made.writeBigUInt64LE(BigInt(file.length), 40);
  made.writeUInt16LE(0, 60);
  made.writeUInt16LE(1, 62);
  return made;
}

/** A file whose dynamic section is `entries`, behind the file's end. */
function manyDynamic(tag: number): Buffer {
  const strings = Buffer.concat([zeros(1), Buffer.alloc(SIZE / 2, 'x'), zeros(1)]);
  const count = Math.floor(SIZE / 2 / 16);
  const dynamic = Array.from({ length: count }, (_, i) => [tag, 1 + (i % 1000)] as const);
  return writeElf({ symbols: [{ name: strings.toString('latin1', 1, strings.length - 1) }], dynamic });
}

export const ELF: readonly Enormous[] = [
  [
    'sections whose names are one text',
    () => manySections(1, Buffer.concat([Buffer.alloc(SIZE / 2, 'x'), zeros(1)])),
    look,
  ],
  ['sections with short names', () => manySections(1, Buffer.alloc(SIZE / 2, 'x\0')), look],
  ['dynamic entries whose texts are one', () => manyDynamic(1), look],
  [
    'symbols whose names are one text',
    () => {
      const names = Array.from({ length: 100_000 }, (_, i) => ({ name: `f${i}${'x'.repeat(20)}` }));
      const file = writeElf({ symbols: names, hash: ['sysv'] });
      const elf = new ElfFile(new BufferSource('x', file));
      const { strings } = readDynamic(elf) ?? {};
      // No ends but the last.
      const at = file.indexOf('f0xxx');
      for (let i = at; strings !== undefined && i < file.length && file.indexOf('f99999x') > i; i++)
        if (file[i] === 0) file[i] = 0x78;
      return file;
    },
    look,
  ],
  [
    'notes',
    () =>
      writeElf({
        symbols: [{ name: 'foo' }],
        notes: Buffer.alloc(SIZE, Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0])),
      }),
    look,
  ],
  ...(
    [
      ['zlib that becomes 10 GB', () => chdr(ZLIB, 10e9, deflateSync(zeros(SIZE)))],
      ['zlib that becomes 1 GB', () => chdr(ZLIB, 1 << 30, deflateSync(zeros(1 << 30)))],
      ['zlib that says 16 exabytes', () => chdr(ZLIB, 2 ** 53 - 1, zeros(SIZE))],
      ['zlib that says 5 GB', () => chdr(ZLIB, 5e9, zeros(SIZE))],
      ['zstd that becomes 1 GB', () => chdr(ZSTD, 1 << 30, packed('zstd', zeros(1 << 30)))],
      ['zstd that says 100 GB', () => chdr(ZSTD, 1e11, zeros(SIZE))],
    ] as const
  ).map(([what, data]): Enormous => [
    what,
    () => withSections(section('.debug_info', data(), COMPRESSED), section('.debug_abbrev', zeros(10))),
    look,
  ]),
  [
    'ten sections of zlib that become 100 MB each',
    () => {
      const data = chdr(ZLIB, 1e8, deflateSync(zeros(1e8)));
      const names = 'info abbrev str line ranges rnglists addr str_offsets line_str loc'.split(' ');
      return withSections(...names.map((name) => section(`.debug_${name}`, data, COMPRESSED)));
    },
    [
      (path) => {
        using file = ElfFile.open(path);
        for (const { name } of file.sections) attempt(() => file.section(name));
      },
    ],
  ],
  [
    'CTF that says 4 GB',
    () => {
      const header = Buffer.alloc(52);
      header.writeUInt32LE(0x0104dff2, 0);
      header.writeUInt16LE(0xdff2, 0);
      header[2] = 4;
      header[3] = 1;
      header.writeUInt32LE(0xffffff00, 44);
      return withSections(section('.ctf', Buffer.concat([header, deflateSync(zeros(1 << 28))])));
    },
    look,
  ],
  [
    '.gnu_debugdata of xz',
    () => withSections(section('.gnu_debugdata', packed('xz', zeros(1 << 30), '-0'))),
    look,
  ],
];

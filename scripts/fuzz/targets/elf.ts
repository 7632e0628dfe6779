import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { BufferSource } from '../../../lib/bytes/source.js';
import { ctfSource } from '../../../lib/debuginfo/ctf-source.js';
import { debugLink } from '../../../lib/elf/debuglink.js';
import { readDebugAltLink } from '../../../lib/elf/debugaltlink.js';
import { readDynamic } from '../../../lib/elf/dynamic.js';
import { ElfFile } from '../../../lib/elf/file.js';
import { describeForeign } from '../../../lib/elf/foreign.js';
import { buildId, fileNotes, libraryBuildId, segmentNotes } from '../../../lib/elf/note.js';
import { preflight } from '../../../lib/elf/preflight.js';
import { ownSlots, symbolSlots } from '../../../lib/elf/relocation.js';
import { requesterOf } from '../../../lib/elf/search.js';
import { DynamicSymbols } from '../../../lib/elf/symbol.js';
import { SymbolTableSection } from '../../../lib/elf/symtab.js';
import { note, writeElf } from '../../../lib/testing/elf-writer.js';
import { compile, FIXTURES } from '../../../lib/testing/tools.js';
import { mutate, numbersIn, type Field } from '../bytes.js';
import { attempt } from '../oracle.js';
import { sample } from '../fixtures.js';
import type { Target } from './target.js';

/** Everything that can be asked of a file. */
const QUESTIONS: readonly ((file: ElfFile) => unknown)[] = [
  (file) => file.programHeaders,
  (file) => file.sections.map((s) => attempt(() => file.section(s.name)?.read(0, 1))),
  (file) => {
    const symbols = DynamicSymbols.of(file);
    return [
      ['foo', 'foo@V1', 'none', 'global'].map((name) => symbols.lookup(name)),
      Array.from(symbols.exported(), (symbol) => symbols.isExported(symbol)),
      [...symbols.imported()],
    ];
  },
  (file) => SymbolTableSection.of(file)?.defines('global'),
  buildId,
  libraryBuildId,
  (file) => [...fileNotes(file), ...segmentNotes(file)],
  (file) => [...symbolSlots(file, new Set(['foo', 'environ']))],
  (file) => [...ownSlots(file)],
  (file) => {
    const dynamic = readDynamic(file);
    if (dynamic === undefined) return [];
    return [dynamic.needed, dynamic.soname, dynamic.rpath, dynamic.runpath, requesterOf(file, dynamic)];
  },
  debugLink,
  readDebugAltLink,
  (file) => ctfSource(file).symbol({ name: 'foo', kind: 'function', address: 0x1000n }),
];

/** Asks everything; anything but a `FormatError` comes out. */
export function askElf(bytes: Uint8Array): void {
  const source = new BufferSource('mutated.so', bytes);
  attempt(() => preflight(source));
  attempt(() => describeForeign(source));
  const file = attempt(() => new ElfFile(source));
  if (file !== undefined) for (const question of QUESTIONS) attempt(() => question(file));
}

/** Where numbers are: in the three kinds of headers, and in each section that is a table (gABI ch. 4 and 5). */
export function elfFields(bytes: Uint8Array): Field[] {
  const file = new ElfFile(new BufferSource('sound.so', bytes));
  const { header } = file;
  const is64 = header.class === 64;
  const fields: Field[] = [];
  for (const [at, size] of is64 ? HEADER_64 : HEADER_32) fields.push({ at, size });
  const tables: [start: number, count: number, entry: number, sizes: readonly number[]][] = [
    [header.phoff, header.phnum, is64 ? 56 : 32, is64 ? [4, 4, 8, 8, 8, 8, 8, 8] : Array<number>(8).fill(4)],
    [
      header.shoff,
      file.sections.length,
      is64 ? 64 : 40,
      is64 ? [4, 4, 8, 8, 8, 8, 4, 4, 8, 8] : Array<number>(10).fill(4),
    ],
  ];
  for (const [start, count, entry, sizes] of tables) {
    for (let i = 0; i < count; i++) {
      let at = start + i * entry;
      for (const size of sizes) {
        fields.push({ at, size });
        at += size;
      }
    }
  }
  for (const { name, offset, size } of file.sections) {
    const width = WIDTHS.get(name);
    if (width !== undefined)
      fields.push(...numbersIn(offset, offset + size, width === 'word' ? header.class / 8 : width));
  }
  return fields.filter(({ at, size }) => at + size <= bytes.length);
}

const HEADER_64 = [
  [4, 1],
  [5, 1],
  [6, 1],
  [16, 2],
  [18, 2],
  [20, 4],
  [24, 8],
  [32, 8],
  [40, 8],
  [48, 4],
  [52, 2],
  [54, 2],
  [56, 2],
  [58, 2],
  [60, 2],
  [62, 2],
] as const;
const HEADER_32 = [
  [4, 1],
  [5, 1],
  [6, 1],
  [16, 2],
  [18, 2],
  [20, 4],
  [24, 4],
  [28, 4],
  [32, 4],
  [36, 4],
  [40, 2],
  [42, 2],
  [44, 2],
  [46, 2],
  [48, 2],
  [50, 2],
] as const;

/** How wide the numbers of a section are, in bytes. */
const WIDTHS = new Map<string, number | 'word'>([
  ['.dynamic', 'word'],
  ['.dynsym', 4],
  ['.symtab', 4],
  ['.hash', 4],
  ['.gnu.hash', 4],
  ['.gnu.version', 2],
  ['.gnu.version_r', 2],
  ['.gnu.version_d', 2],
  ['.rela.dyn', 'word'],
  ['.rela.plt', 'word'],
  ['.relr.dyn', 'word'],
  ['.note.gnu.build-id', 4],
  ['.note.gnu.property', 4],
]);

/** Small files of each class and byte order, and compiled ones. */
function files(): Buffer[] {
  const spec = {
    symbols: [
      { name: 'foo', version: 'V1', hidden: true },
      { name: 'foo', version: 'V2' },
      { name: 'puts', version: 'G1', shndx: 0 },
    ],
    versions: ['V1', 'V2'],
    neededVersions: { 'libc.so.6': ['G1'] },
    relocations: [{ offset: 0x40, type: 5, symbol: 'foo' }],
    notes: note('GNU', 3, Buffer.from('id')),
  };
  const written = [
    writeElf({ ...spec, class: 64, hash: ['gnu'] }),
    writeElf({ ...spec, class: 32, hash: ['sysv'] }),
  ];
  const script = `-Wl,--version-script=${FIXTURES}/elf/symbols.map`;
  const compiled = [
    compile('elf/symbols.c', { flags: ['-g', '-gz', '-shared', '-fPIC', script] }),
    compile('elf/symbols.c', {
      flags: ['-shared', '-fPIC', '-Wl,--hash-style=both', '-Wl,-z,pack-relative-relocs', script],
    }),
    sample('gcc', '-gctf'),
  ].flatMap((path) => (path === undefined ? [] : [readFileSync(join(path))]));
  return [...written, ...written, ...compiled];
}

export const elf: Target = {
  name: 'elf',
  needs: ['gcc'],
  prepare() {
    const sound = files().map((bytes) => ({ bytes, fields: elfFields(bytes) }));
    return (random) => {
      const { bytes, fields } = random.pick(sound);
      askElf(mutate(random, Buffer.from(bytes), fields));
    };
  },
};

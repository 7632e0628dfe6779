import { BufferSource } from '../bytes/source.js';
import { FormatError } from '../errors.js';
import { note, writeElf } from '../testing/elf-writer.js';
import { SHN } from './constants.js';
import { ElfFile } from './file.js';
import { buildId } from './note.js';
import { preflight } from './preflight.js';
import { symbolSlots } from './relocation.js';
import { DynamicSymbols } from './symbol.js';

/** Everything that can be asked of a file. */
const QUESTIONS: readonly ((file: ElfFile) => unknown)[] = [
  (file) => file.programHeaders,
  (file) => file.sections.map((s) => file.section(s.name)?.read(0, 1)),
  (file) => file.section('.debug_info'),
  (file) => {
    const symbols = DynamicSymbols.of(file);
    return [['foo', 'foo@V1', 'none'].map((name) => symbols.lookup(name)), ...symbols.exported()];
  },
  buildId,
  (file) => [...symbolSlots(file, new Set(['foo', 'environ']))],
];

/** Asks everything; anything but a `FormatError` comes out. */
function ask(bytes: Uint8Array): void {
  const source = new BufferSource('mutated.so', bytes);
  preflight(source);
  let file: ElfFile;
  try {
    file = new ElfFile(source);
  } catch (error) {
    if (error instanceof FormatError) return;
    throw error;
  }
  for (const question of QUESTIONS) {
    try {
      question(file);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
  }
}

it.each([
  ['64 bits', { class: 64, hash: ['gnu'] }],
  ['32 bits', { class: 32, hash: ['sysv'] }],
] as const)('every byte of a file of %s can be wrong', (_, how) => {
  const bytes = writeElf({
    ...how,
    symbols: [
      { name: 'foo', version: 'V1', hidden: true },
      { name: 'foo', version: 'V2' },
      { name: 'puts', version: 'G1', shndx: SHN.UNDEF },
    ],
    versions: ['V1', 'V2'],
    neededVersions: { 'libc.so.6': ['G1'] },
    relocations: [{ offset: 0x40, type: 5, symbol: 'foo' }],
    notes: note('GNU', 3, Buffer.from('id')),
  });
  for (let at = 0; at < bytes.length; at++) {
    const old = bytes[at] ?? 0;
    for (const wrong of [0, 0x7f, 0xff, old ^ 1]) {
      bytes[at] = wrong;
      ask(bytes);
    }
    bytes[at] = old;
  }
  for (let size = 0; size < bytes.length; size++) ask(bytes.subarray(0, size));
});

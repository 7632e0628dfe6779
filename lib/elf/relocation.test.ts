import { BufferSource } from '../bytes/source.js';
import { compile, describeWith } from '../testing/tools.js';
import { writeElf, type ElfSpec } from '../testing/elf-writer.js';
import { DT, EM, STT } from './constants.js';
import { ElfFile } from './file.js';
import { symbolSlots } from './relocation.js';

function elf(spec: ElfSpec): ElfFile {
  return new ElfFile(new BufferSource('test.so', writeElf(spec)));
}

const SPEC: ElfSpec = {
  symbols: [
    { name: '__environ', type: STT.OBJECT, value: 0x500n },
    { name: 'environ', type: STT.OBJECT, value: 0x500n },
    { name: '__bss_start', type: STT.NOTYPE, value: 0x500n },
    { name: 'stdout', type: STT.OBJECT, value: 0x508n },
    { name: 'puts', shndx: 0 },
  ],
  relocations: [
    { offset: 0x10, type: 8, addend: 0x10 },
    { offset: 0x500, type: 5, symbol: '__environ' },
    { offset: 0x508, type: 6, symbol: 'stdout' },
    { offset: 0x518, type: 7, symbol: 'puts' },
    { offset: 0x520, type: 1, symbol: 'stdout', addend: 8 },
  ],
};

describe.each([
  ['64 bits', {}],
  ['32 bits', { class: 32, machine: EM['386'] }],
  ['a count of those without a symbol', { dynamic: [[DT.RELACOUNT, 1]] }],
] as [string, ElfSpec][])('relocations with %s', (_, how) => {
  it('fill slots with addresses', () => {
    expect([...symbolSlots(elf({ ...SPEC, ...how }), new Set(['stdout', 'puts']))]).toEqual([
      { name: 'stdout', address: 0x508n, addend: 0n, got: true },
      { name: 'stdout', address: 0x520n, addend: 8n, got: false },
    ]);
  });
});

it('reads the other byte order', () => {
  const relocations = [{ offset: 0x500, type: 10, symbol: 'stdout' }];
  const file = elf({ ...SPEC, relocations, machine: EM.S390, littleEndian: false });
  expect([...symbolSlots(file, new Set(['stdout']))].map((s) => s.address)).toEqual([0x500n]);
});

it('knows nothing of other machines', () => {
  expect([...symbolSlots(elf({ ...SPEC, machine: EM.SH }), new Set(['stdout']))]).toEqual([]);
});

describeWith(['gcc'], 'a compiled library', () => {
  it('has slots in a library', () => {
    const source = 'extern char **environ;\nchar ***place = &environ; char **get(void) { return environ; }\n';
    using file = ElfFile.open(compile(source));
    expect([...symbolSlots(file, new Set(['environ']))].map((s) => s.got).sort()).toEqual([false, true]);
  });
});

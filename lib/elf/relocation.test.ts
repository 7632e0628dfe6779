import { BufferSource } from '../bytes/source.js';
import { compile, describeWith } from '../testing/tools.js';
import { writeElf, type ElfSpec } from '../testing/elf-writer.js';
import { DT, EM, STT } from './constants.js';
import { ElfFile } from './file.js';
import { copyRelocated, symbolSlots } from './relocation.js';

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
  it('copy variables, all their names', () => {
    expect([...copyRelocated(elf({ ...SPEC, ...how }))].sort()).toEqual(['__environ', 'environ']);
  });

  it('fill slots with addresses', () => {
    expect([...symbolSlots(elf({ ...SPEC, ...how }), new Set(['stdout', 'puts']))]).toEqual([
      { name: 'stdout', address: 0x508n, addend: 0n },
      { name: 'stdout', address: 0x520n, addend: 8n },
    ]);
  });
});

it('reads the other byte order', () => {
  const relocations = [{ offset: 0x500, type: 9, symbol: 'stdout' }];
  const file = elf({ ...SPEC, relocations, machine: EM.S390, littleEndian: false });
  expect([...copyRelocated(file)]).toEqual(['stdout']);
});

it('knows nothing of other machines', () => {
  expect(copyRelocated(elf({ ...SPEC, machine: EM.SH })).size).toBe(0);
});

describeWith(['gcc'], 'a compiled program', () => {
  it('copies variables of the C library', () => {
    const source = '#include <stdio.h>\nint main(void) { return fputs("x", stdout); }\n';
    using file = ElfFile.open(compile(source, { flags: ['-no-pie', '-fno-pic'], output: 'copies' }));
    expect([...copyRelocated(file)]).toContain('stdout');
  });

  it('has slots in a library', () => {
    const source = 'extern char **environ;\nchar ***place = &environ; char **get(void) { return environ; }\n';
    using file = ElfFile.open(compile(source));
    expect([...symbolSlots(file, new Set(['environ']))].map((s) => s.addend)).toEqual([0n, 0n]);
  });
});

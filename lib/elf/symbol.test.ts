import { readFileSync } from 'node:fs';

import { BufferSource } from '../bytes/source.js';
import { compile, describeWith, FIXTURES } from '../testing/tools.js';
import { writeElf, type ElfSpec, type SymbolSpec } from '../testing/elf-writer.js';
import { DT, EM, nameOf, SHN, STB, STT, STV } from './constants.js';
import { ElfFile } from './file.js';
import { DynamicSymbols, type ElfSymbol } from './symbol.js';

function symbolsOf(bytes: Uint8Array): DynamicSymbols {
  return DynamicSymbols.of(new ElfFile(new BufferSource('test.so', bytes)));
}

function names(symbols: Iterable<ElfSymbol>): string[] {
  return [...symbols].map((s) => s.name).sort();
}

const SYMBOLS: SymbolSpec[] = [
  { name: 'function', value: 0x100n, size: 3 },
  { name: 'weak', binding: STB.WEAK },
  { name: 'unique', binding: STB.GNU_UNIQUE, type: STT.OBJECT },
  { name: 'local', binding: STB.LOCAL },
  { name: 'hidden', visibility: STV.HIDDEN },
  { name: 'internal', visibility: STV.INTERNAL },
  { name: 'protected', visibility: STV.PROTECTED },
  { name: 'absolute', shndx: SHN.ABS, value: 0x1234n, type: STT.NOTYPE },
  { name: 'ifunc', type: STT.GNU_IFUNC },
  { name: 'tls', type: STT.TLS, value: 8n },
  { name: 'naïve' },
  { name: 'we.ird(*T)$x' },
  { name: 'import', shndx: SHN.UNDEF },
  { name: 'foo', version: 'V1', hidden: true, value: 1n },
  { name: 'foo', version: 'V2', value: 2n },
  { name: 'old', version: 'V1', hidden: true, value: 11n },
  { name: 'old', version: 'V2', hidden: true, value: 12n },
  { name: 'puts', version: 'GLIBC_2.2.5', shndx: SHN.UNDEF },
  { name: 'V1', type: STT.OBJECT, shndx: SHN.ABS, value: 0n },
];

const SPEC: ElfSpec = {
  symbols: SYMBOLS,
  versions: ['V1', 'V2'],
  neededVersions: { 'libc.so.6': ['GLIBC_2.2.5'] },
};

describe.each([
  ['DT_GNU_HASH', { hash: ['gnu'] }],
  ['DT_HASH', { hash: ['sysv'] }],
  ['both', { hash: ['gnu', 'sysv'] }],
  ['only .dynsym', { hash: [] }],
  ['no section headers', { sectionHeaders: false }],
  ['32 bits', { class: 32, machine: EM['386'] }],
  ['32 bits, DT_HASH', { class: 32, machine: EM['386'], hash: ['sysv'] }],
  ['big-endian', { littleEndian: false, machine: EM.PPC64 }],
  ['s390x, whose DT_HASH is wide', { littleEndian: false, machine: EM.S390, hash: ['sysv'] }],
  ['32 bits, big-endian', { class: 32, littleEndian: false, machine: EM.PPC }],
] as [string, ElfSpec][])('dynamic symbols by %s', (_, how) => {
  const symbols = symbolsOf(writeElf({ ...SPEC, ...how }));

  it('are counted', () => {
    expect(symbols.count).toBe(SYMBOLS.length + 1);
    expect(names(symbols)).toEqual(SYMBOLS.map((s) => s.name).sort());
  });

  it('are exported or not', () => {
    const own = ['absolute', 'foo', 'foo', 'function', 'ifunc', 'naïve', 'old', 'old', 'protected', 'tls'];
    expect(names(symbols.exported())).toEqual([...own, 'unique', 'we.ird(*T)$x', 'weak']);
    expect(names(symbols.imported())).toEqual(['import', 'puts']);
  });

  it('are found by name, if they are exported', () => {
    for (const symbol of symbols.exported()) {
      expect(symbols.lookup(symbol.name)).toMatchObject({ name: symbol.name, defined: true });
    }
    for (const name of ['local', 'hidden', 'internal', 'import', 'puts', 'V1', 'V2', 'fo', '', '@', 'foo@']) {
      expect([name, symbols.lookup(name)]).toEqual([name, undefined]);
    }
  });

  it('have their fields', () => {
    expect(symbols.lookup('function')).toEqual({
      name: 'function',
      value: 0x100n,
      size: 3,
      type: STT.FUNC,
      binding: STB.GLOBAL,
      visibility: STV.DEFAULT,
      shndx: 1,
      hiddenVersion: false,
      defined: true,
      absolute: false,
      index: expect.any(Number) as number,
    });
    expect(symbols.lookup('absolute')).toMatchObject({ absolute: true, value: 0x1234n });
    expect(symbols.lookup('protected')).toMatchObject({ visibility: STV.PROTECTED });
  });

  it.each([
    ['foo', 2n],
    ['foo@V1', 1n],
    ['foo@V2', 2n],
    ['foo@@V2', 2n],
    ['foo@@V1', undefined],
    ['foo@V3', undefined],
    ['old', 12n],
    ['old@V1', 11n],
    ['old@@V2', undefined],
    ['function@V1', undefined],
  ])('%s is the symbol with value %s', (name, value) => {
    expect(symbols.lookup(name)?.value).toBe(value);
  });

  it('know the versions of what is imported', () => {
    expect([...symbols.imported()].find((s) => s.name === 'puts')?.version).toBe('GLIBC_2.2.5');
    expect(symbols.lookup('old')).toMatchObject({ version: 'V2', hiddenVersion: true });
  });
});

describe('corrupt tables', () => {
  it('have no endless chains', () => {
    const bytes = writeElf({ symbols: [{ name: 'a' }, { name: 'b' }, { name: 'c' }], hash: ['sysv'] });
    const file = new ElfFile(new BufferSource('test.so', bytes));
    const table = file.sections.find((s) => s.name === '.hash')?.offset ?? 0;
    // Two buckets, then the chain: every symbol is followed by itself.
    for (let i = 1; i < 4; i++) bytes.writeUInt32LE(i, table + 16 + 4 * i);
    expect(symbolsOf(bytes).lookup('x')).toBeUndefined();
  });

  it.each([DT.STRTAB, DT.SYMTAB, DT.GNU_HASH, DT.VERSYM])('fail at table %i outside the file', (tag) => {
    const bytes = writeElf(SPEC);
    const dynamic = new ElfFile(new BufferSource('', bytes)).sections.find((s) => s.name === '.dynamic');
    for (let at = dynamic?.offset ?? 0; bytes.readBigUInt64LE(at) !== 0n; at += 16) {
      if (Number(bytes.readBigUInt64LE(at)) === tag) bytes.writeBigUInt64LE(0xffff0000n, at + 8);
    }
    expect(() => names(symbolsOf(bytes))).toThrow('address 0xffff0000 is not in the file');
  });

  it('refuse a number that no symbol has', () => {
    expect(() => symbolsOf(writeElf(SPEC)).at(99)).toThrow('there is no symbol 99');
  });
});

it('has no symbols in an object file', () => {
  expect(symbolsOf(writeElf({ type: 1 })).count).toBe(0);
});

describeWith(['gcc'], 'a compiled library', () => {
  const script = `-Wl,--version-script=${FIXTURES}/elf/symbols.map`;
  const build = (...flags: string[]): string =>
    compile('elf/symbols.c', { flags: ['-shared', '-fPIC', script, ...flags] });

  it.each(['sysv', 'gnu', 'both'])('with --hash-style=%s lists and finds the same symbols', (style) => {
    const bytes = readFileSync(build(`-Wl,--hash-style=${style}`));
    const symbols = symbolsOf(bytes);
    const list = [...symbols.exported()].map((s) => `${s.name} ${nameOf(STT, s.type)}`);
    expect(list.filter((s) => !/^(_init|_fini|foo_v|old_v)/.test(s)).sort()).toEqual([
      'absolute NOTYPE',
      'alias FUNC',
      'common OBJECT',
      'first FUNC',
      'foo FUNC',
      'foo FUNC',
      'function FUNC',
      'ifunc GNU_IFUNC',
      'naïve FUNC',
      'oldfn FUNC',
      'oldfn FUNC',
      'protected_ FUNC',
      'table OBJECT',
      'tls TLS',
      'untyped NOTYPE',
      'variable OBJECT',
      'weak FUNC',
    ]);
    expect(symbols.lookup('foo')?.value).toBe(symbols.lookup('foo_v2')?.value);
    expect(symbols.lookup('foo@V1')?.value).toBe(symbols.lookup('foo_v1')?.value);
    expect(symbols.lookup('oldfn')?.value).toBe(symbols.lookup('old_v2')?.value);

    // What `sstrip` does: e_shoff, e_shnum and e_shstrndx are zero.
    const stripped = Buffer.from(bytes);
    stripped.fill(0, 40, 48).fill(0, 60, 64);
    expect([...symbolsOf(stripped)]).toEqual([...symbols]);
  });
});

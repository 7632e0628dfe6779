import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { cli } from '../testing/cli.js';
import { compile, describeWith, FIXTURES } from '../testing/tools.js';
import { typeDifferences } from '../testing/type-differences.js';
import { inspect, type SymbolInfo } from './inspect.js';

/** What is x86-64's alone (machine code), is no library by itself, or is compared below. */
const EXCEPT = ['calls/rows.c', 'values/memory.c', 'dwarf/sample.c', 'dwarf/sample2.c'];
const files = ['calls', 'cli', 'dts', 'dwarf', 'values']
  .flatMap((folder) => readdirSync(join(FIXTURES, folder)).map((name) => `${folder}/${name}`))
  .concat('bench.c', 'oddexports.c', 'plugin_name.c')
  .filter((file) => file.endsWith('.c') && !EXCEPT.includes(file));
/** Of these what has neither numbers of 16 bytes nor `_Float16`, which some machines have not, or align otherwise. */
const PLAIN = [
  ...['bench.c', 'oddexports.c', 'plugin_name.c', 'calls/handles.c', 'cli/call.c', 'dts/names.c'],
  ...['dts/shapes.c', 'values/const.c', 'values/functions.c', 'values/pointers.c', 'values/records.c'],
  ...['values/ring.c', 'values/text.c'],
];

const FLAGS = ['-g', '-shared', '-fPIC'];

function symbolsOf(file: string, machine: string, flags: readonly string[] = []): Map<string, SymbolInfo> {
  const path = compile(file, { compiler: compilerOf(machine), flags: [...FLAGS, ...flags] });
  return new Map(inspect(path).symbols.map((s) => [s.name, s]));
}

function compilerOf(machine: string): string {
  return machine === 'x86-64' ? 'gcc' : `${machine}-gcc`;
}

/** What an export is, but for what is the machine's: where it lies, and the length of code. */
function described({ kind, size, version, type }: SymbolInfo): object {
  return { kind, version, type: String(type), ...(kind === 'variable' ? { size } : {}) };
}

function table(symbols: ReadonlyMap<string, SymbolInfo>): Record<string, object> {
  return Object.fromEntries([...symbols].map(([name, s]): [string, object] => [name, described(s)]).sort());
}

/** Where the types of two libraries are not the same, to the last member of what they lead to. */
function differences(one: ReadonlyMap<string, SymbolInfo>, two: ReadonlyMap<string, SymbolInfo>): string[] {
  return [...one].flatMap(([name, { type }]) => {
    const other = two.get(name)?.type;
    if (type === undefined || other === undefined) return [];
    return typeDifferences(type.ctype, other.ctype).map((difference) => `${name}${difference}`);
  });
}

const AARCH64 = 'aarch64-linux-gnu';

describeWith([compilerOf(AARCH64)], 'AArch64', () => {
  it.each(files)('%s is read, described and typed as for x86-64', (file) => {
    // Plain char has no sign there (AAPCS64 §10.1.2).
    const here = symbolsOf(file, 'x86-64', ['-funsigned-char']);
    const there = symbolsOf(file, AARCH64);
    expect(here.size).toBeGreaterThan(0);
    expect(table(there)).toEqual(table(here));
    // The other 16 bytes of long double (AAPCS64 §5.1).
    const found = differences(here, there).filter((d) => !d.endsWith('.format: "x87", "binary128"'));
    expect(found).toEqual([]);
  });

  it('has what its ABI has', () => {
    const symbols = symbolsOf('dwarf/sample.c', AARCH64);
    const here = symbolsOf('dwarf/sample.c', 'x86-64', ['-funsigned-char']);
    const found = differences(here, symbols).filter((d) => !d.endsWith('.format: "x87", "binary128"'));
    // wchar_t is unsigned (AAPCS64 §10.1.2), and va_list another struct (§10.1.5).
    const [inVaList, others] = [found.filter(isVaList), found.filter((d) => !isVaList(d))];
    expect(others).toEqual(['g_wc.target.name: "int", "unsigned int"', 'g_wc.target.signed: true, false']);
    expect(inVaList).toContain('vlogf.1.type.name: none, "va_list"');
    expect(String(symbols.get('vlogf')?.type)).toBe('int (const char *fmt, va_list ap)');
  });
});

const isVaList = (difference: string): boolean => difference.startsWith('vlogf.1.type.');

const S390X = 's390x-linux-gnu';

describeWith([compilerOf(AARCH64), compilerOf(S390X)], '64 bits, big-endian', () => {
  it.each(PLAIN)('%s has the types that it has on AArch64', (file) => {
    const little = symbolsOf(file, AARCH64);
    const big = symbolsOf(file, S390X);
    expect(table(big)).toEqual(table(little));
    expect(differences(little, big)).toEqual([]);
  });
});

const ARM = 'arm-linux-gnueabihf';

describeWith([compilerOf(ARM)], '32 bits', () => {
  it.each(PLAIN)('%s has the declarations that it has on x86-64, and its own sizes', (file) => {
    const here = table(symbolsOf(file, 'x86-64'));
    const symbols = symbolsOf(file, ARM);
    const withoutSize = (all: Record<string, object>): object =>
      Object.fromEntries(Object.entries(all).map(([name, s]) => [name, { ...s, size: undefined }]));
    expect(withoutSize(table(symbols))).toEqual(withoutSize(here));
    // What the debug info makes of a variable, and what the linker has. One has elements in its flexible array.
    for (const { name, kind, type, size } of symbols.values())
      if (kind === 'variable' && type?.size !== undefined && name !== 'greeting')
        expect([name, type.size]).toEqual([name, size]);
  });
});

describeWith([AARCH64, S390X, ARM].map(compilerOf), 'elf-plugin inspect and symbols', () => {
  it.each([
    [AARCH64, 'EM_AARCH64', '64', 'little'],
    [S390X, 'EM_S390', '64', 'big'],
    [ARM, 'EM_ARM', '32', 'little'],
  ])('%s', (machine, constant, bits, order) => {
    const path = compile('dts/shapes.c', { compiler: compilerOf(machine), flags: FLAGS });
    const described = cli(['inspect', '--json', path]);
    expect([described.status, described.stderr]).toEqual([0, '']);
    for (const part of [constant, bits, order]) expect(described.stdout).toContain(part);
    const listed = cli(['symbols', path]);
    expect([listed.status, listed.stderr]).toEqual([0, '']);
    expect(listed.stdout).toMatch(/struct/);
  });
});

describeWith(['musl-gcc'], 'musl', () => {
  it.each(PLAIN)('%s is described and typed as for glibc', (file) => {
    const here = symbolsOf(file, 'x86-64');
    const there = symbolsOf(file, 'musl');
    // Its start files (crti.o) export these two from every library.
    expect([there.delete('_init'), there.delete('_fini')]).toEqual([true, true]);
    expect(table(there)).toEqual(table(here));
    expect(differences(here, there)).toEqual([]);
  });

  it("needs musl's C library, which is none of this system's", () => {
    const path = compile('plugin_name.c', { compiler: 'musl-gcc', flags: FLAGS });
    expect(inspect(path)).toMatchObject({ needed: ['libc.so'] });
  });
});

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { print } from '../ctypes/print.js';
import { DW_AT, DW_FORM, DW_LANG, DW_OP, DW_TAG } from '../dwarf/constants.js';
import { EM, PF, PT, STT } from '../elf/constants.js';
import { INT, name, ref } from '../testing/dwarf-variable.js';
import { ByteWriter, writeDwarf } from '../testing/dwarf-writer.js';
import { type ElfSpec, writeElf } from '../testing/elf-writer.js';
import { BUILD, compile } from '../testing/tools.js';
import { Library } from './library.js';

/** The symbol as C declares it; where it has no type, why. */
function declaration(library: Library, symbol: string): string | undefined {
  const elf = library.find(symbol);
  if (elf === undefined) return `${symbol} is not exported`;
  const { type, reason } = library.typed(elf);
  return type === undefined ? reason : print(type, elf.name);
}

/** A library that exports `int NAME()`, at 0x1000 to the debug info, and `int v`. */
function written(
  folder: string,
  language: number,
  symbol: string,
  spec: ElfSpec & { value?: bigint },
): Library {
  const dwarf = writeDwarf([
    {
      attributes: [
        [DW_AT.language, DW_FORM.data2, language],
        [DW_AT.low_pc, DW_FORM.addr, 0x1000],
        [DW_AT.high_pc, DW_FORM.data4, 0x100],
      ],
      children: [
        INT,
        {
          tag: DW_TAG.subprogram,
          attributes: [
            name(symbol),
            ref('int'),
            [DW_AT.external, DW_FORM.flag_present, true],
            [DW_AT.low_pc, DW_FORM.addr, 0x1000],
          ],
        },
        {
          tag: DW_TAG.variable,
          attributes: [
            name('v'),
            ref('int'),
            [DW_AT.external, DW_FORM.flag_present, true],
            [
              DW_AT.location,
              DW_FORM.exprloc,
              [DW_OP.addr, ...new ByteWriter(true).uint(0x2000, 8).toBytes()],
            ],
          ],
        },
      ],
    },
  ]);
  const bytes = writeElf({
    symbols: [
      { name: symbol, type: STT.FUNC, value: spec.value ?? 0x1000n, size: 16 },
      { name: 'v', type: STT.OBJECT, value: 0x2000n, size: 4 },
    ],
    sections: [...dwarf.bytes].map(([section, data]) => ({ name: section, data })),
    ...spec,
  });
  const path = join(BUILD, 'library', `${folder}.so`);
  mkdirSync(join(BUILD, 'library'), { recursive: true });
  writeFileSync(path, bytes);
  return Library.open(path);
}

describe('functions that are not called as C calls', () => {
  it.each([
    ['Go', DW_LANG.Go, 'main.F', 'of Go (build it with -buildmode=c-shared, and //export the function)'],
    ['D', DW_LANG.D, '_D5hello1fFiZi', 'of D (declare the function extern(C))'],
    [
      'Rust',
      DW_LANG.Rust,
      '_RNvCs1234_7mycrate3foo',
      'of Rust (declare the function #[no_mangle] pub extern "C")',
    ],
    [
      'old-Rust',
      DW_LANG.Rust,
      '_ZN7mycrate3foo17h0123456789abcdefE',
      'of Rust (declare the function #[no_mangle] pub extern "C")',
    ],
  ])('say so in their type: %s', (folder, language, symbol, convention) => {
    const library = written(folder, language, symbol, {});
    const elf = library.find(symbol);
    expect(elf && library.typed(elf).type).toMatchObject({ kind: 'function', convention });
    // Their variables are memory as any other.
    expect(declaration(library, 'v')).toBe('int v');
  });

  it.each([
    ['D-C', DW_LANG.D, 'f'],
    ['Rust-C', DW_LANG.Rust, 'f'],
    ['C', DW_LANG.C11, '_D5hello1fFiZi'],
    ['C-plus-plus', 0x1a, '_ZN7mycrate3foo17h0123456789abcdefE'],
  ])('are not those declared as C, or of C: %s', (folder, language, symbol) => {
    expect(declaration(written(folder, language, symbol, {}), symbol)).toMatch(`int ${symbol}(`);
  });
});

describe('functions whose address is not that of their code', () => {
  const segment = (flags: number, address: bigint) => ({
    type: PT.LOAD,
    flags,
    offset: 0,
    address,
    fileSize: 0x100,
    memorySize: 0x100,
    align: 1n,
  });

  it('are described where their symbol is that of a descriptor', () => {
    const segments: ElfSpec['segments'] = (own) => [...own, segment(PF.R | PF.W, 0x40000n)];
    const spec = { value: 0x40010n, machine: EM.PPC64, segments };
    expect(declaration(written('descriptor', DW_LANG.C11, 'f', spec), 'f')).toBe('int f()');
    const code: ElfSpec['segments'] = (own) => [...own, segment(PF.R | PF.X, 0x40000n)];
    expect(declaration(written('code', DW_LANG.C11, 'f', { ...spec, segments: code }), 'f')).toBe(
      'what the debug info calls f is another symbol, at 0x1000',
    );
  });

  it('are described where a bit of it says that the code is Thumb', () => {
    const spec = { value: 0x1001n, machine: EM.ARM };
    expect(declaration(written('thumb', DW_LANG.C11, 'f', spec), 'f')).toBe('int f()');
  });
});

it('gives each version of a symbol its own type', () => {
  const script = join(BUILD, 'library', 'versions.map');
  mkdirSync(join(BUILD, 'library'), { recursive: true });
  writeFileSync(script, 'V1 { global: foo; local: foo_old; };\nV2 { global: foo; } V1;\n');
  const path = compile(
    `int foo_old(int a) { return a; }
    double foo(double a) { return a; }
    __asm__(".symver foo_old,foo@V1");
    __asm__(".symver foo,foo@@@V2");
    `,
    { flags: ['-g', '-shared', '-fPIC', `-Wl,--version-script=${script}`] },
  );
  const library = Library.open(path);
  expect(['foo@V1', 'foo@V2', 'foo'].map((n) => declaration(library, n))).toEqual([
    'int foo(int a)',
    'double foo(double a)',
    'double foo(double a)',
  ]);
});

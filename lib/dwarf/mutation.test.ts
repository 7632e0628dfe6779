import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { BufferSource } from '../bytes/source.js';
import { LayoutComparison } from '../ctypes/layout-difference.js';
import { dwarfSections } from '../debuginfo/dwarf-source.js';
import { ElfFile } from '../elf/file.js';
import { DwarfFile } from '../testing/dwarf-file.js';
import { attempt, random, visit } from '../testing/mutation.js';
import { FIXTURES, compile, describeWith, run } from '../testing/tools.js';
import { DwarfInfo } from './dwarf-info.js';
import type { DwarfSections } from './sections.js';

/** Files tried per build. */
const ROUNDS = 400;
/** What a round may take, in milliseconds, on a machine that does other things as well. */
const LIMIT = 2000;

const BUILDS = [
  ['gcc', '-gdwarf-5 -O2'],
  ['gcc', '-gdwarf-4 -fdebug-types-section'],
  ['gcc', '-gdwarf-2 -gstrict-dwarf -O0'],
  ['clang', '-gdwarf-5 -O2'],
] as const;

for (const [compiler, flags] of BUILDS) {
  describeWith([compiler], `${compiler} ${flags}, damaged`, () => {
    it('gives types or our errors, in time', () => {
      const path = compile('dwarf/sample.c', {
        compiler,
        flags: ['-w', '-shared', '-fPIC', ...flags.split(' ')],
        libs: [join(FIXTURES, 'dwarf/sample2.c')],
      });
      using elf = ElfFile.open(path);
      const file = new DwarfFile(path);
      const names = [
        '.debug_info',
        '.debug_abbrev',
        '.debug_types',
        '.debug_rnglists',
        '.debug_addr',
        '.debug_str',
        '.debug_line',
      ];
      const originals = new Map(
        names.flatMap((name) => {
          const section = elf.section(name);
          return section === undefined ? [] : [[name, section.read(0, section.size)] as const];
        }),
      );
      const next = random(20240229);
      for (let round = 0; round < ROUNDS; round++) {
        const bytes = new Map([...originals].map(([name, original]) => [name, Buffer.from(original)]));
        const damaged = [...bytes.values()][round % 3 === 0 ? next(bytes.size) : round % 2];
        for (let i = next(8); damaged !== undefined && i >= 0; i--) damaged[next(damaged.length)] = next(256);
        const info = new DwarfInfo({
          littleEndian: true,
          addressSize: 8,
          section: (name) => {
            const own = bytes.get(name);
            return own === undefined ? elf.section(name) : new BufferSource(name, own);
          },
        });
        askAll(info, file, next);
      }
    });
  });
}

/** Asks for some symbols of `sound`, and for what reads every unit. */
function askAll(info: DwarfInfo, sound: DwarfFile, next: (below: number) => number): void {
  const queries = [...sound.symbols.keys()].map((name) => sound.query(name));
  const comparison = new LayoutComparison();
  const start = performance.now();
  for (let i = 0; i < 12; i++) {
    const query = queries[next(queries.length)];
    const symbol = query && info.symbol(query);
    if (symbol === undefined || 'reason' in symbol) continue;
    visit(symbol.type, new Set());
    attempt(() => symbol.declFile);
    attempt(() => symbol.compDir);
    const { type } = sound.typed(query?.name ?? '');
    attempt(() => comparison.wants(symbol.type) && comparison.compare(symbol.type, type));
    attempt(() => comparison.compare(type, symbol.type));
  }
  attempt(() => info.typeNamed('struct', 'handle'));
  attempt(() => Array.from(info.declarations(), ({ symbol }) => comparison.wants(symbol.type)));
  attempt(() => Array.from(info.constants().values(), (values) => values.map((v) => v.origin)));
  expect(performance.now() - start).toBeLessThan(LIMIT);
}

/** Debug info in more than one file: how it is made, in a folder where `a.so` and `b.so` are the library at two levels of optimisation. */
const SEVERAL = [
  ['dwz -m', '-gdwarf-5', 'dwz -m c.debug -M c.debug a.so b.so'],
  ['dwz -m -5', '-gdwarf-4', 'dwz -5 -m c.debug -M c.debug a.so b.so'],
  ['dwz', '-gdwarf-4', 'dwz a.so'],
  ['split files', '-gdwarf-5 -gsplit-dwarf', 'true'],
  ['a package', '-gdwarf-4 -gsplit-dwarf -fdebug-types-section', 'dwp -e a.so -o a.so.dwp'],
] as const;

describeWith(['gcc', 'dwz', 'dwp'], 'several files, damaged', () => {
  it.each(SEVERAL)('%s: gives types or our errors, in time', (_, flags, command) => {
    const folder = mkdtempSync(join(tmpdir(), 'mutation-'));
    const sources = ['sample.c', 'sample2.c'].map((source) => join(FIXTURES, 'dwarf', source));
    for (const [output, level] of [
      ['a.so', '-O1'],
      ['b.so', '-O0'],
    ] as const) {
      const options = ['-w', '-g', '-shared', '-fPIC', level, ...flags.split(' ')];
      run('gcc', [...options, '-o', output, ...sources], { cwd: folder });
    }
    run('sh', ['-c', command], { cwd: folder });
    using elf = ElfFile.open(join(folder, 'a.so'));
    const file = new DwarfFile(elf.path);
    const whole = dwarfSections(elf);
    const next = random(20240301);
    for (let round = 0; round < ROUNDS / 4; round++) askAll(new DwarfInfo(damage(whole, next)), file, next);
    rmSync(folder, { recursive: true });
  });
});

/** The same sections, some of whose bytes are others, and those of the files that they lead to. */
function damage(whole: DwarfSections, next: (below: number) => number): DwarfSections {
  const { supplementary, split, package: packaged } = whole;
  return {
    littleEndian: whole.littleEndian,
    addressSize: whole.addressSize,
    section: (name) => {
      const source = whole.section(name);
      if (source === undefined || next(3) > 0) return source;
      const bytes = Buffer.from(source.read(0, source.size));
      for (let i = next(6); i >= 0 && bytes.length > 0; i--) bytes[next(bytes.length)] = next(256);
      return new BufferSource(name, bytes);
    },
    supplementary: supplementary && (() => damage(supplementary(), next)),
    ...(split && {
      *split(name, directory) {
        for (const { path, sections } of split(name, directory)) {
          yield { path, sections: typeof sections === 'string' ? sections : damage(sections, next) };
        }
      },
    }),
    ...(packaged && {
      package: () => {
        const found = packaged();
        if (found === undefined || typeof found.sections === 'string') return found;
        return { path: found.path, sections: damage(found.sections, next) };
      },
    }),
  };
}

import { join } from 'node:path';

import { BufferSource } from '../bytes/source.js';
import { LayoutComparison } from '../ctypes/layout-difference.js';
import { ElfFile } from '../elf/file.js';
import { DwarfFile } from '../testing/dwarf-file.js';
import { attempt, random, visit } from '../testing/mutation.js';
import { FIXTURES, compile, describeWith } from '../testing/tools.js';
import { DwarfInfo } from './dwarf-info.js';

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
      const queries = [...file.symbols.keys()].map((name) => file.query(name));
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
        const comparison = new LayoutComparison();
        const start = performance.now();
        for (let i = 0; i < 12; i++) {
          const query = queries[next(queries.length)];
          const symbol = query && info.symbol(query);
          if (symbol === undefined || 'reason' in symbol) continue;
          visit(symbol.type, new Set());
          attempt(() => symbol.declFile);
          const sound = file.typed(query?.name ?? '').type;
          attempt(() => comparison.wants(symbol.type) && comparison.compare(symbol.type, sound));
          attempt(() => comparison.compare(sound, symbol.type));
        }
        attempt(() => info.typeNamed('struct', 'handle'));
        attempt(() => Array.from(info.declarations(), ({ symbol }) => comparison.wants(symbol.type)));
        attempt(() => Array.from(info.constants().values(), (values) => values.map((v) => v.origin)));
        expect(performance.now() - start).toBeLessThan(LIMIT);
      }
    });
  });
}

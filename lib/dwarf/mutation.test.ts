import { join } from 'node:path';

import { BufferSource } from '../bytes/source.js';
import { LayoutComparison } from '../ctypes/layout-difference.js';
import type { CType } from '../ctypes/model.js';
import { printDefinition } from '../ctypes/print.js';
import { ElfFile } from '../elf/file.js';
import { isPluginError } from '../errors.js';
import { DwarfFile } from '../testing/dwarf-file.js';
import { FIXTURES, compile, describeWith } from '../testing/tools.js';
import { DwarfInfo } from './dwarf-info.js';

/** Files tried per build. */
const ROUNDS = 400;
/** What a round may take, in milliseconds, on a machine that does other things as well. */
const LIMIT = 2000;

/** A small generator, so that a failure can be repeated (Park and Miller). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48271) % 0x7fffffff;
    return state % below;
  };
}

/** Looks at everything that a type leads to, within limits. */
function visit(type: CType, seen: Set<CType>): void {
  if (seen.has(type) || seen.size > 300) return;
  seen.add(type);
  attempt(() => printDefinition(type));
  for (const key of Object.keys(type)) {
    const value = attempt(() => (type as unknown as Record<string, unknown>)[key]);
    const parts: unknown[] = Array.isArray(value) ? value.slice(0, 50) : [value];
    for (const part of parts) {
      if (isType(part)) visit(part, seen);
      else if (typeof part === 'object' && part !== null && 'type' in part && isType(part.type)) {
        visit(part.type, seen);
      }
    }
  }
}

function isType(value: unknown): value is CType {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

/** Only our own errors may come out. */
function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (isPluginError(error) && error.code === 'ERR_FORMAT') return undefined;
    throw error;
  }
}

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

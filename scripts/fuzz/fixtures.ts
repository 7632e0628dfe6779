import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { BUILD, compile, FIXTURES, hasTool, run } from '../../lib/testing/tools.js';

const SECOND = join(FIXTURES, 'dwarf/sample2.c');

/** `sample.c` and `sample2.c` as one library; undefined where a program that makes it is missing. */
export function sample(compiler: string, ...flags: string[]): string | undefined {
  if (!hasTool(compiler)) return undefined;
  return compile('dwarf/sample.c', { compiler, flags: ['-w', '-shared', '-fPIC', ...flags], libs: [SECOND] });
}

/** Libraries whose debug info is in more than one file: how they are compiled, and what is then done to them. */
const SEVERAL = [
  ['dwz-m', '-gdwarf-5', 'dwz -m c.debug -M c.debug a.so b.so'],
  ['dwz-m5', '-gdwarf-4', 'dwz -5 -m c.debug -M c.debug a.so b.so'],
  ['dwz', '-gdwarf-4', 'dwz a.so'],
  ['split', '-gdwarf-5 -gsplit-dwarf', 'true'],
  ['split4', '-gdwarf-4 -gsplit-dwarf', 'true'],
  ['dwp', '-gdwarf-4 -gsplit-dwarf -fdebug-types-section', 'dwp -e a.so -o a.so.dwp'],
  ['dwp5', '-gdwarf-5 -gsplit-dwarf', 'llvm-dwp-14 -e a.so -o a.so.dwp'],
  ['gdb-index', '-gdwarf-4 -fuse-ld=gold -Wl,--gdb-index -ggnu-pubnames', 'true'],
] as const;

/** Their paths. */
export function severalFiles(): string[] {
  return SEVERAL.flatMap(([name, flags, command]) => {
    const folder = join(BUILD, 'fuzz', name);
    const path = join(folder, 'a.so');
    const done = join(folder, 'done');
    if (existsSync(done)) return [path];
    mkdirSync(folder, { recursive: true });
    const sources = [join(FIXTURES, 'dwarf/sample.c'), SECOND];
    try {
      for (const [output, level] of [
        ['a.so', '-O1'],
        ['b.so', '-O0'],
      ] as const)
        run('gcc', ['-w', '-g', '-shared', '-fPIC', level, ...flags.split(' '), '-o', output, ...sources], {
          cwd: folder,
        });
      run('sh', ['-c', `${command} && touch done`], { cwd: folder });
    } catch (error) {
      if (process.env['ELF_PLUGIN_NO_SKIP']) throw error;
      return [];
    }
    return [path];
  });
}

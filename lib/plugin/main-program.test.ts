import { ElfFile } from '../elf/file.js';
import type { BloomFilter } from '../elf/gnu-hash.js';
import { findLibrary } from '../elf/search.js';
import { DynamicSymbols } from '../elf/symbol.js';
import { describeWith, run } from '../testing/tools.js';
import { startupObjects } from './main-program.js';

describeWith(['nm'], 'the filter of Node itself', () => {
  const [program] = startupObjects();
  const node = new Set(
    run('nm', ['-D', '--defined-only', '--format=just-symbols', process.execPath])
      .split('\n')
      .map((name) => name.replace(/@.*/, '')),
  );

  it.each(['z', 'stdc++', 'ssl', 'c'])('misses no name of lib%s that Node exports', (library) => {
    using file = ElfFile.open(findLibrary(library) ?? '');
    const symbols = DynamicSymbols.of(file);
    for (const way of ['exported', 'imported'] as const) {
      const names = (filter?: BloomFilter): string[] => Array.from(symbols[way](filter), (s) => s.name);
      const all = names();
      const common = all.filter((name) => node.has(name));
      const chosen = new Set(names(program?.filter));
      expect(common.filter((name) => !chosen.has(name))).toEqual([]);
      expect(chosen.size - common.length).toBeLessThan(all.length / 4 + 1);
    }
  });
});

import { readFileSync } from 'node:fs';

import { describeWith } from '../testing/tools.js';
import * as constants from './constants.js';

it('names a value', () => {
  expect(constants.nameOf(constants.STT, 10)).toBe('GNU_IFUNC');
  expect(constants.nameOf(constants.STT, 12)).toBe('0xc');
});

describeWith(['/usr/include/elf.h'], 'the C library', () => {
  const header = readFileSync('/usr/include/elf.h', 'utf8');
  const defined = new Map<string, number>();
  for (const [, name = '', value = ''] of header.matchAll(/^#define\s+(\w+)\s+\(?(\w+(?:\s*<<\s*\w+)?)/gm)) {
    const [number = NaN, shift = 0] = value.split('<<').map(Number);
    if (!Number.isNaN(number)) defined.set(name, number * 2 ** shift);
  }

  const groups = Object.entries(constants).filter(([, group]) => typeof group === 'object');

  it.each(groups)('defines %s as we do', (prefix, group) => {
    const ours = Object.entries(group).map(([name, value]) => [
      `${prefix}_${name}`.replace('CLASS_', 'CLASS'),
      value,
    ]);
    const theirs = ours.map(([name = '']) => name.toString().replace('ELFDATA_', 'ELFDATA'));
    expect(ours.map(([, value], i) => [theirs[i], value])).toEqual(
      theirs.map((name, i) => [name, defined.get(name) ?? unknown(name, ours[i]?.[1])]),
    );
  });

  /** Newer than the header, or not defined by a number of its own. */
  function unknown(name: string, value: unknown): unknown {
    return /^(EM_LOONGARCH|DF_1_PIE|ELFOSABI_GNU|VER_NDX_|SHT_RELR|ELFCOMPRESS_ZSTD)/.test(name)
      ? value
      : undefined;
  }
});

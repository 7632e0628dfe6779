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

  const groups = Object.entries(constants).flatMap(([prefix, group]) =>
    typeof group === 'object' ? [[prefix, group as Record<string, number>] as const] : [],
  );

  it.each(groups)('defines %s as we do', (prefix, group) => {
    const joined = /^ELF(CLASS|DATA)/.test(prefix) ? prefix : `${prefix}_`;
    const ours = Object.entries(group).map(([name, value]) => [`${joined}${name}`, value] as const);
    // Those that it does not define, or not by a number, are newer than the oldest C library.
    const theirs = ours.map(([name, value]) => [
      name,
      defined.get(name) ?? (NEWER.test(name) ? value : undefined),
    ]);
    expect(ours).toEqual(theirs);
  });
});

const NEWER =
  /^(EM_LOONGARCH|DF_1_PIE|ELFOSABI_GNU|SHT_RELR|ELFCOMPRESS_ZSTD|DT_RELRENT)$|^(VER_NDX|PT_GNU_PROPERTY)/;

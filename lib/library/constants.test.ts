import { join } from 'node:path';

import { findLibrary } from '../elf/search.js';
import { thrownBy } from '../testing/fixture.js';
import { compile, describeWith, FIXTURES, run } from '../testing/tools.js';
import { Library } from './library.js';

const SECOND = join(FIXTURES, 'constants/second.c');

/** Both source files in one library, the second one's debug info first. */
function constants(compiler: string, ...flags: string[]): Library {
  return Library.open(
    compile('constants/first.c', { compiler, flags: [...flags, '-shared', '-fPIC', SECOND] }),
  );
}

/** What gdb says of constants: as a number, if possible. It takes the largest for a negative one, unless told that it has no sign. */
function gdb(path: string, names: readonly string[]): (number | bigint)[] {
  const commands = names.flatMap((name) => [
    '-ex',
    name === 'TOP' ? 'print /u TOP' : `print /d (long)${name}`,
  ]);
  const lines = run('gdb', ['-nx', '-batch', ...commands, path]).match(/^\$\d+ = .*$/gm) ?? [];
  return lines.map((line) => {
    const value = BigInt(line.replace(/^.* = /, ''));
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  });
}

const VALUES = {
  RED: 0,
  GREEN: 5,
  BLUE: 6,
  SMALL_STEP: -128,
  HUGE_STEP: 2 ** 31 - 1,
  LEAST: -(2 ** 31),
  LOW_BIT: 1,
  ALL_BITS: 2 ** 32 - 1,
  SAFE: 2 ** 53 - 1,
  UNSAFE: 2n ** 53n,
  LEAST_SAFE: -(2 ** 53) + 1,
  NOT_SAFE: -(2n ** 53n),
  LEAST_WIDE: -(2n ** 63n),
  TOP: 2n ** 64n - 1n,
  SAME: 4,
  TINY_LEAST: -1,
  TINY_MOST: 127,
  BYTE_MOST: 255,
  constructor: 0,
  toString: 1,
  hasOwnProperty: 2,
  ['__proto__']: 3,
  ONLY_HERE: 3,
};
/** clang writes down the enums that variables have, gcc also those whose enumerators are used. */
const USED_BY_NAME = { DEFAULT_LEVEL: 127, NEXT_LEVEL: 128, OFF: 0, MODES: 11 };

const entries = (values: object): [string, unknown][] =>
  Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));

for (const compiler of ['gcc', 'clang']) {
  const flags = ['-gdwarf-2', '-gdwarf-3', '-gdwarf-4', '-gdwarf-5', '-gstrict-dwarf -gdwarf-2']
    .concat('-g -fdebug-types-section', '-g -O2')
    .concat(compiler === 'gcc' ? ['-g -flto'] : ['-g -gdwarf64 -gdwarf-5']);
  describeWith([compiler], compiler, () => {
    it.each(flags)('%s', (options) => {
      const library = constants(compiler, ...options.split(' '));
      const expected = compiler === 'gcc' ? { ...VALUES, ...USED_BY_NAME } : VALUES;
      expect(entries(library.constants)).toEqual(entries(expected));
      expect(Object.getPrototypeOf(library.constants)).toBeNull();
    });
  });
}

describeWith(['gcc', 'gdb'], 'gdb', () => {
  it('gives the same values', () => {
    const library = constants('gcc', '-g');
    const names = Object.keys(library.constants);
    expect(gdb(library.path, names)).toEqual(names.map((name) => library.constants[name]));
  });

  const LIBPYTHON = findLibrary('libpython3.11d.so.1.0') ?? '/libpython3.11d.so.1.0';
  describeWith([LIBPYTHON], 'of libpython3.11d', () => {
    const all = Library.open(LIBPYTHON).constants;

    it('gives the same values', () => {
      const names = Object.keys(all);
      const some = names.filter((_, i) => i % Math.ceil(names.length / 60) === 0);
      expect(names.length).toBeGreaterThan(1000);
      expect(gdb(LIBPYTHON, some)).toEqual(some.map((name) => all[name]));
    });

    it('takes well under a second for 10 MB', () => {
      const times = [1, 2, 3].map(() => {
        const library = Library.open(LIBPYTHON);
        const start = performance.now();
        expect(Object.keys(library.constants)).toHaveLength(Object.keys(all).length);
        return performance.now() - start;
      });
      expect(Math.min(...times)).toBeLessThan(800);
    });
  });
});

describe('a name with two values', () => {
  const library = constants('gcc', '-g');
  const all = library.constants;

  it('is refused where it is read, naming both enums', () => {
    const place = (file: string, line: number): string => `(${join(FIXTURES, 'constants', file)}:${line})`;
    expect(thrownBy(() => all['LIMIT'])).toEqual({
      name: 'PluginError',
      code: 'ERR_PLUGIN_TYPE',
      message: [
        `plugin: constant LIMIT of plugin ${library.path} has more than one value`,
        `  2 in enum limits ${place('second.c', 4)}`,
        `  1 in enum limits ${place('first.c', 4)}`,
      ].join('\n'),
    });
    expect(thrownBy(() => all['MODE']).message).toContain(`-10 in an enum ${place('second.c', 5)}`);
  });

  it('leaves the others as they are', () => {
    expect([all['SAME'], all['MODES'], all['ONLY_HERE']]).toEqual([4, 11, 3]);
    expect('LIMIT' in all && !Object.keys(all).includes('LIMIT')).toBe(true);
    expect({ ...all }).not.toHaveProperty('LIMIT');
  });
});

it('is fixed, read once and only when it is asked for', () => {
  const library = constants('gcc', '-g');
  const read = jest.spyOn(library.debugInfo, 'constants');
  library.parse('enum color');
  expect(read).not.toHaveBeenCalled();
  const all = library.constants as Record<string, unknown>;
  expect(library.constants).toBe(all);
  expect(read).toHaveBeenCalledTimes(1);
  expect(() => (all['RED'] = 1)).toThrow(TypeError);
  expect(() => (all['NEW'] = 1)).toThrow(TypeError);
});

it('has what is at file scope only', () => {
  const c = constants('gcc', '-g').constants;
  expect([c['LOCAL'], c['INNER']]).toEqual([undefined, undefined]);
  for (const compiler of ['g++', 'clang++']) {
    const path = compile('constants/scopes.cc', { compiler });
    expect(entries(Library.open(path).constants)).toEqual([
      ['BASED', 200],
      ['PLAIN', 1],
    ]);
  }
});

it('is empty without debug info', () => {
  expect(entries(constants('gcc', '-s').constants)).toEqual([]);
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { findLibrary } from '../elf/search.js';
import { allTypes } from '../testing/all-types.js';
import { DwarfFile } from '../testing/dwarf-file.js';
import { describeWith, FIXTURES, run } from '../testing/tools.js';

const C = ['sample.c', 'sample2.c'].map((source) => join(FIXTURES, 'dwarf', source));

/** Names that one entry has and another completes, functions of one address, and what only some units say. */
const CXX = `
namespace ns { int inside(int a) { return a; } int value; struct S { int member(int); static int shared; }; }
int ns::S::member(int a) { return a + shared; }
int ns::S::shared = 3;
extern "C" int plain() { return 1; }
extern "C" int same_as_plain() { return 1; }
extern "C" int renamed(int) __asm__("other_name");
int renamed(int a) { return a; }
extern "C" __attribute__((alias("plain"))) int another();
template <class T> T twice(T a) { return a + a; }
template int twice(int);
template double twice(double);
`;

/** As it is when every symbol is searched for by itself, and when all are found in one walk. */
function both(path: string): [each: string[], all: string[]] {
  const walked = new DwarfFile(path);
  walked.info.expect(1e6);
  return [allTypes(new DwarfFile(path)), allTypes(walked)];
}

const VERSIONS = ['-gdwarf-2', '-gdwarf-3', '-gdwarf-4', '-gdwarf-5'].flatMap((version) =>
  ['-O0', '-O2'].map((level) => `${version} ${level}`),
);

const BUILDS: readonly (readonly [compiler: string, flags: string, then: string])[] = [
  ...['gcc', 'clang', 'g++', 'clang++'].flatMap((c) => VERSIONS.map((flags) => [c, flags, 'true'] as const)),
  ['gcc', '-g1', 'true'],
  ['clang', '-gline-tables-only', 'true'],
  ['gcc', '-g -flto', 'true'],
  ['gcc', '-g -fdebug-types-section', 'true'],
  ['gcc', '-gdwarf-4 -gsplit-dwarf', 'true'],
  ['clang', '-gdwarf-5 -gsplit-dwarf', 'true'],
  ['gcc', '-gdwarf-5 -gdwarf64', 'true'],
  ['gcc', '-gdwarf-4', 'dwz a.so'],
  ['g++', '-gdwarf-5', 'dwz a.so'],
  ['g++', '-g -O2 -ffunction-sections -fuse-ld=lld -Wl,--icf=all', 'true'],
  ['clang', '-g -O2 -ffunction-sections -fuse-ld=lld -Wl,--icf=all,--gc-sections', 'true'],
];

describeWith(['gcc', 'g++', 'clang', 'clang++', 'ld.lld', 'dwz'], 'all symbols at once', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'entries-'));
    writeFileSync(join(folder, 'names.cpp'), CXX);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it.each(BUILDS)('have the types that each has: %s %s, %s', (compiler, flags, then) => {
    const sources = compiler.endsWith('++') ? ['names.cpp'] : C;
    run(compiler, ['-w', '-shared', '-fPIC', ...flags.split(' '), '-o', 'a.so', ...sources], { cwd: folder });
    run('sh', ['-c', then], { cwd: folder });
    const [each, all] = both(join(folder, 'a.so'));
    expect(each.length).toBeGreaterThan(15);
    expect(all).toEqual(each);
  });
});

/** Debian's liblua5.4-0-dbg. */
const LUA = findLibrary('liblua5.4.so.0') ?? '/liblua5.4.so.0';

describeWith([LUA], 'all symbols of a library at once', () => {
  it('are what each is', () => {
    const [each, all] = both(LUA);
    expect(all).toEqual(each);
  });
});

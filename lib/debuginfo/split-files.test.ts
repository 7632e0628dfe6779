import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { allTypes } from '../testing/all-types.js';
import { DwarfFile } from '../testing/dwarf-file.js';
import { describeWith, FIXTURES, run } from '../testing/tools.js';

const C = ['dwarf/sample.c', 'dwarf/sample2.c'].map((source) => join(FIXTURES, source));

/** Classes, of which clang, too, makes type units, and a namespace. */
const CXX = `
#include <string>
namespace ns { struct Rect { int w, h; int area() const { return w * h; } }; enum Mode { A = 1, B }; }
struct Pod { int a; double d; };
struct Dtor { int a; ~Dtor(); };
Dtor::~Dtor() {}
extern "C" {
  int plain(Pod p, ns::Rect r, ns::Mode m) { return p.a + r.area() + m; }
  int fussy(Dtor d, std::string s) { return d.a + s.size(); }
  Pod g_pod;
  ns::Rect *g_rect;
}
`;

/** Split into a hot and a cold part at -O2: its ranges are in the split file with DWARF 5, in the library with DWARF 4. */
const HOT = `
extern void abort(void);
__attribute__((cold, noinline)) void fail(const char *why) { __asm__ volatile("" :: "r"(why)); abort(); }
int hot(int *values, long count) {
  int sum = 0;
  if (__builtin_expect(count < 0, 0)) { fail("negative"); fail("twice"); sum = values[3]; }
  for (long i = 0; i < count; i++) sum += values[i];
  return sum;
}
`;

/** How arguments are passed is told by lists of places. */
const FORTRAN = `
function cfun(x, y) bind(c, name='cfun') result(r)
  use iso_c_binding
  integer(c_int), value :: x
  real(c_double) :: y, r
  call other(r)
  r = x + y + r
  y = 3
end function
`;

const root = mkdtempSync(join(tmpdir(), 'split-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});

let folders = 0;
/** A folder with `lib.so` and its split files, and `plain.so` of the same source and flags without any. */
function build(compiler: string, flags: readonly string[], source: string | readonly string[]): string {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  const extension = compiler.includes('++') ? 'cc' : compiler === 'gfortran' ? 'f90' : 'c';
  const sources = typeof source === 'string' ? [join(folder, `source.${extension}`)] : source;
  if (typeof source === 'string') writeFileSync(join(folder, `source.${extension}`), source);
  for (const [output, split] of [
    ['plain.so', []],
    ['lib.so', ['-gsplit-dwarf']],
  ] as const) {
    const options = ['-w', '-g', '-shared', '-fPIC', ...flags, ...split, '-o', output, ...sources];
    run(compiler, options, { cwd: folder });
  }
  return folder;
}

function typesIn(folder: string, library = 'lib.so'): string[] {
  return allTypes(new DwarfFile(join(folder, library)));
}

/** Moves all files of that ending to another folder, which it returns. */
function move(folder: string, ending: string, to: string): string {
  const target = join(folder, to);
  mkdirSync(target, { recursive: true });
  for (const file of readdirSync(folder)) {
    if (file.endsWith(ending)) renameSync(join(folder, file), join(target, file));
  }
  return target;
}

const BUILDS = ['gcc', 'clang'].flatMap((compiler) =>
  ['-gdwarf-4', '-gdwarf-5'].flatMap((version) =>
    ['-O0', '-O2', '-O1 -fdebug-types-section'].map((rest) => ({ compiler, flags: `${version} ${rest}` })),
  ),
);

describeWith(['gcc', 'g++', 'clang', 'clang++'], 'split files', () => {
  it.each(BUILDS)('have the same types: $compiler $flags', ({ compiler, flags }) => {
    const folder = build(compiler, flags.split(' '), C);
    expect(typesIn(folder)).toEqual(typesIn(folder, 'plain.so'));
  });

  it.each(BUILDS)('have the same types of C++: $compiler $flags', ({ compiler, flags }) => {
    const folder = build(compiler === 'gcc' ? 'g++' : 'clang++', flags.split(' '), CXX);
    expect(typesIn(folder)).toEqual(typesIn(folder, 'plain.so'));
  });

  it.each(['-gdwarf-4', '-gdwarf-5'])('have ranges of their own: gcc %s', (version) => {
    const folder = build('gcc', [version, '-O2', '-freorder-blocks-and-partition'], HOT);
    expect(new DwarfFile(join(folder, 'lib.so')).print('hot')).toBe('int hot(int *values, long int count)');
    expect(typesIn(folder)).toEqual(typesIn(folder, 'plain.so'));
  });

  // The entries with addresses lead to those with types, which are in the library, but don't say where: what has no name of its own is not found.
  it.each(['-gdwarf-4', '-gdwarf-5'])('of gcc -flto %s have what is found by its name', (version) => {
    const folder = build('gcc', [version, '-O2', '-flto'], C);
    const plain = typesIn(folder, 'plain.so');
    expect(typesIn(folder).filter((line) => !plain.includes(line))).toEqual([
      'alias_strong: it has no entry in the debug info',
      'alias_weak: it has no entry in the debug info',
      'ifn: it has no entry in the debug info',
    ]);
  });
});

describeWith(['gfortran'], 'split files of Fortran', () => {
  it.each(['-gdwarf-4', '-gdwarf-5'])('have lists of places: %s', (version) => {
    const folder = build('gfortran', [version, '-O2'], FORTRAN);
    expect(new DwarfFile(join(folder, 'lib.so')).print('cfun')).toBe('double cfun(int x, double *y)');
  });
});

describeWith(['gcc', 'clang'], 'a split file', () => {
  it.each(['gcc', 'clang'])('is found beside the library when both were moved: %s', (compiler) => {
    const folder = build(compiler, [], C);
    const expected = typesIn(folder, 'plain.so');
    move(folder, '.dwo', 'moved');
    const moved = move(folder, 'lib.so', 'moved');
    expect(typesIn(moved)).toEqual(expected);
  });

  it('that is missing is named, with the places where it should be', () => {
    const folder = build('gcc', [], C);
    const away = move(folder, 'sample2.dwo', 'away');
    const file = new DwarfFile(join(folder, 'lib.so'));
    const symbol = file.symbol('handle_fd');
    expect('reason' in symbol && symbol.reason.replaceAll(/0x[0-9a-f]+/g, 'ID')).toBe(
      'its debug info is in a split file, lib.so-sample2.dwo (id ID), which was not found\n' +
        `  ${folder}/lib.so.dwp: ENOENT: no such file or directory, open '${folder}/lib.so.dwp'\n` +
        `  ${folder}/lib.so-sample2.dwo: ENOENT: no such file or directory, open '${folder}/lib.so-sample2.dwo'`,
    );
    // The other unit's is there.
    expect(file.print('add')).toBe('int add(int a, int b)');
    expect(
      file.info
        .constants()
        .get('GREEN')
        ?.map(({ value }) => value),
    ).toEqual([5n]);
    expect(file.info.typeNamed('struct', 'handle')?.kind).toBe('struct');
    expect(readdirSync(away)).toEqual(['lib.so-sample2.dwo']);
  });

  it.each(['-gdwarf-4', '-gdwarf-5'])('of another compilation is not read: %s', (version) => {
    const [folder, other] = [build('gcc', [version], C), build('gcc', [version, '-DOTHER', '-O2'], C)];
    const name = 'lib.so-sample.dwo';
    copyFileSync(join(other, name), join(folder, name));
    const symbol = new DwarfFile(join(folder, 'lib.so')).symbol('add');
    expect('reason' in symbol && symbol.reason).toMatch(
      /^its debug info is in a split file, lib\.so-sample\.dwo \(id 0x[0-9a-f]+\), which was not found\n {2}.*\.dwp: ENOENT.*\n {2}.*\.dwo: its id is 0x[0-9a-f]+$/,
    );
  });

  it('that is damaged says so', () => {
    const folder = build('gcc', [], C);
    writeFileSync(join(folder, 'lib.so-sample.dwo'), 'not ELF');
    const symbol = new DwarfFile(join(folder, 'lib.so')).symbol('add');
    expect('reason' in symbol && symbol.reason).toMatch(/lib\.so-sample\.dwo: decoding .* not an ELF file$/);
  });
});

/** Those that a packager can do: binutils 2.40's dies of DWARF 5, LLVM 14's never ends with what gcc 12 writes at -O0. */
const PACKAGES = [
  ['dwp', 'gcc', '-gdwarf-4'],
  ['dwp', 'gcc', '-gdwarf-4 -fdebug-types-section'],
  ['dwp', 'clang', '-gdwarf-4'],
  ['dwp', 'clang++', '-gdwarf-4 -fdebug-types-section'],
  ['llvm-dwp-14', 'gcc', '-gdwarf-4 -fdebug-types-section'],
  ['llvm-dwp-14', 'gcc', '-gdwarf-5 -O1'],
  ['llvm-dwp-14', 'gcc', '-gdwarf-5 -O1 -fdebug-types-section'],
  ['llvm-dwp-14', 'clang', '-gdwarf-5'],
  ['llvm-dwp-14', 'clang++', '-gdwarf-5 -fdebug-types-section'],
] as const;

describeWith(['gcc', 'clang', 'clang++', 'dwp', 'llvm-dwp-14'], 'a package', () => {
  it.each(PACKAGES)('of %s has what was in the split files: %s %s', (packager, compiler, flags) => {
    const folder = build(compiler, flags.split(' '), compiler === 'clang++' ? CXX : C);
    run('timeout', ['20', packager, '-e', 'lib.so', '-o', 'lib.so.dwp'], { cwd: folder });
    move(folder, '.dwo', 'away');
    expect(typesIn(folder)).toEqual(typesIn(folder, 'plain.so'));
  });

  it('of another compilation is not read, and split files are looked for', () => {
    const [folder, other] = [build('gcc', ['-gdwarf-4'], C), build('gcc', ['-gdwarf-4', '-O2'], C)];
    run('dwp', ['-e', 'lib.so', '-o', join(folder, 'lib.so.dwp')], { cwd: other });
    expect(typesIn(folder)).toEqual(typesIn(folder, 'plain.so'));
    move(folder, '.dwo', 'away');
    const symbol = new DwarfFile(join(folder, 'lib.so')).symbol('add');
    expect('reason' in symbol && symbol.reason).toContain('lib.so.dwp: it has no unit of that id\n');
  });

  it('that is damaged is passed over', () => {
    const folder = build('gcc', ['-gdwarf-5'], C);
    writeFileSync(join(folder, 'lib.so.dwp'), 'not ELF');
    expect(typesIn(folder)).toEqual(typesIn(folder, 'plain.so'));
  });
});

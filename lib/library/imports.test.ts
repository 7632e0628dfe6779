import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { LayoutComparison, type LayoutDifference } from '../ctypes/layout-difference.js';
import { findLibrary } from '../elf/search.js';
import { compile, describeWith, FIXTURES } from '../testing/tools.js';
import { imports } from './imports.js';
import { Library } from './library.js';

/** The first difference between two libraries, and the symbols that were looked at for it. */
function compare(user: string, provider: string): { difference: LayoutDifference | undefined; by: string[] } {
  const comparison = new LayoutComparison();
  const by: string[] = [];
  const [ours, theirs] = [Library.open(user), Library.open(provider)];
  try {
    for (const symbol of imports(ours, theirs, (type) => comparison.wants(type))) {
      by.push(symbol.name);
      const difference = symbol.theirs && comparison.compare(symbol.ours.type, symbol.theirs);
      if (difference !== undefined) return { difference, by };
    }
    return { difference: undefined, by };
  } finally {
    ours.file.close();
    theirs.file.close();
  }
}

/** Debian's libpython3.11-dbg: built together with its modules. */
const LIBPYTHON = findLibrary('libpython3.11d.so.1.0') ?? '/libpython3.11d.so.1.0';
const MODULES = '/usr/lib/python3.11/lib-dynload';

describeWith([LIBPYTHON, MODULES], 'the modules of Python', () => {
  const modules = readdirSync(MODULES).filter((name) => name.includes('-311d-'));

  it('agree with the interpreter that they were built with', () => {
    expect(modules.length).toBeGreaterThan(40);
    // Those with the most imports, and some small ones: hundreds of types each.
    const some = modules.filter((name) =>
      /^(?:_ssl|_ctypes|_testcapi|_json|_queue|mmap|termios)\./.test(name),
    );
    expect(some).toHaveLength(7);
    for (const name of some) {
      const { difference, by } = compare(join(MODULES, name), LIBPYTHON);
      expect([name, difference]).toEqual([name, undefined]);
      expect(by.length).toBeGreaterThan(1);
    }
  }, 30_000);
});

const CXX = `
#include <string>
#include <vector>
namespace geo {
struct base { virtual ~base(); int kind; };
struct empty {};
struct rect : base, empty { double w, h; std::string name; std::vector<rect> parts; static int count; bool flag : 1; };
double area(const rect &r);
}
`;
const USER = `${CXX}\ndouble use(const geo::rect &r) { return geo::area(r) + r.w; }\n`;
const OWNER = `${CXX}\nnamespace geo { base::~base() {} int rect::count; double area(const rect &r) { return r.w * r.h; } }\n`;

describeWith(['g++', 'clang++'], 'C++', () => {
  // Otherwise a class with virtual functions is described only where its vtable is.
  const flags: Record<string, string> = {
    'g++': '-femit-class-debug-always',
    'clang++': '-fstandalone-debug',
  };
  const make = (text: string, compiler: string): string =>
    compile(text, {
      compiler,
      flags: ['-g', '-O1', flags[compiler] ?? '', '-xc++', '-shared', '-fPIC'],
    });

  it.each([
    ['g++', 'g++'],
    ['g++', 'clang++'],
    ['clang++', 'g++'],
    ['clang++', 'clang++'],
  ])('a class with bases and templates is one type to %s and %s', (user, owner) => {
    const found = compare(make(USER, user), make(OWNER, owner));
    expect(found).toEqual({ difference: undefined, by: ['_ZN3geo4areaERKNS_4rectE'] });
  });

  it('a member that moved is a difference', () => {
    const moved = OWNER.replace('double w, h;', 'double h, w;');
    expect(compare(make(USER, 'g++'), make(moved, 'g++')).difference).toEqual({
      type: 'struct rect',
      part: 'field w',
      ours: 'at offset 16',
      theirs: 'at offset 24',
    });
  });
});

it('what is imported from another library, or only declared, is not compared', () => {
  const user = `struct s { int a; };\nint other(struct s *s);\nint own(struct s *s);\nint use(struct s *s) { return other(s) + own(s); }\n`;
  const path = compile(`${user}int own(struct s *s) { return s->a; }\n`);
  const provider = compile(`struct s { int b, a; };\nint own(struct s *s) { return s->a; }\n`);
  expect(compare(path, provider)).toEqual({ difference: undefined, by: [] });
});

it('of several versions of a symbol that one is compared which is imported', () => {
  const types = `struct old { int a, b; }; struct new { int b, a; };\n`;
  const functions = `int f_1(struct old *s) { return s->a; }\nint f_2(struct new *s) { return s->a; }\n`;
  const versions = `__asm__(".symver f_1, f@V1");\n__asm__(".symver f_2, f@@V2");\n`;
  const script = join(FIXTURES, 'versions/f.map');
  const provider = compile(types + functions + versions, {
    flags: ['-g', '-shared', '-fPIC', `-Wl,--version-script=${script}`],
  });
  const declared =
    'struct new { int a, b; };\nint f(struct new *s);\nint use(struct new *s) { return f(s) + s->a; }\n';
  // The linker takes the newest one, and an older one that is asked for.
  expect(compare(compile(declared, { libs: [provider] }), provider)).toMatchObject({
    difference: { part: 'field a' },
    by: ['f'],
  });
  const older = `${declared}__asm__(".symver f, f@V1");\n`.replaceAll('struct new', 'struct old');
  expect(compare(compile(older, { libs: [provider] }), provider)).toEqual({
    difference: undefined,
    by: ['f'],
  });
});

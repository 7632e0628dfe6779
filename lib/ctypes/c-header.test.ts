import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { kindOf, Library } from '../library/library.js';
import { BUILD, compile, describeWith, run } from '../testing/tools.js';
import { CHeader } from './c-header.js';

/** The C of everything that a library exports, with all structs whole; and what C has no words for. */
function headerOf(path: string): { text: string; left: string[] } {
  const library = Library.open(path);
  const header = new CHeader({ isWanted: () => true });
  const left: string[] = [];
  for (const symbol of library.symbols.exported()) {
    const { type } = library.typed(symbol);
    if (type !== undefined && !header.symbol(symbol.name, type, kindOf(symbol) === 'tls'))
      left.push(symbol.name);
  }
  for (const { keyword, name } of library.debugInfo.typeNames()) {
    const type = library.debugInfo.typeNamed(keyword, name);
    if (type !== undefined && !header.type(type)) left.push(`${keyword} ${name}`);
  }
  return { text: header.text, left };
}

/** gcc takes it, and finds every size and offset as it is in the library. */
function check(name: string, text: string): void {
  const folder = join(BUILD, 'c-header');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.c`);
  writeFileSync(file, text);
  run('gcc', ['-fsyntax-only', '-Wno-builtin-declaration-mismatch', file]);
}

describeWith(['gcc'], 'a header of everything', () => {
  it.each([
    'values/records.c',
    'values/unions.c',
    'values/scalars.c',
    'values/arrays.c',
    'values/functions.c',
    'values/pointers.c',
    'calls/calls.c',
    'calls/by_value.c',
    'calls/callbacks.c',
    'dwarf/layout.c',
    'dwarf/sample.c',
  ])('%s', (source) => {
    const { text, left } = headerOf(compile(source));
    expect(text).toMatch(/_Static_assert|;/);
    check(source.replace('/', '-'), text);
    expect(left).toEqual([]);
  });

  it('asks for layouts that are not natural', () => {
    const path = compile(`struct tight { char c; int i; short s; } __attribute__((packed)) tight;
struct far { char c; int i __attribute__((aligned(32))); } far;
struct gap { int a : 3; int : 7; int b : 4; char c; } gap;
struct __attribute__((packed)) packed_bits { char c; int a : 3, b : 9; long l; } packed_bits;
struct node { struct node *next; union { int i; struct { char x, y; }; } at[3]; } node;
typedef struct { struct node *first; } list_t;
list_t list;
enum __attribute__((packed)) small { ONE = 1 } small;
enum { ANONYMOUS = 7 } anonymous;
struct holder { enum { INNER = 2 } inner; } holder;
`);
    const { text, left } = headerOf(path);
    check('layouts', text);
    expect(left).toEqual([]);
    expect(text).toContain('packed');
  });

  it('declares a struct that is only pointed to, unless it is wanted', () => {
    const path = compile(
      'struct b { int inside; }; struct a { struct b *b; }; void f(struct a *a) { (void)a; }\n',
    );
    const library = Library.open(path);
    const symbol = library.find('f');
    const type = symbol && library.typed(symbol).type;
    if (type === undefined) throw new Error('f is not known');
    const none = new CHeader();
    none.symbol('f', type, false);
    expect(none.text).toBe('struct a;\nvoid f(struct a *);\n');
    const some = new CHeader({ isWanted: (record) => record.tag === 'a' });
    some.symbol('f', type, false);
    expect(some.text).toContain('struct a { struct b *b; };\n');
    expect(some.text).not.toContain('inside');
  });
});

describeWith(['g++'], 'a header of C++', () => {
  it('has what C has words for', () => {
    const path = compile(
      `struct point { int x; double y; }; namespace geo { struct rect { point a; }; }
extern "C" { int plain(point *p) { return p->x; } int by_reference(point &p) { return p.x; } bool truth(geo::rect *r) { return r; } }
`,
      { compiler: 'g++', flags: ['-x', 'c++', '-g', '-shared', '-fPIC'] },
    );
    const { text, left } = headerOf(path);
    check('cxx', text);
    expect(text).toContain('int plain(struct point *);');
    expect(text).toContain('int by_reference(struct point *);');
    expect(left).toEqual([]);
  });
});

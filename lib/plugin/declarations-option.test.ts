/** `open(path, { declarations })`: C text in place of types, or beside them. */
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';

import { open, type Plugin } from '../index.js';
import { scratchFolder } from '../testing/conformance.js';
import { thrownBy } from '../testing/fixture.js';
import { compile, describeWith, run } from '../testing/tools.js';

/** What a header has. `gcc` compiles the library with the very text that is given to `open`. */
const HEADER = `
#define LIMIT (3 << 2)
#define SCALE 1.5
#define NAME "sha" "pes"
#define NEXT(n) ((n) + 1)
typedef struct point { char tag; double x; int y : 5; } point;
union number { int i; float f; };
struct __attribute__((packed)) record { char c; long id; short row[3]; };
enum color { RED, GREEN = 5, BLUE = -1 };
typedef int (*visitor)(const point *p, void *data);
extern point origin;
extern const char *title;
extern union number number;
extern struct record records[2];
extern visitor hook;
point moved(point p, double by);
struct record made(char c, long id);
union number bits(float f);
enum color next(enum color c);
int each(const point *points, unsigned long count, visitor visit, void *data);
int call_hook(void);
const char *text(unsigned long bytes[static 1]);
int sum(int count, ...);
struct hidden *opened(int n);
int shut(struct hidden *h);
`;

const BODY = `
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
point origin = { 'o', 1.5, -3 };
const char *title = "title";
union number number = { .f = 1.5f };
struct record records[2] = { { 'a', 1L << 40, { 1, 2, 3 } }, { 'b', -2, { 4, 5, 6 } } };
visitor hook;
point moved(point p, double by) { p.x += by; return p; }
struct record made(char c, long id) { return (struct record){ c, id, { 7, 8, 9 } }; }
union number bits(float f) { return (union number){ .f = f }; }
enum color next(enum color c) { return c == RED ? GREEN : BLUE; }
int each(const point *points, unsigned long count, visitor visit, void *data) {
  int all = 0;
  for (unsigned long i = 0; i < count; i++) all += visit(&points[i], data);
  return all;
}
int call_hook(void) { return hook ? hook(&origin, NULL) : -1; }
const char *text(unsigned long bytes[static 1]) { *bytes = 5; return title; }
int sum(int count, ...) {
  va_list list; va_start(list, count);
  int all = 0; while (count--) all += va_arg(list, int);
  va_end(list); return all;
}
struct hidden { int n; };
struct hidden *opened(int n) { struct hidden *h = malloc(sizeof *h); h->n = n; return h; }
int shut(struct hidden *h) { int n = h->n; free(h); return n; }
size_t sizes[] = { sizeof(point), offsetof(point, x), sizeof(struct record), offsetof(struct record, row), sizeof(union number) };
`;

type Symbols = Record<string, ((...args: unknown[]) => unknown) & { value: unknown }>;
const symbols = (p: Plugin): Symbols => p.symbols;

/** The library, stripped or with its debug info; each under a name of its own. */
function library(name: string, more = '', flags: string[] = ['-s']): string {
  const path = join(scratchFolder(), name);
  copyFileSync(compile(HEADER + BODY + more, { flags: ['-shared', '-fPIC', ...flags] }), path);
  return path;
}

describeWith(['gcc'], 'open(path, { declarations }) of a stripped library', () => {
  let p: Plugin;
  beforeAll(() => {
    p = open(library('declared.so'), { declarations: `${HEADER}extern const unsigned long sizes[5];` });
  });

  it('says where its types are from', () => {
    expect(p.typeSource).toBe('declarations');
    expect(String(symbols(p)['made'])).toBe('struct record made(char c, long id)');
  });

  it('lays out types as gcc does', () => {
    const offset = (type: string, name: string): number | undefined =>
      p.type(type).members?.find((m) => m.name === name)?.offset;
    const sizes = [
      p.type('point').size,
      offset('point', 'x'),
      p.type('struct record').size,
      offset('struct record', 'row'),
      p.type('union number').size,
    ];
    expect(sizes).toEqual(Array.from(symbols(p)['sizes']?.value as ArrayLike<bigint>, Number));
  });

  it('has variables', () => {
    const { origin, title, number, records } = symbols(p);
    expect([origin?.value, title?.value, number?.value]).toMatchObject([
      { tag: 111, x: 1.5, y: -3 },
      'title',
      { f: 1.5, i: 0x3fc00000 },
    ]);
    const rows = records?.value as { id: bigint; row: Int16Array }[];
    expect(Array.from(rows, ({ id, row }) => [id, ...row])).toEqual([
      [1n << 40n, 1, 2, 3],
      [-2n, 4, 5, 6],
    ]);
    (origin?.value as { y: number }).y = 15;
    expect(thrownBy(() => ((origin?.value as { y: number }).y = 16)).code).toBe('ERR_OUT_OF_RANGE');
  });

  it('has functions, called with structs by value, enums, callbacks, text and variadic arguments', () => {
    const { moved, made, bits, next, each, text, sum, opened, shut } = symbols(p);
    expect(moved?.({ tag: 1, x: 2, y: 3 }, 0.5)).toEqual({ tag: 1, x: 2.5, y: 3 });
    expect(made?.(97, -1n)).toMatchObject({ c: 97, id: -1n });
    expect(bits?.(1)).toMatchObject({ i: 0x3f800000 });
    expect([next?.('RED'), next?.(5), sum?.(3, 1, 2, 3)]).toEqual([5, -1, 6]);
    const points = [1, 2, 3].map((x) => ({ tag: 0, x, y: 0 }));
    expect(each?.(points, 3n, (point: { value: { x: number } }) => point.value.x, null)).toBe(6);
    const bytes = new BigUint64Array(1);
    expect([text?.(bytes), bytes[0]]).toEqual(['title', 5n]);
    // Nothing is known of struct hidden: that is enough for a pointer.
    const hidden = opened?.(7);
    expect(String((hidden as { type: unknown }).type)).toBe('struct hidden');
    expect(shut?.(hidden)).toBe(7);
    expect(thrownBy(() => moved?.({ tag: 1, x: 2, y: 3 })).code).toBe('ERR_ARGUMENT_COUNT');
    expect(thrownBy(() => p.alloc('struct hidden')).code).toBe('ERR_INVALID_ARG_VALUE');
  });

  it('has function pointers, stored and read', () => {
    const { hook, call_hook } = symbols(p);
    expect([hook?.value, call_hook?.()]).toEqual([null, -1]);
    Object.assign(hook ?? {}, { value: (point: { value: { x: number } }) => point.value.x * 4 });
    expect(call_hook?.()).toBe(6);
    Object.assign(hook ?? {}, { value: null });
  });

  it('has constants, and types for alloc and lookup', () => {
    expect({ ...p.constants }).toEqual({
      LIMIT: 12,
      SCALE: 1.5,
      NAME: 'shapes',
      RED: 0,
      GREEN: 5,
      BLUE: -1,
    });
    const points = p.alloc('point[2]', [{ x: 1 }]).value as Record<number, unknown>;
    expect([points[0], points[1]]).toMatchObject([{ tag: 0, x: 1 }, { x: 0 }]);
    expect(String(p.type('visitor'))).toBe('visitor');
    expect(thrownBy(() => p.lookup('moved', 'int (point, double)')).code).toBe('ERR_PLUGIN_TYPE');
    expect(p.lookup('moved', 'struct point (struct point, double)')).toBe(p.lookup('moved'));
  });
});

describeWith(['gcc'], 'declarations that are wrong', () => {
  const mark = join(scratchFolder(), 'constructed');
  const constructor = `#include <stdio.h>\n__attribute__((constructor)) static void run(void) { fclose(fopen("${mark}", "w")); }\n`;
  const path = library('refused.so', constructor);

  it.each([
    ['int f(', 'C declarations at line 1, column 7: a type is missing here\n  int f(\n        ^'],
    ['struct s { int x; } struct s;', 'C declarations at line 1, column 21: '],
    ['int f(int);\nlong f(int);', 'C declarations at line 2, column 6: '],
    ['#include <stdio.h>', 'C declarations at line 1, column 1: '],
    ['class c {};', 'C declarations at line 1, column 1: this is C++: only C is understood here'],
    ['int moved(nothing);', 'C declarations at line 1, column 11: '],
  ])('%j is refused before the library runs', (declarations, message) => {
    const thrown = thrownBy(() => open(path, { declarations }));
    expect([thrown.name, thrown.code]).toEqual(['TypeError', 'ERR_INVALID_ARG_VALUE']);
    expect(thrown.message.slice(0, message.length)).toBe(message);
    expect(existsSync(mark)).toBe(false);
  });

  it.each([
    ['moved', 'int moved;', "'moved' is declared as a variable (line 1), and the library exports a function"],
    [
      'title',
      '\nint title(void);',
      "'title' is declared as a function (line 2), and the library exports a variable",
    ],
    [
      'title',
      'static char *title;',
      "'title' is declared static (line 1): that is another one, which no other file sees",
    ],
    ['sum', 'int other;', "declarations: 'sum' is not declared\n  DWARF in "],
    [
      'title',
      'extern int title;',
      'its type would be int, 4 bytes, and the library has 8 bytes for it (st_size)',
    ],
    ['records', 'struct record { char c; } extern records[2];', 'its type would be '],
  ])('%s of %j says so when it is used', (name, declarations, reason) => {
    const symbol = symbols(open(path, { declarations }))[name];
    const { code, message } = thrownBy(() => (/title|records/.test(name) ? symbol?.value : symbol?.()));
    expect([code, message]).toEqual(['ERR_PLUGIN_TYPE', expect.stringContaining(reason)]);
  });
});

describeWith(['gcc', 'objcopy', 'strip'], 'declarations beside types', () => {
  const DECLARED = `
    int each(const point *renamed, unsigned long count, visitor visit, void *data);
    point moved(struct point by_value, double by);
    int sum(int count, int first, int second);
    int shut(struct unknown *h);
    extern char square[sizeof(struct point)];
    #define MINE 3
    enum color;
  `;

  it.each(['DWARF', 'a debug file', 'CTF'])('%s knows what they do not say', (kind) => {
    const flags = kind === 'CTF' ? ['-gctf', '-s'] : ['-g', '-Wl,--build-id'];
    const path = library(`${kind.replaceAll(' ', '-')}.so`, `int kind = ${kind.length};`, flags);
    const types = `${path}.debug`;
    if (kind === 'a debug file') {
      run('objcopy', ['--only-keep-debug', path, types]);
      run('strip', [path]);
    }
    const options = { declarations: DECLARED, ...(kind === 'a debug file' ? { types } : {}) };
    const p = open(path, options);
    expect(p.typeSource).toBe(
      `declarations, ${kind === 'CTF' ? 'CTF' : 'DWARF'} in ${kind === 'a debug file' ? types : path}`,
    );
    const { each, moved, sum, origin, number, opened, shut } = symbols(p);
    // What is declared wins; its `point` is that of the library.
    expect([String(each), String(moved), String(sum), String(shut)]).toEqual([
      'int each(const point *renamed, unsigned long count, visitor visit, void *data)',
      'point moved(struct point by_value, double by)',
      'int sum(int count, int first, int second)',
      'int shut(struct unknown *h)',
    ]);
    expect(moved?.({ tag: 1, x: 2, y: 3 }, 1)).toEqual({ tag: 1, x: 3, y: 3 });
    expect(
      each?.([{ tag: 0, x: 9, y: 0 }], 1n, (point: { value: { x: number } }) => point.value.x, null),
    ).toBe(9);
    expect(thrownBy(() => sum?.(1)).code).toBe('ERR_ARGUMENT_COUNT');
    // What is not declared is as the library has it.
    expect([origin?.value, number?.value]).toMatchObject([{ x: 1.5 }, { f: 1.5 }]);
    expect(p.constants).toMatchObject({ MINE: 3, GREEN: 5 });
    // A tag that nobody knows is opaque, and another than the one the library has.
    expect(thrownBy(() => shut?.(opened?.(1))).message).toContain('struct unknown *');
    expect(shut?.((opened?.(2) as { cast(type: string): unknown }).cast('void *'))).toBe(2);
  });
});

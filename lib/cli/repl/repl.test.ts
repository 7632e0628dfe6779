import { dirname, join } from 'node:path';
import { mkdirSync, writeFileSync } from 'node:fs';

import { runChild, type ChildResult } from '../../testing/run-child.js';
import { replLibrary as library } from '../../testing/repl-library.js';
import { BUILD, describeWith, ROOT, run } from '../../testing/tools.js';

const MAIN = join(ROOT, 'lib/cli/main.ts');

/** What the REPL prints for lines that are piped in. */
function piped(lines: readonly string[], args: readonly string[] = [library()]): ChildResult {
  return runChild(MAIN, { args: ['repl', ...args], input: `${lines.join('\n')}\n` });
}

describeWith(['gcc'], 'elf-plugin repl, piped', () => {
  it.each<[string, readonly string[], string]>([
    ['values', ['add(2, 3)', 'origin.value'], '5\n(struct point){ .x = 1, .y = 2.5 }\n'],
    ['output of C in order', ['hello()', '1', 'partial()', '2'], 'hello from C\n1\nno newline2\n'],
    ['top-level await, in order', ['await new Promise((r) => setTimeout(r, 50, 7))', '8'], '7\n8\n'],
    ['enumerators', ['BLUE', 'next_color(RED) === GREEN'], '6\ntrue\n'],
    ['several lines', ['const twice = (x) => {', 'return add(x, x);', '}', 'twice(4)'], '8\n'],
    [
      'results as C, and what they have become',
      ['make_point(1, 2.5)', '[make_point(1, 2)]', 'var p = make_point(3, 4); p.y = 5; p', 'p.z = 6; p'],
      '(point_t){ .x = 1, .y = 2.5 }\n[ (point_t){ .x = 1, .y = 2 } ]\n(point_t){ .x = 3, .y = 5 }\n{ x: 3, y: 5, z: 6 }\n',
    ],
    [
      'enumerators by the C type of a line',
      [
        'shape.value.color',
        'next_color(RED)',
        'next_color(RED) + 1',
        'shape.value.color = 7; shape.value.color',
      ],
      'GREEN\nGREEN\n6\n7\n',
    ],
    ['names of types', ["sizeOf('struct point')", "alloc('point_t', { x: 3 }).value.x"], '16\n3\n'],
    ['names that JavaScript has', ['Array.from([1])', "plugin.lookup('Array').value"], '[ 1 ]\n3\n'],
  ])('%s', (_, lines, expected) => {
    expect(piped(lines)).toEqual({ status: 0, signal: null, stderr: '', stdout: expected });
  });

  it.each<[string, string, string]>([
    ['a wrong argument', 'add(1)', 'Uncaught TypeError: int add(int a, int b): takes 2 arguments, got 1\n'],
    ['an unknown name', 'nope', 'Uncaught ReferenceError: nope is not defined\n'],
    ['a name that is close', 'ad(1, 2)', 'Uncaught ReferenceError: ad is not defined, did you mean add?\n'],
    [
      'an enumerator that is close',
      'GREN',
      'Uncaught ReferenceError: GREN is not defined, did you mean GREEN?\n',
    ],
    [
      'a struct that is close',
      '.type struct pont',
      "C type at column 8: there is no 'struct pont' here\n  struct pont\n         ^\n  did you mean struct point?\n",
    ],
    ['an expression that is none', '.symbols /(/', 'Invalid regular expression: /(/u: Unterminated group\n'],
    ['a callback that throws', "apply(() => { throw new Error('thrown') }, 1)", 'Uncaught Error: thrown\n'],
    ['a rejected promise', "void Promise.reject(new Error('rejected'))", 'Uncaught Error: rejected\n'],
    ['a rejected await', "await Promise.reject(new Error('rejected'))", 'Uncaught Error: rejected\n'],
    ['a timer', "void setTimeout(() => { throw new Error('late') }, 5)", 'Uncaught Error: late\n'],
    [
      'an assignment',
      'counter = 5',
      'Uncaught:\nTypeError: counter is a variable of C: counter.value = 5 sets it; const counter = … hides it\n',
    ],
    ['syntax', 'add(2 3)', 'add(2 3)\n    ^\n\nUncaught SyntaxError: missing ) after argument list\n'],
    ['a command', '.source nope', `plugin: symbol nope not found in plugin ${library()}\n`],
  ])('goes on after %s', (_, line, expected) => {
    const { status, stdout } = piped([line, 'await new Promise((r) => setTimeout(r, 50))', 'add(40, 2)']);
    expect([status, stdout]).toEqual([1, `${expected}42\n`]);
  });

  it('.symbols, .type and .source', () => {
    const { stdout, status } = piped([
      '.symbols /^count|_co/',
      '.symbols *co*',
      '.type shape',
      '.type point_t',
      '.source make_point',
    ]);
    expect(status).toBe(0);
    const source = join(dirname(library()), 'inline.c');
    expect(stdout).toBe(`int counter;
enum color next_color(enum color c);
int counter;
enum color next_color(enum color c);
struct shape shape;
struct shape {         // offset size
  struct point from;   //      0   16
  struct point to;     //     16   16
  enum color color;    //     32    4
  struct shape *next;  //     40    8
  unsigned int a : 3;  //   48:0 3 bits
  unsigned int b : 5;  //   48:3 5 bits
  struct {
    int width;         //     52    4
    union {
      int i;           //     56    4
      float f;         //     56    4
    };                 //     56    4
  } style;             //     52    8
};                     // 64 bytes
typedef struct point point_t;
struct point {  // offset size
  int x;        //      0    4
  double y;     //      8    8
};              // 16 bytes
${source}:20
   20  point_t make_point(int x, double y) {
   21    // the braces of "{" count
   22    return (point_t){ x, y };
   23  }
`);
  });
});

describeWith(['gcc'], '.c', () => {
  it.each<[string, readonly string[], string]>([
    [
      'calls what is open',
      ['.c int twice(int x) { return add(x, x); }', 'twice(21)'],
      'int twice(int x);\n42\n',
    ],
    [
      'uses its types, in both directions',
      [
        '.c point_t grow(struct point *p, double by) { p->y *= by; return *p; }',
        'grow(origin, 4)',
        'origin.value.y',
      ],
      'point_t grow(struct point *p, double by);\n(point_t){ .x = 1, .y = 10 }\n10\n',
    ],
    [
      'uses its variables and constants',
      ['.c int next(void) { counter++; return BLUE + shape.b; }', 'next()', 'counter.value'],
      'int next(void);\n6\n1\n',
    ],
    [
      'keeps includes, types and functions for later',
      [
        '.c #include <stdio.h>',
        '.c struct vec { double x; };',
        '.c struct vec wide(struct vec v) { v.x *= 2; return v; }',
        '.c void show(struct vec v) { struct vec w = wide(v); printf("%g\\n", w.x); }',
        'show({ x: 4 })',
        "alloc('struct vec', { x: 1 }).value",
      ],
      'struct vec wide(struct vec v);\nvoid show(struct vec v);\n8\n(struct vec){ .x = 1 }\n',
    ],
    [
      'goes on to the closing brace, or to an empty line',
      [
        '.c int one(void) {',
        '  return 1;',
        '}',
        'one()',
        '.c',
        'int two(void)',
        '{ return 2; }',
        '',
        'two()',
      ],
      'int one(void);\n1\nint two(void);\n2\n',
    ],
    ['is whole where the input ends', ['.c', 'int one(void) { return 1; }'], 'int one(void);\n'],
    [
      'is given up by .break and .clear',
      [
        '.c int one(void) {',
        '.break',
        'add(1, 2)',
        '.c',
        'int two(',
        '.clear',
        'add(2, 2)',
        '({',
        '.clear',
        'add(3, 2)',
      ],
      '3\n4\n5\n',
    ],
    [
      'replaces a function',
      ['.c int f(void) { return 1; }', '.c int f(void) { return 2; }', 'f()', '.source f'],
      'int f(void);\nint f(void);\n2\nint f(void) { return 2; }\n',
    ],
    // Node's executable has a deflate() of its own.
    [
      'binds to itself before Node',
      ['.c int deflate(int x) { return x; }', '.c int call(int x) { return deflate(x); }', 'call(7)'],
      'int deflate(int x);\nint call(int x);\n7\n',
    ],
  ])('%s', (_, lines, expected) => {
    expect(piped(lines)).toEqual({ status: 0, signal: null, stderr: '', stdout: expected });
  });

  it('says that the input ends within it', () => {
    const stdout = '.c: the input ends before its brackets do\n';
    expect(piped(['.c int f(', 'add(1, 2)'])).toMatchObject({ status: 1, stdout });
  });

  it('shows what the compiler says, and goes on', () => {
    const { stdout, status } = piped(['.c int f(void) { return +; }', 'add(1, 2)']);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^compile: gcc refuses[^]*\.c:1:23: error: expected expression[^]*\n3\n$/);
    const lines = [
      '.c #include "none.h"',
      '.c int ad(int, int); int f(void) { return ad(1, 2); }',
      '.c #include <math.h>',
      '.c int sum(void) { return add(1, 2); }',
    ];
    const { stdout: said } = piped(lines);
    expect(said).toMatch(/\n {2}\.c:1:10: fatal error: none\.h: No such file/);
    expect(said.split('\n').slice(-4)).toEqual([
      'compile: .c: undefined symbol: ad',
      '  nothing that is open or included defines ad, did you mean add?',
      'int sum(void);',
      '',
    ]);
  });
});

describeWith(['gcc', 'strip'], '.load of a header', () => {
  it('types a library that has no types', () => {
    const folder = join(BUILD, 'cli', 'load');
    mkdirSync(folder, { recursive: true });
    const stripped = join(folder, 'stripped.so');
    run('strip', ['-o', stripped, library()]);
    writeFileSync(join(folder, 'repl.h'), '#define LIMIT 12\nint add(int first, int second);\n');
    const lines = [
      'add(1, 2)',
      `.load ${join(folder, 'repl.h')}`,
      'add(1, 2) + LIMIT',
      '.type add',
      '.symbols add',
      '.load nope.h',
    ];
    const { stdout, status } = piped(lines, [stripped]);
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /^Uncaught[^]*is not known\n[^]*\ntypes of 1 of 10 exported symbols\n15\n(?:int add\(int first, int second\);\n){2}the compiler refuses the header\n/,
    );
  });

  it('adds to the headers before, and .open takes the types of another library', () => {
    const folder = join(BUILD, 'cli', 'load');
    const stripped = join(folder, 'stripped-too.so');
    run('strip', ['-o', stripped, library()]);
    writeFileSync(join(folder, 'first.h'), 'int add(int first, int second);\n');
    writeFileSync(
      join(folder, 'second.h'),
      'struct point { int x; double y; };\nextern struct point origin;\n',
    );
    const types = join(folder, 'repl.types.json');
    expect(runChild(MAIN, { args: ['types', library(), '-o', types] }).status).toBe(0);
    const { stdout, status } = piped(
      [
        '.type struct point',
        `.load ${join(folder, 'first.h')}`,
        `.load ${join(folder, 'second.h')}`,
        'add(origin.value.x, 1)',
        `.open --types ${types} ${stripped}`,
        'make_point(1, 2)',
        `.open ${stripped} --types=${types}`,
      ],
      [stripped],
    );
    expect([status, stdout]).toEqual([
      1,
      'nothing is known of struct point\ntypes of 1 of 10 exported symbols\ntypes of 2 of 10 exported symbols\n2\n(point_t){ .x = 1, .y = 2 }\n',
    ]);
  });

  it('leaves JavaScript to Node', () => {
    const file = join(BUILD, 'cli', 'load.js');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, 'const five = add(2, 3);\n');
    expect(piped([`.load ${file}`, 'five'])).toMatchObject({ status: 0, stdout: '5\n' });
  });
});

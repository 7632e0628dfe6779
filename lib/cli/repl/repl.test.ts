import { dirname, join } from 'node:path';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

import { runChild, type ChildResult } from '../../testing/run-child.js';
import { KEYS, Terminal } from '../../testing/terminal.js';
import { BUILD, compile, describeWith, ROOT, run } from '../../testing/tools.js';

const MAIN = join(ROOT, 'lib/cli/main.ts');

const SOURCE = `#include <stdio.h>
#include <stdlib.h>
enum color { RED, GREEN = 5, BLUE };
struct point { int x; double y; };
struct shape {
  struct point from, to;
  enum color color;
  struct shape *next;
  unsigned a : 3, b : 5;
  struct { int width; union { int i; float f; }; } style;
};
typedef struct point point_t;
struct point origin = { 1, 2.5 };
struct shape shape = { .color = GREEN };
int counter;
int Array = 3;
int add(int a, int b) { return a + b; }
void hello(void) { printf("hello from C\\n"); }
void partial(void) { printf("no newline"); }
point_t make_point(int x, double y) {
  // the braces of "{" count
  return (point_t){ x, y };
}
enum color next_color(enum color c) { return c == RED ? GREEN : BLUE; }
int apply(int (*f)(int), int x) { return f(x); }
`;

const library = (): string => compile(SOURCE, { output: 'librepl.so' });

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

describeWith(['gcc', 'python3'], 'elf-plugin repl, in a terminal', () => {
  let terminal: Terminal;
  /** The prompt is there, in front of nothing. */
  const READY = /^> $|^>$/m;

  async function start(env: NodeJS.ProcessEnv = {}): Promise<void> {
    const command = [process.execPath, '--require', require.resolve('tsx/cjs'), MAIN, 'repl', library()];
    terminal = new Terminal(command, { env: { NO_COLOR: '1', ...env } });
    await terminal.until(READY);
  }

  /** Types a line, and gives what it prints once the next prompt is there. */
  async function enter(line: string): Promise<string> {
    const { length } = terminal.screen;
    terminal.press(line + KEYS.enter);
    const after = await terminal.until(/\n>$/, length);
    return after.slice(length).replace(/^.*\n/, '').replace(/\n?>$/, '');
  }

  afterEach(() => {
    terminal.close();
  });

  it('shows what is open, values, output of C, and ends with Ctrl-D', async () => {
    await start();
    // A long path goes on in the next line of the screen.
    expect(terminal.screen.replaceAll('\n', '')).toContain(`${library()}: 10 symbols, DWARF in `);
    expect(terminal.screen).toContain(
      "JavaScript's or the session's own, not C's: Array; plugin.lookup('Array') is C's\n",
    );
    expect(await enter('add(2, 3)')).toBe('5');
    expect(await enter('origin.value')).toBe('(struct point){ .x = 1, .y = 2.5 }');
    expect(await enter('hello()')).toBe('hello from C');
    expect(await enter('nope')).toBe('Uncaught ReferenceError: nope is not defined');
    expect(await enter('_error.name')).toBe("'ReferenceError'");
    expect(await enter('await Promise.resolve(_ + 1)')).toBe("'ReferenceError1'");
    terminal.press(KEYS.ctrlD);
    expect(await terminal.end()).toBe(0);
  });

  it.each([
    ['a symbol', 'next_c', 'next_color'],
    ['symbols', 'a', 'add', 'apply'],
    ['a field', 'shape.value.fr', 'shape.value.from'],
    ['fields', 'shape.value.to.', 'x', 'y'],
    ['a field behind a null pointer', 'shape.value.next.value.ne', 'shape.value.next.value.next'],
    ['a field of a result', 'make_point(1, 2).', 'x', 'y'],
    ['a field of an anonymous struct', 'shape.value.style.wi', 'shape.value.style.width'],
    ['what a pointer has', 'counter.val', 'counter.value'],
    ['an enumerator', 'GRE', 'GREEN'],
    ['an enumerator that is assigned', "shape.value.color = 'GR", "shape.value.color = 'GREEN"],
    ['a symbol in lookup', "plugin.lookup('cou", "plugin.lookup('counter"],
    ['a type in lookup', "plugin.lookup('origin', 'struct po", "plugin.lookup('origin', 'struct point"],
    ['a typedef in alloc', "alloc('poin", "alloc('point_t"],
    ['a type in cast', "cast('struct sh", "cast('struct shape"],
    ['a field in addressOf', "addressOf(shape.value, 'sty", "addressOf(shape.value, 'style"],
    ['a symbol in .source', '.source hel', '.source hello'],
    ['a type in .type', '.type struct sh', '.type struct shape'],
    ['a field behind ?.', 'shape.value.next?.value.ne', 'shape.value.next?.value.next'],
    ['a symbol that is an argument', 'add(next_c', 'add(next_color'],
    ['an enumerator that is an argument', 'next_color(GRE', 'next_color(GREEN'],
    ['what JavaScript has', 'JSON.strin', 'JSON.stringify'],
    ['what JavaScript has, in an argument', 'add(JSON.strin', 'add(JSON.stringify'],
  ])('Tab completes %s', async (_, typed, ...expected) => {
    await start();
    terminal.press(typed + KEYS.tab);
    if (expected.length === 1) {
      await terminal.until(new RegExp(`> ${escape(expected[0] ?? '')}$`));
    } else {
      await pause();
      terminal.press(KEYS.tab);
      await terminal.until(new RegExp(expected.map((word) => `\\b${word}\\b`).join('[^]*[ \\n]')));
    }
  });

  it.each(['hello().', '(hello()).', 'add(hello().x.'])('Tab does not call what %s calls', async (typed) => {
    await start();
    terminal.press(typed);
    terminal.press(KEYS.tab);
    await pause();
    terminal.press(KEYS.tab);
    await pause();
    terminal.press(KEYS.ctrlU);
    await terminal.until(/\n>$/);
    expect(await enter('add(2, 3)')).toBe('5');
    expect(terminal.screen).not.toContain('hello from C');
  });

  it('Ctrl-C ends a line and a loop, and not the session', async () => {
    await start();
    terminal.press(`add(${KEYS.ctrlC}`);
    await terminal.until(/> add\(\n>$/);
    expect(await enter('1 + 1')).toBe('2');
    terminal.press(`for (;;) add(1, 2)${KEYS.enter}`);
    await pause();
    terminal.press(KEYS.ctrlC);
    await terminal.until(/Uncaught.*interrupted[^]*>$/);
    terminal.press(`await new Promise(() => {})${KEYS.enter}`);
    await pause();
    terminal.press(KEYS.ctrlC);
    await terminal.until(/interrupted[^]*interrupted[^]*>$/);
    expect(await enter('add(1, 2)')).toBe('3');
  });

  it.each([
    ['Ctrl-C', KEYS.ctrlC],
    ['.break', `.break${KEYS.enter}`],
  ])('%s ends C that is typed', async (_, keys) => {
    await start();
    terminal.press(`.c int half(int x) {${KEYS.enter}`);
    await terminal.until(/\.\.\.$/);
    terminal.press(keys);
    await terminal.until(/\n>$/);
    expect(await enter('add(1, 2)')).toBe('3');
  });

  it('keeps the history', async () => {
    const file = join(BUILD, 'cli', 'state', 'history');
    rmSync(file, { force: true });
    for (const line of ['add(1, 1)', 'add(2, 2)']) {
      await start({ ELF_PLUGIN_REPL_HISTORY: file });
      await enter(line);
      terminal.press(KEYS.ctrlD);
      await terminal.end();
    }
    expect(readFileSync(file, 'utf8')).toBe('add(1, 1)\nadd(2, 2)\n');
    await start({ ELF_PLUGIN_REPL_HISTORY: file });
    terminal.press(KEYS.up + KEYS.up);
    await terminal.until(/> add\(1, 1\)$/);
  });
});

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** So that what was pressed is read before anything else is. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 400));
}

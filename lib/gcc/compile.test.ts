import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { AnySymbol } from '../plugin/any-symbol.js';
import { snapshot } from '../ffi/values/snapshot.js';
import { open } from '../plugin/open.js';
import { thrownBy } from '../testing/fixture.js';
import { describeWith, run } from '../testing/tools.js';
import { compile, compileLibrary, type CompileOptions } from './index.js';

const base = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'elf-plugin-compile-')));
const before = process.cwd();
const cache = process.env['ELF_PLUGIN_CACHE'];
let count = 0;

/** Each test has a folder and a cache of its own. */
beforeEach(() => {
  const folder = join(base, String(count++));
  fs.mkdirSync(folder);
  process.chdir(folder);
  process.env['ELF_PLUGIN_CACHE'] = join(folder, 'cache');
});
afterEach(() => {
  process.chdir(before);
  process.env['ELF_PLUGIN_CACHE'] = cache;
  jest.restoreAllMocks();
});
afterAll(() => {
  fs.rmSync(base, { recursive: true, force: true });
});

function write(name: string, text: string, mode = 0o644): string {
  fs.writeFileSync(name, text, { mode });
  fs.chmodSync(name, mode);
  return join(process.cwd(), name);
}

/** What the function `f` of a library returns. */
const valueOf = (plugin: { lookup(name: string): AnySymbol }): unknown => plugin.lookup('f')();

/** All files in the cache. */
function files(): string[] {
  const root = process.env['ELF_PLUGIN_CACHE'] ?? '';
  if (!fs.existsSync(root)) return [];
  const names = fs.readdirSync(root, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => fs.statSync(join(root, name)).isFile());
}
const libraries = (): string[] => files().filter((name) => name.endsWith('.so'));

const ADD = 'int add(int a, int b) { return a + b; }';

describeWith(['gcc'], 'what is compiled', () => {
  it('is text, a file, a URL, or said to be one', () => {
    const path = write('add.c', `${ADD}\n`);
    const sources = [ADD, 'add.c', './add.c', path, pathToFileURL(path), { file: 'add.c' }, { text: ADD }];
    for (const source of sources) {
      const { add } = compile(source).symbols;
      expect([String(add), add?.(2, 3)]).toEqual(['int add(int a, int b)', 5]);
    }
    expect(libraries()).toHaveLength(2);
    expect(new Set(sources.map((source) => compile(source))).size).toBe(2);
  });

  it.each<[string, string]>([
    ['a declaration on one line', 'int f(void) { return 7; }'],
    ['several lines', 'int\nf(void)\n{\n  return 7;\n}\n'],
    ['a directive only', '#include "seven.c"'],
    ['a directive behind blanks', '\t#include "seven.c"'],
  ])('is text: %s', (_, text) => {
    write('seven.c', 'int f(void) { return 7; }');
    expect(valueOf(compile(text))).toBe(7);
  });

  it('is a file with an odd name, if that is said', () => {
    write('a {b}; $x.c', 'int f(void) { return 8; }');
    expect(valueOf(compile({ file: 'a {b}; $x.c' }))).toBe(8);
  });

  it('is several sources', () => {
    write('a.c', 'int g(void); int f(void) { return g() + 1; }');
    write('b.c', 'int h(void); int g(void) { return h() + 10; }');
    expect(valueOf(compile(['a.c', 'b.c', 'int h(void) { return 100; }']))).toBe(111);
  });

  it('is found from the working directory, as are the headers of text', () => {
    write('seven.h', '#define SEVEN 7');
    expect(valueOf(compile('#include "seven.h"\nint f(void) { return SEVEN; }'))).toBe(7);
    fs.mkdirSync('sub');
    write('sub/up.c', '#include "../seven.h"\nint f(void) { return SEVEN; }');
    expect(valueOf(compile('sub/up.c'))).toBe(7);
  });

  it.each<[unknown, string]>([
    [
      undefined,
      'compile: expected C text, the path or URL of a file, { file } or { text }, or a list of them',
    ],
    [7, 'compile: expected C text'],
    [[], 'compile: the list of sources is empty'],
    [{ file: 7 }, 'compile: expected C text'],
    ['', 'compile: "" is no path of a file'],
    ['a\0.c', 'compile: "a\\u0000.c" is no path of a file'],
    [new URL('https://example.org/a.c'), 'compile: https://example.org/a.c is not the URL of a file'],
  ])('is not %p', (source, message) => {
    expect(thrownBy(() => compile(source as string))).toMatchObject({
      name: 'TypeError',
      message: expect.stringContaining(message) as string,
    });
  });
});

describeWith(['gcc'], 'the flags', () => {
  it('come behind -g -shared -fPIC, as a list or as the shell has them', () => {
    const text = '#include <math.h>\nint f(void) { return (int)pow(BASE, 2); }';
    expect(valueOf(compile(text, { flags: ['-DBASE=3', '-lm'] }))).toBe(9);
    expect(valueOf(compile(text, { flags: "-DBASE='(1 + 1)' -lm" }))).toBe(4);
    const [section] = /\.debug_info/.exec(run('readelf', ['-SW', compileLibrary(ADD)])) ?? [];
    expect(section).toBe('.debug_info');
    expect(run('readelf', ['-SW', compileLibrary(ADD, { flags: '-g0' })])).not.toContain('.debug_info');
  });

  it('goes with the options of open', () => {
    const text = 'long f(void) { return 7; } int started; void start(void) { started = 1; }';
    expect(valueOf(compile(text))).toBe(7n);
    const plugin = compile(text, { int64: 'number', init: 'start' });
    expect(valueOf(plugin)).toBe(7);
    expect(plugin.symbols['started']?.value).toBe(1);
    expect(plugin.path).toBe(compile(text).path);
  });

  it.each<[object, string]>([
    [{ flag: '-O2' }, 'compile: there is no option flag: did you mean flags?'],
    [{ copies: 'refuse' }, 'compile: there is no option copies'],
    [{ fresh: 1 }, 'compile: the option fresh is true or false, not the number 1'],
    [{ compiler: '' }, 'compile: the option compiler is a compiler\'s command, not the string ""'],
    [{ flags: 7 }, 'compile: the option flags is a string or a list of strings'],
    [{ flags: [7] }, 'compile: the option flags is a string or a list of strings'],
    [{ flags: "'x" }, "nothing closes the ' in 'x"],
    [{ scope: 'here' }, 'compile: the option scope is "local" or "global", not the string "here"'],
    [{ fresh: true, scope: 'global' }, "compile: fresh: true does not go with scope: 'global'"],
  ])('%j is refused', (options, message) => {
    expect(thrownBy(() => compile(ADD, options as CompileOptions))).toMatchObject({
      name: 'TypeError',
      message: expect.stringContaining(message) as string,
    });
    expect(files()).toEqual([]);
  });

  it('compileLibrary knows those of the compiler', () => {
    const thrown = thrownBy(() => compileLibrary(ADD, { fresh: true } as object));
    expect(thrown.message).toBe('compileLibrary: there is no option fresh: the options are flags, compiler');
  });
});

describeWith(['gcc', 'clang', 'g++'], 'the compiler', () => {
  afterEach(() => {
    delete process.env['CC'];
    delete process.env['CXX'];
  });
  const TEXT = '#ifdef __clang__\n#define V 1\n#else\n#define V 2\n#endif\nint f(void) { return V; }';

  it('is gcc, the one that is named, or the one of CC', () => {
    expect(valueOf(compile(TEXT))).toBe(2);
    expect(valueOf(compile(TEXT, { compiler: 'clang' }))).toBe(1);
    expect(valueOf(compile(TEXT, { compiler: 'gcc -D__clang__' }))).toBe(1);
    process.env['CC'] = 'clang';
    expect(valueOf(compile(TEXT))).toBe(1);
    expect(valueOf(compile(TEXT, { compiler: 'gcc' }))).toBe(2);
  });

  it.each(['gcc', 'clang'])('%s gives types and warns', (compiler) => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const text = 'struct p { int x, y; };\nint f(struct p *q) { int unused; return q->x + q->y; }';
    const { f } = compile(text, { compiler, flags: '-Wall' }).symbols;
    expect([String(f), f?.({ x: 1, y: 2 })]).toEqual(['int f(struct p *q)', 3]);
    expect(warn.mock.calls).toEqual([[expect.any(String), 'CompilerWarning']]);
    const [[message]] = warn.mock.calls as unknown as [[string]];
    expect(message).toMatch(/<source>:2:\d+: warning: unused variable 'unused'/);
    expect(message).not.toMatch(/generated|cache/);
    compile(text, { compiler, flags: '-Wall' });
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('of C++ is for files with its extensions', () => {
    write('name.cpp', '#include <string>\nextern "C" int f() { return std::string("four").size(); }');
    expect(valueOf(compile('name.cpp'))).toBe(4);
    expect(
      valueOf(
        compile('#include <string>\nextern "C" int f() { return std::string("four").size(); }', {
          compiler: 'g++',
        }),
      ),
    ).toBe(4);
    process.env['CXX'] = '/nonexistent/c++';
    expect(thrownBy(() => compile('name.cpp')).message).toMatch(
      /^compile needs a C\+\+ compiler: CXX is \/nonexistent\/c\+\+, which can't be run; to install one: apt install g\+\+ /,
    );
  });

  it('is another one when another program has its name', () => {
    const paths = ['1', '2'].map((value) => {
      fs.mkdirSync(value);
      write(`${value}/mycc`, `#!/bin/sh\nexec gcc -DVALUE=${value} "$@"\n`, 0o755);
      return `${join(process.cwd(), value)}:${process.env['PATH'] ?? ''}`;
    });
    const PATH = process.env['PATH'];
    try {
      const values = paths.map((path) => {
        process.env['PATH'] = path;
        return valueOf(compile('int f(void) { return VALUE; }', { compiler: 'mycc' }));
      });
      expect(values).toEqual([1, 2]);
    } finally {
      process.env['PATH'] = PATH;
    }
  });

  it('is another one in another version', () => {
    const script = (version: string): string =>
      `#!/bin/sh\n[ "$1" = --version ] && echo mycc ${version} && exit\nexec gcc -DVALUE=${version} "$@"\n`;
    const compiler = write('mycc', script('1'), 0o755);
    expect(valueOf(compile('int f(void) { return VALUE; }', { compiler }))).toBe(1);
    write('mycc', script('2'), 0o755);
    expect(valueOf(compile('int f(void) { return VALUE; }', { compiler }))).toBe(2);
  });

  it.each([
    ['by its name', 'tcc', 'exit 0'],
    ['by its name for a machine', 'i386-tcc', 'exit 0'],
    ['whatever it is called', 'mycc', 'echo "tcc version 0.9.27 (x86_64 Linux)"'],
  ])('is not tcc: %s', (_, name, command) => {
    const compiler = write(name, `#!/bin/sh\n${command}\n`, 0o755);
    expect(thrownBy(() => compile(ADD, { compiler }))).toMatchObject({
      code: 'ERR_PLUGIN_COMPILE',
      message: `compile: ${compiler} is tcc, which is refused: its debug info is stabs, which has no types that are read here: take gcc or clang`,
    });
  });

  it('is told how to be installed in one line', () => {
    const PATH = process.env['PATH'];
    process.env['PATH'] = '/nonexistent';
    const thrown = thrownBy(() => compile(ADD));
    process.env['PATH'] = PATH;
    expect(thrown).toEqual({
      name: 'PluginError',
      code: 'ERR_PLUGIN_COMPILE',
      message:
        'compile needs a C compiler: gcc, clang, cc are not there; to install one: apt install gcc (Debian, Ubuntu), dnf install gcc (Fedora), apk add gcc musl-dev (Alpine). CC can name another',
    });
  });
});

describeWith(['gcc', 'clang'], 'an error', () => {
  const BAD = 'int f(void)\n{\n  return y;\n}\n';

  it.each<[string, string, string, string]>([
    ['gcc', 'text', BAD, "<source>:3:10: error: 'y' undeclared (first use in this function)"],
    ['clang', 'text', BAD, "<source>:3:10: error: use of undeclared identifier 'y'"],
    ['gcc', 'a file', 'bad.c', "bad.c:3:10: error: 'y' undeclared (first use in this function)"],
    ['clang', 'a file', 'bad.c', "bad.c:3:10: error: use of undeclared identifier 'y'"],
    [
      'gcc',
      'a header',
      '#include "bad.c"\n',
      "bad.c:3:10: error: 'y' undeclared (first use in this function)",
    ],
    [
      'gcc',
      'a header that is missing',
      '#include "none.h"\n',
      '<source>:1:10: fatal error: none.h: No such file or directory',
    ],
    ['gcc', 'a library that is missing', 'none.c', 'ld: cannot find -lnone'],
    ['clang', 'a library that is missing', 'none.c', 'ld: cannot find -lnone'],
  ])('of %s in %s says where', (compiler, _, source, line) => {
    write('bad.c', BAD);
    write('none.c', ADD);
    const flags = source === 'none.c' ? '-lnone' : '';
    const thrown = thrownBy(() => compile(source, { compiler, flags }));
    const name = source.includes('\n') ? '<source>' : source;
    expect(thrown.code).toBe('ERR_PLUGIN_COMPILE');
    const [first, ...rest] = thrown.message.split('\n');
    expect(first).toBe(`compile: ${compiler} refuses ${name}`);
    expect(rest.join('\n')).toContain(line);
    expect(rest.every((l) => l.startsWith('  '))).toBe(true);
    expect(thrown.message).not.toMatch(/collect2|generated|linker command failed|cache/);
    expect(libraries()).toEqual([]);
  });

  it('shows the line of the source', () => {
    expect(thrownBy(() => compile(BAD)).message).toContain('\n      3 |   return y;\n        |          ^');
  });

  it('has the path of the file', () => {
    const path = write('bad.c', BAD);
    expect(() => compile('bad.c')).toThrow(expect.objectContaining({ path }) as Error);
  });

  it.each<[string, string]>([
    ['ad.c', 'did you mean add.c?'],
    ['sub/add.cc', 'did you mean sub/add.c?'],
    ['nothing/like/it.c', 'a path is relative to the working directory, as that of open is'],
    ['int f(void)', 'C text has a semicolon, a brace or a newline in it, or is given as { text }'],
  ])('for %s, which is not there, helps on', (name, hint) => {
    fs.mkdirSync('sub');
    write('add.c', ADD);
    write('sub/add.c', ADD);
    const { code, message } = thrownBy(() => compile(name));
    expect(code).toBe('ERR_PLUGIN_COMPILE');
    expect(message).toContain(
      `compile(${JSON.stringify(name)}): there is no such file: ${join(process.cwd(), name)}\n`,
    );
    expect(message).toContain(`\n  ${hint}`);
  });

  it.each<[string, string]>([
    ['.', 'is no regular file'],
    ['x.h', 'it is a header: compile the C file that includes it'],
  ])('for %s says why not', (name, reason) => {
    expect(thrownBy(() => compile(name)).message).toContain(reason);
  });

  it.each(['-fsyntax-only', '-o other.so'])('for %s: there is no library', (flags) => {
    expect(thrownBy(() => compile(ADD, { flags })).message).toBe(
      `compile: gcc refuses <source>\n  it writes no library: ${flags}`,
    );
  });

  it('of the linker, when it is loaded, is about the source', () => {
    const text = 'int g(void); int f(void) { return g(); }';
    write('uses.c', text);
    for (const [source, name, options] of [
      [text, '<source>', {}],
      ['uses.c', 'uses.c', { fresh: true }],
    ] as const) {
      const thrown = thrownBy(() => compile(source, options));
      expect(thrown.code).toBe('ERR_PLUGIN_OPEN');
      expect(thrown.message).toBe(
        `compile: ${name}: undefined symbol: g\n  neither it nor what it is linked with defines g: give the source that does, or flags: '-lNAME' for its library, or open that first with scope: 'global'`,
      );
    }
    // What the process has is found.
    expect(compile('int getpid(void); int f(void) { return getpid(); }').lookup('f')()).toBe(process.pid);
  });
});

describeWith(['gcc'], 'a fresh library', () => {
  const COUNTER = 'int count; int next(void) { return ++count; }';
  const next = (plugin: { lookup(name: string): AnySymbol }): unknown => plugin.lookup('next')();

  it('has variables of its own, and no file', () => {
    const shared = compile(COUNTER);
    const first = compile(COUNTER, { fresh: true });
    const second = compile(COUNTER, { fresh: true });
    expect([next(shared), next(shared), next(first), next(second), next(second)]).toEqual([1, 2, 1, 1, 2]);
    expect(next(compile(COUNTER))).toBe(3);
    expect(new Set([shared.path, first.path, second.path]).size).toBe(3);
    expect([shared, first, second].map(({ path }) => fs.existsSync(path))).toEqual([true, false, false]);
    expect(libraries()).toHaveLength(1);
  });

  it('comes before one that is not', () => {
    const text = `${COUNTER} int other;`;
    expect([next(compile(text, { fresh: true })), next(compile(text))]).toEqual([1, 1]);
  });

  it('shows types that are read when the file is gone', () => {
    const text = 'struct pair { int x; struct { double y; } in; } v = { 1, { 2.5 } }; enum e { A = 3 } e;';
    const plugin = compile(text, { fresh: true });
    expect(snapshot(plugin.symbols['v']?.value)).toEqual({ x: 1, in: { y: 2.5 } });
    expect([plugin.type('struct pair').size, plugin.constants['A']]).toEqual([16, 3]);
    expect(Array.from(plugin, ({ name }) => name).sort()).toEqual(['e', 'v']);
    expect(plugin.typeSource).toMatch(/^DWARF in /);
  });

  it('leaves nothing when it can not be opened', () => {
    expect(() => compile('int g(void); int f(void) { return g(); }', { fresh: true })).toThrow(
      'undefined symbol',
    );
    expect(libraries()).toHaveLength(1);
  });

  it('can be opened by its own name no more, and the shared one can', () => {
    const shared = compile(COUNTER);
    expect(open(shared.path)).toBe(shared);
    expect(() => open(compile(COUNTER, { fresh: true }).path)).toThrow('realpath failed');
  });
});

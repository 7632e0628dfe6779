import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { askGdb } from '../testing/gdb.js';
import { BUILD, compile, describeWith, FIXTURES, hasTool, run } from '../testing/tools.js';
import { Library } from './library.js';

/** `FILE:LINE`, or undefined. */
function place(library: Library, name: string): string | undefined {
  const symbol = library.find(name);
  if (symbol === undefined) throw new Error(`${name} is not exported`);
  const at = library.declaredAt(symbol);
  return at && `${at.file}:${at.line}`;
}

/** What `info functions` and `info variables` of gdb say: `FILE:LINE` by name. */
function gdbPlaces(path: string): Map<string, string> {
  const places = new Map<string, string>();
  for (const answer of askGdb(path, ['info functions -q -n', 'info variables -q -n'])) {
    let file = '';
    for (const line of answer.split('\n')) {
      const header = /^File (.*):$/.exec(line);
      if (header?.[1] !== undefined) file = header[1];
      const [, number, text = ''] = /^(\d+):\s+(.*);$/.exec(line) ?? [];
      // What is static may have the name of what is not.
      if (number === undefined || text.startsWith('static ')) continue;
      const name = /(\w+)(?:\(|\[|$|\)\()/.exec(text)?.[1];
      if (name !== undefined) places.set(name, `${file}:${number}`);
    }
  }
  return places;
}

describeWith(['gdb'], 'the place of every symbol is where gdb has it', () => {
  it.each([
    ['fixtures/values/scalars.c', 'values/scalars.c', ['-g', '-shared', '-fPIC'], 40],
    ['DWARF 4', 'calls/calls.c', ['-gdwarf-4', '-shared', '-fPIC'], 40],
    ['DWARF 2', 'calls/calls.c', ['-gdwarf-2', '-shared', '-fPIC'], 40],
    ['optimised', 'calls/callbacks.c', ['-g', '-O2', '-shared', '-fPIC'], 20],
    ['split', 'calls/variadic.c', ['-g', '-gsplit-dwarf', '-shared', '-fPIC'], 7],
  ])('%s', (_, source, flags, least) => {
    const path = compile(source, { flags });
    const expected = gdbPlaces(path);
    const library = Library.open(path);
    const names = [...library.symbols.exported()].map((s) => s.name).filter((n) => expected.has(n));
    expect(names.length).toBeGreaterThanOrEqual(least);
    expect(names.map((n) => `${n} ${place(library, n) ?? 'nowhere'}`)).toEqual(
      names.map((n) => `${n} ${expected.get(n) ?? ''}`),
    );
  });
});

describe('where the compiler was given a relative path', () => {
  const folder = join(BUILD, 'declared-at');
  mkdirSync(join(folder, 'include'), { recursive: true });
  mkdirSync(join(folder, 'src'), { recursive: true });
  writeFileSync(
    join(folder, 'include', 'inline.h'),
    'extern int shared;\n\nint twice(int x) { return 2 * x; }\n',
  );
  writeFileSync(
    join(folder, 'src', 'relative.c'),
    '#include "../include/inline.h"\nint shared = 1;\n\nint once(int x) { return x; }\n',
  );

  it.each([
    ['gcc', '-gdwarf-5'],
    ['gcc', '-gdwarf-4'],
    ['clang', '-gdwarf-5'],
    ['clang', '-gdwarf-4'],
  ])('%s %s', (compiler, dwarf) => {
    if (!hasTool(compiler)) return;
    const output = `${compiler}${dwarf}.so`;
    run(compiler, [dwarf, '-shared', '-fPIC', '-o', output, 'src/relative.c'], { cwd: folder });
    const library = Library.open(join(folder, output));
    expect(place(library, 'once')).toBe(join(folder, 'src/relative.c:4'));
    expect(place(library, 'shared')).toBe(join(folder, 'src/relative.c:2'));
    expect(place(library, 'twice')).toBe(join(folder, 'include/inline.h:3'));
  });

  it('is relative where the build wanted that', () => {
    const map = `-fdebug-prefix-map=${folder}=./built`;
    run('gcc', ['-gdwarf-5', map, '-shared', '-fPIC', '-o', 'mapped.so', 'src/relative.c'], { cwd: folder });
    const library = Library.open(join(folder, 'mapped.so'));
    expect(place(library, 'once')).toBe('built/src/relative.c:4');
    expect(place(library, 'twice')).toBe('built/include/inline.h:3');
  });
});

it('follows a C++ definition to its declaration', () => {
  const library = Library.open(compile('languages/geo.cc', { compiler: 'g++', output: 'libgeo.so' }));
  const found = [...library.symbols.exported()].flatMap((s) => library.declaredAt(s) ?? []);
  expect(found.length).toBeGreaterThan(5);
  for (const { file, line } of found) {
    expect(file).toMatch(/^\//);
    expect(line).toBeGreaterThan(0);
  }
  expect(found.map((at) => at.file)).toContain(join(FIXTURES, 'languages/geo.cc'));
});

describe('sources that do not say it', () => {
  it('declarations as text', () => {
    const path = compile('int add(int a, int b) { return a + b; }\n', { flags: ['-shared', '-fPIC'] });
    const library = Library.open(path, { declarations: 'int add(int a, int b);' });
    expect(place(library, 'add')).toBeUndefined();
  });

  it('CTF', () => {
    const path = compile('int add(int a, int b) { return a + b; }\n', {
      flags: ['-gctf', '-shared', '-fPIC'],
      output: 'ctf.so',
    });
    const library = Library.open(path);
    expect(library.debugInfo.source).toMatch(/^CTF/);
    expect(place(library, 'add')).toBeUndefined();
  });

  it('none', () => {
    expect(
      place(Library.open(compile('plugin_name.c', { flags: ['-shared', '-fPIC'] })), 'F'),
    ).toBeUndefined();
  });
});

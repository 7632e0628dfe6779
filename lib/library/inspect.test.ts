import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { compile, describeWith, run } from '../testing/tools.js';
import { inspect } from './inspect.js';

const SOURCE = `
struct point { short x; long y; void *next; };
struct point origin;
const unsigned char table[3] = { 1, 2, 3 };
long add(long a, int b) { return a + b; }
void unused(void) {}
`;

it('has an error for what is no path to a file', () => {
  expect(() => inspect(__dirname)).toThrow(`decoding ${__dirname}: it is a directory`);
  expect(() => inspect('/nothing.so')).toThrow("ENOENT: no such file or directory, stat '/nothing.so'");
  expect(() => inspect(5 as unknown as string)).toThrow('inspect: expected a path, got a number');
});

/** Name, kind, C type and size of each symbol, as lines. */
function listing(path: string): string[] {
  return inspect(path)
    .symbols.map(
      (s) =>
        `${s.name}: ${s.kind} ${String(s.type).replaceAll('long int', 'long')}, ${s.size > 0 ? s.size : '?'}`,
    )
    .toSorted();
}

describe('inspect', () => {
  const path = compile(SOURCE, {
    flags: ['-g', '-shared', '-fPIC', '-Wl,-soname,libpoint.so.1', '-Wl,--build-id'],
  });

  it('tells what a library is without loading it', () => {
    const constructor = compile(
      '#include <stdlib.h>\n__attribute__((constructor)) static void die(void) { abort(); }\nint V;\n',
    );
    expect(inspect(constructor).symbols.map((s) => s.name)).toEqual(['V']);
    const info = inspect(path);
    expect(info).toMatchObject({
      path,
      class: 64,
      littleEndian: true,
      type: 'ET_DYN',
      soname: 'libpoint.so.1',
      typeSource: `DWARF in ${path}`,
    });
    expect(info.needed).toEqual(run('readelf', ['-d', path]).match(/(?<=NEEDED.*\[).*(?=\])/g) ?? []);
    expect(info.buildId).toBe(/(?<=Build ID: )\w+/.exec(run('readelf', ['-n', path]))?.[0]);
  });

  it('lists the symbols with their types', () => {
    expect(listing(path)).toEqual([
      expect.stringMatching(/^add: function long \(long a, int b\), \d+$/) as unknown,
      'origin: variable struct point, 24',
      'table: variable const unsigned char[3], 3',
      expect.stringMatching(/^unused: function void \(void\), \d+$/) as unknown,
    ]);
  });

  it('lists the sections as readelf does', () => {
    const names = run('readelf', ['-SW', path]).match(/(?<=^ +\[ *[1-9]\d*\] )\S+/gm) ?? [];
    expect(inspect(path).sections.map((s) => s.name)).toEqual(['', ...names]);
  });

  it('says why a symbol has no type', () => {
    const stripped = compile(SOURCE, { flags: ['-shared', '-fPIC', '-s'] });
    const info = inspect(stripped);
    expect(info.typeSource).toBeUndefined();
    expect(info.symbols.find((s) => s.name === 'add')).toMatchObject({
      kind: 'function',
      reason: expect.stringMatching(
        new RegExp(
          `^DWARF in ${stripped}: it has no .debug_info\ndebug file /usr/lib/debug/.*: there is no such file\n`,
        ),
      ) as unknown,
    });
    expect(info.symbols[0]).not.toHaveProperty('type');
  });

  it('refuses what is no ELF file, with the place', () => {
    const text = join(path, '../text.so');
    writeFileSync(text, 'INPUT(libz.so.1)\n');
    expect(() => inspect(text)).toThrow(expect.objectContaining({ code: 'ERR_FORMAT' }) as Error);
    expect(() => inspect('/nowhere/lib.so')).toThrow('ENOENT');
  });
});

describeWith(['clang', 'ld.lld'], 'inspect of libraries for other machines', () => {
  const build = (target: string): string =>
    compile(SOURCE, {
      compiler: 'clang',
      flags: [
        `--target=${target}`,
        '-g',
        '-shared',
        '-fPIC',
        '-nostdlib',
        '-fuse-ld=lld',
        '-Wl,--hash-style=both',
      ],
      output: `${target}.so`,
    });

  it.each([
    { target: 'aarch64-linux-gnu', machine: 'EM_AARCH64', class: 64, littleEndian: true, pointer: 8 },
    { target: 'i386-linux-gnu', machine: 'EM_386', class: 32, littleEndian: true, pointer: 4 },
    { target: 'powerpc-linux-gnu', machine: 'EM_PPC', class: 32, littleEndian: false, pointer: 4 },
    { target: 'powerpc64-linux-gnu', machine: 'EM_PPC64', class: 64, littleEndian: false, pointer: 8 },
  ])('$target is described, types and all', ({ target, pointer, ...header }) => {
    const path = build(target);
    expect(inspect(path)).toMatchObject(header);
    expect(listing(path).map((line) => line.replace(/function (.*), \d+$/, 'function $1'))).toEqual([
      'add: function long (long a, int b)',
      `origin: variable struct point, ${pointer === 8 ? 24 : 12}`,
      'table: variable const unsigned char[3], 3',
      'unused: function void (void)',
    ]);
  });
});

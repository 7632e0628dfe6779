import { realpathSync, truncateSync, writeFileSync } from 'node:fs';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';

import { findLibrary } from '../../elf/search.js';
import { cli, FOLDER, MAIN } from '../../testing/cli.js';
import { runChild } from '../../testing/run-child.js';
import { compile, describeWith, FIXTURES, run } from '../../testing/tools.js';
import type { Description } from '../inspection/describe.js';

function inspected(...args: readonly string[]): Description {
  const { status, stdout, stderr } = cli(['inspect', '--json', ...args]);
  expect([status, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as Description;
}

const readelf = (path: string, ...options: readonly string[]): string =>
  run('readelf', ['-W', ...options, path]);

/** What a line of `readelf` has behind its label. */
const field = (text: string, label: RegExp): string | undefined => label.exec(text)?.[1]?.trim();

const sharedCalls = (): string => compile('calls/calls.c');

describeWith(['gcc', 'readelf', 'ldd'], 'elf-plugin inspect', () => {
  const libraries = (): string[] => [
    sharedCalls(),
    findLibrary('z') ?? '',
    findLibrary('stdc++') ?? '',
    process.execPath,
  ];

  it('says what readelf and ldd say', () => {
    for (const path of libraries()) {
      const d = inspected(path);
      const [header, dynamic, notes] = [readelf(path, '-h'), readelf(path, '-d'), readelf(path, '-n')];
      expect(d.path).toBe(realpathSync(path));
      expect(`ELF${d.class}`).toBe(field(header, /Class: +(.*)/));
      expect(header).toContain(`${d.byteOrder} endian`);
      expect(d.soname).toBe(field(dynamic, /\(SONAME\).*\[(.*)\]/));
      expect(d.buildId).toBe(field(notes, /Build ID: (.*)/));
      expect(d.needed.map((n) => n.name)).toEqual(
        Array.from(dynamic.matchAll(/\(NEEDED\).*\[(.*)\]/g), (m) => m[1]),
      );
      const found = [...d.needed, ...d.indirect].map((n) => realpathSync(n.path ?? ''));
      const mapped = Array.from(run('ldd', [path]).matchAll(/(?:=> |^\t)(\/\S+) \(/gm), (m) =>
        realpathSync(m[1] ?? ''),
      );
      expect(found.sort()).toEqual(mapped.sort());
    }
  });

  it('counts what is exported, and names what Node exports, too', () => {
    const z = inspected('z');
    const own =
      run('nm', ['-D', '--defined-only', '--no-demangle', findLibrary('z') ?? '']).match(/(?<= T ).*/gm) ??
      [];
    expect(z.symbols.exported).toBe(own.length);
    const programs = new Set(
      (run('nm', ['-D', '--defined-only', process.execPath]).match(/(?<= [TW] )\S+/gm) ?? []).map((n) =>
        n.replace(/@.*/, ''),
      ),
    );
    const names = own.map((n) => n.replace(/@.*/, ''));
    expect(z.clashes).toEqual(names.filter((n) => programs.has(n)).sort());
    expect(inspected(sharedCalls()).clashes).toEqual([]);
  });

  it('says where types come from, and what was tried', () => {
    expect(inspected(sharedCalls())).toMatchObject({
      types: { source: expect.stringMatching(/^DWARF in /) as string, tried: [] },
      symbols: { exported: 92, typed: 92 },
    });
    const stripped = compile('plugin_name.c', { flags: ['-shared', '-fPIC'] });
    const d = inspected(stripped);
    expect(d.types.source).toBeUndefined();
    expect(d.types.tried[0]).toMatch(/it has no \.debug_info/);
    expect(d.unusable.map((s) => s.name)).toEqual(['F', 'V']);
    expect(inspected('-d', 'int V; void F(void);', stripped)).toMatchObject({
      symbols: { typed: 2 },
      unusable: [],
    });
  });

  /** Whether each function can be called, by the call itself: with too many arguments it never comes to that. */
  const ORACLE = `
    import { open } from '#lib/index.js';
    const plugin = open(process.argv[2]);
    const refused = [];
    for (const { name, kind } of plugin) {
      if (kind !== 'function') continue;
      const f = plugin.lookup(name);
      try { f(...new Array(f.type.variadic ? 0 : 70).fill(0)); } catch (error) {
        if (error.code !== 'ERR_ARGUMENT_COUNT') refused.push(name);
      }
    }
    console.log(JSON.stringify(refused.sort()));
  `;

  it.each(['calls/calls.c', 'calls/by_value.c', 'calls/disputed.c', 'calls/variadic.c', 'languages/geo.cc'])(
    'names the functions of %s that a call would refuse',
    (source) => {
      const compiler = source.endsWith('.cc') ? { compiler: 'g++', output: 'libgeo.so' } : {};
      const path = compile(source, compiler);
      const child = runChild(ORACLE, { args: [path] });
      expect(child.stderr).toBe('');
      const { unusable } = inspected(path);
      expect(unusable.filter((s) => s.kind === 'function').map((s) => s.name)).toEqual(
        JSON.parse(child.stdout),
      );
    },
  );

  it('loads neither the library nor koffi', () => {
    const list = join(FOLDER, 'loaded.cjs');
    writeFileSync(
      list,
      "process.on('exit', () => { console.error(Object.keys(require.cache).filter((f) => f.includes('koffi')).join()); });",
    );
    for (const command of ['inspect', 'symbols']) {
      const loaded = runChild(MAIN, { args: [command, sharedCalls()], execArgv: ['--require', list] });
      expect([loaded.status, loaded.stderr]).toEqual([0, '\n']);
    }
  });

  it('says what open would refuse', () => {
    expect(inspected(process.execPath).refused?.[0]).toMatch(/cannot dynamically load/);
    const cut = join(FOLDER, 'cut.so');
    copyFileSync(sharedCalls(), cut);
    truncateSync(cut, 9000);
    expect(cli(['inspect', cut]).stderr + cli(['inspect', cut]).stdout).toMatch(/truncated|ends beyond/);
    const lone = join(FOLDER, 'lone.so');
    const source = join(FIXTURES, 'plugin_name.c');
    run('gcc', ['-shared', '-fPIC', '-Wl,-soname,libgone.so', '-o', join(FOLDER, 'libgone.so'), source]);
    run('gcc', ['-shared', '-fPIC', '-Wl,--no-as-needed', '-o', lone, source, join(FOLDER, 'libgone.so')]);
    expect(inspected(lone)).toMatchObject({
      needed: [{ name: 'libgone.so' }, { name: 'libc.so.6' }],
      refused: [
        expect.stringMatching(
          /^libgone\.so is needed by .*lone\.so and not found; looked for in\n/,
        ) as string,
      ],
    });
    expect(cli(['inspect', join(FIXTURES, 'plugin_name.c')])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/plugin_name\.c: invalid ELF header\n {2}it is a text file/) as string,
    });
  });

  it('prints the same for people', () => {
    const { stdout } = cli(['inspect', 'z']);
    expect(stdout).toMatch(/^soname {7}libz\.so\.1$/m);
    expect(stdout).toMatch(/^Needs:\n {2}libc\.so\.6 {2}\/\S+\n {2}and 1 that those need: --all$/m);
    expect(stdout).toMatch(/^Functions that Node exports, too \(\d+\): .*\n {2}adler32 .*\n.* … \d+ more$/m);
    expect(cli(['inspect', '--all', 'z']).stdout).not.toContain('…');
    expect(cli(['inspect', sharedCalls()]).stdout).toMatch(
      /^Not usable \(1\): parameter 1: quad is a vector.*\n {2}take_vector$/m,
    );
  });

  it('takes one library', () => {
    expect(cli(['inspect', 'z', 'm'])).toMatchObject({ status: 2, stdout: '' });
  });
});

describe('elf-plugin find', () => {
  it('prints paths, and fails for what there is not', () => {
    const path = findLibrary('c') ?? '';
    expect(cli(['find', 'c', 'libc.so.6'])).toMatchObject({
      status: 0,
      stdout: `${path}\n${path}\n`,
      stderr: '',
    });
    expect(cli(['find', 'c', 'stdc+'])).toMatchObject({
      status: 1,
      stdout: `${path}\n`,
      stderr: 'elf-plugin find: stdc+: no library of the system by that name, did you mean stdc++?\n',
    });
    const { status, stdout } = cli(['find', '--json', 'c', './x.so']);
    expect([status, JSON.parse(stdout)]).toEqual([1, [{ name: 'c', path }, { name: './x.so' }]]);
    expect(cli(['find'])).toMatchObject({ status: 2 });
  });
});

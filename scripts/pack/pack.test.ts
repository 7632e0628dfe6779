import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';

import * as sources from '../../lib/index.js';
import { compile, describeWith, ROOT, run } from '../../lib/testing/tools.js';

/** What a fresh process has loaded of the package once a function was called, and what an ES module can import by name. */
const USE = `
  const [dist, url, path] = process.argv.slice(1);
  const library = require(dist);
  const files = () => Object.keys(require.cache).filter((file) => file.startsWith(dist));
  const atImport = files();
  library.open(path).lookup('F')();
  const atCall = files();
  import(url).then((names) => console.log(JSON.stringify({ names: Object.keys(names), atImport, atCall })));`;

describeWith(['gcc'], 'the build', () => {
  const dist = mkdtempSync(join(tmpdir(), 'elf-plugin-pack-'));
  const left = (): string[] => readdirSync(dist, { recursive: true, encoding: 'utf8' });

  beforeAll(() => {
    run(process.execPath, ['--import', 'tsx', join(ROOT, 'scripts/pack/main.ts'), dist], { cwd: ROOT });
  });
  afterAll(() => {
    rmSync(dist, { recursive: true });
  });

  it('works as the sources do, from few files', () => {
    // koffi is found from there.
    const env = { ...process.env, NODE_PATH: join(ROOT, 'node_modules') };
    const url = pathToFileURL(join(dist, 'index.js')).href;
    const args = ['-e', USE, dist, url, compile('plugin_name.c')];
    const [greeting, report = ''] = run(process.execPath, args, { cwd: ROOT, env }).split('\n');
    const { names = [], atImport, atCall } = JSON.parse(report) as Record<string, string[]>;
    expect(greeting).toBe('Hello, number 0');
    expect(names).toEqual(expect.arrayContaining(Object.keys(sources)));
    const named = (files?: string[]): string[] => files?.map((file) => relative(dist, file)).sort() ?? [];
    expect(named(atImport)).toEqual(['index.js', 'packs/import.js']);
    expect(named(atCall)).toEqual(['index.js', 'packs/import.js', 'packs/open.js']);
    // What is in a pack is nowhere else.
    expect(left()).not.toContain('elf/file.js');
  });

  it('has no line that would fill the screen when Node shows where an error comes from', () => {
    const lengths = left()
      .filter((file) => file.endsWith('.js'))
      .flatMap((file) => readFileSync(join(dist, file), 'utf8').split('\n'))
      .map((line) => line.length);
    // Texts that the code contains are not broken.
    expect(lengths.filter((length) => length > 1500)).toEqual([]);
  });

  it('declares what is public, and no more', () => {
    const entries = ['index', 'gcc/index', 'register/jest'].map((name) => join(dist, `${name}.d.ts`));
    const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2023', '--types', 'node'];
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const roots = ['--ignoreConfig', '--typeRoots', join(ROOT, 'node_modules/@types')];
    expect(run(process.execPath, [tsc, ...roots, ...options, ...entries], { cwd: ROOT })).toBe('');
    const declared = left().filter((file) => file.endsWith('.d.ts'));
    expect(declared).toEqual(expect.arrayContaining(['index.d.ts', 'plugin/plugin.d.ts']));
    expect(declared).not.toContain('elf/file.d.ts');
    const plugin = readFileSync(join(dist, 'plugin/plugin.d.ts'), 'utf8');
    expect(plugin).toMatch(/ \* @example\n/);
    expect(plugin).not.toMatch(/tableOf|Library\b.*from/);
  });
});

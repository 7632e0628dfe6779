import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

import { buildSync } from 'esbuild';

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

/** As `USE`, of the scripts that are compiled without Node's loader: the file, and whether V8 took the code that it was given. */
const SCRIPTS = `
  const vm = require('node:vm');
  const scripts = {};
  vm.Script = class extends vm.Script {
    constructor(text, options) {
      super(text, options);
      const { base, ext } = require('node:path').parse(options.filename);
      // Another is what calls C, which is no file.
      if (ext === '.js') scripts[base] = this.cachedDataRejected === false;
    }
  };
  const [main, path] = process.argv.slice(1);
  require(main).open(path).lookup('F')();
  console.log(JSON.stringify(scripts));`;

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
    // koffi is found from there. Without a cache all is loaded by Node.
    const env = { ...process.env, NODE_PATH: join(ROOT, 'node_modules'), ELF_PLUGIN_CACHE: '' };
    const url = pathToFileURL(join(dist, 'index.js')).href;
    const args = ['-e', USE, dist, url, compile('plugin_name.c')];
    const [greeting, report = ''] = run(process.execPath, args, { cwd: ROOT, env }).split('\n');
    const { names = [], atImport, atCall } = JSON.parse(report) as Record<string, string[]>;
    expect(greeting).toBe('Hello, number 0');
    expect(names).toEqual(expect.arrayContaining(Object.keys(sources)));
    const named = (files?: string[]): string[] => files?.map((file) => relative(dist, file)).sort() ?? [];
    const loaded = ['index.js', 'packs/import.js', 'packs/start.js'];
    expect(named(atImport)).toEqual(loaded);
    expect(named(atCall)).toEqual([...loaded, 'packs/open.js'].sort());
    // What is in a pack is nowhere else.
    expect(left()).not.toContain('elf/file.js');
  });

  describe('the code that V8 compiled', () => {
    const cache = join(dist, '../', `${basename(dist)}-cache`);
    const library = compile('plugin_name.c');
    const env = { ...process.env, NODE_PATH: join(ROOT, 'node_modules'), ELF_PLUGIN_CACHE: cache };
    /** What a process that loads the package from `main` and calls a function of `library` says of each pack: was its code taken from an earlier process? */
    const use = (main = join(dist, 'index.js')): Record<string, boolean> => {
      const [greeting, report = ''] = run(process.execPath, ['-e', SCRIPTS, main, library], { env }).split(
        '\n',
      );
      expect(greeting).toBe('Hello, number 0');
      return JSON.parse(report) as Record<string, boolean>;
    };
    const entries = (): string[] =>
      readdirSync(join(cache, 'v1/code')).map((name) => join(cache, 'v1/code', name));
    const fromBefore = { 'import.js': true, 'open.js': true };
    const compiledNow = { 'import.js': false, 'open.js': false };

    beforeAll(async () => {
      // The state of a file that was written just now does not tell of the next write.
      await setTimeout(2100);
    });
    afterAll(() => {
      rmSync(cache, { recursive: true });
    });

    it('is kept for later processes', () => {
      expect(use()).toEqual(compiledNow);
      expect(use()).toEqual(fromBefore);
    });

    it.each([
      ['changed', (bytes: Buffer) => bytes.fill(bytes.readUInt8(3000) ^ 1, 3000, 3001)],
      ['cut', (bytes: Buffer) => bytes.subarray(0, 4096)],
      ['empty', () => Buffer.alloc(0)],
    ])('is not used where it was %s', (_how, damage) => {
      for (const entry of entries()) writeFileSync(entry, damage(readFileSync(entry)));
      expect(use()).toEqual(compiledNow);
      expect(use()).toEqual(fromBefore);
    });

    it('is not used for a file that was changed', () => {
      const path = join(dist, 'packs/open.js');
      const text = readFileSync(path, 'utf8');
      const changed = text.replace('plugin already loaded', 'plugin already patched');
      expect(changed).not.toBe(text);
      writeFileSync(path, changed);
      expect(use()).toEqual({ 'import.js': true, 'open.js': false });
      writeFileSync(path, text);
    });

    it.each([
      ['there is no cache', { ELF_PLUGIN_CACHE: '' }],
      ['it is counted what runs', { NODE_V8_COVERAGE: join(cache, 'coverage') }],
    ])('is done without where %s', (_where, more) => {
      const [, report] = run(process.execPath, ['-e', SCRIPTS, dist, library], {
        env: { ...env, ...more },
      }).split('\n');
      expect(report).toBe('{}');
    });

    it('is no hindrance for a bundler', () => {
      const bundle = join(cache, 'bundle/index.js');
      buildSync({
        entryPoints: [join(dist, 'index.js')],
        outfile: bundle,
        bundle: true,
        platform: 'node',
        external: ['koffi'],
        logLevel: 'error',
      });
      // What lies beside it is not ours.
      writeFileSync(join(bundle, '../import.js'), 'throw new Error("not a pack");');
      expect(use(bundle)).toEqual({});
    });
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

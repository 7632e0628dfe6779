import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { makeDts } from '../dts/module.js';
import { declarationFile } from '../dts/names.js';
import { Library } from '../library/library.js';
import { installPackage } from '../testing/package.js';
import { BUILD, compile, describeWith, ROOT, run } from '../testing/tools.js';
import { typeScript, valueExports } from '../testing/type-check.js';

/** A folder with the package as it is published, and programs that import libraries. */
const APP = join(BUILD, 'register');
const TSX = join(ROOT, 'node_modules/tsx/dist/loader.mjs');

/** Node itself, and other versions of it that `ELF_PLUGIN_NODES` names, with colons between. */
const NODES = [process.execPath, ...(process.env['ELF_PLUGIN_NODES']?.split(':') ?? [])].map((node) => ({
  node,
  version: run(node, ['--version']).trim(),
}));

const MODULE = `
import plugin, { F, V } from './plugin_name.so';
import * as all from './plugin_name.so';
import { open } from 'elf-plugin';
V.value = 7;
F();
console.log(Object.keys(all), plugin === open('./plugin_name.so'), plugin.lookup('F') === F, all.V === V);
`;
const MODULE_OUTPUT = "Hello, number 7\n[ 'F', 'V', 'default' ] true true true\n";

const COMMON = `
const lib = require('./plugin_name.so');
const { open } = require('elf-plugin');
lib.V.value = 8;
lib.F();
console.log(Object.keys(lib), lib.default === open('./plugin_name.so'), lib.default.lookup('F') === lib.F);
console.log(lib.__esModule, Object.getPrototypeOf(lib), lib.toString, lib === require('./link.so'));
`;
const COMMON_OUTPUT = "Hello, number 8\n[ 'default', 'F', 'V' ] true true\ntrue null undefined true\n";

const SPECIFIERS = `
import { createRequire } from 'node:module';
import { F } from './plugin_name.so';
import * as link from './link.so';
import * as query from './plugin_name.so?a=1';
import * as numbered from './numbered.so.1';
import * as spaced from './odd/a%20%25%23%3F.so';
import { default as system, zlibVersion } from '/usr/lib/x86_64-linux-gnu/libz.so.1';
const require = createRequire(import.meta.url);
console.log(link.F === F, query.F === F, query === link, numbered.F === F);
console.log(require('./plugin_name.so').F === F, require('./numbered.so.1').F === numbered.F);
console.log(require('./odd/a %#?.so').F === spaced.F, spaced.default.path.endsWith('/odd/a %#?.so'));
console.log(zlibVersion === system.lookup('zlibVersion'), system.soname, (await import(system.path)).zlibVersion === zlibVersion);
console.log(import.meta.resolve('./link.so') === new URL('./plugin_name.so', import.meta.url).href);
try { require('./plugin_name') } catch (e) { console.log(e.code) }
`;
const SPECIFIERS_OUTPUT = `true true false true
true true
true true
true libz.so.1 true
true
MODULE_NOT_FOUND
`;

const NAMES = `
import plugin, { 'odd name' as odd, 'class' as c, "it's" as quoted, größe, __proto__, 'module.exports' as m, s0, plugin as p } from './oddexports.so';
import * as all from './oddexports.so';
console.log(odd(), c(), quoted(), größe(), __proto__(), m(), s0(), p());
console.log(plugin.lookup('then')(), plugin.lookup('default')(), plugin.lookup('__esModule')());
console.log((await import('./oddexports.so')) === all, Object.keys(all).length);
import { createRequire } from 'node:module';
const required = createRequire(import.meta.url)('./oddexports.so');
console.log(Object.keys(required).sort().join() === Object.keys(all).sort().join(), required.__proto__ === __proto__);
`;
const NAMES_OUTPUT = '1 2 3 4 5 6 7 8\n9 10 11\ntrue 9\ntrue true\n';

/** Prints what both kinds of module export. */
const EXPORTS = `
import { createRequire } from 'node:module';
const names = (module) => Object.keys(module).sort();
for (const library of ['./plugin_name.so', './oddexports.so']) {
  console.log(JSON.stringify([names(await import(library)), names(createRequire(import.meta.url)(library))]));
}
`;

const WORKER = `
import { isMainThread, Worker } from 'node:worker_threads';
import { F, V } from './plugin_name.so';
if (isMainThread) { V.value = 41; new Worker(new URL(import.meta.url)); } else { V.value++; F(); }
`;

const TYPESCRIPT = `
import plugin, { F, V } from './plugin_name.so';
import * as all from './plugin_name.so';
const n: number = 9;
V.value = n;
F();
async function main(): Promise<void> {
  console.log(plugin.lookup('F') === F, all.F === F, (await import('./plugin_name.so')).F === F);
}
void main();
`;

const OPEN = 'PluginError: plugin.Open("';

/** Programs with an import that fails, where that is, and the line. */
const FAILING: readonly [file: string, text: string, line: number, shown: string, error: string][] = [
  [
    'missing.mjs',
    "\nimport {\n  F, G } from './plugin_name.so';\n",
    3,
    '  F, G }',
    "does not provide an export named 'G'",
  ],
  ['text.mjs', "import './text.so';\n", 1, "import './text.so';\n       ^\n", OPEN],
  [
    'undefined.mjs',
    "// import './undefined.so';\n\n\timport './undefined.so';\n",
    3,
    "\timport './undefined.so';\n\t       ^\n",
    OPEN,
  ],
  [
    'dynamic.mjs',
    "\nawait import('./undefined.so');\n",
    2,
    "await import('./undefined.so');\n             ^\n",
    OPEN,
  ],
  ['second.mjs', "import './plugin_name.so';\nimport './undefined.mjs';\n", 3, 'undefined.mjs:3', OPEN],
  ['text.cjs', "\n  require('./text.so');\n", 2, "  require('./text.so');\n  ^\n", OPEN],
  ['undefined.cjs', "\n  require('./undefined.so');\n", 2, "  require('./undefined.so');\n  ^\n", OPEN],
  ['computed.cjs', "const name = './undefined.so';\nrequire(name);\n", 2, 'require(name);\n^\n', OPEN],
  [
    'typed/text.ts',
    "type T = 1;\nimport { f } from './text.so';\nf();\n",
    2,
    "import { f } from './text.so';\n                  ^\n",
    OPEN,
  ],
  [
    'typed/undefined.ts',
    "type T = 1;\nimport { f } from './undefined.so';\nf();\n",
    2,
    "import { f } from './undefined.so';\n                  ^\n",
    OPEN,
  ],
];

function prepare(): void {
  rmSync(APP, { recursive: true, force: true });
  installPackage(APP);
  for (const folder of ['odd', 'typed', 'common']) mkdirSync(join(APP, folder));
  const plugin = compile('plugin_name.c');
  // A copy with another build-id: the same one would be refused as a copy.
  const other = compile('plugin_name.c', { flags: ['-g', '-shared', '-fPIC', '-Wl,--build-id=none'] });
  const undefinedSymbol = compile('extern int nowhere(void);\nint f(void) { return nowhere(); }\n');
  for (const folder of ['', 'typed', 'common']) {
    copyFileSync(plugin, join(APP, folder, 'plugin_name.so'));
    copyFileSync(undefinedSymbol, join(APP, folder, 'undefined.so'));
    writeFileSync(join(APP, folder, 'text.so'), 'no library\n');
  }
  copyFileSync(compile('oddexports.c'), join(APP, 'oddexports.so'));
  copyFileSync(other, join(APP, 'odd/a %#?.so'));
  symlinkSync('plugin_name.so', join(APP, 'link.so'));
  symlinkSync('plugin_name.so', join(APP, 'numbered.so.1'));
  const files = {
    'module.mjs': MODULE,
    'common.cjs': COMMON,
    'specifiers.mjs': SPECIFIERS,
    'names.mjs': NAMES,
    'worker.mjs': WORKER,
    'exports.mjs': EXPORTS,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(APP, name), text);
  writeFileSync(join(APP, 'both.mjs'), "import './common.cjs';\nimport './module.mjs';\n");
  for (const [name, text] of FAILING) writeFileSync(join(APP, name), text);
  for (const [folder, type] of [
    ['typed', 'module'],
    ['common', 'commonjs'],
  ] as const) {
    writeFileSync(join(APP, folder, 'package.json'), JSON.stringify({ type }));
    writeFileSync(join(APP, folder, 'app.ts'), TYPESCRIPT);
  }
}

/** The values that the generated declarations of these libraries export, by TypeScript. */
function declaredExports(libraries: readonly string[]): string[][] {
  const files = libraries.map((name) => {
    const file = join(APP, declarationFile(name));
    writeFileSync(file, makeDts(Library.open(join(APP, name))).text);
    return file;
  });
  const types = typeScript(files);
  return files.map((file) => valueExports(types, file));
}

function program(
  node: string,
  args: readonly string[],
  cwd = APP,
): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(node, args, { cwd, encoding: 'utf8', timeout: 30_000 });
}

const LIBZ = '/usr/lib/x86_64-linux-gnu/libz.so.1';

describeWith(['gcc', LIBZ], 'import of a library', () => {
  beforeAll(prepare, 120_000);

  describe.each(NODES)('in Node $version', ({ node }) => {
    describe.each(['--import', '--require'])('%s elf-plugin/register', (flag) => {
      it.each([
        ['module.mjs', MODULE_OUTPUT],
        ['common.cjs', COMMON_OUTPUT],
        ['both.mjs', COMMON_OUTPUT + MODULE_OUTPUT],
        ['specifiers.mjs', SPECIFIERS_OUTPUT],
        ['names.mjs', NAMES_OUTPUT],
        ['worker.mjs', 'Hello, number 42\n'],
      ])('%s', (file, stdout) => {
        expect(program(node, [flag, 'elf-plugin/register', file])).toMatchObject({
          stderr: '',
          stdout,
          status: 0,
        });
      });
    });

    it.each(FAILING)('%s: the error begins with the importing line', (...[file, , line, shown, error]) => {
      const tsx = file.endsWith('.ts') ? ['--import', TSX] : [];
      const { status, stderr } = program(node, [...tsx, '--import', 'elf-plugin/register', file]);
      expect(status).toBe(1);
      // Node 20 prints its own line where an error comes from the thread of the hooks.
      const start = stderr.replace(/^\s*node:internal.*\n.*\n +\^\n/, '').slice(0, stderr.indexOf(error));
      expect(start.replace(/^file:\/\//, '').split('\n')[0]).toMatch(new RegExp(`^${APP}/.*:${line}$`));
      expect(start).toContain(shown);
      expect(stderr).toContain(error);
      // Nothing of this package.
      expect(stderr).not.toContain('node_modules/elf-plugin');
    });

    it.each([
      ['typed', ['--import', TSX, '--import', 'elf-plugin/register']],
      ['typed', ['--import', 'elf-plugin/register', '--import', TSX]],
      ['common', ['--import', TSX, '--import', 'elf-plugin/register']],
      ['common', ['--import', 'elf-plugin/register', '--import', TSX]],
    ])('tsx, %s, %j', (folder, flags) => {
      const result = program(node, [...flags, 'app.ts'], join(APP, folder));
      expect(result).toMatchObject({ stderr: '', stdout: 'Hello, number 9\ntrue true true\n', status: 0 });
    });

    it('exports what its declarations say', () => {
      const { stdout } = program(node, ['--import', 'elf-plugin/register', 'exports.mjs']);
      const exported = stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as string[][]);
      expect(exported).toEqual(
        declaredExports(['plugin_name.so', 'oddexports.so']).map((names) => [names, names]),
      );
    });

    it('an error that is caught is a PluginError with its code', () => {
      const text = `
        import { isPluginError } from 'elf-plugin';
        try { await import('./undefined.so') } catch (e) { console.log(e.name, e.code, e.dlerror, isPluginError(e)) }`;
      const result = program(node, ['--import', 'elf-plugin/register', '--input-type=module', '-e', text]);
      const library = join(APP, 'undefined.so');
      expect(result.stdout).toBe(`PluginError ERR_PLUGIN_OPEN ${library}: undefined symbol: nowhere true\n`);
    });
  });

  it('reads names without loading anything', () => {
    const hooks = join(APP, 'node_modules/elf-plugin/dist/register/hooks.js');
    const url = pathToFileURL(join(APP, 'plugin_name.so')).href;
    const text = `
      const { source } = require(${JSON.stringify(hooks)}).load(${JSON.stringify(url)}, {}, () => undefined);
      console.log(source.includes('s0 as "F"') || source.includes('s1 as "F"'));
      console.log(Object.keys(require.cache).filter((f) => f.includes('koffi')));
      console.log(require('fs').readFileSync('/proc/self/maps', 'utf8').includes('plugin_name.so'));`;
    expect(program(process.execPath, ['-e', text]).stdout).toBe('true\n[]\nfalse\n');
  });

  it('binds a function of an import when it is called, and then as any other', () => {
    const text = `
      import plugin, { F, V } from './plugin_name.so';
      console.log(String(F), F.name, F.type.kind, V.type.kind);
      try { F(1) } catch (e) { console.log(e.code) }
      V.value = 3; await F.async(); F();`;
    const result = program(process.execPath, [
      '--import',
      'elf-plugin/register',
      '--input-type=module',
      '-e',
      text,
    ]);
    const stdout = 'void F(void) F function int\nERR_ARGUMENT_COUNT\nHello, number 3\nHello, number 3\n';
    expect(result).toMatchObject({ stderr: '', stdout });
  });
});

describeWith(['gcc'], 'import of a library in Jest', () => {
  const folder = join(APP, 'jest');
  const jest = (config: object, test: string, env: NodeJS.ProcessEnv = {}): string => {
    const args = [
      join(dirname(require.resolve('jest/package.json')), 'bin/jest.js'),
      '--no-cache',
      '--rootDir',
      folder,
    ];
    const given = ['--config', JSON.stringify(config), '--runTestsByPath', join(folder, test)];
    const child = spawnSync(process.execPath, [...args, ...given], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, ...env, NO_COLOR: '1' },
    });
    return child.stdout + child.stderr;
  };
  const transform = { '\\.so(\\.\\d+)*$': 'elf-plugin/jest' };

  beforeAll(() => {
    mkdirSync(folder, { recursive: true });
    for (const name of ['plugin_name.so', 'undefined.so']) copyFileSync(join(APP, name), join(folder, name));
    const test = `
      const lib = require('./plugin_name.so');
      test('a library', () => {
        lib.V.value = 4;
        lib.F();
        expect(lib.default).toBe(require('elf-plugin').open(__dirname + '/plugin_name.so'));
        jest.spyOn(lib, 'F').mockReturnValue(5);
        expect(lib.F()).toBe(5);
      });`;
    writeFileSync(join(folder, 'common.test.js'), test);
    writeFileSync(
      join(folder, 'failing.test.js'),
      "test('fails', () => {\n  require('./undefined.so');\n});\n",
    );
    const typed =
      "import plugin, { F } from './plugin_name.so';\nimport * as all from './plugin_name.so';\ntest('a library', () => { F(); expect([plugin.lookup('F'), all.F]).toEqual([F, F]); });\n";
    for (const name of ['typed.test.ts', 'module.test.mjs']) writeFileSync(join(folder, name), typed);
  });

  it('require', () => {
    const output = jest({ transform }, 'common.test.js');
    expect(output).toContain('Hello, number 4\n');
    expect(output).toContain('Tests:       1 passed');
  });

  it('TypeScript, by ts-jest', () => {
    const options = { diagnostics: false, tsconfig: { module: 'nodenext', esModuleInterop: true } };
    const config = { transform: { ...transform, '\\.ts$': ['ts-jest', options] } };
    expect(jest(config, 'typed.test.ts')).toContain('Tests:       1 passed');
  });

  it('ES modules, with the flag', () => {
    const config = { transform, extensionsToTreatAsEsm: ['.so'], testMatch: ['**/*.mjs'] };
    const output = jest(config, 'module.test.mjs', { NODE_OPTIONS: '--experimental-vm-modules' });
    expect(output).toContain('Tests:       1 passed');
  });

  it('shows the line of a require that fails', () => {
    const output = jest({ transform }, 'failing.test.js');
    expect(output).toContain('failing.test.js:2\n');
    expect(output).toMatch(/PluginError: plugin\.Open\(.*undefined symbol: nowhere/);
    expect(output).toContain("> 2 |   require('./undefined.so');");
  });
});

import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { compile, ROOT, run } from '../lib/testing/tools.js';

/**
 * What somebody gets who installs the package: the tarball of `npm pack` in an empty folder, used from an ES module, from CommonJS, from a Jest without
 * any configuration, from TypeScript, and from the command line. Each opens a library and calls it. Then docs/jest.md, as its reader follows it.
 */
const OPEN = `
  const plugin = open(process.env.PLUGIN);
  const V = plugin.lookup('V');
  V.value = 7;
  plugin.lookup('F')();`;

const FILES: Readonly<Record<string, string>> = {
  'package.json': '{ "name": "consumer", "private": true }\n',
  'module.mjs': `import { open, PluginError } from 'elf-plugin';\nimport * as all from 'elf-plugin';\n${OPEN}\nif (typeof PluginError !== 'function' || all.open !== open) process.exit(1);\n`,
  'common.cjs': `const { open } = require('elf-plugin');\n${OPEN}\n`,
  'open.test.js': `const { open, PluginError } = require('elf-plugin');\ntest('a plugin in Jest', () => {${OPEN}\n  expect(V.value).toBe(7);\n  // Of the realm of the test, wherever the package's code came from.\n  expect(PluginError.prototype).toBeInstanceOf(Error);\n});\n`,
  'typed.mts': `import { open, type OpenOptions, type Plugin } from 'elf-plugin';\nconst options: OpenOptions = { int64: 'number' };\nconst plugin: Plugin = open(process.env['PLUGIN'] ?? '', options);\nplugin.lookup('V').value = 7;\nplugin.lookup('F')();\nexport const name: string = plugin.path;\n`,
  'imported.mjs': `import { F, V } from './plugin_name.so';\nV.value = 7;\nF();\n`,
  'required.cjs': `const { F, V } = require('./plugin_name.so');\nV.value = 7;\nF();\n`,
  'jest.import.json':
    '{ "transform": { "\\\\.so$": "elf-plugin/jest" }, "testMatch": ["**/imported.jest.js"] }\n',
  'imported.jest.js': `const { F, V } = require('./plugin_name.so');\ntest('an import in Jest', () => {\n  V.value = 7;\n  F();\n  expect(V.value).toBe(7);\n});\n`,
  'tsconfig.json':
    '{ "compilerOptions": { "strict": true, "module": "nodenext", "target": "es2023", "lib": ["es2023"], "types": ["node"], "noEmit": true, "skipLibCheck": false }, "files": ["typed.mts"] }\n',
};

function main(): void {
  const folder = mkdtempSync(join(tmpdir(), 'elf-plugin-consumer-'));
  try {
    const tarball = packed(join(folder, 'tarball'));
    for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
    const { devDependencies } = JSON.parse(run('npm', ['pkg', 'get', '--json'], { cwd: ROOT })) as {
      devDependencies: Record<string, string>;
    };
    const tools = ['jest', 'typescript', 'ts-jest', '@types/node', '@types/jest'].map(
      (name) => `${name}@${devDependencies[name] ?? ''}`,
    );
    run('npm', ['install', '--no-audit', '--no-fund', tarball, ...tools], {
      cwd: folder,
    });

    const env = { ...process.env, PLUGIN: compile('plugin_name.c') };
    const check = (
      what: string,
      command: string,
      args: readonly string[],
      expected = 'Hello, number 7\n',
    ): void => {
      const output = run(command, args, { cwd: folder, env });
      if (!output.includes(expected))
        throw new Error(`${what}: expected ${JSON.stringify(expected)}, got ${output}`);
      console.log(`ok: ${what}`);
    };
    check('ES module', process.execPath, ['module.mjs']);
    check('CommonJS', process.execPath, ['common.cjs']);
    check('Jest without configuration', join(folder, 'node_modules/.bin/jest'), []);
    copyFileSync(env.PLUGIN, join(folder, 'plugin_name.so'));
    const register = ['--import', 'elf-plugin/register'];
    check('import of a library', process.execPath, [...register, 'imported.mjs']);
    check('require of a library', process.execPath, [...register, 'required.cjs']);
    const jestConfig = ['--config', 'jest.import.json'];
    check('import of a library in Jest', join(folder, 'node_modules/.bin/jest'), jestConfig);
    check('npx elf-plugin', 'npx', ['--no-install', 'elf-plugin', 'call', env.PLUGIN, 'V = 7', 'F()']);
    check('TypeScript under --strict', join(folder, 'node_modules/.bin/tsc'), ['-p', '.'], '');
    for (const cache of ['cache', '']) followJestPage(folder, cache);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Bytes of a tarball, at most. */
const MOST = 300_000;

/** The tarball of `npm pack`: the same bytes each time it is made, small, without a script that npm runs, and with the pages that messages name. Builds twice. */
function packed(folder: string): string {
  const packs = ['first', 'again'].map((name) => {
    mkdirSync(join(folder, name), { recursive: true });
    const args = ['pack', '--json', '--pack-destination', join(folder, name)];
    const [pack] = JSON.parse(run('npm', args, { cwd: ROOT })) as [Pack];
    return { ...pack, path: join(folder, name, pack.filename) };
  });
  const [first, again] = packs;
  if (first === undefined || first.integrity !== again?.integrity) throw new Error('two packs, other bytes');
  if (first.size >= MOST) throw new Error(`the tarball has ${first.size} bytes, ${MOST} are too many`);
  const { scripts = {} } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts?: Record<string, string>;
  };
  const installs = ['preinstall', 'install', 'postinstall', 'prepare'].filter((name) => name in scripts);
  if (installs.length > 0) throw new Error(`npm would run ${installs.join(', ')}`);
  const inside = new Set(first.files.map(({ path }) => path));
  const texts = first.files.filter(({ path }) => /\.js$/.test(path));
  const pages = texts.flatMap(
    ({ path }) => readFileSync(join(ROOT, path), 'utf8').match(/docs\/[\w-]+\.md/g) ?? [],
  );
  const missing = [...new Set(pages)].filter((page) => !inside.has(page));
  if (pages.length === 0 || missing.length > 0)
    throw new Error(`pages that are named: ${missing.join(', ')}`);
  console.log(`ok: the tarball, ${first.size} bytes, ${first.files.length} files, the same twice`);
  return first.path;
}

/** What `npm pack --json` says. */
interface Pack {
  readonly filename: string;
  readonly integrity: string;
  /** Bytes. */
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

/** The blocks of docs/jest.md in order, in a folder of their own: files are written, `npx jest` is run, and has to run all tests there are by then. */
function followJestPage(consumer: string, cache: string): void {
  const folder = join(consumer, cache === '' ? 'jest-without-cache' : 'jest');
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const env = {
    ...process.env,
    ELF_PLUGIN_CACHE: cache === '' ? '' : join(folder, cache),
    TMPDIR: temporary,
    // As `npx` has it.
    PATH: `${join(consumer, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`,
  };
  const page = readFileSync(join(ROOT, 'docs/jest.md'), 'utf8');
  let written = 0;
  let ran = 0;
  for (const [, language, code = ''] of page.matchAll(/^```(\w+)\n([^]*?)^```$/gm)) {
    const [, file] = /^\/\/ ([\w.-]+)\n/.exec(code) ?? [];
    if (file !== undefined) {
      writeFileSync(join(folder, file), code);
      written += code.match(/^test\(/gm)?.length ?? 0;
    } else if (language === 'sh' && code.startsWith('npx ')) {
      const { stdout, stderr, status } = spawnSync('sh', ['-c', code.replace('npx ', '')], {
        cwd: folder,
        env,
        encoding: 'utf8',
      });
      const [, passed] = /^Tests: +(\d+) passed, \d+ total$/m.exec(stderr) ?? [];
      if (status !== 0 || Number(passed) !== written)
        throw new Error(`docs/jest.md: ${code}: ${written} tests are to pass\n${stdout}${stderr}`);
      ran++;
    }
  }
  const leftovers = (): string[] => readdirSync(temporary).filter((name) => name.startsWith('elf-plugin'));
  // They are removed when the process has ended, which does not wait for it.
  for (let i = 0; i < 50 && leftovers().length > 0; i++) run('sleep', ['0.1']);
  const left = leftovers();
  if (ran === 0 || left.length > 0)
    throw new Error(`docs/jest.md: ${ran} times Jest; left: ${left.join(', ')}`);
  console.log(
    `ok: docs/jest.md, ${cache === '' ? 'without a cache' : 'with a cache'}: ${ran} times Jest, ${written} tests`,
  );
}

main();

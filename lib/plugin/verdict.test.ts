/** What the cache remembers of comparisons of versions: never more than that there was no difference between these very files. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { findLibrary } from '../elf/search.js';
import { loadedHandle } from '../ffi/linker.js';
import { Library } from '../library/library.js';
import { childValue } from '../testing/run-child.js';
import { FIXTURES, run } from '../testing/tools.js';
import { findNewcomers } from './newcomers.js';
import { Verdict } from './verdict.js';
import { checkVersions } from './versions.js';

const dir = fs.mkdtempSync(join(tmpdir(), 'elf-plugin-verdict-'));
const env = { ...process.env };
let root = '';
let count = 0;

beforeEach(() => {
  root = join(dir, `cache${count++}`);
  process.env['ELF_PLUGIN_CACHE'] = root;
});
afterEach(() => {
  process.env = { ...env };
});
afterAll(() => {
  fs.rmSync(dir, { recursive: true, force: true });
});

const BASE = join(dir, 'libbase.so.1');

function build(version: number, source: string, output: string, ...more: string[]): string {
  const path = join(dir, output);
  const temporary = `${path}.new`;
  const flags = ['-g', '-O2', '-shared', '-fPIC', `-DVERSION=${version}`, `-I${join(FIXTURES, 'versions')}`];
  run('gcc', [...flags, '-o', temporary, join(FIXTURES, 'versions', source), ...more], { cwd: dir });
  fs.renameSync(temporary, path);
  return path;
}

const buildBase = (version: number, ...more: string[]): string =>
  build(version, 'libbase.c', 'libbase.so.1', '-Wl,-soname,libbase.so.1', ...more);
const buildPlugin = (...more: string[]): string =>
  build(1, 'plugin.c', 'plugin.so', BASE, `-Wl,-rpath,${dir}`, ...more);

buildBase(1);
const PLUGIN = buildPlugin();

/** What opening the plugin would do: `known` if it is remembered, else the outcome of the comparison. */
function check(path = PLUGIN, deep = true): string {
  const library = Library.open(path);
  try {
    const newcomers = findNewcomers(library);
    const verdict = new Verdict(newcomers, deep);
    if (verdict.isKnown) return 'known';
    checkVersions(newcomers, deep, () => undefined, verdict);
    return 'alike';
  } catch (error) {
    return (error as Error).message;
  } finally {
    library.file.close();
  }
}

function entries(): string[] {
  const folder = join(root, 'v1', 'versions');
  return fs.existsSync(folder) ? fs.readdirSync(folder).map((name) => join(folder, name)) : [];
}

it('remembers that there is no difference', () => {
  expect([check(), check(), check()]).toEqual(['alike', 'known', 'known']);
  expect(check(PLUGIN, false)).toBe('alike');
  expect(entries()).toHaveLength(2);
});

it('forgets it with another file, and remembers no difference', () => {
  expect([check(), check()]).toEqual(['alike', 'known']);
  buildBase(2);
  try {
    expect(check()).toContain('different version of library libbase.so.1');
    expect(check()).toContain('different version of library libbase.so.1');
    expect(entries()).toHaveLength(1);
  } finally {
    buildBase(1);
  }
  expect([check(), check()]).toEqual(['alike', 'known']);
});

it('looks at the file, also where its size and its time are those of before', () => {
  expect([check(), check()]).toEqual(['alike', 'known']);
  const { atime, mtime } = fs.statSync(BASE);
  const bytes = fs.readFileSync(BASE);
  // Written in place: whether anything in it is another, only a look inside can say.
  fs.writeFileSync(BASE, bytes);
  fs.utimesSync(BASE, atime, mtime);
  expect([check(), check()]).toEqual(['alike', 'known']);
  expect(entries()).toHaveLength(2);
});

it('takes no damaged entry', () => {
  check();
  const [path = ''] = entries();
  const good = fs.readFileSync(path);
  for (let at = 0; at < good.length; at++) {
    const bytes = Buffer.from(good);
    bytes.writeUInt8((bytes[at] ?? 0) ^ (1 << (at % 8)), at);
    fs.writeFileSync(path, bytes);
    const library = Library.open(PLUGIN);
    expect(new Verdict(findNewcomers(library), true).isKnown).toBe(false);
    library.file.close();
  }
  for (const size of [0, 1, 7, 8, good.length - 1]) {
    fs.writeFileSync(path, good.subarray(0, size));
    expect(check()).toBe('alike');
    expect(fs.readFileSync(path).equals(good)).toBe(true);
  }
});

it('remembers nothing of types that are in further files', () => {
  try {
    expect([check(buildPlugin('-gsplit-dwarf')), check()]).toEqual(['alike', 'alike']);
  } finally {
    buildPlugin();
  }
  expect(entries()).toEqual([]);
});

it('does not take one dependency less for the same', () => {
  const alone = build(1, 'libbase.c', 'libgone.so', '-Wl,-soname,libgone.so');
  const user = build(1, 'plugin.c', 'user.so', '-Wl,--no-as-needed', BASE, alone, `-Wl,-rpath,${dir}`);
  expect(check(user)).toBe('alike');
  fs.rmSync(alone);
  expect(check(user)).toBe('alike');
});

it('is asked by open, in each process; the comparison is then not even loaded', () => {
  const source = `
    import { open } from '#lib/index.js';
    let outcome = 'opened';
    try {
      open(process.argv[2] ?? '');
    } catch (error) {
      outcome = (error as { code: string }).code;
    }
    const isCompared = Object.keys(require.cache).some((path) => path.endsWith('/plugin/versions.ts'));
    console.log(JSON.stringify([outcome, isCompared]));`;
  const child = (cache = root): unknown =>
    childValue(source, { args: [PLUGIN], env: { ELF_PLUGIN_CACHE: cache } });
  expect([child(), child(), child('')]).toEqual([
    ['opened', true],
    ['opened', false],
    ['opened', true],
  ]);
  buildBase(2);
  try {
    expect([child(), child()]).toEqual([
      ['ERR_PLUGIN_VERSION', true],
      ['ERR_PLUGIN_VERSION', true],
    ]);
  } finally {
    buildBase(1);
  }
});

it('knows a library that is loaded already by its build-id in memory', () => {
  const outcomes = childValue(
    `
    import { open } from '#lib/index.js';
    open(process.argv[2] ?? '');
    open(process.argv[3] ?? '');
    console.log(JSON.stringify(Object.keys(require.cache).some((path) => path.endsWith('/plugin/versions.ts'))));`,
    { args: [BASE, PLUGIN] },
  );
  expect(outcomes).toBe(true);
  const [path = ''] = entries();
  const id = Library.open(BASE).buildId ?? 'none';
  expect(fs.readFileSync(path, 'latin1')).toContain(`libbase.so.1 ${id} `);
  // Here it is not loaded, so that it is a newcomer: another comparison.
  expect(loadedHandle('libbase.so.1')).toBeUndefined();
  expect(findLibrary('base')).toBeUndefined();
  expect(check()).toBe('alike');
});

/** Row 11 of the conformance table, and what surrounds it: libraries that were built with different versions of one that they need. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { host, scratchFolder } from '../testing/conformance.js';
import { describeWith, FIXTURES, hasTool, run } from '../testing/tools.js';

interface Build {
  compiler?: string;
  flags?: readonly string[];
  /** The version of libbase, and those that the plugin and libmiddle are compiled with. */
  base?: number;
  plugin?: number;
  middle?: number;
  /** Of libbase, where they are others than `flags`. */
  baseFlags?: readonly string[];
}

/** Builds fixtures/versions in a new folder. */
function build(options: Build = {}): string {
  const { compiler = 'gcc', flags = ['-g'], base = 1, plugin = 1, middle = 1, baseFlags = flags } = options;
  const folder = scratchFolder();
  const make = (name: string, version: number, how: readonly string[], ...more: string[]): void => {
    const source = join(FIXTURES, 'versions', `${name.replace(/\.so.*/, '')}.c`);
    const all = [...how, `-DVERSION=${version}`, '-shared', '-fPIC', '-o', name, source];
    run(compiler, [...all, ...more, '-Wl,-rpath,$ORIGIN'], { cwd: folder });
  };
  make('libbase.so.1', base, baseFlags, '-Wl,-soname,libbase.so.1');
  make('plugin.so', plugin, flags, '-L.', '-l:libbase.so.1');
  make('libmiddle.so', middle, flags, '-Wl,-soname,libmiddle.so', '-L.', '-l:libbase.so.1');
  make('outer.so', 1, flags, '-L.', '-lmiddle');
  return folder;
}

/** What comes of opening the plugin, and whether a constructor has run. */
const OPEN = `
  const path = join(scratch, 'plugin.so');
  const result = (() => { try { return open(path).lookup('measure')(); } catch (e) { return e.message.split('\\n').map((line) => line.trim()); } })();
  print([result, process.env.CONSTRUCTED ?? 'nothing ran']);`;

/** The error's lines for `user`, which is in `scratch`. */
function different(scratch: string, user: string, opened = 'plugin'): string[] {
  const by = user === `${opened}.so` ? 'it' : join(scratch, user);
  return [
    `plugin.Open("${join(scratch, opened)}"): plugin was built with a different version of library libbase.so.1`,
    `struct point: field x is at offset 0 in ${join(scratch, user)}, and at offset 4 in ${scratch}/libbase.so.1`,
    expect.stringMatching(`^${by} uses it by way of \\w+ \\(shape.h:\\d+\\)$`) as string,
    `compile ${user} again with the headers of this libbase.so.1; versionCheck: false opens it as it is`,
  ];
}

it('row 11: a plugin that was built with another version of a library that is loaded', () => {
  const scratch = build({ base: 2 });
  const result = host(
    `
    const base = open(join(scratch, 'libbase.so.1'));
    const path = join(scratch, 'plugin.so');
    const lines = (f) => { try { f(); } catch (e) { return [e.code, ...e.message.split('\\n').map((line) => line.trim())]; } };
    const mapped = () => fs.readFileSync('/proc/self/maps', 'utf8').includes('plugin.so');
    print([lines(() => open(path)), process.env.CONSTRUCTED ?? 'nothing ran', mapped(), base.lookup('unit').value.mode]);`,
    { scratch },
  );
  expect(result).toEqual([
    ['ERR_PLUGIN_VERSION', ...different(scratch, 'plugin.so')],
    'nothing ran',
    false,
    1,
  ]);
});

it('row 12: the refusal is remembered, until a file is another one; others are not affected', () => {
  const scratch = build({ base: 2 });
  const good = build();
  mkdirSync(join(scratch, 'new'));
  renameSync(join(good, 'plugin.so'), join(scratch, 'new/plugin.so'));
  renameSync(join(good, 'libbase.so.1'), join(scratch, 'new/libbase.so.1'));
  const result = host(
    `
    const path = join(scratch, 'plugin.so');
    const first = firstLine(() => open(path)), again = failure(() => open(path));
    const other = open(so('plugin1.so')).lookup('F')();
    for (const name of ['plugin.so', 'libbase.so.1']) fs.renameSync(join(scratch, 'new', name), join(scratch, name));
    print([first, again, other, open(path).lookup('measure')()]);`,
    { scratch },
  );
  const reason = 'plugin was built with a different version of library libbase.so.1';
  expect(result).toEqual([
    `plugin.Open("${scratch}/plugin"): ${reason}`,
    {
      name: 'PluginError',
      code: 'ERR_PLUGIN_VERSION',
      first: `plugin.Open("${scratch}/plugin.so"): ${reason} (previous failure)`,
      more: [],
    },
    3,
    8,
  ]);
});

const COMPILERS: [compiler: string, flags: string[]][] = [
  ['gcc', ['-g', '-O0']],
  ['gcc', ['-g', '-O2']],
  ['gcc', ['-g', '-O1', '-gdwarf-2']],
  ['gcc', ['-g', '-O2', '-gz']],
  ['clang', ['-g', '-O1']],
  ['clang', ['-g', '-O2', '-gdwarf-4']],
];
describe.each(COMPILERS)('%s %j', (compiler, flags) => {
  describeWith([compiler], 'a plugin and a library that it brings with it', () => {
    it('opens where both are of one version, and is refused where not', () => {
      expect(host(OPEN, { scratch: build({ compiler, flags }) })).toEqual([8, 'plugin']);
      const scratch = build({ compiler, flags, base: 2 });
      expect(host(OPEN, { scratch })).toEqual([different(scratch, 'plugin.so'), 'nothing ran']);
    });
  });
});

it('a library that the plugin needs may be the one that was built with another version', () => {
  const scratch = build({ base: 2, plugin: 2 });
  const result = host(OPEN.replace('plugin.so', 'outer.so'), { scratch });
  expect(result).toEqual([different(scratch, 'libmiddle.so', 'outer'), 'nothing ran']);
});

it('an asynchronous open is refused, too', () => {
  const scratch = build({ base: 2 });
  const body = `print(await openAsync(join(scratch, 'plugin.so')).catch((e) => [e.code, process.env.CONSTRUCTED ?? 'nothing ran']));`;
  expect(host(body, { scratch })).toEqual(['ERR_PLUGIN_VERSION', 'nothing ran']);
});

it('versionCheck: false opens it as it is, also when it was refused before', () => {
  const scratch = build({ base: 2 });
  const body = `const path = join(scratch, 'plugin.so'); failure(() => open(path)); print(open(path, { versionCheck: false }).lookup('measure')());`;
  expect(host(body, { scratch })).not.toBe(8);
});

const WITHOUT: [what: string, options: Build][] = [
  ['the plugin has no debug info', { flags: ['-O0'], baseFlags: ['-g'] }],
  ['the library has none', { baseFlags: ['-O0'] }],
  ['neither has', { flags: ['-O0'] }],
  // -g1 describes no types, and clang without optimisation writes no declarations.
  ['the plugin has line numbers only', { flags: ['-g1'], baseFlags: ['-g'] }],
  ...(hasTool('clang')
    ? [['the compiler wrote no declarations', { compiler: 'clang' }] as [string, Build]]
    : []),
];
it.each(WITHOUT)('opens where %s', (_, options) => {
  const [, constructed] = host(OPEN, { scratch: build({ ...options, base: 2 }) }) as [unknown, string];
  expect(constructed).toBe('plugin');
});

it('of a library whose file was replaced since it was loaded, what is loaded counts', () => {
  const scratch = build();
  const other = build({ base: 2 });
  mkdirSync(join(scratch, 'new'));
  renameSync(join(other, 'libbase.so.1'), join(scratch, 'new/libbase.so.1'));
  const body = `open(join(scratch, 'libbase.so.1')); fs.renameSync(join(scratch, 'new/libbase.so.1'), join(scratch, 'libbase.so.1'));`;
  expect(host(body + OPEN, { scratch })).toEqual([8, 'plugin']);
});

/** Compiles two libraries, of which `user.so` needs `libown.so`. */
function pair(own: string, user: string): string {
  const scratch = scratchFolder();
  const make = (name: string, text: string, ...more: string[]): void => {
    writeFileSync(join(scratch, `${name}.c`), text);
    run('gcc', ['-g', '-shared', '-fPIC', '-w', '-o', name, `${name}.c`, ...more], { cwd: scratch });
  };
  make('libown.so', own, '-Wl,-soname,libown.so');
  make('user.so', user, '-L.', '-lown', '-Wl,-rpath,$ORIGIN');
  return scratch;
}

const USE = `const path = join(scratch, 'user.so'); const use = (options) => { try { return open(path, options).lookup('use')(); } catch (e) { return e.code; } };`;

it('row 15: private structs of one name are no versions of each other, also where one library needs the other', () => {
  const own =
    'struct same { double ratio; char c; }; static struct same s = { 2 }; int get(void *p) { return s.ratio; }';
  const user =
    'struct same { int c; long ratio; }; int get(void *); int use(void) { struct same s = { 1 }; return get(&s) + s.c; }';
  expect(host(`${USE} print(use());`, { scratch: pair(own, user) })).toBe(3);
});

it('a symbol that the main program has is not the library’s', () => {
  // Node exports zlib's; with deepBind: false the plugin gets that.
  const header = 'struct z { int a; }; unsigned crc32(unsigned long, struct z *, unsigned);';
  const user = `${header} int use(void) { return crc32(0, 0, 0); }`;
  const own = `${header.replace('int a', 'int b, a')} unsigned crc32(unsigned long c, struct z *z, unsigned n) { return 77; }`;
  const scratch = pair(own, user);
  expect(host(`${USE} print(use({ deepBind: false }));`, { scratch })).toBe(0);
  expect(host(`${USE} print(use());`, { scratch })).toBe('ERR_PLUGIN_VERSION');
});

it('damaged debug info does not keep a library from being opened', () => {
  const scratch = build({ base: 2 });
  const path = join(scratch, 'libbase.so.1');
  writeFileSync(join(scratch, 'bytes'), Buffer.alloc(64, 0xff));
  run('objcopy', ['--update-section', '.debug_abbrev=bytes', path], { cwd: scratch });
  const [, constructed] = host(OPEN, { scratch }) as [unknown, string];
  expect(constructed).toBe('plugin');
});

it('neither libc nor anything else that came with node is read', () => {
  const scratch = build();
  const body = `
    const files = [];
    const { openSync } = fs;
    fs.openSync = (path, ...more) => { files.push(path); return openSync(path, ...more); };
    const path = join(scratch, 'outer.so');
    const opened = open(path).path;
    print([opened === path, [...new Set(files)].filter((file) => /\\.so(\\.|$)/.test(file) && !file.endsWith('ld.so.cache')).sort()]);`;
  const read = ['libbase.so.1', 'libmiddle.so', 'outer.so'].map((name) => join(scratch, name));
  expect(host(body, { scratch })).toEqual([true, read]);
});

/** `open(path, { debuginfod: true })`, with the real server of elfutils. The program that opens is a child, so that its environment is its own. */
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { inspect } from '../index.js';
import { scratchFolder } from '../testing/conformance.js';
import { startDebuginfod, type RunningServer } from '../testing/debuginfod.js';
import { childValue, runChild } from '../testing/run-child.js';
import { compile, describeWith, ROOT, run } from '../testing/tools.js';

const SOURCE = `
struct point { char tag; double x; int y : 5; };
struct point origin = { 'o', 1.5, -3 };
enum color { RED, GREEN = 5 } color = GREEN;
unsigned long size(void) { return sizeof(struct point); }
struct point moved(struct point p, double by) { p.x += by; return p; }
int apply(int (*f)(int), int n) { return f(n); }
`;
const NOBODY = 'http://127.0.0.1:1';

/** What a child begins with. `shown` is what is known of each symbol. */
const PRELUDE = `
import { isMainThread, parentPort } from 'node:worker_threads';
import { open, openAsync, inspect } from '#lib/index.js';
import { inWorkers } from '#lib/testing/run-child.js';
const [path] = process.argv.slice(2);
const shown = (p) => Array.from(p, (s) => [s.name, s.kind, String(s.type)]);
const used = ({ symbols: { origin, color, size, moved, apply } }) =>
  [origin.value.x, color.value, Number(size()), moved({ tag: 1, x: 2, y: 3 }, 1).x, apply((n) => n + 1, 4)];
const failure = (f) => { try { f(); return 'nothing'; } catch (error) { return [error.code, error.message]; } };
const print = (value) => console.log(JSON.stringify(value));
`;

describeWith(['gcc', 'objcopy', 'strip', 'debuginfod', 'xz'], 'open(path, { debuginfod: true })', () => {
  const folder = scratchFolder();
  const [full, stripped] = [join(folder, 'full.so'), join(folder, 'stripped.so')];
  let server: RunningServer;
  let caches = 0;
  /** A cache of its own for each test. */
  let env: Record<string, string>;

  beforeAll(async () => {
    copyFileSync(compile(SOURCE, { flags: ['-g', '-shared', '-fPIC', '-Wl,--build-id'] }), full);
    run('strip', ['-o', stripped, full]);
    mkdirSync(join(folder, 'served'));
    run('objcopy', ['--only-keep-debug', full, join(folder, 'served/x.debug')]);
    server = await startDebuginfod(join(folder, 'served'), inspect(full).buildId ?? '');
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    env = { DEBUGINFOD_URLS: server.url, DEBUGINFOD_CACHE_PATH: join(folder, `cache-${caches++}`) };
  });

  const child = (body: string, more: NodeJS.ProcessEnv = {}): unknown =>
    childValue(PRELUDE + body, { args: [stripped], env: { ...env, ...more } });
  const cached = (): string =>
    join(env['DEBUGINFOD_CACHE_PATH'] ?? '', inspect(full).buildId ?? '', 'debuginfo');
  const types = (): unknown => inspect(full).symbols.map((s) => [s.name, s.kind, String(s.type)]);
  const USED = [1.5, 5, 24, 3, 5];

  /** How often the server was asked for a debug file, by its own count. */
  async function requests(): Promise<number> {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    return Number(/^http_requests_total\{type="debuginfo"\} (\d+)/m.exec(text)?.[1] ?? 0);
  }

  it.each([
    ['open', 'open(path, { debuginfod: true })'],
    ['openAsync', 'await openAsync(path, { debuginfod: true })'],
    ['openAsync of what is open already', '(open(path), await openAsync(path, { debuginfod: true }))'],
  ])('%s has the types that gcc wrote, and asks once', async (_, opening) => {
    const before = await requests();
    expect(
      child(`void (async () => { const p = ${opening}; print([p.typeSource, shown(p), used(p)]); })();`),
    ).toEqual([`DWARF in ${cached()}`, types(), USED]);
    expect(await requests()).toBe(before + 1);
    // Now it is on this machine: no server is asked, nor is the option needed.
    expect(child('print([shown(open(path)), used(open(path))])', { DEBUGINFOD_URLS: NOBODY })).toEqual([
      types(),
      USED,
    ]);
    expect(await requests()).toBe(before + 1);
  });

  it('open asks when a symbol is looked up, openAsync before it answers, and the event loop goes on', async () => {
    const before = await requests();
    expect(child('const p = open(path, { debuginfod: true }); print(p.has("size"));')).toBe(true);
    expect(await requests()).toBe(before);
    const ticks = child(`void (async () => {
      let ticks = 0;
      const timer = setInterval(() => ticks++, 1);
      await openAsync(path, { debuginfod: true });
      clearInterval(timer);
      print(ticks);
    })();`);
    expect(ticks).toBeGreaterThan(1);
    expect(await requests()).toBe(before + 1);
  });

  const ALL = `
    enum color { RED, GREEN = 5 };
    extern enum color color;
    extern struct point { char tag; double x; int y : 5; } origin;
    unsigned long size(void);
    struct point moved(struct point p, double by);
    int apply(int (*f)(int), int n);
  `;
  it.each([
    ['has all symbols', ALL, 0],
    ['leaves one out', ALL.replace('unsigned long size(void);', ''), 1],
    ['names a type that it does not have', ALL.replace(/ \{ char.*\}/, ''), 1],
  ])(
    'openAsync asks only for what the caller does not give: a text that %s',
    async (_, declarations, asked) => {
      const before = await requests();
      const options = JSON.stringify({ debuginfod: true, declarations });
      const opening = `openAsync(path, ${options})`;
      expect(child(`void ${opening}.then((p) => print(used(p)));`)).toEqual(USED);
      expect(await requests()).toBe(before + asked);
    },
  );

  it('without the option no server is asked, whatever the environment says', async () => {
    const before = await requests();
    const seen = child(`void (async () => {
      const plugins = [open(path), await openAsync(path), open(path, { debuginfod: false }), open(path, { declarations: 'int other;' })];
      const failures = plugins.map((p) => failure(() => p.lookup('size')()));
      print([inspect(path).typeSource ?? null, plugins[0].typeSource ?? null, failures.map(([code, text]) => [code, /debuginfod: not asked; open takes debuginfod: true/.test(text)])]);
    })();`);
    const refused = ['ERR_PLUGIN_TYPE', true];
    expect(seen).toEqual([null, null, [refused, refused, refused, refused]]);
    expect(await requests()).toBe(before);
  });

  it.each(['open', 'openAsync'])('%s says which servers do not have it, when a type is used', (how) => {
    const urls = `${NOBODY} ${server.url}`;
    const other = join(folder, `unknown-${how}.so`);
    run('gcc', [
      '-shared',
      '-fPIC',
      '-Wl,--build-id',
      `-DHOW=${how}`,
      '-xc',
      '-o',
      other,
      write('int HOW(void) { return 1; }\n'),
    ]);
    const body = `void (async () => {
      const p = await ${how}(path, { debuginfod: true });
      print([p.typeSource ?? null, failure(() => p.lookup('${how}')()), p.lookup('${how}', 'int (void)')()]);
    })();`;
    const seen = childValue(PRELUDE + body, {
      args: [other],
      env: { ...env, DEBUGINFOD_URLS: urls, DEBUGINFOD_RETRY_LIMIT: '1' },
    });
    expect(seen).toEqual([null, ['ERR_PLUGIN_TYPE', expect.any(String)], 1]);
    const [, [, text]] = seen as [null, [string, string]];
    expect(text.split('\n').map((line) => line.trim())).toEqual(
      expect.arrayContaining([
        'debuginfod http://127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1 (asked 2 times)',
        expect.stringMatching(`^debuginfod ${server.url}: 404`),
      ]),
    );
  });

  it('says that no server is named', () => {
    const seen = child("print(failure(() => open(path, { debuginfod: true }).lookup('size')()))", {
      DEBUGINFOD_URLS: undefined,
    });
    expect(seen).toEqual([
      'ERR_PLUGIN_TYPE',
      expect.stringContaining('\n  debuginfod: DEBUGINFOD_URLS names no server\n'),
    ]);
  });

  it.each([
    ['open', 'const p = open(path, { debuginfod: true }); print(used(p));', USED],
    ['openAsync', 'const p = await openAsync(path, { debuginfod: true }); print(used(p));', USED],
    ['openAsync, and no type is used', 'await openAsync(path, { debuginfod: true }); print(0);', 0],
    [
      'openAsync of what is open already',
      'open(path); await openAsync(path, { debuginfod: true }); print(0);',
      0,
    ],
  ])('a cache that can not be written is no hindrance, and nothing is left behind: %s', (_, body, result) => {
    const temporary = scratchFolder();
    const unwritable = { DEBUGINFOD_CACHE_PATH: '/proc/no/cache', TMPDIR: temporary };
    expect(child(`void (async () => { ${body} })();`, unwritable)).toEqual(result);
    // What else is there is tsx's, which runs the child.
    expect(readdirSync(temporary).filter((name) => name.includes('debuginfod'))).toEqual([]);
  });

  it('works in workers', () => {
    const seen = child(`
      if (isMainThread) void inWorkers(2, __filename).then(print);
      else parentPort.postMessage(used(open(path, { debuginfod: true })));
    `);
    expect(seen).toEqual([USED, USED]);
  });

  it('elf-plugin types asks the servers of DEBUGINFOD_URLS', async () => {
    const before = await requests();
    const main = join(ROOT, 'lib/cli/main.ts');
    const { status, stdout, stderr } = runChild(main, { args: ['types', stripped], env });
    expect([status, stderr]).toEqual([0, 'types of 5 of 5 exported symbols\n']);
    expect(JSON.parse(stdout)).toMatchObject({ source: { from: `DWARF in ${cached()}` } });
    expect(await requests()).toBe(before + 1);
    const without = { ...env, DEBUGINFOD_URLS: '', DEBUGINFOD_CACHE_PATH: join(folder, 'none') };
    const refused = runChild(main, { args: ['types', stripped], env: without });
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringMatching(
        /^elf-plugin types: no types for .*\n[^]*debuginfod: not asked[^]*give its header: --header NAME\.h\n$/,
      ),
    ]);
  });

  function write(text: string): string {
    const file = join(folder, 'unknown.c');
    writeFileSync(file, text);
    return file;
  }
});

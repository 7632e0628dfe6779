import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { print } from '../../ctypes/print.js';
import { ElfFile } from '../../elf/file.js';
import {
  newFolder,
  runBeside,
  splitLibrary,
  startDebuginfod,
  type RunningServer,
} from '../../testing/debuginfod.js';
import { DwarfFile } from '../../testing/dwarf-file.js';
import type { ChildResult } from '../../testing/run-child.js';
import { describeWith, run } from '../../testing/tools.js';
import { dwarfSource } from '../dwarf-source.js';
import { fetchDebugFile } from './fetch.js';
import { cachedDebugFile } from './local.js';
import { fetchDebugFileSync } from './fetch-sync.js';

const NOBODY = 'http://127.0.0.1:1';

describeWith(['gcc', 'gdb', 'objcopy', 'debuginfod', 'debuginfod-find'], "elfutils' debuginfod", () => {
  const { library, debugFile, buildId } = splitLibrary();
  let folder: string;
  let server: RunningServer;
  let env: NodeJS.ProcessEnv;
  let cache: string;

  beforeAll(async () => {
    folder = newFolder();
    mkdirSync(join(folder, 'served'));
    copyFileSync(debugFile, join(folder, 'served/x.debug'));
    server = await startDebuginfod(join(folder, 'served'), buildId);
  });

  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  beforeEach(() => {
    cache = join(folder, `cache-${expect.getState().currentTestName?.replaceAll(/\W+/g, '-') ?? ''}`);
    env = { DEBUGINFOD_URLS: server.url, DEBUGINFOD_CACHE_PATH: cache };
  });

  /** elfutils' client. */
  const find = (id: string, urls = server.url): Promise<ChildResult> =>
    runBeside('debuginfod-find', ['debuginfo', id], { env: { ...env, DEBUGINFOD_URLS: urls } });

  /** The type of a symbol of the library by the debug file at `path`. */
  function typed(path: string, name: string): string {
    using file = ElfFile.open(path);
    const symbol = dwarfSource(file).symbol(new DwarfFile(library).query(name));
    return 'reason' in symbol ? symbol.reason : print(symbol.type, name);
  }

  it.each([
    ['in this process', (): unknown => fetchDebugFile(buildId, { env })],
    ['in a child', (): unknown => fetchDebugFileSync(buildId, { env })],
  ])('serves the types that gcc wrote, fetched %s', async (_, fetch) => {
    const path = join(cache, buildId, 'debuginfo');
    expect(await fetch()).toEqual({ path, temporary: false });
    expect(readFileSync(path).equals(readFileSync(debugFile))).toBe(true);
    expect(typed(path, 'P')).toBe('struct point P');
    expect(typed(path, 'f')).toBe('int f(struct point *p)');
    // What was taken out of the file is what gdb finds in it.
    const shown = run('gdb', [
      '-nx',
      '-batch',
      '-iex',
      'set debuginfod enabled off',
      '-ex',
      'ptype struct point',
      path,
    ]);
    expect(shown.replaceAll(/\s+/g, ' ')).toContain('type = struct point { int x; double y; }');
  });

  it('shares what this client stored with its own', async () => {
    await fetchDebugFile(buildId, { env });
    const found = await find(buildId, NOBODY);
    expect(found).toMatchObject({ status: 0, stdout: `${join(cache, buildId, 'debuginfo')}\n` });
  });

  it('shares what its own client stored with this one', async () => {
    expect(await find(buildId)).toMatchObject({ status: 0 });
    const path = join(cache, buildId, 'debuginfo');
    expect(cachedDebugFile(buildId, env)).toEqual({ path });
    const offline = { ...env, DEBUGINFOD_URLS: NOBODY };
    expect(await fetchDebugFile(buildId, { env: offline })).toEqual({ path, temporary: false });
    expect(fetchDebugFileSync(buildId, { env: offline })).toEqual({ path, temporary: false });
  });

  it('leaves the same files as this client, with the same modes', async () => {
    const [ours, theirs] = [join(cache, 'ours'), join(cache, 'theirs')];
    mkdirSync(cache);
    await fetchDebugFile(buildId, { env: { ...env, DEBUGINFOD_CACHE_PATH: ours } });
    env['DEBUGINFOD_CACHE_PATH'] = theirs;
    await find(buildId);
    const list = (root: string): string =>
      run('find', ['.', '-type', 'f', '-printf', '%p %m %s %Ts\n'], { cwd: root })
        .split('\n')
        .filter((line) => line.includes('debuginfo '))
        .join();
    expect(list(ours)).toBe(list(theirs));
    // The others it makes when it needs them.
    const interval = (root: string): string => readFileSync(join(root, 'cache_clean_interval_s'), 'utf8');
    expect(interval(ours)).toBe(interval(theirs));
  });

  it('has no such file: both clients believe the other', async () => {
    const unknown = [`00${buildId.slice(2)}`, `01${buildId.slice(2)}`] as const;
    expect(await fetchDebugFile(unknown[0], { env })).toEqual({
      tried: [`debuginfod ${server.url}: 404 Not Found`],
    });
    // Nobody is at that address: that the reason is "no such file" shows that it was not asked.
    const theirs = await find(unknown[0], NOBODY);
    expect(theirs).toMatchObject({ status: 1 });
    expect(theirs.stderr).toMatch(/No such file/);
    await find(unknown[1]);
    expect(cachedDebugFile(unknown[1], env)).toBe('absent');
    expect(fetchDebugFileSync(unknown[1], { env })).toEqual({
      tried: [expect.stringMatching(/no server had it less than 600 s ago/)],
    });
  });

  it('replaces what is broken in the cache', async () => {
    const path = join(cache, buildId, 'debuginfo');
    mkdirSync(join(cache, buildId), { recursive: true });
    writeFileSync(path, readFileSync(debugFile).subarray(0, 1000));
    expect(cachedDebugFile(buildId, env)).toBeUndefined();
    expect(await fetchDebugFile(buildId, { env })).toEqual({ path, temporary: false });
    expect(statSync(path).size).toBe(statSync(debugFile).size);
  });

  it('is not reached without a cache that can be written, but its file is', () => {
    const result = fetchDebugFileSync(buildId, { env: { ...env, DEBUGINFOD_CACHE_PATH: '/proc/no/such' } });
    if (!('path' in result)) throw new Error(result.tried.join('\n'));
    expect(result.temporary).toBe(true);
    expect(readFileSync(result.path).equals(readFileSync(debugFile))).toBe(true);
    rmSync(join(result.path, '..'), { recursive: true });
    expect(existsSync('/proc/no/such')).toBe(false);
  });
});

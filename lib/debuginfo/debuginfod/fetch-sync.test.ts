import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { newFolder, runBeside, serve, splitLibrary } from '../../testing/debuginfod.js';
import { childValue } from '../../testing/run-child.js';
import { describeWith, ROOT, run } from '../../testing/tools.js';
import { fetchDebugFileSync } from './fetch-sync.js';
import { readSettings } from './settings.js';

describeWith(['gcc', 'objcopy', 'script'], 'fetching while the caller waits', () => {
  const { debugFile, buildId } = splitLibrary();
  let folder: string;
  let env: NodeJS.ProcessEnv;
  let path: string;

  beforeEach(() => {
    folder = newFolder();
    // A server that needs no event loop.
    const served = join(folder, 'served/buildid', buildId);
    mkdirSync(served, { recursive: true });
    copyFileSync(debugFile, join(served, 'debuginfo'));
    env = {
      DEBUGINFOD_URLS: pathToFileURL(join(folder, 'served')).href,
      DEBUGINFOD_CACHE_PATH: join(folder, 'cache'),
    };
    path = join(folder, 'cache', buildId, 'debuginfo');
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('works from the sources under Jest', () => {
    expect(fetchDebugFileSync(buildId, { env })).toEqual({ path, temporary: false });
  });

  it('works from the sources under tsx, and in a worker there', () => {
    const program = `
      import { isMainThread, parentPort } from 'node:worker_threads';
      import { fetchDebugFileSync } from '#lib/debuginfo/debuginfod/fetch-sync.js';
      import { inWorkers } from '#lib/testing/run-child.js';
      async function main(): Promise<void> {
        const result = () => fetchDebugFileSync(process.argv[2] ?? '');
        if (!isMainThread) return parentPort?.postMessage(result());
        process.env['DEBUGINFOD_CACHE_PATH'] = process.argv[3];
        const [inWorker] = await inWorkers(1, __filename);
        process.env['DEBUGINFOD_CACHE_PATH'] = process.argv[4];
        console.log(JSON.stringify([inWorker, result()]));
      }
      void main();
    `;
    const caches = [join(folder, 'a'), join(folder, 'b')];
    expect(childValue(program, { args: [buildId, ...caches], env })).toEqual(
      caches.map((cache) => ({ path: join(cache, buildId, 'debuginfo'), temporary: false })),
    );
  });

  it('works from what is built, and in a worker there', () => {
    const dist = join(folder, 'dist');
    const options = '--target es2023 --module nodenext --types node --noCheck --ignoreConfig'.split(' ');
    const folders = ['--rootDir', join(ROOT, 'lib'), '--outDir', dist];
    const files = ['fetch-sync.ts', 'child.ts'].map((f) => join(__dirname, f));
    const compiler = require.resolve('typescript/bin/tsc');
    run(process.execPath, [compiler, ...options, ...folders, ...files], { cwd: ROOT });
    const module = join(dist, 'debuginfo/debuginfod/fetch-sync.js');
    const program = `
      const { Worker, isMainThread, parentPort } = require('node:worker_threads');
      const { fetchDebugFileSync } = require(${JSON.stringify(module)});
      const id = ${JSON.stringify(buildId)};
      if (!isMainThread) parentPort.postMessage(fetchDebugFileSync(id));
      else new Worker(__filename).once('message', (inWorker) => {
        process.env.DEBUGINFOD_CACHE_PATH += '-main';
        console.log(JSON.stringify([inWorker, fetchDebugFileSync(id)]));
      });
    `;
    expect(childValue(program, { env, javaScript: true })).toEqual(
      ['cache', 'cache-main'].map((c) => ({ path: join(folder, c, buildId, 'debuginfo'), temporary: false })),
    );
  });

  it('works in a folder that was removed', () => {
    const program = `
      import { mkdtempSync, rmdirSync } from 'node:fs';
      import { fetchDebugFileSync } from '#lib/debuginfo/debuginfod/fetch-sync.js';
      process.cwd();
      const gone = mkdtempSync(process.argv[3] + '/gone-');
      process.chdir(gone);
      rmdirSync(gone);
      console.log(JSON.stringify(fetchDebugFileSync(process.argv[2] ?? '')));
    `;
    expect(childValue(program, { args: [buildId, folder], env })).toEqual({ path, temporary: false });
  });

  it('says why the process that asks could not', () => {
    const { execPath } = process;
    try {
      process.execPath = '/nonexistent/node';
      expect(fetchDebugFileSync(buildId, { env })).toEqual({
        tried: ['debuginfod: the process that asks the servers failed: spawnSync /nonexistent/node ENOENT'],
      });
    } finally {
      process.execPath = execPath;
    }
  });

  it('stores one whole file if ten processes fetch it at once', async () => {
    const bytes = readFileSync(debugFile);
    let requests = 0;
    const server = await serve((_, response) => {
      requests++;
      response.writeHead(200, { 'Content-Length': bytes.length });
      response.write(bytes.subarray(0, 2000));
      setTimeout(() => response.end(bytes.subarray(2000)), 1500);
    });
    const settings = readSettings({ ...env, DEBUGINFOD_URLS: server.url });
    const loader = ['--require', require.resolve('tsx/cjs')];
    const children = Array.from({ length: 10 }, () => {
      const child = spawn(process.execPath, [...loader, join(__dirname, 'child.ts')], {
        stdio: ['pipe', 'inherit', 'inherit', 'pipe'],
      });
      child.stdin?.end(JSON.stringify({ buildId, settings }));
      return new Promise<string>((resolve) => {
        let text = '';
        child.stdio[3]?.on('data', (chunk: Buffer) => (text += chunk.toString()));
        child.once('close', () => {
          resolve(text);
        });
      });
    });
    const results = await Promise.all(children);
    await server.stop();
    expect(results.map((r) => JSON.parse(r) as unknown)).toEqual(
      results.map(() => ({ path, temporary: false })),
    );
    expect(requests).toBe(10);
    expect(readdirSync(join(folder, 'cache', buildId))).toEqual(['debuginfo']);
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  describe('writes about its progress', () => {
    /** What is written while a file takes two seconds to come, and the result. */
    async function written(terminal: boolean, extra: NodeJS.ProcessEnv = {}): Promise<string> {
      const bytes = readFileSync(debugFile);
      const server = await serve((_, response) => {
        response.writeHead(200, { 'Content-Length': bytes.length });
        response.write(bytes.subarray(0, 2000));
        setTimeout(() => response.end(bytes.subarray(2000)), 2000);
      });
      const code = `require(${JSON.stringify(join(__dirname, 'fetch-sync.ts'))}).fetchDebugFileSync('${buildId}')`;
      const node = [process.execPath, '--require', require.resolve('tsx/cjs'), '-e', code];
      const args = terminal
        ? ['-qec', node.map((a) => `'${a.replaceAll("'", `'\\''`)}'`).join(' '), '/dev/null']
        : node.slice(1);
      const child = await runBeside(terminal ? 'script' : process.execPath, args, {
        env: { ...env, DEBUGINFOD_URLS: server.url, ...extra },
      });
      await server.stop();
      expect(child.status).toBe(0);
      return child.stdout + child.stderr;
    }

    it('on a terminal, and takes it away', async () => {
      const text = await written(true);
      expect(text).toMatch(/^(\rdebuginfod: 0\.0 of 0\.0 MB of debug info\x1b\[K)+\r\x1b\[K$/);
    });

    it('and every step by DEBUGINFOD_VERBOSE', async () => {
      const text = await written(false, { DEBUGINFOD_VERBOSE: '1' });
      const url = `http://127\\.0\\.0\\.1:\\d+/buildid/${buildId}/debuginfo`;
      expect(text).toMatch(new RegExp(`^debuginfod: GET ${url}\ndebuginfod: ${url}: 200 OK\n$`));
    });

    it('not elsewhere', async () => {
      expect(await written(false)).toBe('');
    });

    it('elsewhere by DEBUGINFOD_PROGRESS', async () => {
      const text = await written(false, { DEBUGINFOD_PROGRESS: '1' });
      expect(text).toMatch(/^(\rdebuginfod: 0\.0 of 0\.0 MB of debug info)+\n$/);
    });
  });
});

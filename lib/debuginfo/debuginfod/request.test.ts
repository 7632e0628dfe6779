import { copyFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { splitLibrary } from '../../testing/debuginfod.js';
import { TestServers } from '../../testing/debuginfod-servers.js';
import { describeWith, run } from '../../testing/tools.js';
import { fetchDebugFile } from './fetch.js';
import { cachedDebugFile } from './local.js';

describeWith(['gcc', 'objcopy', 'mkfifo'], 'a server', () => {
  const servers = new TestServers();
  const { buildId, bytes } = servers;

  describe('that has the file', () => {
    it('is asked for it by its path, and the cache afterwards', async () => {
      const server = await servers.start((response) => {
        servers.send(response);
      });
      servers.expectStored(await servers.fetch([server]));
      servers.expectStored(await servers.fetch([server]));
      expect(server.requests.map((r) => r.url)).toEqual([`/buildid/${buildId}/debuginfo`]);
      expect(server.requests[0]?.headers['user-agent']).toMatch(/^elf-plugin \(Linux \w+\)$/);
      const env = { DEBUGINFOD_CACHE_PATH: servers.cache };
      expect(cachedDebugFile(buildId, env)).toEqual({ path: servers.path });
    });

    it('is asked once by several that want it at the same time', async () => {
      const server = await servers.start((response) => {
        servers.send(response);
      });
      const results = await Promise.all([1, 2, 3].map(() => servers.fetch([server])));
      for (const result of results) servers.expectStored(result);
      expect(server.requests).toHaveLength(1);
    });

    it.each([
      ['gzip', gzipSync(bytes)],
      ['br', brotliCompressSync(bytes)],
    ])('may send it as %s', async (encoding, body) => {
      const server = await servers.start((response) => {
        const headers = { 'Content-Encoding': encoding, 'X-DEBUGINFOD-SIZE': bytes.length };
        response.writeHead(200, headers).end(body);
      });
      servers.expectStored(await servers.fetch([server]));
    });

    it('may not send it in an encoding that was not asked for', async () => {
      const server = await servers.start((response) => {
        response.writeHead(200, { 'Content-Encoding': 'zstd' }).end(bytes);
      });
      servers.expectNothing(await servers.fetch([server]), 'it is sent as zstd, which was not asked for');
    });

    it('says when it was modified: the file keeps that time, and was used now', async () => {
      const server = await servers.start((response) => {
        response.setHeader('Last-Modified', 'Sat, 01 Jan 2022 10:00:00 GMT');
        servers.send(response);
      });
      await servers.fetch([server]);
      const { mode, mtimeMs, atimeMs } = statSync(servers.path);
      expect(mode & 0o777).toBe(0o400);
      expect(mtimeMs).toBe(Date.UTC(2022, 0, 1, 10));
      expect(Date.now() - atimeMs).toBeLessThan(60_000);
    });

    it('is seen to send it by who wants to know', async () => {
      const server = await servers.start((response) => {
        servers.send(response);
      });
      const seen: unknown[] = [];
      const env = { DEBUGINFOD_CACHE_PATH: servers.cache, DEBUGINFOD_URLS: server.url };
      await fetchDebugFile(buildId, { env, progress: (received, total) => seen.push([received, total]) });
      expect(seen.at(-1)).toEqual([bytes.length, bytes.length]);
    });

    it('gets the headers of DEBUGINFOD_HEADERS_FILE, and those that are none are left out', async () => {
      const server = await servers.start((response) => {
        servers.send(response);
      });
      const file = join(servers.cache, 'headers');
      writeFileSync(file, 'X-Token: a:b\r\n\n  \nno header\nBad Name: x\nUser-Agent: me\n');
      const env = { DEBUGINFOD_HEADERS_FILE: file, DEBUGINFOD_MAXSIZE: '1000000' };
      servers.expectStored(await servers.fetch([server], env));
      expect(server.requests[0]?.headers).toMatchObject({
        'x-token': 'a:b',
        'user-agent': 'me',
        'x-debuginfod-maxsize': '1000000',
      });
    });

    it('gets the name and password of its URL, which no message shows', async () => {
      const server = await servers.start((response) => response.writeHead(403).end());
      const url = server.url.replace('//', '//user:secret@');
      expect(await servers.fetch(url)).toEqual({ tried: [`debuginfod ${server.url}: 403 Forbidden`] });
      expect(server.requests[0]?.headers['authorization']).toBe(
        `Basic ${Buffer.from('user:secret').toString('base64')}`,
      );
    });
  });

  describe('that redirects', () => {
    const redirect = (response: ServerResponse, location: string, status = 302): void => {
      response.writeHead(status, { Location: location }).end();
    };

    it.each([301, 302, 303, 307, 308])('to itself by %d is followed', async (status) => {
      const server = await servers.start((response, url) => {
        if (url === '/elsewhere') servers.send(response);
        else redirect(response, '/elsewhere', status);
      });
      servers.expectStored(await servers.fetch([server]));
    });

    it('to another is followed, without the headers that are for the first', async () => {
      const target = await servers.start((response) => {
        servers.send(response);
      });
      const server = await servers.start((response) => {
        redirect(response, `${target.url}/x`);
      });
      const file = join(servers.cache, 'headers');
      writeFileSync(file, 'X-Token: secret\n');
      servers.expectStored(await servers.fetch([server], { DEBUGINFOD_HEADERS_FILE: file }));
      expect(server.requests[0]?.headers['x-token']).toBe('secret');
      expect(target.requests).toHaveLength(1);
      expect(target.requests[0]?.headers['x-token']).toBeUndefined();
      expect(target.requests[0]?.url).toBe('/x');
    });

    it('for ever is given up', async () => {
      const server = await servers.start((response, url) => {
        redirect(response, `${url}x`);
      });
      servers.expectNothing(await servers.fetch([server]), 'more than 10 redirects');
      expect(server.requests).toHaveLength(11);
    });

    it.each(['file:///etc/passwd', 'ftp://127.0.0.1/x', 'http://[', 'javascript:1'])(
      'to %s is not followed',
      async (location) => {
        const server = await servers.start((response) => {
          redirect(response, location);
        });
        expect(await servers.fetch([server])).toEqual({
          tried: [`debuginfod ${server.url}: it redirects to ${location}, which is not followed`],
        });
      },
    );

    it('to nowhere has not answered', async () => {
      const server = await servers.start((response) => response.writeHead(302).end());
      servers.expectNothing(await servers.fetch([server]), '302 Found');
    });
  });

  describe('that is a folder', () => {
    it('has the file where its URL says', async () => {
      const folder = join(servers.cache, 'buildid', buildId);
      mkdirSync(folder, { recursive: true });
      copyFileSync(splitLibrary().debugFile, join(folder, 'debuginfo'));
      servers.expectStored(await servers.fetch(pathToFileURL(servers.cache).href));
    });

    it('has a FIFO in place of the file, which nobody waits for', async () => {
      const folder = join(servers.cache, 'buildid', buildId);
      mkdirSync(folder, { recursive: true });
      run('mkfifo', [join(folder, 'debuginfo')]);
      const url = pathToFileURL(servers.cache).href;
      expect(await servers.fetch(url)).toEqual({ tried: [`debuginfod ${url}: it is no regular file`] });
    });

    it('without the file is remembered', async () => {
      const result = await servers.fetch(pathToFileURL(join(servers.cache, 'nowhere')).href);
      expect(result).toEqual({ tried: [expect.stringMatching(/^debuginfod file:.*ENOENT/)] });
      expect(cachedDebugFile(buildId, { DEBUGINFOD_CACHE_PATH: servers.cache })).toBe('absent');
    });
  });
});

it.each(['', '12', '../../../../etc', 'ABCDEF0123', '0123456', '01'.repeat(65), '0123456789/..'])(
  'nobody is asked for %j, which is no build-id',
  async (buildId) => {
    const env = { DEBUGINFOD_URLS: 'http://127.0.0.1:1', DEBUGINFOD_CACHE_PATH: '/nonexistent' };
    expect(cachedDebugFile(buildId, env)).toBeUndefined();
    expect(await fetchDebugFile(buildId, { env })).toEqual({
      tried: [`debuginfod: ${buildId} is not a build-id that servers know`],
    });
  },
);

it('nobody is asked if there is no server', async () => {
  expect(await fetchDebugFile('0123456789', { env: {} })).toEqual({
    tried: ['debuginfod: DEBUGINFOD_URLS names no server'],
  });
});

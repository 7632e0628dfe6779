import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { splitLibrary } from '../../testing/debuginfod.js';
import { TestServers } from '../../testing/debuginfod-servers.js';
import { describeWith } from '../../testing/tools.js';
import { cachedDebugFile } from './local.js';

describeWith(['gcc', 'objcopy'], 'servers', () => {
  const servers = new TestServers();
  const { buildId } = servers;
  const once = { DEBUGINFOD_RETRY_LIMIT: '0' };
  /** Nobody listens there. */
  const dead = { url: 'http://127.0.0.1:1', stop: () => Promise.resolve() };

  describe('one that fails', () => {
    it.each([
      [500, 'Internal Server Error'],
      [503, 'Service Unavailable'],
      [429, 'Too Many Requests'],
    ])('by %d is asked again twice', async (status, text) => {
      const server = await servers.start((response) => response.writeHead(status).end());
      servers.expectNothing(await servers.fetch([server]), `${status} ${text} \\(asked 3 times\\)`);
      expect(server.requests).toHaveLength(3);
    });

    it('is not asked again by DEBUGINFOD_RETRY_LIMIT=0', async () => {
      const server = await servers.start((response) => response.writeHead(500).end());
      servers.expectNothing(await servers.fetch([server], once), '500 Internal Server Error');
      expect(server.requests).toHaveLength(1);
    });

    it('once may have the file then', async () => {
      const server = await servers.start((response) => {
        if (server.requests.length === 1) response.writeHead(500).end();
        else servers.send(response);
      });
      servers.expectStored(await servers.fetch([server]));
    });

    it('is left alone for as long as it says', async () => {
      const server = await servers.start((response) => {
        if (server.requests.length === 1) response.writeHead(503, { 'Retry-After': '1' }).end();
        else servers.send(response);
      });
      const begin = performance.now();
      servers.expectStored(await servers.fetch([server]));
      expect(performance.now() - begin).toBeGreaterThan(950);
    });

    it('by 406, as the file is too large for us, is not asked again', async () => {
      const server = await servers.start((response) => response.writeHead(406).end());
      servers.expectNothing(await servers.fetch([server], { DEBUGINFOD_MAXSIZE: '5' }), '406 Not Acceptable');
      expect(server.requests).toHaveLength(1);
    });

    it.each([
      ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n', 'Parse Error.*'],
      ['garbage in its headers', 'HTTP/1.1 200 OK\r\nContent-Length: x\0y\r\n\r\n', 'Parse Error.*'],
      [
        'headers without an end',
        `HTTP/1.1 200 OK\r\n${'X-A: b\r\n'.repeat(100_000)}`,
        'Parse Error: Header overflow',
      ],
      ['nothing', '', 'socket hang up'],
      ['a status that clears the screen', 'HTTP/1.1 500 \x1b[2Jgone\r\n\r\n', '500 \\?\\[2Jgone'],
      ['a status alone', 'HTTP/1.1 500\r\n\r\n', '500'],
    ])('sending %s', async (_, text, reason) => {
      const server = await servers.startRaw(text);
      servers.expectNothing(await servers.fetch([server], once), reason);
    });
  });

  it('that say 404 are believed until that is old', async () => {
    const env = { DEBUGINFOD_CACHE_PATH: servers.cache };
    const pair = [
      await servers.start((response) => response.writeHead(404).end()),
      await servers.start((response) => response.writeHead(404).end()),
    ];
    expect(await servers.fetch(pair)).toEqual({
      tried: pair.map((s) => `debuginfod ${s.url}: 404 Not Found`),
    });
    expect(statSync(servers.path).size).toBe(0);
    expect(cachedDebugFile(buildId, env)).toBe('absent');
    expect(await servers.fetch(pair)).toEqual({
      tried: [`debuginfod: no server had it less than 600 s ago; remove ${servers.path} to ask again`],
    });
    expect(pair.map((s) => s.requests.length)).toEqual([1, 1]);
    writeFileSync(join(servers.cache, 'cache_miss_s'), '-1');
    expect(cachedDebugFile(buildId, env)).toBeUndefined();
    await servers.fetch(pair);
    expect(pair.map((s) => s.requests.length)).toEqual([2, 2]);
  });

  it('of which one is dead', async () => {
    const server = await servers.start((response) => {
      servers.send(response);
    });
    servers.expectStored(await servers.fetch([dead, server]));
  });

  it('of which one never answers', async () => {
    const silent = await servers.start(() => undefined);
    const server = await servers.start((response) => {
      servers.send(response);
    });
    const begin = performance.now();
    servers.expectStored(await servers.fetch([silent, server]));
    expect(performance.now() - begin).toBeLessThan(5000);
  });

  it('of which one sends another file, and is first', async () => {
    const wrong = await servers.start((response) => {
      servers.send(response, readFileSync(splitLibrary(1).debugFile));
    });
    const server = await servers.start((response) => {
      setTimeout(() => {
        servers.send(response);
      }, 200);
    });
    servers.expectStored(await servers.fetch([wrong, server]));
    expect(wrong.requests).toHaveLength(1);
  });

  it('that all answer: one of them sends the file', async () => {
    const all = await Promise.all(
      Array.from({ length: 5 }, () =>
        servers.start((response) => {
          servers.send(response);
        }),
      ),
    );
    servers.expectStored(await servers.fetch(all));
    expect(all.map((s) => s.requests.length)).toEqual([1, 1, 1, 1, 1]);
  });

  it('that fail each in its way, each with its reason', async () => {
    const failing = await servers.start((response) => response.writeHead(500).end());
    const missing = await servers.start((response) => response.writeHead(404).end());
    const nonsense = { ...dead, url: 'nonsense' };
    servers.expectNothing(
      await servers.fetch([dead, failing, missing, nonsense]),
      'connect ECONNREFUSED 127.0.0.1:1 \\(asked 3 times\\)',
      '500 Internal Server Error \\(asked 3 times\\)',
      '404 Not Found',
      'not a URL of http, https or file',
    );
  });
});

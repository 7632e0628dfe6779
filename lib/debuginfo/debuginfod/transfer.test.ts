import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { splitLibrary } from '../../testing/debuginfod.js';
import { TestServers } from '../../testing/debuginfod-servers.js';
import { describeWith } from '../../testing/tools.js';

describeWith(['gcc', 'objcopy'], 'a server', () => {
  const servers = new TestServers();
  const { bytes } = servers;
  const half = bytes.subarray(0, bytes.length / 2);
  const once = { DEBUGINFOD_RETRY_LIMIT: '0' };

  describe('that is slow', () => {
    it.each([
      ['and never answers', (): void => undefined, '0 bytes in 1 s'],
      [
        'and stops in the middle',
        (response: ServerResponse): void => {
          response.writeHead(200, { 'Content-Length': bytes.length }).write(bytes.subarray(0, 1000));
        },
        '1000 bytes in 1 s',
      ],
      [
        'and sends a byte at a time',
        (response: ServerResponse): void => {
          const timer = setInterval(() => response.write('x'), 20);
          response.on('close', () => {
            clearInterval(timer);
          });
        },
        '\\d+ bytes in 1 s',
      ],
    ])('%s', async (_, answer, reason) => {
      const server = await servers.start(answer);
      const begin = performance.now();
      const result = await servers.fetch([server], { ...once, DEBUGINFOD_TIMEOUT: '1' });
      expect(performance.now() - begin).toBeLessThan(3000);
      servers.expectNothing(result, reason);
    });

    it('is asked again', async () => {
      const server = await servers.start((response) => {
        if (server.requests.length > 1) servers.send(response);
      });
      servers.expectStored(await servers.fetch([server], { DEBUGINFOD_TIMEOUT: '1' }));
    });

    it('is not waited for longer than DEBUGINFOD_MAXTIME', async () => {
      const server = await servers.start(() => undefined);
      const result = await servers.fetch([server], { DEBUGINFOD_MAXTIME: '1' });
      servers.expectNothing(result, 'not complete in 1 s, DEBUGINFOD_MAXTIME');
      expect(server.requests).toHaveLength(1);
    });

    it('is not sent off while enough arrives', async () => {
      const server = await servers.start((response) => {
        // 100 KiB at once, for a second and a half.
        const timer = setInterval(() => response.write(Buffer.alloc(102_400)), 100);
        setTimeout(() => {
          clearInterval(timer);
          response.end();
        }, 1500);
      });
      const result = await servers.fetch([server], { ...once, DEBUGINFOD_TIMEOUT: '1' });
      servers.expectNothing(result, 'not the debug file that was asked for: .*');
    });
  });

  describe('that sends less than it says', () => {
    it.each([
      ['by Content-Length', { 'Content-Length': String(bytes.length) }],
      ['by chunks', {}],
    ])('%s, is asked again', async (_, headers) => {
      const server = await servers.start((response) => {
        if (server.requests.length > 1) {
          servers.send(response);
        } else {
          response.writeHead(200, headers);
          response.write(half, () => response.destroy());
        }
      });
      servers.expectStored(await servers.fetch([server]));
      expect(server.requests).toHaveLength(2);
    });

    it.each([
      ['by Content-Length', `Content-Length: ${bytes.length}\r\n`, 'aborted'],
      ['by chunks', 'Transfer-Encoding: chunked\r\n', 'aborted|Parse Error.*'],
      [
        'by X-DEBUGINFOD-SIZE',
        `X-DEBUGINFOD-SIZE: ${bytes.length}\r\n`,
        `cut off after ${half.length} of \\d+ bytes`,
      ],
      ['by the ELF header alone', '', 'not the debug file that was asked for: decoding it at offset .*'],
    ])('%s, gives nothing', async (_, header, reason) => {
      const size = header.startsWith('Transfer') ? `${bytes.length.toString(16)}\r\n` : '';
      const head = `HTTP/1.1 200 OK\r\n${header}Connection: close\r\n\r\n${size}`;
      const server = await servers.startRaw(Buffer.concat([Buffer.from(head), half]));
      servers.expectNothing(await servers.fetch([server], once), `(?:${reason})`);
    });

    it('by a gzip stream, gives nothing', async () => {
      const server = await servers.start((response) => {
        response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(bytes).subarray(0, 500));
      });
      servers.expectNothing(await servers.fetch([server], once), 'unexpected end of file');
    });
  });

  describe('that sends something else', () => {
    it.each([
      [
        'another debug file',
        readFileSync(splitLibrary(1).debugFile),
        'it is of another library, build-id [0-9a-f]{40}',
      ],
      [
        'a page',
        Buffer.from('<html>Please log in</html>'.repeat(10)),
        'decoding it at offset 0x0: not an ELF file',
      ],
      ['an ELF header alone', bytes.subarray(0, 64), 'decoding .*'],
      ['an empty file', Buffer.alloc(0), 'decoding it at offset 0x0: not an ELF file'],
    ])('%s, is not asked again', async (_, body, reason) => {
      const server = await servers.start((response) => {
        servers.send(response, body);
      });
      const result = await servers.fetch([server]);
      servers.expectNothing(result, `not the debug file that was asked for: ${reason}`);
      expect(server.requests).toHaveLength(1);
    });
  });

  describe('that sends what is too large', () => {
    const reason = `${bytes.length} bytes or more; DEBUGINFOD_MAXSIZE is 1000`;

    it.each([
      ['and says so', { 'Content-Length': String(bytes.length) }],
      ['and does not say so', {}],
    ])('%s', async (_, headers) => {
      const server = await servers.start((response) => {
        response.writeHead(200, headers).end(bytes);
      });
      servers.expectNothing(await servers.fetch([server], { DEBUGINFOD_MAXSIZE: '1000' }), reason);
      expect(server.requests).toHaveLength(1);
    });

    it.each([
      ['without an end', (chunk: Buffer) => chunk, {}],
      ['without an end once it is unpacked', gzipSync, { 'Content-Encoding': 'gzip' }],
    ])('%s, and takes no memory for it', async (_, pack, headers) => {
      // Members of gzip follow each other (RFC 1952 §2.2).
      const chunk = pack(Buffer.alloc(1 << 20));
      const server = await servers.start((response) => {
        response.writeHead(200, headers);
        const send = (): void => {
          while (!response.destroyed && response.write(chunk));
          response.once('drain', send);
        };
        send();
      });
      const before = process.memoryUsage.rss();
      const result = await servers.fetch([server], { DEBUGINFOD_MAXSIZE: String(1 << 27) });
      servers.expectNothing(result, '1\\d{8} bytes or more; DEBUGINFOD_MAXSIZE is 134217728');
      expect(process.memoryUsage.rss() - before).toBeLessThan(96 << 20);
    });

    it('once it is unpacked', async () => {
      const server = await servers.start((response) => {
        response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(Buffer.alloc(1 << 26)));
      });
      const result = await servers.fetch([server], { DEBUGINFOD_MAXSIZE: '1000000' });
      servers.expectNothing(result, '10\\d{5} bytes or more; DEBUGINFOD_MAXSIZE is 1000000');
    });
  });
});

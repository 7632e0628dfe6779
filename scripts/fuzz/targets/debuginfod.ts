import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { fetchDebugFile } from '../../../lib/debuginfo/debuginfod/fetch.js';
import { fault } from '../../../lib/debuginfo/debuginfod/verify.js';
import { splitLibrary } from '../../../lib/testing/debuginfod.js';
import type { Random } from '../../abi-fuzz/random.js';
import { mutate } from '../bytes.js';
import { elfFields } from './elf.js';
import { mutateText } from '../text.js';
import type { Target } from './target.js';

const HEAD =
  'HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nX-DEBUGINFOD-SIZE: 5000\r\nLast-Modified: Tue, 01 Jan 2030 00:00:00 GMT\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n';
const PARTS = [
  '200',
  '404',
  '302',
  '500',
  '\r\n',
  ':',
  'Content-Length: 10',
  'Content-Length: 99999999999999',
  'Transfer-Encoding: chunked',
  'Location: /',
  'Location: file:///etc/passwd',
  'gzip',
  'br',
  'identity',
  'zstd',
  '\0',
  '-1',
  'Retry-After: 0',
  'HTTP/1.0',
  'HTTP/2',
];

/** A server whose answers are damaged: its head, or the file. What `fetchDebugFile` takes has to be the file, whole. */
export const debuginfod: Target = {
  name: 'debuginfod',
  needs: ['gcc', 'objcopy'],
  prepare() {
    const { debugFile, buildId } = splitLibrary();
    const body = readFileSync(debugFile);
    const fields = elfFields(body);
    const folder = mkdtempSync(join(tmpdir(), 'fuzz-debuginfod-'));
    let answer: Buffer = body;
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(answer));
    });
    const listening = new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        resolve((server.address() as AddressInfo).port);
      });
    });
    server.unref();
    process.once('exit', () => {
      rmSync(folder, { recursive: true, force: true });
    });
    return async (random: Random) => {
      const head = random.chance(0.5)
        ? mutateText(random, HEAD, PARTS)
        : HEAD.replace('Content-Encoding: gzip\r\n', '').replace(/X-D.*\r\n/, '');
      const file = random.chance(0.7) ? mutate(random, Buffer.from(body), fields) : body;
      answer = Buffer.concat([Buffer.from(head, 'latin1'), file]);
      const cache = join(folder, 'cache');
      const env = {
        DEBUGINFOD_URLS: `http://127.0.0.1:${await listening}`,
        DEBUGINFOD_CACHE_PATH: cache,
        DEBUGINFOD_RETRY_LIMIT: '0',
        DEBUGINFOD_TIMEOUT: '1',
      };
      const result = await fetchDebugFile(buildId, { env });
      if ('path' in result) {
        const why = fault(result.path, buildId);
        if (why !== undefined) throw new Error(`a file was taken although ${why}`);
      }
      rmSync(cache, { recursive: true, force: true });
    };
  },
};

import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fetchDebugFile } from '../debuginfo/debuginfod/fetch.js';
import type { FetchResult } from '../debuginfo/debuginfod/local.js';
import { listen, newFolder, serve, splitLibrary, type RunningServer } from './debuginfod.js';

/** A server that notes what it is asked. */
export interface NotingServer extends RunningServer {
  readonly requests: { url: string; headers: NodeJS.Dict<string | string[]> }[];
}

/** The servers of a test, good and bad ones, and the cache that is filled from them. All of it is gone after each test of the `describe` that makes one. */
export class TestServers {
  readonly buildId: string;
  /** The debug file. */
  readonly bytes: Buffer;
  cache = '';
  #running: RunningServer[] = [];

  constructor() {
    const { debugFile, buildId } = splitLibrary();
    this.buildId = buildId;
    this.bytes = readFileSync(debugFile);
    beforeEach(() => {
      this.cache = newFolder();
    });
    afterEach(async () => {
      await Promise.all(this.#running.map((s) => s.stop()));
      this.#running = [];
      rmSync(this.cache, { recursive: true });
    });
  }

  /** Where the file is in the cache. */
  get path(): string {
    return join(this.cache, this.buildId, 'debuginfo');
  }

  async start(answer: (response: ServerResponse, url: string) => unknown): Promise<NotingServer> {
    const requests: NotingServer['requests'] = [];
    const listener: RequestListener = ({ url = '', headers }, response) => {
      requests.push({ url, headers });
      answer(response, url);
    };
    const server = await serve(listener);
    this.#running.push(server);
    return { ...server, requests };
  }

  /** A server that answers whatever it is asked with the same bytes, then ends the connection. */
  async startRaw(answer: string | Buffer): Promise<RunningServer> {
    const server = await listen(
      createServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => socket.end(answer));
      }),
    );
    this.#running.push(server);
    return server;
  }

  /** Sends the file, or what is given. */
  send(response: ServerResponse, body: Buffer = this.bytes): void {
    response.writeHead(200, { 'Content-Length': body.length }).end(body);
  }

  /** Asks servers, or what `DEBUGINFOD_URLS` names, for the file. */
  fetch(servers: readonly RunningServer[] | string, env: NodeJS.ProcessEnv = {}): Promise<FetchResult> {
    const urls = typeof servers === 'string' ? servers : servers.map((s) => s.url).join(' ');
    return fetchDebugFile(this.buildId, {
      env: { DEBUGINFOD_CACHE_PATH: this.cache, DEBUGINFOD_URLS: urls, ...env },
    });
  }

  /** The file is in the cache, byte for byte, and nothing beside it. */
  expectStored(result: FetchResult): void {
    expect(result).toEqual({ path: this.path, temporary: false });
    expect(readdirSync(join(this.cache, this.buildId))).toEqual(['debuginfo']);
    expect(readFileSync(this.path).equals(this.bytes)).toBe(true);
  }

  /**
   * Each server has its reason (the source of a regular expression), and nothing is in the cache: no part of a file, and not the memory that
   * there is none.
   */
  expectNothing(result: FetchResult, ...reasons: readonly string[]): void {
    expect(result).toEqual({
      tried: reasons.map((r): unknown => expect.stringMatching(new RegExp(`^debuginfod \\S+: ${r}$`))),
    });
    expect(existsSync(join(this.cache, this.buildId))).toBe(false);
  }
}

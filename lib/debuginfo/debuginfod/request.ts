import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import { machine, type } from 'node:os';
import { pipeline, type Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import { messageOf } from '../../errors.js';
import { Failure } from './failure.js';
import type { Proxies } from './settings.js';

/** Most servers are asked without one. */
const proxy = () => require('./proxy.js') as typeof import('./proxy.js');

/** A server's answer that it has the file. */
export interface Answer {
  /** The file's bytes, decompressed. It ends with an error if the connection does before the file. */
  readonly body: Readable;
  /** The file's size in bytes, if the server says it. */
  readonly size: number | undefined;
  /** When the server's file was last modified; now, if it does not say. */
  readonly modified: Date;
}

export interface RequestOptions {
  /** Further headers, for the server itself: one that it redirects to does not get them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly proxies: Proxies;
  readonly signal: AbortSignal;
  readonly trace: (line: string) => void;
}

const MAX_REDIRECTS = 10;

const DECODERS: Readonly<Record<string, () => NodeJS.ReadWriteStream & Readable>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  br: createBrotliDecompress,
};

/** Says who asks, and for what system, as elfutils does. */
const USER_AGENT = `elf-plugin (${type()} ${machine()})`;

/** GETs `url` (http, https or file) and follows redirects. Throws a `Failure`, or what the connection or `options.signal` threw. */
export async function request(url: URL, options: RequestOptions): Promise<Answer> {
  if (url.protocol === 'file:') return readLocal(url, options);
  let target = url;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const response = await send(target, url, options);
    const { statusCode = 0, statusMessage = '', headers } = response;
    options.trace(`${withoutPassword(target)}: ${statusCode} ${statusMessage}`);
    for (const [name, value] of Object.entries(headers)) {
      if (name.startsWith('x-debuginfod-')) options.trace(`${name}: ${String(value)}`);
    }
    if (statusCode === 200) return answer(response);
    response.destroy();
    if (headers.location === undefined || statusCode < 300 || statusCode > 399) {
      throw refusal(statusCode, statusMessage, headers['retry-after']);
    }
    target = redirected(target, headers.location);
  }
  throw new Failure('final', `more than ${MAX_REDIRECTS} redirects`);
}

function send(
  target: URL,
  origin: URL,
  { headers, proxies, signal, trace }: RequestOptions,
): Promise<IncomingMessage> {
  const own = target.origin === origin.origin ? headers : {};
  const all = { 'User-Agent': USER_AGENT, 'Accept-Encoding': 'gzip, br', ...own };
  const through = (proxies.http ?? proxies.https) && proxy().proxyFor(target, proxies);
  if (through) {
    trace(`by way of the proxy ${through.name}`);
    return proxy().getThrough(through, target, all, signal);
  }
  const get = target.protocol === 'https:' ? httpsGet : httpGet;
  return new Promise((resolve, reject) => {
    get(target, { headers: all, signal }, resolve).on('error', reject);
  });
}

function answer(response: IncomingMessage): Answer {
  const { 'content-encoding': encoding = 'identity', 'last-modified': lastModified = '' } = response.headers;
  const modified = new Date(lastModified);
  const decoder = DECODERS[encoding.toLowerCase()]?.();
  if (decoder === undefined && encoding.toLowerCase() !== 'identity') {
    response.destroy();
    throw new Failure('final', `it is sent as ${encoding}, which was not asked for`);
  }
  // An error of the response becomes the decoder's.
  const body = decoder === undefined ? response : pipeline(response, decoder, () => undefined);
  // Whoever reads the body sees its errors; if nobody does, they do not matter.
  body.on('error', () => undefined);
  return {
    body,
    // Of the file itself, whatever the transfer looks like (debuginfod(8)); for archives' members and files alike.
    size:
      sizeOf(decoder === undefined ? response.headers['content-length'] : undefined) ??
      sizeOf(response.headers['x-debuginfod-size']),
    modified: Number.isNaN(modified.getTime()) ? new Date() : modified,
  };
}

function sizeOf(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}

/** Any answer but the file. */
function refusal(status: number, message: string, retryAfter: string | undefined): Failure {
  const text = `${status} ${message}`.trim();
  if (status === 404 || status === 410) return new Failure('absent', text);
  // 408 Request Timeout and 429 Too Many Requests are as passing as the server's own errors.
  if (status < 500 && status !== 408 && status !== 429) return new Failure('final', text);
  return new Failure('transient', text, (sizeOf(retryAfter) ?? 0) * 1000);
}

function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  const allowed = from.protocol === 'https:' ? ['https:'] : ['http:', 'https:'];
  if (to === undefined || !allowed.includes(to.protocol)) {
    throw new Failure('final', `it redirects to ${location}, which is not followed`);
  }
  return to;
}

/** A folder laid out as a server's URLs are. */
async function readLocal(url: URL, { signal }: RequestOptions): Promise<Answer> {
  try {
    const path = fileURLToPath(url);
    const found = await stat(path);
    // A FIFO would be waited for, a device may have no end.
    if (!found.isFile()) throw new Failure('final', 'it is no regular file');
    const { size, mtime } = found;
    const body = createReadStream(path, { signal });
    body.on('error', () => undefined);
    return { body, size, modified: mtime };
  } catch (error) {
    if (error instanceof Failure) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new Failure(code === 'ENOENT' || code === 'ENOTDIR' ? 'absent' : 'final', messageOf(error));
  }
}

/** For people to read. */
export function withoutPassword(url: URL): string {
  const shown = new URL(url.href);
  shown.username = shown.password = '';
  return shown.href;
}

import { get as httpGet, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { get as httpsGet, request as httpsRequest } from 'node:https';
import { BlockList, isIP, type Socket } from 'node:net';
import { connect } from 'node:tls';
import { messageOf } from '../../errors.js';
import { Failure } from './failure.js';
import type { Proxies } from './settings.js';

/** What a server is asked by way of. */
export interface Proxy {
  /** For people, without a password: `http://proxy.example:3128`. */
  readonly name: string;
  readonly protocol: 'http:' | 'https:';
  readonly host: string;
  readonly port: number;
  /** What it is to be told of who asks. */
  readonly headers: Readonly<Record<string, string>>;
}

/** `[protocol://][user[:password]@]host[:port]`; the user and the password percent-encoded. An IPv6 address has brackets. */
const PROXY = /^(?:([a-z][\w+.-]*):\/\/)?(?:([^/]*)@)?(\[[\da-f:.]+\]|[^/:@[\]]+)(?::(\d{1,5}))?\/?$/i;

/** The ports that curl takes where none is said (CURLOPT_PROXY(3)). */
const PORTS = { 'http:': 1080, 'https:': 443 } as const;

/** The proxy by which a server is to be asked; undefined if it is asked itself. Throws a `Failure` for one that can't be used. */
export function proxyFor({ protocol, hostname }: URL, proxies: Proxies): Proxy | undefined {
  const text = protocol === 'https:' ? proxies.https : proxies.http;
  if (text === undefined || isExempt(bare(hostname), proxies.none)) return undefined;
  const [, scheme = 'http', login, host = '', port] = PROXY.exec(text) ?? [];
  const own = `${scheme.toLowerCase()}:`;
  if (host === '' || (own !== 'http:' && own !== 'https:')) {
    // Not as it is written: there may be a password in it.
    const what = host === '' ? "can't be understood" : `${own}//${host} is not of http or https`;
    throw new Failure('final', `the proxy ${what}`);
  }
  const number = port === undefined ? PORTS[own] : Number(port);
  return {
    name: `${own}//${host}:${number}`,
    protocol: own,
    host: bare(host),
    port: number,
    headers: login === undefined ? {} : { 'Proxy-Authorization': `Basic ${credentials(login)}` },
  };
}

/** An address without the brackets that it has in a URL. */
function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

/** RFC 7617 §2 */
function credentials(login: string): string {
  const text = login.includes(':') ? login : `${login}:`;
  let plain = text;
  try {
    plain = decodeURIComponent(text);
  } catch {
    // A lone % stands for itself.
  }
  return Buffer.from(plain).toString('base64');
}

/** Whether `no_proxy` has a host: by its name, that of a domain it is in, its address or a network's; `*` is all (CURLOPT_NOPROXY(3)). */
function isExempt(hostname: string, none: string): boolean {
  const host = hostname.replace(/\.$/, '');
  if (none.trim() === '*') return true;
  return none
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => (isIP(host) === 0 ? isInDomain(host, entry) : isInNetwork(host, entry)));
}

function isInDomain(host: string, entry: string): boolean {
  const domain = entry.replace(/^\./, '').replace(/\.$/, '');
  return domain !== '' && (host === domain || host.endsWith(`.${domain}`));
}

function isInNetwork(host: string, entry: string): boolean {
  const [, network = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(entry) ?? [];
  const family = isIP(network);
  if (family === 0 || family !== isIP(host)) return false;
  const longest = family === 4 ? 32 : 128;
  const prefix = bits === undefined ? longest : Number(bits);
  if (prefix > longest) return false;
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(network, prefix, kind);
  return list.check(host, kind);
}

/** GETs `target` by its whole URL, if it is of http (RFC 9112 §3.2.2), else through a tunnel, in which the proxy sees no more than the server's name. */
export async function getThrough(
  proxy: Proxy,
  target: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  if (target.protocol === 'http:') return getByUrl(proxy, target, headers, signal);
  const socket = await tunnel(proxy, target, signal);
  const host = bare(target.hostname);
  // A server's name is no address (RFC 6066 §3).
  const createConnection = (): Socket =>
    connect({ socket, host, ...(isIP(host) === 0 ? { servername: host } : {}) });
  // `Host`: for a connection that is given Node takes 80 for the port that need not be said.
  const options = { headers: { ...headers, Host: target.host }, signal, createConnection };
  return new Promise((resolve, reject) => {
    httpsGet(target, options, resolve).on('error', reject);
  });
}

function getByUrl(
  proxy: Proxy,
  target: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const get = proxy.protocol === 'https:' ? httpsGet : httpGet;
  const { username, password } = target;
  const login = username === '' ? {} : { Authorization: `Basic ${credentials(`${username}:${password}`)}` };
  const url = new URL(target);
  url.username = url.password = url.hash = '';
  const all = { ...login, ...headers, ...proxy.headers, Host: target.host };
  return new Promise((resolve, reject) => {
    get({ ...connection(proxy), path: url.href, headers: all, signal }, resolve).on('error', (error) => {
      reject(failed(proxy, error));
    });
  });
}

/** A connection to a server of https that a proxy has made (RFC 9110 §9.3.6). */
function tunnel(proxy: Proxy, { hostname, port }: URL, signal: AbortSignal): Promise<Socket> {
  const request = proxy.protocol === 'https:' ? httpsRequest : httpRequest;
  const path = `${hostname}:${port === '' ? 443 : port}`;
  const options = { ...connection(proxy), method: 'CONNECT', path, signal };
  return new Promise((resolve, reject) => {
    request({ ...options, headers: { ...proxy.headers, Host: path } })
      .on('error', (error) => {
        reject(failed(proxy, error));
      })
      .on('connect', ({ statusCode = 0, statusMessage = '' }, socket) => {
        if (statusCode >= 200 && statusCode < 300) {
          resolve(socket);
          return;
        }
        socket.destroy();
        // That of the proxy itself: it says nothing of the file.
        const kind = statusCode >= 500 ? 'transient' : 'final';
        reject(new Failure(kind, `proxy ${proxy.name}: ${statusCode} ${statusMessage}`.trim()));
      })
      .end();
  });
}

/** `agent: false`: with NODE_USE_ENV_PROXY=1 Node's own would ask the proxy by way of itself. */
function connection({ host, port }: Proxy): RequestOptions {
  return { host, port, agent: false };
}

function failed(proxy: Proxy, error: Error): Failure {
  const { errors: [first] = [error] } = error as { errors?: unknown[] };
  return new Failure('transient', `proxy ${proxy.name}: ${messageOf(first)}`);
}

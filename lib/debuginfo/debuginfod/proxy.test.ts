import { createServer } from 'node:http';
import { listen, runBeside, type RunningServer } from '../../testing/debuginfod.js';
import { TestServers, type NotingServer } from '../../testing/debuginfod-servers.js';
import { describeWith } from '../../testing/tools.js';
import { Failure } from './failure.js';
import { proxyFor } from './proxy.js';
import { readSettings } from './settings.js';

describeWith(['curl'], 'whether a server is asked by way of a proxy, as curl decides it', () => {
  let proxy: RunningServer;
  let asked = 0;

  beforeAll(async () => {
    const server = createServer((_, response) => {
      asked++;
      response.end();
    });
    server.on('connect', (_, socket) => {
      asked++;
      socket.end('HTTP/1.1 403 No\r\n\r\n');
    });
    proxy = await listen(server);
  });

  afterAll(() => proxy.stop());

  // Names that no server has, so that nothing is asked where the proxy is not. PROXY and HOST stand for it with and without a scheme.
  it.each([
    ['http://a.invalid/', {}],
    ['http://a.invalid/', { http_proxy: 'PROXY' }],
    ['http://a.invalid/', { http_proxy: 'PROXY/' }],
    ['http://a.invalid/', { http_proxy: 'HOST' }],
    ['http://a.invalid/', { http_proxy: 'user:p%40ss@HOST' }],
    ['http://a.invalid/', { HTTP_PROXY: 'PROXY' }],
    ['http://a.invalid/', { https_proxy: 'PROXY' }],
    ['http://a.invalid/', { http_proxy: '', all_proxy: 'PROXY' }],
    ['http://a.invalid/', { ALL_PROXY: 'PROXY' }],
    ['https://a.invalid/', { http_proxy: 'PROXY' }],
    ['https://a.invalid/', { https_proxy: 'PROXY' }],
    ['https://a.invalid/', { HTTPS_PROXY: 'PROXY' }],
    ['https://a.invalid/', { https_proxy: 'PROXY', HTTPS_PROXY: 'http://127.0.0.1:1' }],
    ['https://a.invalid/', { https_proxy: 'PROXY', no_proxy: '*' }],
    ['http://a.invalid/', { http_proxy: 'PROXY', no_proxy: 'a.invalid' }],
    ['http://A.Invalid/', { http_proxy: 'PROXY', no_proxy: 'a.INVALID' }],
    ['http://a.invalid:81/', { http_proxy: 'PROXY', NO_PROXY: 'b, a.invalid' }],
    ['http://a.invalid./', { http_proxy: 'PROXY', no_proxy: 'a.invalid' }],
    ['http://a.invalid/', { http_proxy: 'PROXY', no_proxy: 'a.invalid.' }],
    ['http://a.invalid/', { http_proxy: 'PROXY', no_proxy: 'invalid' }],
    ['http://a.invalid/', { http_proxy: 'PROXY', no_proxy: '.invalid' }],
    ['http://a.invalid/', { http_proxy: 'PROXY', no_proxy: '.a.invalid' }],
    ['http://aa.invalid/', { http_proxy: 'PROXY', no_proxy: 'a.invalid' }],
    ['http://a.invalid/', { http_proxy: 'PROXY', no_proxy: 'b,*' }],
    ['http://a.invalid/', { http_proxy: 'PROXY', no_proxy: '' }],
    ['http://127.0.0.9:1/', { http_proxy: 'PROXY', no_proxy: '127.0.0.9' }],
    ['http://127.0.0.9:1/', { http_proxy: 'PROXY', no_proxy: '127.0.0.0/24' }],
    ['http://127.0.0.9:1/', { http_proxy: 'PROXY', no_proxy: '127.0.0.0/29' }],
    ['http://127.0.0.9:1/', { http_proxy: 'PROXY', no_proxy: '127.0.0.9/33' }],
    ['http://127.0.0.9:1/', { http_proxy: 'PROXY', no_proxy: '0.9' }],
    ['http://[::1]:1/', { http_proxy: 'PROXY', no_proxy: '::1' }],
    ['http://[::1]:1/', { http_proxy: 'PROXY', no_proxy: '127.0.0.1' }],
  ])('%s with %j', async (url, given) => {
    const words = Object.entries(given).map(([name, value]: [string, string]) => {
      return [name, value.replace('PROXY', proxy.url).replace('HOST', proxy.url.slice('http://'.length))];
    });
    const env = Object.fromEntries(words) as Record<string, string>;
    asked = 0;
    await runBeside('curl', ['--disable', '--silent', '--max-time', '10', url], { env });
    expect(proxyFor(new URL(url), readSettings(env).proxies) !== undefined).toBe(asked > 0);
  });
});

// Those of version 6 are the manual's: curl 7.88 does not see that the host is an address.
it.each([
  ['::1', '::/64', true],
  ['::1', '::1/128', true],
  ['::1', '::2/128', false],
  ['fe80::1', '::/64', false],
])('no_proxy: whether %s is in %s: %s', (host, none, isExempt) => {
  const proxies = { http: 'proxy', https: undefined, none };
  expect(proxyFor(new URL(`http://[${host}]/`), proxies) === undefined).toBe(isExempt);
});

it.each([
  ['proxy', { name: 'http://proxy:1080', host: 'proxy', port: 1080, headers: {} }],
  ['https://proxy/', { name: 'https://proxy:443', protocol: 'https:', port: 443 }],
  ['HTTP://proxy:80', { name: 'http://proxy:80', protocol: 'http:', port: 80 }],
  ['http://[::1]:3128', { name: 'http://[::1]:3128', host: '::1', port: 3128 }],
  ['http://me:p%40s%3As@proxy:1', { name: 'http://proxy:1', headers: basic('me:p@s:s') }],
  ['me@proxy:1', { headers: basic('me:') }],
  ['me:100%@proxy:1', { headers: basic('me:100%') }],
])('the proxy %s', (text, expected) => {
  expect(proxyFor(new URL('http://a/'), { http: text, https: undefined, none: '' })).toMatchObject(expected);
});

it.each([
  ['socks5://me:secret@proxy:1080', 'the proxy socks5://proxy is not of http or https'],
  ['http://me:secret@proxy:port', "the proxy can't be understood"],
  ['a b:c:d', "the proxy can't be understood"],
])('%s is refused, without its password', (text, reason) => {
  const find = (): unknown =>
    proxyFor(new URL('https://a/'), { http: undefined, https: text, none: 'b.example' });
  expect(find).toThrow(new Failure('final', reason));
});

function basic(login: string): Record<string, string> {
  return { 'Proxy-Authorization': `Basic ${btoa(login)}` };
}

describeWith(['gcc', 'objcopy'], 'a proxy', () => {
  const servers = new TestServers();

  /** One that has the file, whatever it is asked: what it sends is what a server would. */
  function proxy(): Promise<NotingServer> {
    return servers.start((response) => {
      servers.send(response);
    });
  }

  it('is asked by the whole URL, with the passwords that are for it and for the server', async () => {
    const through = await proxy();
    const env = { http_proxy: through.url.replace('//', '//me:secret@') };
    servers.expectStored(await servers.fetch('http://you:word@far.invalid/sub', env));
    expect(through.requests).toEqual([
      {
        url: `http://far.invalid/sub/buildid/${servers.buildId}/debuginfo`,
        headers: expect.objectContaining({
          host: 'far.invalid',
          authorization: `Basic ${btoa('you:word')}`,
          'proxy-authorization': `Basic ${btoa('me:secret')}`,
        }) as unknown,
      },
    ]);
  });

  it('is asked again for where a server redirects to, and a server that no_proxy names is not', async () => {
    const server = await servers.start((response) => {
      response.writeHead(302, { Location: 'http://far.invalid:81/x' }).end();
    });
    const through = await proxy();
    const env = { http_proxy: through.url, no_proxy: '127.0.0.1' };
    servers.expectStored(await servers.fetch([server], env));
    expect(server.requests.map((r) => [r.url, r.headers['proxy-authorization']])).toEqual([
      [`/buildid/${servers.buildId}/debuginfo`, undefined],
    ]);
    expect(through.requests.map((r) => [r.url, r.headers['host']])).toEqual([
      ['http://far.invalid:81/x', 'far.invalid:81'],
    ]);
  });

  it('that is not there is named, without its password', async () => {
    const gone = await proxy();
    await gone.stop();
    const env = { all_proxy: gone.url.replace('//', '//me:secret@'), DEBUGINFOD_RETRY_LIMIT: '0' };
    const reason = `proxy ${gone.url}: connect ECONNREFUSED 127.0.0.1:\\d+`;
    servers.expectNothing(await servers.fetch('http://a.invalid https://b.invalid', env), reason, reason);
  });

  it('may refuse: of a file that says nothing, so that nothing is remembered', async () => {
    const refusing = createServer();
    refusing.on('connect', (_, socket) => socket.end('HTTP/1.1 404 Not Here\r\n\r\n'));
    const through = await listen(refusing);
    const result = await servers.fetch('https://a.invalid', { https_proxy: through.url });
    await through.stop();
    servers.expectNothing(result, `proxy ${through.url}: 404 Not Here`);
  });

  it('that can not be used is not gone around', async () => {
    const server = await servers.start((response) => {
      servers.send(response);
    });
    const env = { http_proxy: 'socks4://proxy:1' };
    servers.expectNothing(
      await servers.fetch([server], env),
      'the proxy socks4://proxy is not of http or https',
    );
    expect(server.requests).toEqual([]);
  });
});

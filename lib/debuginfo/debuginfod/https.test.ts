import { readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { listen, newFolder, runBeside, splitLibrary, type RunningServer } from '../../testing/debuginfod.js';
import { describeWith, run } from '../../testing/tools.js';

describeWith(['gcc', 'objcopy', 'openssl'], 'a server behind TLS', () => {
  const { debugFile, buildId } = splitLibrary();
  let folder: string;
  let server: RunningServer | undefined;

  beforeAll(() => {
    folder = newFolder();
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
    run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', ...subject, ...files]);
  });

  afterEach(async () => {
    await server?.stop();
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  /** What a process of its own gets, as Node reads certificates when it starts. */
  async function fetched(listener: RequestListener, env: NodeJS.ProcessEnv): Promise<unknown> {
    const [key, cert] = ['key.pem', 'cert.pem'].map((f) => readFileSync(join(folder, f)));
    server = await listen(createServer({ key, cert }, listener));
    const code = `
      const { fetchDebugFileSync } = require(${JSON.stringify(join(__dirname, 'fetch-sync.ts'))});
      console.log(JSON.stringify(fetchDebugFileSync('${buildId}')));
    `;
    const { stdout, stderr } = await runBeside(
      process.execPath,
      ['--require', require.resolve('tsx/cjs'), '-e', code],
      {
        env: {
          DEBUGINFOD_CACHE_PATH: join(folder, 'cache'),
          DEBUGINFOD_URLS: server.url.replace('http:', 'https:'),
          DEBUGINFOD_RETRY_LIMIT: '0',
          ...env,
        },
      },
    );
    return stderr === '' ? JSON.parse(stdout) : stderr;
  }

  it('is not believed without its certificate', async () => {
    const result = await fetched((_, response) => response.end(readFileSync(debugFile)), {});
    expect(result).toEqual({
      tried: [expect.stringMatching(/^debuginfod https:\/\/127\.0\.0\.1:\d+: self-signed certificate/)],
    });
  });

  it('does not redirect to one that is not', async () => {
    const listener: RequestListener = (_, response) => {
      response.writeHead(302, { Location: 'http://127.0.0.1:1/x' }).end();
    };
    expect(await fetched(listener, { NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem') })).toEqual({
      tried: [expect.stringMatching(/it redirects to http:\/\/127\.0\.0\.1:1\/x, which is not followed$/)],
    });
  });

  it('sends the file with NODE_EXTRA_CA_CERTS', async () => {
    const listener: RequestListener = (_, response) => response.end(readFileSync(debugFile));
    expect(await fetched(listener, { NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem') })).toEqual({
      path: join(folder, 'cache', buildId, 'debuginfo'),
      temporary: false,
    });
  });

  it.each(['http:', 'https:'])('is reached through a tunnel of a proxy of %s', async (protocol) => {
    const asked: unknown[] = [];
    const [key, cert] = ['key.pem', 'cert.pem'].map((f) => readFileSync(join(folder, f)));
    const proxy = protocol === 'http:' ? createHttpServer() : createServer({ key, cert });
    proxy.on('connect', ({ url = '', headers }, client: Duplex) => {
      asked.push([url, headers['proxy-authorization'], headers['user-agent']]);
      const { hostname, port } = new URL(`http://${url}`);
      const far = connect(Number(port), hostname, () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        client.pipe(far).pipe(client);
      });
      client.on('error', () => far.destroy());
      far.on('error', () => undefined).on('close', () => client.destroy());
    });
    const through = await listen(proxy);
    const hosts: unknown[] = [];
    const listener: RequestListener = ({ headers }, response) => {
      hosts.push([headers.host, headers['proxy-authorization']]);
      response.end(readFileSync(debugFile));
    };
    const url = through.url.replace('http:', protocol).replace('//', '//me:secret@');
    const result = await fetched(listener, {
      https_proxy: url,
      NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem'),
      DEBUGINFOD_CACHE_PATH: join(folder, protocol),
    });
    await through.stop();
    expect(result).toEqual({ path: join(folder, protocol, buildId, 'debuginfo'), temporary: false });
    const host = server?.url.slice('http://'.length);
    expect(asked).toEqual([[host, `Basic ${btoa('me:secret')}`, undefined]]);
    expect(hosts).toEqual([[host, undefined]]);
  });
});

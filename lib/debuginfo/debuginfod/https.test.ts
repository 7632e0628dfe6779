import { readFileSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
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
});

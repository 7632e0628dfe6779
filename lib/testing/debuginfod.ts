import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ElfFile } from '../elf/file.js';
import { buildId } from '../elf/note.js';
import type { ChildResult } from './run-child.js';
import { BUILD, compile, run } from './tools.js';

/** A library whose debug info is in a file of its own. */
export interface SplitLibrary {
  readonly library: string;
  readonly debugFile: string;
  readonly buildId: string;
}

/** One that exports `struct point { int x; double y; } P` and `int f(struct point *p)`. Another `seed` gives another build-id. */
export function splitLibrary(seed = 0): SplitLibrary {
  const library = compile(`
    struct point { int x; double y; } P;
    int f(struct point *p) { return p->x + ${seed}; }
  `);
  const debugFile = `${library}.debug`;
  if (!existsSync(debugFile)) run('objcopy', ['--only-keep-debug', library, debugFile]);
  using file = ElfFile.open(library);
  return { library, debugFile, buildId: buildId(file) ?? '' };
}

/** A new, empty folder. Whoever asks for it removes it. */
export function newFolder(): string {
  mkdirSync(BUILD, { recursive: true });
  return mkdtempSync(join(BUILD, 'debuginfod-'));
}

export interface RunningServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts listening on a free port of the loopback interface. */
export async function listen(server: Server): Promise<RunningServer> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        if ('closeAllConnections' in server) (server.closeAllConnections as () => void)();
      }),
  };
}

/** An HTTP server of this process. */
export function serve(listener: RequestListener): Promise<RunningServer> {
  return listen(createServer(listener));
}

/** Debian's `debuginfod`, serving the ELF files in `folder`; it has read them when it has `buildId`. */
export async function startDebuginfod(folder: string, buildId: string): Promise<RunningServer> {
  // Its port must be given: one that is free now.
  const probe = await serve(() => undefined);
  await probe.stop();
  const { url } = probe;
  const args = ['-d', ':memory:', '-p', new URL(url).port, '-F', folder];
  const child = spawn('debuginfod', args, { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) =>
    child.once('close', () => {
      resolve();
    }),
  );
  const stop = async (): Promise<void> => {
    child.kill();
    await ended;
  };
  for (let i = 0; i < 200; i++) {
    await sleep(50);
    if (child.exitCode !== null) throw new Error(`debuginfod: exit ${child.exitCode}`);
    const answer = await fetch(`${url}/buildid/${buildId}/debuginfo`).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.ok === true) return { url, stop };
  }
  await stop();
  throw new Error('debuginfod: it does not find its file');
}

/** Runs a program while this process goes on, as it must to serve it. */
export function runBeside(
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; input?: string } = {},
): Promise<ChildResult> {
  const child = spawn(command, args, { env: { ...process.env, ...options.env } });
  const written = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (written.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (written.stderr += chunk.toString()));
  child.stdin.end(options.input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => {
      resolve({ status, signal, ...written });
    });
  });
}

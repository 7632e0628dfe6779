import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';

import { childValue, runChild } from '../lib/testing/run-child.js';
import { BUILD, compile, describeWith, ROOT } from '../lib/testing/tools.js';

/** What a command may take that was given no library, in milliseconds; it takes as long to start. */
const TIMEOUT = 30_000;

let folder = '';
let server: Server | undefined;
beforeAll(async () => {
  mkdirSync(BUILD, { recursive: true });
  folder = mkdtempSync(join(BUILD, 'special-'));
  spawnSync('mkfifo', [join(folder, 'fifo')]);
  symlinkSync('loop', join(folder, 'loop'));
  symlinkSync('fifo', join(folder, 'link'));
  mkdirSync(join(folder, 'folder'));
  // Root may make devices, where the system lets it: what can't be made is not there, and refused as that.
  spawnSync('mknod', [join(folder, 'block'), 'b', '7', '0']);
  spawnSync('mknod', [join(folder, 'character'), 'c', '1', '5']);
  writeFileSync(join(folder, 'empty'), '');
  const listening = createServer();
  await new Promise<void>((resolve) => listening.listen(join(folder, 'socket'), resolve));
  server = listening;
});
afterAll(() => {
  server?.close();
  rmSync(folder, { recursive: true });
});

const SPECIAL = [
  'fifo',
  'link',
  'loop',
  'folder',
  'empty',
  'socket',
  'block',
  'character',
  '/dev/zero',
  '/dev/null',
  '/dev/stdin',
  '/proc/self/maps',
  '/proc/self/mem',
  '/proc/kmsg',
];
const path = (name: string): string => (name.startsWith('/') ? name : join(folder, name));

describeWith(['gcc', 'mkfifo'], 'what is no library', () => {
  const library = compile('int f(int x) { return x; }\nint v;\n');

  /** Everything in one process, that hangs if anything does. */
  const SCRIPT = `
    import { open, inspect } from '#lib/index.js';
    const [library = '', ...paths] = process.argv.slice(2);
    const codes = paths.map((path) =>
      [() => inspect(path).symbols, () => open(path), () => open(library, { types: path })].map((action) => {
        try {
          action();
          return 'nothing';
        } catch (error) {
          return (error as { code?: string }).code ?? String(error);
        }
      }),
    );
    console.log(JSON.stringify(codes));
  `;

  it('is refused by inspect, open and types: with an error, at once', () => {
    const codes = childValue(SCRIPT, {
      args: [library, ...SPECIAL.map(path)],
      timeoutMilliseconds: TIMEOUT,
    }) as string[][];
    for (const [i, [inspected, opened, types]] of codes.entries()) {
      const name = SPECIAL[i];
      expect([name, inspected]).toEqual([
        name,
        expect.stringMatching(/^(ERR_FORMAT|ENOENT|ELOOP|EISDIR|ENXIO|EPERM|EACCES|EIO)$/),
      ]);
      expect([name, opened]).toEqual([name, 'ERR_PLUGIN_OPEN']);
      expect([name, types]).toEqual([name, expect.stringMatching(/^(ERR_PLUGIN_TYPE|ERR_FORMAT)$/)]);
    }
  });

  it('is refused by open and openAsync where a library needs it, also by one who may not read it', () => {
    const needing = compile('\nint f(void) { return 1; }\n', {
      flags: ['-shared', '-fPIC', '-Wl,-rpath,$ORIGIN,--no-as-needed'],
      libs: [
        compile('\nint g(void) { return 1; }\n', { flags: ['-shared', '-fPIC', '-Wl,-soname,libneeded.so'] }),
      ],
      output: 'needing.so',
    });
    const codes = childValue(
      `
      import { chmodSync, copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
      import { join } from 'node:path';
      import { open, openAsync } from '#lib/index.js';
      const [folder = '', library = '', needing = '', ...paths] = process.argv.slice(2);
      const codeOf = (error: unknown) => (error as { code?: string }).code ?? String(error);
      async function main() {
        chmodSync(folder, 0o755);
        const secret = join(folder, 'secret.so');
        copyFileSync(library, secret);
        chmodSync(secret, 0);
        const openers = [...paths, secret].map((path, i) => {
          const place = join(folder, 'needing-' + i);
          mkdirSync(place);
          symlinkSync(path, join(place, 'libneeded.so'));
          copyFileSync(needing, join(place, 'needing.so'));
          return join(place, 'needing.so');
        });
        // Root may read everything.
        if (process.getuid?.() === 0) process.setuid?.(65534);
        const codes: string[] = [];
        for (const path of openers) {
          try {
            open(path, { copies: 'allow' });
            codes.push(path);
          } catch (error) {
            codes.push(codeOf(error));
          }
          codes.push(await openAsync(path, { copies: 'allow' }).then(() => path, codeOf));
        }
        console.log(JSON.stringify(codes));
      }
      void main();
      `,
      { args: [folder, library, needing, ...SPECIAL.map(path)], timeoutMilliseconds: TIMEOUT },
    ) as string[];
    expect(codes).toEqual(Array.from({ length: (SPECIAL.length + 1) * 2 }, () => 'ERR_PLUGIN_OPEN'));
  });

  it.each(['symbols', 'inspect', 'types', 'dts'])('is refused by elf-plugin %s', (command) => {
    const output = command === 'types' || command === 'dts' ? ['-o', '-'] : [];
    for (const name of ['fifo', 'loop', '/dev/zero']) {
      const { status, signal, stderr } = runChild(join(ROOT, 'lib/cli/main.ts'), {
        args: [command, ...output, path(name)],
        timeoutMilliseconds: TIMEOUT,
      });
      expect([name, signal, status]).toEqual([name, null, 1]);
      expect(stderr).toMatch(/^elf-plugin/);
    }
  });

  it('and a library that is replaced, cut and deleted while it is read gives types or an error', () => {
    const torn = join(folder, 'torn.so');
    const writer = spawn(
      'sh',
      [
        '-c',
        `while :; do cp ${library} ${torn}; truncate -s 5000 ${torn}; truncate -s 9000 ${torn}; rm -f ${torn}; done`,
      ],
      { detached: true, stdio: 'ignore' },
    );
    try {
      const counts = childValue(
        `
        import { inspect, isPluginError } from '#lib/index.js';
        const counts = { read: 0, refused: 0, other: [] as string[] };
        const end = Date.now() + 2500;
        while (Date.now() < end) {
          try {
            inspect(process.argv[2] ?? '').symbols;
            counts.read++;
          } catch (error) {
            if (isPluginError(error) || (error as { code?: string }).code === 'ENOENT') counts.refused++;
            else counts.other.push(String(error));
          }
        }
        console.log(JSON.stringify(counts));
        `,
        { args: [torn], timeoutMilliseconds: TIMEOUT },
      ) as { read: number; refused: number; other: string[] };
      expect(counts.other).toEqual([]);
      expect(counts.read + counts.refused).toBeGreaterThan(20);
    } finally {
      if (writer.pid !== undefined) process.kill(-writer.pid, 'SIGKILL');
    }
  });

  it('and one that is replaced and deleted while it is opened gives a plugin or an error', () => {
    const torn = join(folder, 'torn-open.so');
    const other = compile('\nint f(int x) { return x + 1; }\n');
    // Each is whole before it has the name: what is cut behind the back of the linker ends the process (docs/security.md).
    const put = (what: string): string => `cp ${what} ${torn}.new; mv ${torn}.new ${torn}`;
    const script = `while :; do ${put(library)}; ${put(other)}; rm -f ${torn}; ln -s torn-open.so ${torn}; rm ${torn}; mkfifo ${torn}; done`;
    const writer = spawn('sh', ['-c', script], { detached: true, stdio: 'ignore' });
    try {
      const { status, signal, stdout } = runChild(
        `
        import { open, isPluginError } from '#lib/index.js';
        const counts = { opened: 0, refused: 0, other: [] as string[] };
        const end = Date.now() + 2000;
        while (Date.now() < end) {
          try {
            open(process.argv[2] ?? '', { copies: 'allow' });
            counts.opened++;
          } catch (error) {
            if (isPluginError(error) && error.code === 'ERR_PLUGIN_OPEN') counts.refused++;
            else counts.other.push(String(error));
          }
        }
        console.log(JSON.stringify(counts));
        `,
        { args: [torn], timeoutMilliseconds: TIMEOUT },
      );
      expect([status, signal]).toEqual([0, null]);
      const counts = JSON.parse(stdout) as { opened: number; refused: number; other: string[] };
      expect(counts.other).toEqual([]);
      expect(counts.opened).toBeGreaterThan(5);
      expect(counts.refused).toBeGreaterThan(5);
    } finally {
      if (writer.pid !== undefined) process.kill(-writer.pid, 'SIGKILL');
    }
  });
});

import { spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { BufferSource } from '../lib/bytes/source.js';
import { ElfFile } from '../lib/elf/file.js';
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
  // The name of a socket has at most 108 bytes (unix(7)), and a longer one is cut: this way leads there, too.
  const way = mkdtempSync(join(tmpdir(), 'way-'));
  symlinkSync(folder, join(way, 'to'));
  await new Promise<void>((resolve) => listening.listen(join(way, 'to/socket'), resolve));
  rmSync(way, { recursive: true });
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
    // Each is whole before it has the name, and none is a FIFO: what is cut behind the back of the linker ends the process, and it waits for who writes a FIFO (docs/security.md).
    const put = (what: string): string => `cp ${what} ${torn}.new; mv ${torn}.new ${torn}`;
    const script = `while :; do ${put(library)}; ${put(other)}; rm -f ${torn}; ln -s torn-open.so ${torn}; rm ${torn}; mkdir ${torn}; rmdir ${torn}; done`;
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

  /** A sparse file says that it is large, and takes no place on disk. */
  describe('that is sparse, of 8 GiB', () => {
    const INSPECT = `
      import { readFileSync } from 'node:fs';
      import { inspect } from '#lib/index.js';
      import { Library } from '#lib/library/library.js';
      const peak = () => Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]) / 1024;
      const before = peak();
      const results = process.argv.slice(2).map((path) => {
        const actions = [
          () => inspect(path).symbols.map(({ type, reason }) => String(type ?? reason)).join(),
          () => Library.open(path).constants.size,
          () => Library.open(path).debugInfo.typeNamed('struct', 'none'),
        ];
        return actions.map((action) => {
          try {
            return String(action());
          } catch (error) {
            return (error as { code?: string }).code ?? String(error);
          }
        });
      });
      console.log(JSON.stringify({ results, mebibytes: peak() - before }));
    `;
    const asked = (...paths: string[]): { results: string[][]; mebibytes: number } =>
      childValue(INSPECT, { args: paths, timeoutMilliseconds: TIMEOUT }) as {
        results: string[][];
        mebibytes: number;
      };

    /** A library whose section `name` says that it has 7 GiB. */
    function grown(name: string, flags: readonly string[]): string {
      const bytes = readFileSync(
        compile('int f(int x) { return x; }\nint v;\n', { flags: ['-shared', '-fPIC', ...flags] }),
      );
      const index = new ElfFile(new BufferSource('x', bytes)).sections.findIndex((s) => s.name === name);
      bytes.writeBigUInt64LE(7n << 30n, Number(bytes.readBigUInt64LE(40)) + index * 64 + 32);
      const file = join(folder, `grown${name}.so`);
      writeFileSync(file, bytes);
      truncateSync(file, 2 ** 33);
      return file;
    }

    it('is no library if it is all zeros', () => {
      const file = join(folder, 'zeros');
      writeFileSync(file, '');
      truncateSync(file, 2 ** 33);
      expect(asked(file).results).toEqual([['ERR_FORMAT', 'ERR_FORMAT', 'ERR_FORMAT']]);
    });

    it.each([
      ['.shstrtab', []],
      ['.comment', ['-gctf']],
      ['.ctf', ['-gctf']],
      ['.debug_abbrev', ['-g']],
      ['.debug_aranges', ['-g']],
    ])('and a section %s of 7 GiB gives an answer or our error', (name, flags) => {
      const { results, mebibytes } = asked(grown(name, flags));
      const expected = /^(ERR_FORMAT|ERR_PLUGIN_\w+|\d+|undefined|.*(decoding|int).*)$/;
      for (const result of results.flat()) expect(result).toMatch(expected);
      expect(mebibytes).toBeLessThan(256);
    });

    it('and is named by a debug link, is read for its checksum a part at a time', () => {
      const bytes = readFileSync(library);
      const stripped = join(folder, 'linked.so');
      const debug = join(folder, 'linked.debug');
      writeFileSync(debug, bytes);
      // Without a build-id, only the checksum tells whose it is.
      spawnSync('objcopy', ['--strip-debug', '--remove-section=.note.gnu.build-id', library, stripped]);
      spawnSync('objcopy', [`--add-gnu-debuglink=${debug}`, stripped]);
      truncateSync(debug, 2 ** 28);
      const { results, mebibytes } = asked(stripped);
      expect(results[0]?.[0]).toMatch(/its CRC is 0x/);
      expect(mebibytes).toBeLessThan(128);
    });
  });

  it('is passed over by a search for libraries', () => {
    const place = join(folder, 'search');
    mkdirSync(join(place, 'libodd.so.9'), { recursive: true });
    spawnSync('mkfifo', [join(place, 'libodd.so.8')]);
    symlinkSync('libodd.so.7', join(place, 'libodd.so.7'));
    symlinkSync('/dev/zero', join(place, 'libodd.so.6'));
    symlinkSync('nothing', join(place, 'libodd.so.5'));
    writeFileSync(join(place, 'libodd.so.4'), '', { mode: 0 });
    copyFileSync(library, join(place, 'libodd.so.3'));
    for (const name of ['odd', 'libodd', 'libodd.so', 'libodd.so.3']) {
      const { stdout, stderr, status } = runChild(join(ROOT, 'lib/cli/main.ts'), {
        args: ['find', name],
        env: { LD_LIBRARY_PATH: [join(folder, 'fifo'), join(folder, 'loop'), '/dev', place].join(':') },
        timeoutMilliseconds: TIMEOUT,
      });
      expect([name, stdout, stderr, status]).toEqual([name, `${join(place, 'libodd.so.3')}\n`, '', 0]);
    }
  });
});

import { spawnSync } from 'node:child_process';

import { childValue, runChild } from '../testing/run-child.js';
import { compile, describeWith, run } from '../testing/tools.js';

const attempt = `
import { open } from '#lib/index.js';
const message = (path) => { try { return open(path).path; } catch (error) { return error.message; } };
`;

/** The interpreter of a program is the dynamic linker itself. */
const loader = /interpreter: (\S+?)\]/.exec(run('readelf', ['-l', process.execPath]))?.[1] ?? '';

it('opens the dynamic linker, which does not know itself by its path', () => {
  expect(childValue(`${attempt}console.log(JSON.stringify(message(${JSON.stringify(loader)})));`)).toMatch(
    /ld-linux|ld-musl/,
  );
});

const runtime = spawnSync('gcc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).stdout.trim();

describeWith(
  ['gcc', runtime.startsWith('/') ? runtime : '/libasan.so'],
  'a library that was compiled with AddressSanitizer',
  () => {
    const library = (): string =>
      compile('int V = 1;\nint get(void) { return V; }\n', {
        flags: ['-g', '-shared', '-fPIC', '-fsanitize=address'],
      });

    it('is refused where its runtime does not come first, which would end the process', () => {
      const { status, stdout } = runChild(`${attempt}console.log(message(process.argv[2]));`, {
        args: [library()],
      });
      expect(status).toBe(0);
      expect(stdout).toMatch(
        /compiled with a sanitizer, whose runtime libasan\.so\.\d+ has to be loaded first\n.*LD_PRELOAD=/,
      );
    });

    it('is opened under it', () => {
      const { stdout } = runChild(`${attempt}console.log(message(process.argv[2]));`, {
        args: [library()],
        env: { LD_PRELOAD: runtime, ASAN_OPTIONS: 'detect_leaks=0' },
      });
      expect(stdout.trim()).toBe(library());
    });
  },
);

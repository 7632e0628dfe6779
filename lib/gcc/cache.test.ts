// When a library is compiled again, and when it is not. Whether it was shows in the number of libraries in the cache.
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { childValue } from '../testing/run-child.js';
import { describeWith, ROOT, run } from '../testing/tools.js';
import { compile, compileLibrary, type CompilerOptions, type Source } from './index.js';

const base = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'elf-plugin-compile-')));
const before = process.cwd();
const env = { ...process.env };
let count = 0;
let root = '';

beforeEach(() => {
  const folder = join(base, String(count++));
  fs.mkdirSync(folder);
  process.chdir(folder);
  root = join(folder, 'cache');
  process.env['ELF_PLUGIN_CACHE'] = root;
});
afterEach(() => {
  process.chdir(before);
  process.env = { ...env };
});
afterAll(() => {
  fs.rmSync(base, { recursive: true, force: true });
});

function files(folder: string, extension: string): string[] {
  if (!fs.existsSync(folder)) return [];
  const names = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith(extension)).map((name) => join(folder, name));
}

/** What `f` of it returns, and how many libraries were compiled so far. */
function look(source: Source | readonly Source[], options?: CompilerOptions): [unknown, number] {
  const value: unknown = compile(source, options).lookup('f')();
  return [value, files(root, '.so').length];
}

const seven = (value = 7): string => `int f(void) { return ${value}; }`;
const WITH_HEADER = '#include "value.h"\nint f(void) { return VALUE; }';
const header = (value: number, name = 'value.h'): void => {
  fs.writeFileSync(name, `#define VALUE ${value}\n`);
};

describeWith(['gcc', 'clang', 'ar'], 'a library is compiled', () => {
  it('once', () => {
    const looks = [seven(), seven(), seven(8), seven(), seven(8)].map((text) => look(text));
    expect(looks).toEqual([
      [7, 1],
      [7, 1],
      [8, 2],
      [7, 2],
      [8, 2],
    ]);
  });

  it('again when the file has changed, of the same size and within a moment', () => {
    const looks = [7, 8, 7].map((value) => {
      fs.writeFileSync('f.c', seven(value));
      return look('f.c');
    });
    expect(looks).toEqual([
      [7, 1],
      [8, 2],
      [7, 2],
    ]);
  });

  it.each<[string, string | undefined, Source, string | undefined]>([
    ['gcc', undefined, WITH_HEADER, undefined],
    ['clang', undefined, WITH_HEADER, undefined],
    ['gcc', WITH_HEADER, 'f.c', undefined],
    ['gcc', WITH_HEADER, { file: 'f.c' }, '-O2 -DUNUSED'],
    ['gcc', undefined, 'int f(void) { return VALUE; }', '-include value.h'],
  ])('again when a header has: %s, %s, %j, %s', (compiler, file, source, flags = '') => {
    if (file !== undefined) fs.writeFileSync('f.c', file);
    const looks = [1, 1, 2, 1].map((value) => {
      header(value);
      return look(source, { compiler, flags });
    });
    expect(looks).toEqual([
      [1, 1],
      [1, 1],
      [2, 2],
      [1, 2],
    ]);
  });

  it('again when a header of a header has, in a folder with an odd name', () => {
    fs.mkdirSync('a b#$');
    fs.writeFileSync('a b#$/value.h', '#include "inner.h"\n');
    const looks = [1, 1, 2].map((value) => {
      header(value, 'a b#$/inner.h');
      return look(WITH_HEADER, { flags: ['-I', 'a b#$'] });
    });
    expect(looks).toEqual([
      [1, 1],
      [1, 1],
      [2, 2],
    ]);
  });

  it.each<[string, string[], string]>([
    ['an object file', ['part.o'], ''],
    ['an archive', ['libpart.a'], ''],
    ['an archive that the linker finds', ['-L.', '-lpart'], ''],
    ['an archive that the linker finds', ['-L.', '-lpart'], 'clang'],
    ['a source among the flags', ['part.c'], ''],
  ])('again when %s has changed: %j %s', (_, flags, compiler) => {
    const looks = [1, 1, 2].map((value) => {
      fs.writeFileSync('part.c', `int part(void) { return ${value}; }`);
      run('gcc', ['-fPIC', '-c', 'part.c']);
      fs.rmSync('libpart.a', { force: true });
      run('ar', ['rcsD', 'libpart.a', 'part.o']);
      const options = compiler === '' ? { flags } : { flags, compiler };
      return look('int part(void); int f(void) { return part(); }', options);
    });
    expect(looks).toEqual([
      [1, 1],
      [1, 1],
      [2, 2],
    ]);
  });

  it('again when any of several sources, or its header, has', () => {
    fs.writeFileSync('f.c', 'int g(void); int f(void) { return g(); }');
    fs.writeFileSync('g.c', WITH_HEADER.replace('f(', 'g('));
    const looks = [1, 1, 2].map((value) => {
      header(value);
      return look(['f.c', 'g.c']);
    });
    expect(looks).toEqual([
      [1, 1],
      [1, 1],
      [2, 2],
    ]);
  });

  it('again with other flags, another compiler, other search paths', () => {
    const text =
      '#if __has_include("value.h")\n#include "value.h"\n#else\n#define VALUE 0\n#endif\nint f(void) { return VALUE; }';
    fs.mkdirSync('sub');
    header(5, 'sub/value.h');
    expect([look(text), look(text, { flags: '-O2' }), look(text, { compiler: 'clang' })]).toEqual([
      [0, 1],
      [0, 2],
      [0, 3],
    ]);
    process.env['CPATH'] = 'sub';
    expect(look(text)).toEqual([5, 4]);
  });

  it('as often as it takes when a header changes meanwhile', () => {
    header(1);
    // The header is another one while the compiler runs, and after that stays.
    fs.writeFileSync(
      'mycc',
      `#!/bin/sh\ncase "$*" in *-o*) [ -e done ] || { touch done; echo '#define VALUE 2' > value.h; gcc "$@"; s=$?; echo '#define VALUE 3' > value.h; exit $s; };; esac\nexec gcc "$@"\n`,
      { mode: 0o755 },
    );
    expect(look(WITH_HEADER, { compiler: './mycc' })).toEqual([3, 1]);
  });
});

describeWith(['gcc'], 'what is in the cache', () => {
  it('belongs to nobody else, whatever the umask', () => {
    const old = process.umask(0);
    try {
      const path = compileLibrary(seven());
      expect(fs.statSync(path).mode & 0o777).toBe(0o700);
      expect(compileLibrary(seven())).toBe(path);
      fs.chmodSync(path, 0o722);
      expect(compileLibrary(seven())).not.toBe(path);
    } finally {
      process.umask(old);
    }
  });

  it.each<[string, (library: string, record: string) => void]>([
    [
      'a library that is gone',
      (library) => {
        fs.rmSync(library);
      },
    ],
    [
      'a library that was cut off',
      (library) => {
        fs.truncateSync(library, 100);
      },
    ],
    [
      'a library that is a link',
      (library) => {
        fs.renameSync(library, 'x');
        fs.symlinkSync(join(process.cwd(), 'x'), library);
      },
    ],
    [
      'a record that is empty',
      (_, record) => {
        fs.writeFileSync(record, '');
      },
    ],
    [
      'a record that is something else',
      (_, record) => {
        fs.writeFileSync(record, '{"inputs":[1],"library":7}');
      },
    ],
    [
      'a record that is null',
      (_, record) => {
        fs.writeFileSync(record, 'null');
      },
    ],
    [
      'a record that names a file elsewhere',
      (_, record) => {
        fs.writeFileSync(record, fs.readFileSync(record, 'utf8').replace(/"library":"/, '"library":"../'));
      },
    ],
    [
      'a record that somebody can write',
      (_, record) => {
        fs.chmodSync(record, 0o666);
      },
    ],
  ])('is made anew: %s', (_, damage) => {
    const path = compileLibrary(seven());
    const [record = ''] = files(root, '.json');
    damage(path, record);
    const again = compileLibrary(seven());
    expect(again).not.toBe(path);
    expect(compile(seven()).lookup('f')()).toBe(7);
    expect([compileLibrary(seven()), files(root, '.json')]).toEqual([again, [record]]);
  });

  it('has no end of what was compiled for nothing', () => {
    expect(() => compileLibrary('int f(;')).toThrow('refuses');
    expect(files(root, '.so')).toEqual([]);
  });

  it('is named for people', () => {
    fs.writeFileSync('my counter.c', seven());
    expect(basename(compileLibrary('my counter.c'))).toMatch(/^my_counter-[0-9a-f]{12}\.so$/);
    const path = compileLibrary(seven());
    expect(basename(path)).toMatch(/^source-[0-9a-f]{12}\.so$/);
    // Debuggers show it.
    expect(fs.readFileSync(join(dirname(path), 'source.c'), 'utf8')).toBe(seven());
  });
});

describeWith(['gcc'], 'at the same time', () => {
  it('processes that compile the same have one library', async () => {
    const script = `require('tsx/cjs'); process.chdir(${JSON.stringify(process.cwd())});
      const { compile } = require(${JSON.stringify(join(__dirname, 'index.ts'))});
      const p = compile('int count; int next(void) { return ++count; }');
      console.log(p.path, p.lookup('next')());`;
    const outputs = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const child = spawn(process.execPath, ['-e', script], {
          cwd: ROOT,
          stdio: ['ignore', 'pipe', 'inherit'],
          env: process.env,
        });
        let text = '';
        for await (const chunk of child.stdout) text += String(chunk);
        return text;
      }),
    );
    expect(new Set(outputs).size).toBe(1);
    expect(outputs[0]).toMatch(/\.so 1\n$/);
    expect(files(root, '.so')).toHaveLength(1);
  });

  it('threads have one library, and its variables', () => {
    const counts = childValue(`
      import { Worker, isMainThread, parentPort } from 'node:worker_threads';
      import { compile } from '#lib/gcc/index.js';
      const { next } = compile('int count; int next(void) { return __atomic_add_fetch(&count, 1, 5); }').symbols;
      if (!isMainThread) parentPort?.postMessage(next?.());
      else {
        const workers = Array.from({ length: 4 }, () => new Worker(__filename));
        void Promise.all(workers.map((w) => new Promise((done) => w.once('message', done)))).then((values) => {
          console.log(JSON.stringify(values.sort()));
        });
      }
    `);
    expect(counts).toEqual([1, 2, 3, 4]);
  });
});

describeWith(['gcc'], 'without a cache', () => {
  // tsx, which runs the children, has a folder there, too.
  const temporary = (): string[] =>
    fs.readdirSync(process.env['TMPDIR'] ?? '').filter((name) => name.startsWith('elf-plugin'));

  /** Waits for what is done when a process has ended. */
  async function emptied(): Promise<string[]> {
    for (let i = 0; i < 100 && temporary().length > 0; i++) await sleep(50);
    return temporary();
  }

  beforeEach(() => {
    process.env['TMPDIR'] = join(process.cwd(), 'tmp');
    fs.mkdirSync('tmp');
  });

  it.each<[string, NodeJS.ProcessEnv]>([
    ['turned off', { ELF_PLUGIN_CACHE: '' }],
    ['of no size', { ELF_PLUGIN_CACHE_MAX: '0' }],
    ['that can not be written', { ELF_PLUGIN_CACHE: '/proc/none' }],
    ['nowhere', { ELF_PLUGIN_CACHE: undefined, XDG_CACHE_HOME: undefined, HOME: undefined }],
  ])('%s, a process compiles once, and leaves nothing', async (_, variables) => {
    const result = childValue(
      `
      import { existsSync } from 'node:fs';
      import { compile, compileLibrary } from '#lib/gcc/index.js';
      const text = 'int count; int next(void) { return ++count; }';
      const path = compileLibrary(text);
      const [p, q, fresh] = [compile(text), compile(text), compile(text, { fresh: true })];
      console.log(JSON.stringify([existsSync(path), p === q, p.path === path, p.lookup('next')(), fresh.lookup('next')(), p.constants.A ?? null]));
      `,
      { env: { ...variables, TMPDIR: process.env['TMPDIR'] } },
    );
    expect(result).toEqual([true, true, true, 1, 1, null]);
    expect(await emptied()).toEqual([]);
  });

  it('nothing is left by a process that is killed', async () => {
    const end = (): unknown =>
      childValue(
        `
        import { compileLibrary } from '#lib/gcc/index.js';
        compileLibrary('int f(void) { return 1; }');
        process.kill(process.pid, 'SIGKILL');
        `,
        { env: { ELF_PLUGIN_CACHE: '', TMPDIR: process.env['TMPDIR'] } },
      );
    expect(end).toThrow('SIGKILL');
    expect(await emptied()).toEqual([]);
  });

  it('nothing is left by a thread that has ended, while others go on', () => {
    const left = childValue(
      `
      import { readdirSync } from 'node:fs';
      import { Worker, isMainThread } from 'node:worker_threads';
      import { compileLibrary } from '#lib/gcc/index.js';
      const own = compileLibrary('int f(void) { return 1; }');
      const roots = () => readdirSync(process.env.TMPDIR).filter((name) => name.startsWith('elf-plugin'));
      if (isMainThread) {
        new Worker(__filename).once('exit', () => {
          const timer = setInterval(() => {
            if (roots().length > 1) return;
            clearInterval(timer);
            console.log(JSON.stringify(own.includes(roots()[0] ?? 'none')));
          }, 50);
        });
      } else if (roots().length !== 2) throw new Error('it has no folder of its own');
      `,
      { env: { ELF_PLUGIN_CACHE: '', TMPDIR: process.env['TMPDIR'] } },
    );
    expect(left).toBe(true);
  });

  it('a folder in which others can write is not used', () => {
    const thrown = childValue(
      `
      import { chmodSync, mkdirSync } from 'node:fs';
      import { compile } from '#lib/gcc/index.js';
      const name = process.env.TMPDIR + '/elf-plugin-' + process.geteuid() + '-' + process.pid + '-0';
      mkdirSync(name);
      chmodSync(name, 0o777);
      try {
        compile('int f(void) { return 1; }');
      } catch (error) {
        console.log(JSON.stringify(error.message));
      }
      `,
      { env: { ELF_PLUGIN_CACHE: '', TMPDIR: process.env['TMPDIR'] } },
    );
    expect(thrown).toBe(
      `compile: there is no place for the library: neither the cache nor ${process.env['TMPDIR'] ?? ''} can be written`,
    );
  });
});

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { typesFileSource } from '../debuginfo/types-file/source.js';
import { findLibrary } from '../elf/search.js';
import { Library } from '../library/library.js';
import { cli, FOLDER, MAIN } from '../testing/cli.js';
import { compile, describeWith, ROOT, run } from '../testing/tools.js';

describe('elf-plugin', () => {
  it.each([['--help'], ['-h'], ['help']])('%s says what there is', (...args) => {
    const { status, stdout, stderr } = cli(args);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Usage: elf-plugin COMMAND/);
    expect(stdout).toMatch(/^ {2}types /m);
  });

  it('explains each command, with examples, in either way', () => {
    const listed = [...cli(['--help']).stdout.matchAll(/^ {2}(\w+) {3}/gm)].map((m) => m[1] ?? '');
    expect(listed).toEqual(
      expect.arrayContaining(['symbols', 'inspect', 'call', 'find', 'types', 'completion']),
    );
    for (const name of listed) {
      const { status, stdout, stderr } = cli([name, '--help']);
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(new RegExp(`^Usage: elf-plugin ${name} .*\\n\\n`));
      expect(stdout).toMatch(/^Examples:\n/m);
      expect(cli(['help', name])).toMatchObject({ status: 0, stdout });
    }
  });

  it.each([['--version'], ['-V']])('%s says which version it is', (option) => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(cli([option])).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('says what was probably meant', () => {
    expect(cli(['symbls', 'z']).stderr).toBe(
      "elf-plugin: there is no command 'symbls', did you mean symbols?\nelf-plugin --help lists them\n",
    );
    expect(cli(['help', 'symbls'])).toMatchObject({ status: 2, stdout: '' });
    expect(cli(['symbols', '.'])).toMatchObject({
      status: 1,
      stderr: 'elf-plugin symbols: .: it is a directory\n',
    });
    for (const command of ['symbols', 'find'])
      expect(cli([command, ''])).toMatchObject({
        status: 2,
        stderr: expect.stringMatching(/^elf-plugin \w+: the name of (?:a|the) library is empty\n/) as string,
      });
    expect(cli(['symbols', 'stdc+']).stderr).toMatch(/by that name, did you mean stdc\+\+\?\n$/);
  });

  it('needs a command that it knows', () => {
    expect(cli([])).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/^Usage: /) as string,
    });
    for (const name of ['no-such', '__proto__'])
      expect(cli([name])).toMatchObject({
        status: 2,
        stderr: expect.stringContaining(`there is no command '${name}'`) as string,
      });
  });
});

describeWith(['gcc', 'strip'], 'elf-plugin types', () => {
  const library = (): string =>
    compile(
      '#include <stdio.h>\n__attribute__((constructor)) void loaded(void) { puts("loaded"); }\nint twice(int n) { return 2 * n; }\n',
    );

  it('explains itself', () => {
    const { status, stdout } = cli(['types', '--help']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Usage: elf-plugin types /);
    expect(stdout).toContain('elf-plugin types --header sqlite3.h libsqlite3.so.0 -o sqlite3.types.json');
  });

  it('prints the types of debug info, and loads nothing', () => {
    for (const output of [[], ['-o', '-']]) {
      const { status, stdout, stderr } = cli(['types', library(), ...output]);
      expect([status, stderr]).toEqual([0, 'types of 2 of 2 exported symbols\n']);
      expect(stdout).not.toContain('loaded\n');
      expect(JSON.parse(stdout)).toMatchObject({
        format: 'elf-plugin types',
        symbols: { twice: { type: 1 } },
      });
    }
  });

  it('writes a file that serves the stripped library', () => {
    const stripped = join(FOLDER, 'stripped.so');
    const file = join(FOLDER, 'stripped.types.json');
    rmSync(file, { force: true });
    expect(cli(['types', library(), '-o', file])).toMatchObject({ status: 0, stdout: '' });
    const described = cli(['types', '--json', library(), '-o', file]);
    expect([described.status, described.stderr, JSON.parse(described.stdout)]).toEqual([
      0,
      '',
      {
        path: library(),
        buildId: Library.open(library()).buildId,
        typeSource: `DWARF in ${library()}`,
        file,
        exported: 2,
        typed: 2,
      },
    ]);
    run('strip', ['-o', stripped, library()]);
    const source = typesFileSource(file, Library.open(stripped));
    expect(source.symbol({ name: 'twice', kind: 'function', address: undefined })).toHaveProperty('type');
  });

  it('takes a header, flags, and a path without a slash', () => {
    writeFileSync(join(FOLDER, 'mine.h'), '#ifdef WANTED\nint twice(int number);\n#endif\n#define LIMIT 9\n');
    run('strip', ['-o', join(FOLDER, 'mine.so'), library()]);
    const args = [
      'types',
      '--header',
      './mine.h',
      '--cflags',
      '-DWANTED -DX="a b"',
      'mine.so',
      '-o',
      'mine.json',
    ];
    expect(cli(args)).toMatchObject({ status: 0, stderr: 'types of 1 of 2 exported symbols\n' });
    expect(JSON.parse(readFileSync(join(FOLDER, 'mine.json'), 'utf8'))).toMatchObject({
      source: { from: './mine.h', headers: ['./mine.h'], cflags: ['-DWANTED', '-DX=a b'] },
      constants: { LIMIT: { int: 9 } },
    });
    expect(cli(['types', '--header', './mine.h', 'mine.so'])).toMatchObject({
      status: 1,
      stderr: 'elf-plugin types: no types for mine.so: ./mine.h declares nothing that it exports\n',
    });
  });

  const USAGE: readonly (readonly string[])[] = [
    [],
    ['a', 'b'],
    ['--bogus', 'a'],
    ['a', '-o'],
    ['--cflags', '-DX', 'a'],
    ['--header=a.h', '--cflags="open', 'a'],
  ];
  it.each(USAGE)('%j %j %j is not understood', (...args) => {
    const { status, stdout, stderr } = cli(['types', ...args.filter((a) => typeof a === 'string')]);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^elf-plugin types: .*\nUsage: elf-plugin types .*\n$/);
  });

  it('says which quote is not closed', () => {
    expect(cli(['types', '--header=./mine.h', '--cflags="unclosed', 'mine.so']).stderr).toMatch(
      /^elf-plugin types: --cflags: nothing closes the " in "unclosed\n/,
    );
  });

  it('is silent when nobody reads on', () => {
    const command = `{ node --require "$TSX" "$MAIN" types "$LIBRARY"; echo $? >&2; } | :`;
    const env = { ...process.env, TSX: require.resolve('tsx/cjs'), MAIN, LIBRARY: library() };
    const { stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8', env });
    expect(stderr).toBe('types of 2 of 2 exported symbols\n0\n');
  });

  it('says that there is no room', () => {
    const command = `node --require "$TSX" "$MAIN" types "$LIBRARY" > /dev/full`;
    const env = { ...process.env, TSX: require.resolve('tsx/cjs'), MAIN, LIBRARY: library() };
    expect(spawnSync('sh', ['-c', command], { encoding: 'utf8', env })).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^types of .*\nelf-plugin: ENOSPC.*\n$/) as string,
    });
  });

  // To the process alone, as `kill` sends it, and to the compiler too, as a terminal does.
  it.each(['SIGTERM', 'SIGINT'])('leaves nothing behind when %s interrupts the compiler', (signal) => {
    const temporary = join(FOLDER, signal);
    rmSync(temporary, { recursive: true, force: true });
    mkdirSync(temporary);
    writeFileSync(join(FOLDER, 'slow.h'), 'int twice(int number);\n');
    const compiler = join(FOLDER, `slow-cc-${signal}`);
    // The second run, with an output, is the one that has the directory.
    const send = signal === 'SIGINT' ? 'kill -INT $PPID; kill -INT $$' : 'kill $PPID';
    const script = `#!/bin/sh\ncase "$*" in *probe.so*) ls "$TMPDIR" > "$SEEN"; ${send} ;; esac\nexec gcc "$@"\n`;
    writeFileSync(compiler, script, { mode: 0o755 });
    const seen = join(FOLDER, `seen-${signal}`);
    const ended = cli(['types', '--header', './slow.h', library()], {
      CC: compiler,
      TMPDIR: temporary,
      SEEN: seen,
    });
    expect(ended).toMatchObject({ status: null, signal });
    expect(readFileSync(seen, 'utf8')).toMatch(/^elf-plugin-/);
    expect(readdirSync(temporary).filter((name) => name.startsWith('elf-plugin-'))).toEqual([]);
  });

  it('fails with one message', () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [
        ['no-such-library'],
        /^elf-plugin types: no-such-library: no such file, and no library of the system by that name\n$/,
      ],
      [['./no/such.so'], /^elf-plugin types: .*no\/such\.so/],
      [[MAIN], /^elf-plugin types: .*main\.ts/],
      [
        ['--header', 'no-such.h', library()],
        /^elf-plugin types: the compiler refuses the header\n.*no-such\.h: No such file/,
      ],
      [[library(), '-o', '/nonexistent/x.json'], /^elf-plugin types: .*\/nonexistent\/x\.json/],
    ];
    for (const [args, message] of cases) {
      const { status, stdout, stderr } = cli(['types', ...args]);
      expect([status, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(message);
      expect(stderr).not.toMatch(/^ +at /m);
    }
  });
});

describeWith(
  ['gcc', '/usr/include/sqlite3.h', findLibrary('sqlite3') ?? '/libsqlite3.so.0'],
  'the header of sqlite',
  () => {
    it('types its library', () => {
      const file = join(FOLDER, 'sqlite3.types.json');
      const made = cli(['types', '--header', 'sqlite3.h', 'libsqlite3.so.0', '-o', file]);
      expect(made).toMatchObject({
        status: 0,
        stderr: expect.stringMatching(/^types of 277 of \d+ exported symbols\n$/) as string,
      });
      expect(existsSync(file)).toBe(true);
      const again = cli(['types', '--header=sqlite3.h', 'sqlite3']);
      expect(again.stdout).toBe(readFileSync(file, 'utf8'));
    });
  },
);

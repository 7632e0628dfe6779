import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { BufferSource } from '../../bytes/source.js';
import { compile, describeWith, run } from '../../testing/tools.js';
import { DT, PT } from '../constants.js';
import { readDynamic } from '../dynamic.js';
import { ElfFile } from '../file.js';
import { checkNeededVersions } from './versions.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'elf-plugin-versions-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Links `name`, which finds in its folder what it needs. `map` is a version script. */
function link(name: string, source: string, needed: readonly string[] = [], map?: string): string {
  writeFileSync(join(folder, `${name}.c`), source);
  if (map !== undefined) writeFileSync(join(folder, `${name}.map`), map);
  const script = map === undefined ? [] : [`-Wl,--version-script=${name}.map`];
  const flags = ['-shared', '-fPIC', '-nostdlib', '-Wl,-rpath,$ORIGIN,--no-as-needed', ...script];
  run('gcc', [...flags, '-o', name, `${name}.c`, ...needed, `-Wl,-soname,${name}`], { cwd: folder });
  return join(folder, name);
}

/** The file at `path`, whose DT_NEEDED for `library` becomes an entry that says nothing: its DT_VERNEED stays. */
function withoutNeeded(path: string, library: string): string {
  const bytes = readFileSync(path);
  const file = new ElfFile(new BufferSource(path, bytes));
  const dynamic = readDynamic(file);
  const segment = file.programHeaders.find((p) => p.type === PT.DYNAMIC);
  const index = dynamic?.entries.findIndex(
    ({ tag, value }) => tag === DT.NEEDED && dynamic.strings.at(Number(value)) === library,
  );
  if (index === undefined || index < 0 || segment === undefined) throw new Error(`${path}: no ${library}`);
  // DT_DEBUG, which only programs have.
  bytes.writeBigUInt64LE(21n, segment.offset + index * 16);
  writeFileSync(path, bytes);
  return path;
}

/** What the dynamic linker says of a file, or how it ends the process. */
function dlopened(path: string): string {
  const program = compile('elf/dlopen.c', { flags: [], output: 'dlopen' });
  const { stdout, stderr } = spawnSync(program, [path], { encoding: 'utf8' });
  return (stdout + stderr).trim();
}

describeWith(
  process.arch === 'x64' ? ['gcc'] : ['x86-64'],
  'versions of libraries, to the dynamic linker and here',
  () => {
    const V1 = 'V1 { global: f; local: *; };';
    const USER = 'int f(void); int g(void) { return f(); }';

    /** `file`, the names of libraries that are there anyway, what is wrong with it, and what the linker says. */
    const CASES: readonly (readonly [
      what: string,
      make: () => string,
      there: readonly string[],
      reason: RegExp | undefined,
      dlopen: RegExp,
    ])[] = [
      [
        'of one that it needs',
        () => {
          link('liba.so', 'int f(void) { return 1; }', [], V1);
          return link('a.so', USER, ['liba.so']);
        },
        [],
        undefined,
        /^loaded$/,
      ],
      [
        'of one that nobody needs',
        () => {
          link('libb.so', 'int f(void) { return 1; }', [], V1);
          return withoutNeeded(link('b.so', USER, ['libb.so']), 'libb.so');
        },
        [],
        /^invalid ELF file\nit needs versions of libb\.so, which is not among the libraries that it needs\nthe dynamic linker does not check/,
        /dl-version\.c: \d+: .*Assertion `needed != NULL' failed/,
      ],
      [
        'of one that another one brings',
        () => {
          link('libc1.so', 'int f(void) { return 1; }', [], V1);
          link('libc2.so', 'int h(void) { return 1; }', ['libc1.so']);
          return withoutNeeded(link('c.so', USER, ['libc1.so', 'libc2.so']), 'libc1.so');
        },
        ['libc1.so', 'libc2.so'],
        undefined,
        /^loaded$/,
      ],
      [
        'that the library does not have any more: an error of the linker',
        () => {
          link('libd.so', 'int f(void) { return 1; }', [], V1);
          const path = link('d.so', USER, ['libd.so']);
          link('libd.so', 'int f(void) { return 1; }', [], V1.replace('V1', 'V2'));
          return path;
        },
        [],
        undefined,
        /libd\.so: version `V1' not found \(required by .*d\.so\)$/,
      ],
      [
        'that has none',
        () => {
          link('libe.so', 'int f(void) { return 1; }');
          return link('e.so', USER, ['libe.so']);
        },
        [],
        undefined,
        /^loaded$/,
      ],
    ];

    it.each(CASES)('a version %s', (_, make, there, reason, dlopen) => {
      const path = make();
      using file = ElfFile.open(path);
      const found = checkNeededVersions(file, (name) => there.includes(name));
      if (reason === undefined) expect(found).toBeUndefined();
      else expect(found).toMatch(reason);
      expect(dlopened(path)).toMatch(dlopen);
    });
  },
);

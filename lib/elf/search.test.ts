import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { describeWith, run } from '../testing/tools.js';
import { writeElf, type ElfSpec } from '../testing/elf-writer.js';
import { neededClosure } from './closure.js';
import { EM } from './constants.js';
import { ElfFile } from './file.js';
import type { Host } from './host.js';
import { findLibrary, LibrarySearch, muslDirs, type Requester } from './search.js';

const HOST: Host = { class: 64, littleEndian: true, machine: EM.X86_64 };
const dir = realpathSync(mkdtempSync(join(tmpdir(), 'elf-search-')));
afterAll(() => {
  rmSync(dir, { recursive: true });
});

function put(path: string, content: ElfSpec | string = {}): string {
  const file = join(dir, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : writeElf(content));
  return file;
}

const search = new LibrarySearch({
  ldLibraryPath: `${dir}/env1;${dir}/env2`,
  cachePath: join(dir, 'none.cache'),
  defaultDirs: [join(dir, 'default')],
  host: HOST,
});

function find(name: string, requester: Partial<Requester> = {}): string | undefined {
  return search.findNeeded(name, { origin: join(dir, 'origin'), ...requester }).path?.replace(`${dir}/`, '');
}

describe('a needed library', () => {
  for (const place of ['rpath', 'env1', 'env2', 'runpath', 'default']) put(`${place}/liball.so`);
  for (const place of ['rpath', 'runpath', 'default']) put(`${place}/libhere.so`);
  put('origin/lib/liborigin.so');

  it.each<[string, string, Partial<Requester>, string | undefined]>([
    ['rpath before LD_LIBRARY_PATH', 'liball.so', { rpath: `${dir}/rpath` }, 'rpath/liball.so'],
    ['LD_LIBRARY_PATH in order', 'liball.so', {}, 'env1/liball.so'],
    ['runpath after LD_LIBRARY_PATH', 'liball.so', { runpath: `${dir}/runpath` }, 'env1/liball.so'],
    [
      'runpath before the system',
      'libhere.so',
      { runpath: `${dir}/no:${dir}/runpath` },
      'runpath/libhere.so',
    ],
    ['no rpath beside a runpath', 'libhere.so', { rpath: `${dir}/rpath`, runpath: '' }, 'default/libhere.so'],
    [
      "the loader's rpath",
      'libhere.so',
      { loader: { origin: dir, rpath: '$ORIGIN/rpath' } },
      'rpath/libhere.so',
    ],
    [
      "not the loader's runpath",
      'libhere.so',
      { loader: { origin: dir, runpath: '$ORIGIN/runpath' } },
      'default/libhere.so',
    ],
    ['the system', 'libhere.so', {}, 'default/libhere.so'],
    ['not the system if told so', 'libhere.so', { noDefaultDirs: true }, undefined],
    ['$ORIGIN', 'liborigin.so', { runpath: '$ORIGIN/lib' }, 'origin/lib/liborigin.so'],
    ['${ORIGIN}', 'liborigin.so', { runpath: '${ORIGIN}/lib' }, 'origin/lib/liborigin.so'],
    ['a path', `${dir}/default/libhere.so`, {}, 'default/libhere.so'],
    ['a path from $ORIGIN', '$ORIGIN/lib/liborigin.so', {}, 'origin/lib/liborigin.so'],
    ['nothing', 'libnone.so', {}, undefined],
  ])('is found by %s', (_, name, requester, path) => {
    expect(find(name, requester)).toBe(path);
  });

  it('may not be for another machine, but may be broken', () => {
    put('env1/libmixed.so', { machine: EM.AARCH64 });
    put('env2/libmixed.so', { class: 32, machine: EM['386'] });
    put('default/libmixed.so');
    expect(find('libmixed.so')).toBe('default/libmixed.so');
    put('env1/libbroken.so', 'text');
    put('default/libbroken.so');
    expect(find('libbroken.so')).toBe('env1/libbroken.so');
  });

  it('is told where it was looked for', () => {
    const { path, tried } = search.findNeeded('libnone.so', { origin: '/o', runpath: '$ORIGIN/lib:/r' });
    expect(path).toBeUndefined();
    expect(tried.map((t) => t.replace(`${dir}/`, ''))).toEqual([
      'env1/libnone.so',
      'env2/libnone.so',
      '/o/lib/libnone.so',
      '/r/libnone.so',
      'none.cache',
      'default/libnone.so',
    ]);
  });
});

describe("musl's directories", () => {
  test.each([
    ['lines and colons', '/a\n/b:/c\n', ['/a', '/b', '/c']],
    ['an empty file', '', []],
  ])('%s', (name, text, dirs) => {
    expect(muslDirs(put(`${name}.path`, text))).toEqual(dirs);
  });

  test('no file', () => {
    expect(muslDirs(join(dir, 'absent.path'))).toEqual(['/lib', '/usr/local/lib', '/usr/lib']);
  });
});

describe('a library of the system', () => {
  for (const name of ['libv.so', 'libv.so.9', 'libv.so.10', 'libv.so.10.1', 'libvv.so.99', 'libv.so.x'])
    put(`default/${name}`);
  put('default/libscript.so', 'GROUP ( libscript.so.6 )');
  put('default/libscript.so.6');

  it.each([
    ['v', 'libv.so.10.1'],
    ['libv', 'libv.so.10.1'],
    ['libv.so', 'libv.so.10.1'],
    ['libv.so.9', 'libv.so.9'],
    ['script', 'libscript.so.6'],
    ['none', undefined],
    ['', undefined],
    ['/bin/sh', undefined],
  ])('%s is %s', (name, file) => {
    expect(search.findLibrary(name)?.replace(`${dir}/default/`, '')).toBe(file);
  });
});

describe('what a library needs', () => {
  put('default/libc1.so', { soname: 'libc1.so', needed: ['libd.so', 'libmissing.so'] });
  put('default/libc2.so', { soname: 'libc2.so', needed: ['libc1.so', 'libd.so', 'libplugin.so'] });
  put('default/libd.so', { needed: ['libc2.so'] });
  const plugin = put('plugin.so', {
    soname: 'libplugin.so',
    needed: ['libc2.so', 'libloaded.so', 'libtext.so'],
  });
  put('default/libtext.so', 'text');

  const closure = (isLoaded?: (name: string) => boolean): string[] => {
    using file = ElfFile.open(plugin);
    const options = isLoaded ? { search, isLoaded } : { search };
    return neededClosure(file, options).map(
      (d) =>
        `${d.requestedBy.replace(/.*\//, '')}: ${d.name} ${d.path ? 'found' : `not in ${d.tried.length} places`}`,
    );
  };

  it('is walked breadth first, each library once', () => {
    expect(closure()).toEqual([
      'plugin.so: libc2.so found',
      'plugin.so: libloaded.so not in 4 places',
      'plugin.so: libtext.so found',
      'libc2.so: libc1.so found',
      'libc2.so: libd.so found',
      'libc1.so: libmissing.so not in 4 places',
    ]);
  });

  it('leaves out what is loaded, by name or by path', () => {
    const loaded = ['libloaded.so', join(dir, 'default/libc2.so')];
    expect(closure((name) => loaded.includes(name))).toEqual(['plugin.so: libtext.so found']);
  });
});

describeWith(['ldd', '/etc/ld.so.cache'], 'the system', () => {
  const libraries = ['stdc++', 'z', 'xml2', 'LLVM-14', 'python3.11d'].flatMap((n) => findLibrary(n) ?? []);

  it('has a C library', () => {
    expect(findLibrary('c')).toMatch(/\/libc\.so\.6$/);
    expect(findLibrary('libc.so.6')).toBe(findLibrary('c'));
  });

  it.each(libraries)('loads for %s what ldd prints', (path) => {
    using file = ElfFile.open(path);
    const lines = run('ldd', [path]).matchAll(/^\t(\S+) => (\S+) \(/gm);
    const printed = [...lines].map(([, name, found]) => `${name ?? ''} ${found ?? ''}`);
    const ours = neededClosure(file).filter((d) => !d.name.startsWith('ld-'));
    expect(ours.map((d) => `${d.name} ${d.path ?? ''}`)).toEqual(printed);
  });
});

// The cache of decompressed sections. The oracle is the section itself: what the cache gives has to be that, whatever became of its files. Over 400
// lines: there are many ways in which a cache may be wrong.
import { spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

import { ElfFile } from '../../elf/file.js';
import { largeDebugInfo } from '../../testing/large-debug-info.js';
import { childValue } from '../../testing/run-child.js';
import { ROOT, run } from '../../testing/tools.js';
import { BLOCK } from './cached-section.js';
import { cacheLimit, cacheRoot } from './folder.js';
import { cachedSection } from './sections.js';

const LIBRARY = largeDebugInfo();
const INFO = '.debug_info';

using plain = ElfFile.open(LIBRARY);
const CONTENT = Buffer.from(plain.section(INFO)?.read(0, plain.section(INFO)?.size ?? 0) ?? []);

const base = fs.mkdtempSync(join(tmpdir(), 'elf-plugin-cache-'));
let root = '';
let count = 0;
const env = { ...process.env };

beforeEach(() => {
  root = join(base, String(count++), 'cache');
  process.env['ELF_PLUGIN_CACHE'] = root;
});
afterEach(() => {
  process.env = { ...env };
  jest.restoreAllMocks();
});
afterAll(() => {
  fs.rmSync(base, { recursive: true, force: true });
});

/** The section, whole, as the cache gives it; and whether it had to be decompressed. */
function look(library = LIBRARY): { isRight: boolean; isDecompressed: boolean } {
  using file = ElfFile.open(library);
  const decompress = jest.spyOn(file, 'section');
  const section = cachedSection(file, INFO);
  const bytes = section?.read(0, section.size) ?? new Uint8Array();
  return { isRight: CONTENT.equals(bytes), isDecompressed: decompress.mock.calls.length > 0 };
}

const HIT = { isRight: true, isDecompressed: false };
const MISS = { isRight: true, isDecompressed: true };

/** The only file in the cache. */
function entry(): string {
  const files = entries();
  expect(files).toHaveLength(1);
  return files[0] ?? '';
}

function entries(): string[] {
  if (!fs.existsSync(root)) return [];
  const names = fs.readdirSync(root, { recursive: true, encoding: 'utf8' }).map((name) => join(root, name));
  return names.filter((name) => !fs.lstatSync(name).isDirectory());
}

it('has a section of several blocks to work with', () => {
  expect(CONTENT.length).toBeGreaterThan(4 * BLOCK);
});

it('gives at the second look what it wrote at the first', () => {
  expect([look(), look(), look()]).toEqual([MISS, HIT, HIT]);
  expect(basename(entry())).toBe('debug_info');
  expect(basename(dirname(entry()))).toMatch(/^[0-9a-f]{40}$/);
  const mode = (path: string): number => fs.statSync(path).mode & 0o777;
  expect([entry(), dirname(entry()), root].map(mode)).toEqual([0o600, 0o700, 0o700]);
});

it('gives any part of it', () => {
  look();
  using file = ElfFile.open(LIBRARY);
  const section = cachedSection(file, INFO);
  for (let i = 0; i < 500; i++) {
    const offset = (i * 7919) % CONTENT.length;
    const length = Math.min((i * 104_729) % (i % 10 === 0 ? CONTENT.length : 300), CONTENT.length - offset);
    expect(
      CONTENT.subarray(offset, offset + length).equals(section?.read(offset, length) ?? Buffer.of(1)),
    ).toBe(true);
  }
  expect(section?.size).toBe(CONTENT.length);
  expect(() => section?.read(CONTENT.length, 1)).toThrow('.debug_info at offset');
  expect(() => section?.read(-1, 1)).toThrow('.debug_info at offset');
  expect(section?.read(CONTENT.length, 0)).toHaveLength(0);
});

it('is not used for a file that was changed and kept its build-id', () => {
  look();
  const copy = join(base, 'copy.so');
  fs.copyFileSync(LIBRARY, copy);
  expect(look(copy)).toEqual(MISS);
  const time = new Date(1_000_000_000_000);
  fs.utimesSync(copy, time, time);
  expect([look(copy), look(copy)]).toEqual([MISS, HIT]);
});

it('is of no use to what is not compressed, small, or without a build-id', () => {
  const copy = join(base, 'other.so');
  for (const options of [['--decompress-debug-sections'], ['-R', '.note.gnu.build-id']]) {
    run('objcopy', [...options, LIBRARY, copy]);
    expect(look(copy)).toEqual(MISS);
  }
  using file = ElfFile.open(LIBRARY);
  cachedSection(file, '.debug_aranges');
  expect(cachedSection(file, '.debug_none')).toBeUndefined();
  expect(entries()).toEqual([]);
});

it.each(['zlib-gnu', 'zlib'])('takes what objcopy compresses with %s', (how) => {
  const copy = join(base, `${how}.so`);
  run('objcopy', [`--compress-debug-sections=${how}`, LIBRARY, copy]);
  expect([look(copy), look(copy)]).toEqual([MISS, HIT]);
});

describe('an entry that was damaged', () => {
  let good: Buffer;
  beforeEach(() => {
    look();
    good = fs.readFileSync(entry());
  });

  /** Replaces the entry, and sees that the answer is right and the entry as it was. */
  function survives(bytes: Buffer): void {
    fs.writeFileSync(entry(), bytes);
    expect(look()).toEqual(MISS);
    expect(fs.readFileSync(entry()).equals(good)).toBe(true);
  }

  function flipped(at: number): Buffer {
    const bytes = Buffer.from(good);
    bytes.writeUInt8((bytes[at] ?? 0) ^ (1 << (at % 8)), at);
    return bytes;
  }

  it('at any byte behind the content', () => {
    for (let at = CONTENT.length; at < good.length; at++) survives(flipped(at));
  });

  it('in any block', () => {
    for (let at = 0; at < CONTENT.length; at += BLOCK / 2 - 1) survives(flipped(at));
    survives(flipped(CONTENT.length - 1));
  });

  it('by cutting', () => {
    for (const size of [0, 1, 11, 12, 400, CONTENT.length, good.length - 1]) survives(good.subarray(0, size));
    survives(Buffer.concat([good, Buffer.of(0)]));
    survives(good.subarray(1));
    survives(Buffer.alloc(good.length));
    survives(Buffer.alloc(good.length, 0xff));
  });

  it('while it is read', () => {
    using file = ElfFile.open(LIBRARY);
    const section = cachedSection(file, INFO);
    expect(section?.read(0, 100)).toHaveLength(100);
    fs.truncateSync(entry(), 200);
    expect(CONTENT.subarray(-100).equals(section?.read(CONTENT.length - 100, 100) ?? Buffer.alloc(0))).toBe(
      true,
    );
    expect(CONTENT.equals(section?.read(0, CONTENT.length) ?? Buffer.alloc(0))).toBe(true);
    expect(fs.readFileSync(entry()).equals(good)).toBe(true);
  });
});

describe('what somebody else may have written', () => {
  it.each([0, 1, 2, 3])('is not read: %i folders above the entry, writable by all', (above) => {
    look();
    let path = entry();
    for (let i = 0; i < above; i++) path = dirname(path);
    fs.chmodSync(path, 0o777);
    expect(look()).toEqual(MISS);
    // A file is replaced; what is in a folder like that stays unused.
    expect(look()).toEqual(above === 0 ? HIT : MISS);
  });

  it('is not read, nor written to, where it belongs to another user', () => {
    look();
    const time = fs.statSync(entry()).mtimeMs;
    jest.spyOn(process, 'geteuid').mockReturnValue(54_321);
    expect([look(), look()]).toEqual([MISS, MISS]);
    expect(fs.statSync(entry()).mtimeMs).toBe(time);
  });

  it('is not read through a link', () => {
    look();
    const [path, elsewhere] = [entry(), join(base, 'elsewhere')];
    fs.renameSync(path, elsewhere);
    fs.symlinkSync(elsewhere, path);
    const planted = fs.readFileSync(elsewhere);
    expect([look(), look()]).toEqual([MISS, HIT]);
    expect(fs.lstatSync(path).isFile()).toBe(true);
    expect(fs.readFileSync(elsewhere).equals(planted)).toBe(true);

    fs.renameSync(dirname(path), join(base, 'folder'));
    fs.symlinkSync(join(base, 'folder'), dirname(path));
    expect([look(), look()]).toEqual([MISS, MISS]);
  });

  it('is a FIFO, or a folder', () => {
    look();
    const path = entry();
    fs.rmSync(path);
    run('mkfifo', [path]);
    expect([look(), look()]).toEqual([MISS, HIT]);
    fs.rmSync(path);
    fs.mkdirSync(join(path, 'inside'), { recursive: true });
    expect([look(), look()]).toEqual([MISS, MISS]);
  });
});

describe('a cache that can not be written', () => {
  it.each(['/proc/none', '/dev/null/cache', '/none/of/these', LIBRARY])('because it is %s', (place) => {
    process.env['ELF_PLUGIN_CACHE'] = place;
    expect([look(), look()]).toEqual([MISS, MISS]);
  });

  it('because it is read-only', () => {
    look();
    fs.rmSync(entry());
    const folders = [
      root,
      join(root, 'v1'),
      ...fs.readdirSync(join(root, 'v1')).map((n) => join(root, 'v1', n)),
    ];
    using file = ElfFile.open(LIBRARY);
    const isRoot = process.getuid?.() === 0;
    const nobody = 65_534;
    fs.chmodSync(base, 0o755);
    fs.chmodSync(dirname(root), 0o755);
    for (const folder of folders) {
      if (isRoot) fs.chownSync(folder, nobody, nobody);
      fs.chmodSync(folder, 0o500);
    }
    // To root nothing is read-only.
    if (isRoot) process.seteuid?.(nobody);
    try {
      expect(cachedSection(file, INFO)?.size).toBe(CONTENT.length);
    } finally {
      if (isRoot) process.seteuid?.(0);
      for (const folder of folders) fs.chmodSync(folder, 0o700);
    }
    expect(entries()).toEqual([]);
  });

  it('because there is no room', () => {
    const result = childValue(
      `
      import { spawnSync } from 'node:child_process';
      import { readdirSync } from 'node:fs';
      import { ElfFile } from '#lib/elf/file.js';
      import { cachedSection } from '#lib/debuginfo/disk-cache/sections.js';
      // The same as a full disk to whoever writes, but for the name of the error.
      spawnSync('prlimit', ['--pid', String(process.pid), '--fsize=65536']);
      const section = cachedSection(ElfFile.open(process.argv[2] ?? ''), '.debug_info');
      const names = readdirSync(process.env['ELF_PLUGIN_CACHE'] ?? '', { recursive: true, withFileTypes: true });
      console.log(JSON.stringify([section?.read(0, section.size).length, names.filter((n) => n.isFile()).length]));`,
      { args: [LIBRARY] },
    );
    expect(result).toEqual([CONTENT.length, 0]);
  });

  const isMounted = ((): boolean => {
    const folder = join(base, 'tiny');
    fs.mkdirSync(folder);
    return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=700', 'tmpfs', folder]).status === 0;
  })();
  afterAll(() => {
    if (isMounted) run('umount', [join(base, 'tiny')]);
  });
  // Only root may mount; the test before it fills the disk for anybody.
  if (!isMounted) console.log('skipped: a full disk: a tmpfs can not be mounted here');
  (isMounted ? it : it.skip)('because the disk is full', () => {
    process.env['ELF_PLUGIN_CACHE'] = root = join(base, 'tiny');
    expect([look(), look()]).toEqual([MISS, MISS]);
    expect(entries()).toEqual([]);
  });
});

describe('its size', () => {
  it('stays within the limit: what was not of use for longest goes', () => {
    const copies = ['a', 'b', 'c'].map((name) => {
      const copy = join(base, `${name}.so`);
      // Of each a build-id of its own.
      run('objcopy', ['--update-section', `.note.gnu.build-id=${buildIdNote(name)}`, LIBRARY, copy]);
      return copy;
    });
    const [a = '', b = '', c = ''] = copies;
    process.env['ELF_PLUGIN_CACHE_MAX'] = String(Math.floor(CONTENT.length * 2.5));
    expect(look(a)).toEqual(MISS);
    const old = new Date(Date.now() - 5 * 3_600_000);
    fs.utimesSync(entry(), old, old);
    expect(look(b)).toEqual(MISS);
    for (const path of entries())
      if (path.includes('62'.repeat(20))) fs.utimesSync(path, old, new Date(+old + 1e6));
    // It is older, and of use now.
    expect(look(a)).toEqual(HIT);
    expect(look(c)).toEqual(MISS);
    expect([look(a), look(c), look(b)]).toEqual([HIT, HIT, MISS]);
    expect(entries()).toHaveLength(2);
  });

  it('counts what a killed process left, and removes it', () => {
    look();
    const whole = entry();
    const left = join(dirname(whole), '.writing-1-x');
    fs.writeFileSync(left, 'part');
    fs.rmSync(whole);
    process.env['ELF_PLUGIN_CACHE_MAX'] = String(CONTENT.length + 3000);
    look();
    expect(fs.existsSync(left)).toBe(true);
    const old = new Date(Date.now() - 2 * 3_600_000);
    fs.utimesSync(left, old, old);
    fs.rmSync(whole);
    look();
    expect(fs.existsSync(left)).toBe(false);
    expect(look()).toEqual(HIT);
  });

  it('is nothing for what is larger than all of it', () => {
    process.env['ELF_PLUGIN_CACHE_MAX'] = '10K';
    expect([look(), look()]).toEqual([MISS, MISS]);
    expect(entries()).toEqual([]);
  });

  it.each([
    [undefined, 2 ** 30],
    ['', 2 ** 30],
    ['much', 2 ** 30],
    ['-1', 2 ** 30],
    ['0', 0],
    ['12345', 12_345],
    ['64K', 65_536],
    ['500m', 500 * 2 ** 20],
    ['2G', 2 ** 31],
  ])('is for %p %i', (text, bytes) => {
    expect(cacheLimit(text === undefined ? {} : { ELF_PLUGIN_CACHE_MAX: text })).toBe(bytes);
  });
});

it('is off when its folder is the empty text', () => {
  process.env['ELF_PLUGIN_CACHE'] = '';
  expect([look(), look()]).toEqual([MISS, MISS]);
});

it.each([
  [{ ELF_PLUGIN_CACHE: '/a', XDG_CACHE_HOME: '/x', HOME: '/h' }, '/a'],
  [{ ELF_PLUGIN_CACHE: 'a' }, join(process.cwd(), 'a')],
  [{ XDG_CACHE_HOME: '/x', HOME: '/h' }, '/x/elf-plugin'],
  [{ XDG_CACHE_HOME: 'x', HOME: '/h' }, '/h/.cache/elf-plugin'],
  [{ HOME: '/h' }, '/h/.cache/elf-plugin'],
  [{ HOME: 'h' }, undefined],
  [{}, undefined],
])('is for %j at %s', (variables, place) => {
  expect(cacheRoot(variables)).toBe(place);
});

it('serves eight processes that write, damage and remove the same entry', async () => {
  const script = join(ROOT, 'build', 'children', 'disk-cache-writers.ts');
  fs.mkdirSync(dirname(script), { recursive: true });
  fs.writeFileSync(
    script,
    `
    import { createHash } from 'node:crypto';
    import { rmSync, truncateSync } from 'node:fs';
    import { ElfFile } from '../../lib/elf/file.js';
    import { cachedSection } from '../../lib/debuginfo/disk-cache/sections.js';
    const [library = '', entry = ''] = process.argv.slice(2);
    const seen = new Set<string>();
    for (let i = 0; i < 60; i++) {
      using file = ElfFile.open(library);
      const section = cachedSection(file, '.debug_info');
      const half = section?.read(0, section.size >> 1);
      try {
        if ((i + process.pid) % 7 === 0) rmSync(entry);
        if ((i + process.pid) % 11 === 0) truncateSync(entry, 50_000);
      } catch {}
      const all = section?.read(0, section.size);
      seen.add(createHash('sha256').update(all ?? '').digest('hex') + (half?.length ?? 0));
    }
    console.log([...seen].join());`,
  );
  look();
  const args = ['--require', require.resolve('tsx/cjs'), script, LIBRARY, entry()];
  const outputs = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      let text = '';
      for await (const part of child.stdout) text += String(part);
      return text;
    }),
  );
  expect(new Set(outputs).size).toBe(1);
  expect(outputs[0]).toMatch(/^[0-9a-f]{64}\d+\n$/);
  expect([look().isRight, look()]).toEqual([true, HIT]);
  expect(entries()).toHaveLength(1);
});

/** A file with a build-id note (gABI ch. 5 "Note Section") of twenty times that letter. */
function buildIdNote(letter: string): string {
  const path = join(base, `${letter}.note`);
  const head = Buffer.alloc(12);
  [4, 20, 3].forEach((word, i) => head.writeUInt32LE(word, i * 4));
  fs.writeFileSync(path, Buffer.concat([head, Buffer.from('GNU\0'), Buffer.alloc(20, letter)]));
  return path;
}

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { newFolder } from '../../testing/debuginfod.js';
import { readCache, rememberAbsent } from './cache.js';
import { cleanCache } from './clean.js';
import { CACHE_MISS, readControl, writeControls } from './control.js';
import { PartialFile } from './partial-file.js';

const ID = '0123456789abcdef';
const DAY = 86_400;
let cache: string;

beforeEach(() => {
  cache = newFolder();
});

afterEach(() => {
  rmSync(cache, { recursive: true });
});

/** A file in the cache that was used and changed so many seconds ago. */
function put(name: string, age: number, text = 'x'): string {
  const path = join(cache, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  const time = Date.now() / 1000 - age;
  utimesSync(path, time, time);
  utimesSync(dirname(path), time, time);
  return path;
}

describe('a remembered "not found"', () => {
  it.each([
    ['is believed for ten minutes', 599, undefined, 'absent'],
    ['is not believed for longer', 601, undefined, undefined],
    ['is believed for as long as cache_miss_s says', 3000, '3600', 'absent'],
    ['is believed for ten minutes if that is no number', 599, 'soon', 'absent'],
  ])('%s', (_, age, control, expected) => {
    put(`${ID}/debuginfo`, age, '');
    if (control !== undefined) writeFileSync(join(cache, 'cache_miss_s'), control);
    expect(readCache(cache, ID)).toBe(expected);
  });

  it('is renewed, and does not take the place of a file', () => {
    const path = put(`${ID}/debuginfo`, 5000, '');
    rememberAbsent(cache, ID);
    expect(readCache(cache, ID)).toBe('absent');
    writeFileSync(path, 'stored meanwhile');
    rememberAbsent(cache, ID);
    expect(readFileSync(path, 'utf8')).toBe('stored meanwhile');
  });
});

it('has the control files of elfutils, and leaves those that are there', () => {
  writeFileSync(join(cache, 'cache_miss_s'), '7');
  writeControls(cache);
  const contents = readdirSync(cache).map((name) => [name, readFileSync(join(cache, name), 'utf8')]);
  expect(Object.fromEntries(contents)).toEqual({
    cache_miss_s: '7',
    cache_clean_interval_s: '86400',
    max_unused_age_s: '604800',
  });
  expect(readControl(cache, CACHE_MISS)).toBe(7);
});

describe('cleaning', () => {
  const left = (): string[] =>
    readdirSync(cache, { recursive: true, encoding: 'utf8' })
      .filter((name) => !name.endsWith('_s'))
      .sort();

  function fill(): void {
    writeControls(cache);
    put('0123/debuginfo', 8 * DAY);
    put('0123/debuginfo.4f2a', 8 * DAY);
    put('4567/debuginfo', 6 * DAY);
    put('89ab/source##usr##a.c', 8 * DAY);
    put('89ab/notes.txt', 8 * DAY);
    put('other/debuginfo', 8 * DAY);
  }

  it('takes out what was not used for a week, and nothing that is not its own', () => {
    fill();
    put('cache_clean_interval_s', 2 * DAY, '86400');
    cleanCache(cache);
    expect(left()).toEqual(['4567', '4567/debuginfo', '89ab', '89ab/notes.txt', 'other', 'other/debuginfo']);
    expect(Date.now() - statSync(join(cache, 'cache_clean_interval_s')).mtimeMs).toBeLessThan(60_000);
  });

  it('waits for its day', () => {
    fill();
    const before = left();
    cleanCache(cache);
    expect(left()).toEqual(before);
  });

  it('follows max_unused_age_s and cache_clean_interval_s', () => {
    fill();
    put('cache_clean_interval_s', 60, '30');
    writeFileSync(join(cache, 'max_unused_age_s'), '100');
    cleanCache(cache);
    expect(left()).toEqual(['89ab', '89ab/notes.txt', 'other', 'other/debuginfo']);
  });

  it('does nothing to a cache that is not there', () => {
    const nowhere = join(cache, 'nowhere');
    cleanCache(nowhere);
    expect(existsSync(nowhere)).toBe(false);
  });
});

describe('a file that is being stored', () => {
  it('leaves nothing when it is given up', async () => {
    const file = await PartialFile.create(cache, ID);
    await file.write(Buffer.from('half'));
    expect(readdirSync(join(cache, ID))).toHaveLength(1);
    await file.discard();
    expect(readdirSync(cache)).toEqual([]);
  });

  it('leaves what others have there when it is given up', async () => {
    put(`${ID}/debuginfo`, 0);
    const file = await PartialFile.create(cache, ID);
    await file.discard();
    expect(readdirSync(join(cache, ID))).toEqual(['debuginfo']);
  });

  it('takes the place of a remembered "not found"', async () => {
    rememberAbsent(cache, ID);
    const file = await PartialFile.create(cache, ID);
    await file.write(Buffer.from('it is there'));
    const path = join(cache, ID, 'debuginfo');
    expect(await file.commit(new Date())).toEqual({ path, temporary: false });
    expect(readFileSync(path, 'utf8')).toBe('it is there');
  });

  it('is among the temporary files if a file is in the way of the cache', async () => {
    writeFileSync(join(cache, ID), '');
    const file = await PartialFile.create(cache, ID);
    const stored = await file.commit(new Date());
    expect(stored.temporary).toBe(true);
    expect(statSync(dirname(stored.path)).mode & 0o777).toBe(0o700);
    rmSync(dirname(stored.path), { recursive: true });
  });

  it('is among the temporary files if the cache is a link to nothing', async () => {
    const link = join(cache, 'link');
    symlinkSync('nowhere/at/all', link);
    writeControls(link);
    const file = await PartialFile.create(link, ID);
    const stored = await file.commit(new Date());
    expect(stored.temporary).toBe(true);
    rmSync(dirname(stored.path), { recursive: true });
  });
});

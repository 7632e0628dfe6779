/** That a large file was looked at once: the oracle is what `preflight` is asked. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ElfFile } from '../elf/file.js';
import * as look from '../elf/preflight.js';
import { compile } from '../testing/tools.js';
import { preflightOnce } from './soundness.js';

const dir = fs.mkdtempSync(join(tmpdir(), 'elf-plugin-sound-'));
const env = { ...process.env };
const looks = jest.spyOn(look, 'preflight');
let count = 0;

beforeEach(() => {
  process.env['ELF_PLUGIN_CACHE'] = join(dir, `cache${count++}`);
});
afterAll(() => {
  process.env = env;
  fs.rmSync(dir, { recursive: true, force: true });
});

const SMALL = compile('\nint f(void) { return 1; }\n');
/** The library is over 4 MiB large by what is in its last segment. */
const LARGE = compile('\nchar large[5 << 20] = { 1 };\nint f(void) { return 1; }\n');

/** A copy that was last written to ten seconds ago, as far as our clock tells. */
function settled(source: string): string {
  const path = join(dir, `library${count++}.so`);
  fs.copyFileSync(source, path);
  jest.spyOn(Date, 'now').mockReturnValue(fs.statSync(path).ctimeMs + 10_000);
  return path;
}

/** What is wrong with it, and whether it was looked at. */
function ask(path: string): [reason: string | undefined, looked: boolean] {
  looks.mockClear();
  using file = ElfFile.open(path);
  return [preflightOnce(file), looks.mock.calls.length > 0];
}

afterEach(() => {
  jest.spyOn(Date, 'now').mockRestore();
});

it('looks once at a large file', () => {
  const path = settled(LARGE);
  expect([ask(path), ask(path)]).toEqual([
    [undefined, true],
    [undefined, false],
  ]);
});

it('looks each time at a small one, and at one that was just written', () => {
  const small = settled(SMALL);
  expect([ask(small)[1], ask(small)[1]]).toEqual([true, true]);
  const fresh = settled(LARGE);
  jest.spyOn(Date, 'now').mockRestore();
  expect([ask(fresh)[1], ask(fresh)[1]]).toEqual([true, true]);
});

it('looks again at one that was written to, also where its time was set back', () => {
  const path = settled(LARGE);
  ask(path);
  const { atime, mtime } = fs.statSync(path);
  const fd = fs.openSync(path, 'r+');
  // e_phoff: the program headers are elsewhere.
  fs.writeSync(fd, Buffer.of(1), 0, 1, 0x21);
  fs.closeSync(fd);
  fs.utimesSync(path, atime, mtime);
  const [reason, looked] = ask(path);
  expect([typeof reason, looked]).toEqual(['string', true]);
});

it('never remembers what is damaged', () => {
  const path = settled(LARGE);
  fs.truncateSync(path, 4_500_000);
  jest.spyOn(Date, 'now').mockReturnValue(fs.statSync(path).ctimeMs + 10_000);
  const [first, second] = [ask(path), ask(path)];
  expect(first[0]).toMatch(/file/);
  expect(second).toEqual([first[0], true]);
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { BufferSource, FileSource } from '../../../lib/bytes/source.js';
import { CachedSection, trailer } from '../../../lib/debuginfo/disk-cache/cached-section.js';
import { LdCache } from '../../../lib/elf/ldcache.js';
import { LibrarySearch } from '../../../lib/elf/search.js';
import type { Random } from '../../abi-fuzz/random.js';
import { mutate, numbersIn } from '../bytes.js';
import { attempt } from '../oracle.js';
import type { Target } from './target.js';

/** An `ld.so.cache` of some libraries (glibc sysdeps/generic/dl-cache.h), with the old table in front of it or without. */
function ldCache(withOld: boolean): Buffer {
  const names = Array.from({ length: 12 }, (_, i) => [`libx${i}.so.1`, `/usr/lib/libx${i}.so.1`] as const);
  const table = Buffer.alloc(48 + names.length * 24);
  table.write('glibc-ld.so.cache1.1');
  table.writeUInt32LE(names.length, 20);
  table[28] = 2;
  const strings: Buffer[] = [];
  let at = table.length;
  const string = (text: string): number => {
    const start = at;
    strings.push(Buffer.from(`${text}\0`));
    at += text.length + 1;
    return start;
  };
  for (const [i, [name, path]] of names.entries()) {
    table.writeUInt32LE(0x303, 48 + i * 24);
    table.writeUInt32LE(string(name), 52 + i * 24);
    table.writeUInt32LE(string(path), 56 + i * 24);
  }
  table.writeUInt32LE(at - table.length, 24);
  const old = Buffer.alloc(40);
  old.write('ld.so-1.7.0\0');
  old.writeUInt32LE(2, 12);
  return Buffer.concat([...(withOld ? [old] : []), table, ...strings]);
}

/** Both caches: that of the linker, and the one of decompressed sections, which answers with the section itself whatever was done to it. */
export const caches: Target = {
  name: 'caches',
  needs: [],
  prepare() {
    const folder = mkdtempSync(join(tmpdir(), 'fuzz-caches-'));
    process.once('exit', () => {
      rmSync(folder, { recursive: true, force: true });
    });
    const tables = [ldCache(false), ldCache(true)].map((bytes) => ({ bytes, fields: numbersIn(0, 400, 4) }));
    const content = Buffer.alloc(40_000, 'content');
    const entry = Buffer.concat([content, trailer(content, 'key')]);
    return (random) => {
      const path = join(folder, 'file');
      if (random.chance(0.1)) {
        writeFileSync(path, mutate(random, Buffer.from(entry)));
        checkEntry(random, path, content);
        return;
      }
      const { bytes, fields } = random.pick(tables);
      const changed = mutate(random, Buffer.from(bytes), fields);
      const cache = attempt(() => new LdCache(changed));
      attempt(() => cache?.entries);
      attempt(() => cache?.find('libx3.so.1'));
      if (!random.chance(0.1)) return;
      writeFileSync(path, changed);
      const search = new LibrarySearch({ ldLibraryPath: '', cachePath: path, defaultDirs: [] });
      attempt(() => search.findLibrary('x3'));
      attempt(() => search.findNeeded('libx3.so.1', { origin: '/' }));
    };
  },
};

function checkEntry(random: Random, path: string, content: Buffer): void {
  const file = new FileSource(path);
  const section = CachedSection.read(
    '.debug_info',
    file,
    'key',
    () => new BufferSource('.debug_info', content),
  );
  if (section !== undefined) {
    if (section.size !== content.length) throw new Error(`a section of ${section.size} bytes`);
    const at = random.below(content.length - 100);
    if (!content.subarray(at, at + 100).equals(section.read(at, 100)))
      throw new Error('other bytes than those of the section');
  }
  file.close();
}

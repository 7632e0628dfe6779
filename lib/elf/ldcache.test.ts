import { endianness } from 'node:os';

import { describeWith, run } from '../testing/tools.js';
import { LdCache } from './ldcache.js';

const little = endianness() === 'LE';

/** A cache in the format of glibc 2.2 and later; `old` puts an empty table of the older format before it. */
function cache(entries: [name: string, path: string, hwcap: bigint][], flags: number, old = false): Buffer {
  const isLittle = flags === 0 ? little : flags === 2;
  const table = Buffer.alloc(48 + 24 * entries.length);
  const view = new DataView(table.buffer, table.byteOffset);
  const strings: Buffer[] = [];
  let end = table.length;
  const string = (text: string): number => {
    const at = end;
    strings.push(Buffer.from(`${text}\0`));
    end += text.length + 1;
    return at;
  };
  table.write('glibc-ld.so.cache1.1');
  view.setUint32(20, entries.length, isLittle);
  view.setUint8(28, flags);
  entries.forEach(([name, path, hwcap], i) => {
    const at = 48 + 24 * i;
    view.setUint32(at, 0x303, isLittle);
    view.setUint32(at + 4, string(name), isLittle);
    view.setUint32(at + 8, string(path), isLittle);
    view.setBigUint64(at + 16, hwcap, isLittle);
  });
  const before = Buffer.alloc(old ? 16 : 0);
  if (old) before.write('ld.so-1.7.0');
  return Buffer.concat([before, table, ...strings]);
}

it.each([
  ['of this machine', 0, false],
  ['little-endian', 2, false],
  ['big-endian', 3, false],
  ['behind an old one', 0, true],
])('parses a cache %s', (_, flags, old) => {
  const bytes = cache(
    [
      ['libz.so.1', '/lib/libz.so.1', 0n],
      ['liba.so', '/x/liba.so', 1n << 62n],
    ],
    flags,
    old,
  );
  expect(new LdCache(bytes).entries).toEqual([
    { name: 'libz.so.1', path: '/lib/libz.so.1', flags: 0x303, hwcap: 0n },
    { name: 'liba.so', path: '/x/liba.so', flags: 0x303, hwcap: 1n << 62n },
  ]);
});

it('refuses other files', () => {
  expect(() => new LdCache(Buffer.from('text'))).toThrow('not a cache');
  expect(() => new LdCache(cache([['a', 'b', 0n]], 0).subarray(0, 60))).toThrow('bytes wanted');
  expect(LdCache.read('/nonexistent')).toBeUndefined();
});

describeWith(['ldconfig', '/etc/ld.so.cache'], "the system's cache", () => {
  it('has what ldconfig prints', () => {
    const lines = run('ldconfig', ['-p']).matchAll(/^\t(\S+) \(.*\) => (.*)$/gm);
    const printed = [...lines].map(([, name, path]) => `${name ?? ''} ${path ?? ''}`);
    expect(LdCache.read()?.entries.map((e) => `${e.name} ${e.path}`)).toEqual(printed);
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { findLibrary } from '../../elf/search.js';
import { installedDebugFile } from '../../testing/debug-file.js';
import { childValue } from '../../testing/run-child.js';
import { describeWith } from '../../testing/tools.js';

const folder = join(mkdtempSync(join(tmpdir(), 'elf-plugin-cache-')), 'cache');
afterAll(() => {
  rmSync(join(folder, '..'), { recursive: true });
});

const LIBC = findLibrary('c') ?? '/libc.so.6';
const DEBUG = installedDebugFile(LIBC);

describeWith([LIBC, DEBUG], 'libc', () => {
  it('has the same types with the cache, and without decompressing what takes time', () => {
    const types = (cache: string): unknown =>
      childValue(
        `
        import zlib from 'node:zlib';
        import { Library } from '#lib/library/library.js';
        import { print } from '#lib/ctypes/print.js';
        const { inflateSync } = zlib;
        let count = 0;
        // Smaller sections are not kept.
        zlib.inflateSync = (data, ...args) => ((count += Number(data.length >= 1 << 14)), inflateSync(data, ...args));
        const library = Library.open(process.argv[2] ?? '');
        const typeOf = (name) => library.typed(library.find(name)!).type;
        const types = ['strlen', 'div', 'qsort', 'environ', 'fopen', 'localtime'].map((n) => print(typeOf(n)!, n));
        console.log(JSON.stringify({ types, isDecompressed: count > 0 }));`,
        { args: [LIBC], env: { ELF_PLUGIN_CACHE: cache } },
      );
    const wanted = types('');
    expect(wanted).toMatchObject({ isDecompressed: true });
    expect(types(folder)).toEqual(wanted);
    expect(types(folder)).toEqual({ ...(wanted as object), isDecompressed: false });
  });
});

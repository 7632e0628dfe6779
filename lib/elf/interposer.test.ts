import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describeWith, run } from '../testing/tools.js';
import { EM } from './constants.js';
import { readDynamic } from './dynamic.js';
import { ElfFile } from './file.js';
import { currentHost } from './host.js';
import { writeInterposer } from './interposer.js';
import { preflight } from './preflight.js';
import { findLibrary } from './search.js';
import { DynamicSymbols } from './symbol.js';

const NAMES = ['environ', 'stdout', '_ZSt4cout', 'malloc', 'étoile', 'a', 'b', 'c'];
const symbols = new Map(NAMES.map((name, i) => [name, 0x7f0012345678n + BigInt(i)]));

const NEEDED = '/opt/with space/libplot.so';

const written = (
  host = currentHost(),
  all: ReadonlyMap<string, bigint> = symbols,
  needed = NEEDED,
): string => {
  const path = join(mkdtempSync(join(tmpdir(), 'interposer-')), 'it.so');
  writeFileSync(path, writeInterposer({ host, needed, symbols: all }));
  return path;
};

describeWith(['readelf', 'python3'], 'an interposer', () => {
  it('is to readelf what it is meant to be', () => {
    const path = written();
    const read = (option: string): string => run('sh', ['-c', `LC_ALL=C readelf -W ${option} ${path} 2>&1`]);
    expect(read('-d')).toContain(`Shared library: [${NEEDED}]`);
    expect(read('-l')).toMatch(/GNU_STACK .* RW +0x10/);
    expect(read('-n')).toMatch(/Build ID: [\da-f]{40}/);
    expect(read('-a')).not.toMatch(/warning|error/i);
  });

  it('gives the linker the addresses, wherever it is loaded', () => {
    const script = `import ctypes, json, sys
library = ctypes.CDLL(sys.argv[1])
print(json.dumps({name: ctypes.cast(getattr(library, name), ctypes.c_void_p).value for name in sys.argv[2:]}))`;
    // Readers list no symbols of a file without sections.
    const path = written(currentHost(), symbols, findLibrary('c'));
    const found = JSON.parse(run('python3', ['-c', script, path, ...NAMES])) as Record<string, number>;
    expect(new Map(Object.entries(found).map(([name, value]) => [name, BigInt(value)]))).toEqual(symbols);
  });

  it.each([0, 1, 2, 300])('of %d symbols has each in its hash table', (count) => {
    const all = new Map(Array.from({ length: count }, (_, i) => [`name${i}`, BigInt(i) << 32n]));
    using file = ElfFile.open(written(currentHost(), all));
    const table = DynamicSymbols.of(file);
    for (const [name, value] of all)
      expect(table.lookup(name)).toMatchObject({ name, value, absolute: true });
    expect(table.lookup('nothing')).toBeUndefined();
    expect(readDynamic(file)?.needed).toEqual([NEEDED]);
    expect(preflight(file)).toBeUndefined();
  });

  it('can be of another byte order and machine', () => {
    using file = ElfFile.open(written({ class: 64, littleEndian: false, machine: EM.S390 }));
    expect(file.header).toMatchObject({ littleEndian: false, machine: EM.S390 });
    expect(DynamicSymbols.of(file).lookup('stdout')?.value).toBe(symbols.get('stdout'));
  });
});

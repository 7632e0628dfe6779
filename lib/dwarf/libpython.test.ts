import type { ByteSource } from '../bytes/source.js';
import { sizeOf } from '../ctypes/layout.js';
import { print } from '../ctypes/print.js';
import { ElfFile } from '../elf/file.js';
import { findLibrary } from '../elf/search.js';
import { DwarfFile } from '../testing/dwarf-file.js';
import { asGdb, gdbTypes } from '../testing/gdb.js';
import { describeWith } from '../testing/tools.js';
import { DwarfInfo } from './dwarf-info.js';

/** Debian's libpython3.11-dbg: 10 MB of `.debug_info` in 179 units. */
const LIBPYTHON = findLibrary('libpython3.11d.so.1.0') ?? '/libpython3.11d.so.1.0';

/** The file's debug info, of which every byte that is read is counted. */
function counted(path: string): { bytes: () => number; info: DwarfInfo } {
  let bytes = 0;
  const file = ElfFile.open(path);
  const counting = (source: ByteSource): ByteSource => ({
    name: source.name,
    size: source.size,
    read: (offset, length) => {
      bytes += length;
      return source.read(offset, length);
    },
  });
  const info = new DwarfInfo({
    littleEndian: true,
    addressSize: 8,
    section: (name) => {
      const section = file.section(name);
      return section && counting(section);
    },
  });
  return { bytes: () => bytes, info };
}

describeWith([LIBPYTHON], 'libpython3.11d', () => {
  let file: DwarfFile;
  beforeAll(() => {
    file = new DwarfFile(LIBPYTHON);
  });

  it('has a type for every symbol, and of every variable the size that the symbol has', () => {
    const wrong: string[] = [];
    let [functions, variables] = [0, 0];
    for (const [name, symbol] of file.symbols) {
      const { type } = file.typed(name);
      if (type.kind === 'function') {
        functions++;
        if (!type.prototyped || print(type) === '') wrong.push(name);
      } else {
        variables++;
        if (sizeOf(type) !== symbol.size) wrong.push(`${name}: ${sizeOf(type) ?? '?'}, not ${symbol.size}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(functions).toBeGreaterThanOrEqual(1474);
    expect(variables).toBeGreaterThanOrEqual(211);
  });

  it.each([
    { name: 'Py_GetVersion', most: 100_000, text: 'const char *Py_GetVersion(void)' },
    // Nothing lists the places of variables: .debug_info is searched, 10 MB at the most, but little of it is read twice.
    { name: 'PyLong_Type', most: 12_000_000, text: 'PyTypeObject PyLong_Type' },
  ])('reads no more than $most bytes for $name', ({ name, most, text }) => {
    const { bytes, info } = counted(LIBPYTHON);
    const symbol = info.symbol(file.query(name));
    expect('type' in symbol && print(symbol.type, name)).toBe(text);
    expect(bytes()).toBeLessThan(most);
  });

  describeWith(['gdb'], 'gdb', () => {
    it('gives functions the same types', () => {
      const names = [...file.symbols.keys()].filter((n) => file.query(n).kind === 'function');
      const some = names.filter((_, i) => i % Math.ceil(names.length / 50) === 0);
      expect(some.map((name) => asGdb(file.typed(name).type))).toEqual(gdbTypes(LIBPYTHON, some));
    });
  });
});

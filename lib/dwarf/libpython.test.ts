import { type CType, bare } from '../ctypes/model.js';
import { print } from '../ctypes/print.js';
import { DwarfFile } from '../testing/dwarf-file.js';
import { describeWith, run } from '../testing/tools.js';

/** Debian's libpython3.11-dbg: 10 MB of `.debug_info` in 179 units. */
const LIBPYTHON = '/usr/lib/x86_64-linux-gnu/libpython3.11d.so.1.0';

function sizeOf(type: CType): number | undefined {
  const t = bare(type);
  if (t.kind === 'array') return (t.length ?? 0) * (sizeOf(t.element) ?? 0);
  return 'size' in t ? t.size : undefined;
}

/** gdb's spelling and ours, less what does not count: spaces, parameter names, the word order of integers. */
function plain(text: string): string {
  return text
    .replaceAll('long unsigned int', 'unsigned long')
    .replaceAll('long long int', 'long long')
    .replaceAll(/\b(long|short) int\b/g, '$1')
    .replaceAll(/\s+/g, '');
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

  describeWith(['gdb'], 'gdb', () => {
    it('gives functions the same types', () => {
      const names = [...file.symbols.keys()].filter((n) => file.query(n).kind === 'function');
      const some = names.filter((_, i) => i % Math.ceil(names.length / 50) === 0);
      const commands = some.flatMap((name) => ['-ex', `whatis '${name}'`]);
      const lines = run('gdb', ['-nx', '-batch', ...commands, LIBPYTHON]).match(/^type = .*$/gm) ?? [];
      const ours = some.map((name) => {
        const { type } = file.typed(name);
        if (type.kind !== 'function') return name;
        const parameters = type.parameters.map((p) => ({ ...p, type: p.type, name: undefined }));
        return plain(`type = ${print({ ...type, result: type.result, parameters })}`);
      });
      expect(lines).toHaveLength(some.length);
      expect(ours).toEqual(lines.map(plain));
    });
  });
});

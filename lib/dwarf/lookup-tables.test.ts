import { copyFileSync } from 'node:fs';

import { BufferSource } from '../bytes/source.js';
import { dwarfSections } from '../debuginfo/dwarf-source.js';
import { ElfFile } from '../elf/file.js';
import { allTypes } from '../testing/all-types.js';
import { DwarfFile } from '../testing/dwarf-file.js';
import { compile, describeWith, run } from '../testing/tools.js';
import { TypedFile } from '../testing/typed-file.js';
import { DwarfInfo } from './dwarf-info.js';
import { DebugFile } from './file.js';
import { LookupTables } from './lookup-tables.js';
import type { DwarfSections } from './sections.js';

const SOURCE = 'dwarf/sample.c';
const FLAGS = ['-g', '-shared', '-fPIC'];

/** A copy with an index that gdb has put in. */
function gdbAddIndex(...flags: string[]): string {
  const path = compile(SOURCE, { flags: [...FLAGS, '-O0', `-DINDEX=${flags.length}`], output: 'indexed.so' });
  const copy = `${path}.${process.pid}`;
  copyFileSync(path, copy);
  run('gdb-add-index', [...flags, copy]);
  return copy;
}

const WRITERS: [writer: string, section: string, needs: string[], build: () => string][] = [
  ['gdb-add-index', '.gdb_index', ['gdb', 'gdb-add-index'], () => gdbAddIndex()],
  ['gdb-add-index -dwarf-5', '.debug_names', ['gdb', 'gdb-add-index'], () => gdbAddIndex('-dwarf-5')],
  [
    'lld --gdb-index',
    '.gdb_index',
    ['clang', 'ld.lld'],
    () =>
      compile(SOURCE, {
        compiler: 'clang',
        flags: [...FLAGS, '-ggnu-pubnames', '-fuse-ld=lld', '-Wl,--gdb-index'],
      }),
  ],
  [
    'clang -gpubnames',
    '.debug_names',
    ['clang'],
    () => compile(SOURCE, { compiler: 'clang', flags: [...FLAGS, '-gdwarf-5', '-gpubnames'] }),
  ],
];

/** The sections of a file, one of them replaced or, without bytes, left out. */
function withSection(file: ElfFile, name: string, bytes?: Uint8Array): DwarfSections {
  const sections = dwarfSections(file);
  return {
    littleEndian: sections.littleEndian,
    addressSize: sections.addressSize,
    section(wanted) {
      if (wanted !== name) return sections.section(wanted);
      return bytes && new BufferSource(name, bytes);
    },
  };
}

for (const [writer, section, needs, build] of WRITERS) {
  describeWith([...needs, 'gcc'], writer, () => {
    let path: string;
    let file: ElfFile;
    let bytes: Uint8Array;
    let plain: string[];
    const types = (replaced?: Uint8Array): string[] =>
      allTypes(new TypedFile(path, (elf) => new DwarfInfo(withSection(elf, section, replaced))));

    beforeAll(() => {
      path = build();
      file = ElfFile.open(path);
      bytes = file.section(section)?.read(0, file.section(section)?.size ?? 0) ?? new Uint8Array();
      plain = types();
    });

    it('leads to the unit of a type and of a variable', () => {
      expect(bytes.length).toBeGreaterThan(0);
      const tables = new LookupTables(new DebugFile(dwarfSections(file)));
      for (const name of ['point', 'color', 'handle_t']) {
        expect(tables.unitsNaming(name).map((unit) => unit.start)).toEqual([0]);
      }
      expect(tables.unitsNaming('nowhere_at_all')).toEqual([]);
    });

    it('changes no type', () => {
      expect(plain.length).toBeGreaterThan(10);
      expect(allTypes(new DwarfFile(path))).toEqual(plain);
    });

    it('changes none either where it is damaged', () => {
      for (let i = 0; i < 60; i++) {
        const damaged = Uint8Array.from(bytes);
        // Every part of it in turn; the header, where the tables are, more often.
        const at = i < 30 ? (i * 2) % bytes.length : Math.floor((i / 60) * bytes.length);
        damaged[at] = (damaged[at] ?? 0) ^ (1 << (i % 8));
        expect(types(damaged)).toEqual(plain);
      }
      expect(types(bytes.subarray(0, bytes.length / 2))).toEqual(plain);
      expect(types(new Uint8Array(bytes.length).fill(0xff))).toEqual(plain);
    });
  });
}

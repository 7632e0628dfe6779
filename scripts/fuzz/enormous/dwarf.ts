import { FileSource, SourceSlice, type ByteSource } from '../../../lib/bytes/source.js';
import { DwarfInfo } from '../../../lib/dwarf/dwarf-info.js';
import { DW_AT, DW_FORM, DW_TAG } from '../../../lib/dwarf/constants.js';
import { attempt, visit } from '../oracle.js';
import { abbrev, END, ROOT, table, times, uleb, unit } from './dwarf-bytes.js';
import { SIZE, type Enormous } from './enormous.js';

type Parts = Readonly<Record<string, Uint8Array>>;

/** Sections one behind the other, with their names and sizes in JSON at the end, whose length the last 8 bytes say: a file without ELF around it. */
function join(parts: Parts): Buffer {
  const index = Buffer.from(
    JSON.stringify(Object.entries(parts).map(([name, { length }]) => [name, length])),
  );
  const length = Buffer.alloc(8);
  length.writeUInt32LE(index.length);
  return Buffer.concat([...Object.values(parts), index, length]);
}

function sectionsIn(path: string): Map<string, ByteSource> {
  const file = new FileSource(path);
  const length = Buffer.from(file.read(file.size - 8, 8)).readUInt32LE();
  const index = JSON.parse(Buffer.from(file.read(file.size - 8 - length, length)).toString()) as [
    string,
    number,
  ][];
  let at = 0;
  return new Map(index.map(([name, size]) => [name, new SourceSlice(name, file, (at += size) - size, size)]));
}

/** Everything that is asked of debug info. */
const ask: readonly ((path: string) => void)[] = [
  (info: DwarfInfo): void => {
    const found = info.symbol({ name: 'foo', kind: 'function', address: 0x1000n });
    if ('reason' in found) return;
    visit(found.type);
    attempt(() => found.declFile);
  },
  (info: DwarfInfo): void => {
    const found = info.symbol({ name: 'v', kind: 'variable', address: 0x2000n });
    if (!('reason' in found)) visit(found.type);
  },
  (info: DwarfInfo): unknown => info.typeNamed('struct', 'nothing'),
  (info: DwarfInfo): unknown => info.constants(),
  (info: DwarfInfo): unknown => info.typeNames(),
  (info: DwarfInfo): void => {
    info.expect(1e6);
    info.symbol({ name: 'foo', kind: 'function', address: 0x1000n });
  },
].map((question) => (path) => {
  const sections = sectionsIn(path);
  const info = new DwarfInfo({ littleEndian: true, addressSize: 8, section: (name) => sections.get(name) });
  attempt(() => {
    question(info);
  });
});

const { name, type, low_pc, ranges, location, byte_size, const_value, import: imported } = DW_AT;
const { declaration, addr_base, data_member_location, upper_bound } = DW_AT;
const { string, strp, ref4, addr, data1, exprloc, sec_offset, flag_present } = DW_FORM;

/** References that each lead to the entry behind the one that has it: `entry` is its code. */
function chain(count: number, code: number): Buffer {
  const bytes = Buffer.alloc(count * 5 + 1);
  for (let i = 0; i < count; i++) {
    bytes[i * 5] = code;
    bytes.writeUInt32LE(12 + Math.min(i + 1, count - 1) * 5, i * 5 + 1);
  }
  return bytes;
}

/** A number above 2 as LEB128 of three bytes. */
const leb3 = (i: number): number =>
  0x8080 | ((i + 3) & 0x7f) | (((i + 3) & 0x3f80) << 1) | (((i + 3) & 0x1fc000) << 2);

/** As many as fit of these bytes, with the number `value(i)` in the `i`th at `at`. */
function numbered(bytes: Uint8Array, at: number, value: (i: number) => number): Buffer {
  const all = times(SIZE / bytes.length, bytes);
  for (let i = 0; i < Math.floor(SIZE / bytes.length); i++) {
    const place = i * bytes.length + at;
    all.writeUInt32LE((all.readUInt32LE(place) | value(i)) >>> 0, place);
  }
  return all;
}

function dwarf(what: string, make: () => { info: Uint8Array; abbrev: Uint8Array } & Parts): Enormous {
  const whole = (): Buffer =>
    join(Object.fromEntries(Object.entries(make()).map(([key, bytes]) => [`.debug_${key}`, bytes])));
  return [what, whole, ask];
}

const FOO = Buffer.concat([Buffer.from([2]), Buffer.from('foo\0'), Buffer.from([0, 0x10, 0, 0, 0, 0, 0, 0])]);
const FUNCTION = abbrev(2, DW_TAG.subprogram, false, name, string, low_pc, addr);

/** The function `foo` whose result is the type behind it, of which the first byte of its attributes follows. */
const FUNCTION_OF = abbrev(4, DW_TAG.subprogram, false, name, string, low_pc, addr, type, ref4);
const ofStruct = (size = 8): Buffer =>
  Buffer.concat([
    Buffer.from([1, 4]),
    Buffer.from('foo\0'),
    Buffer.from([0, 0x10, 0, 0, 0, 0, 0, 0, 29, 0, 0, 0, 2, size]),
  ]);
/** One long list, of which all that is not the end is a range. */
const RANGES = Buffer.concat([Buffer.alloc(SIZE / 2, 1), Buffer.alloc(16)]);
for (let at = 0; at + 16 < RANGES.length; at += 16) RANGES[at + 8] = 9;

/** `.gdb_index` is no `.debug_` section. */
function gdbIndex(): Buffer {
  const index = Buffer.alloc(SIZE);
  // Version 8; the list of units and that of addresses are empty, the table of symbols is the rest, the pool the whole.
  for (const [i, value] of [8, 24, 24, 24, 24, 24].entries()) index.writeUInt32LE(value, i * 4);
  index.fill(1, 24);
  index.writeUInt32LE(24 + (1 << 22), 20);
  return join({
    '.debug_info': unit(Buffer.concat([Buffer.from([1]), FOO, END])),
    '.debug_abbrev': table(FUNCTION),
    '.gdb_index': index,
  });
}

export const DWARF: readonly Enormous[] = [
  ['.gdb_index of one slot', gdbIndex, ask],
  dwarf('an abbreviation of millions of attributes', () => ({
    info: unit(Buffer.concat([Buffer.from([1]), times(1e5, Buffer.from([3])), END])),
    abbrev: Buffer.concat([
      ROOT,
      FUNCTION,
      uleb(3, DW_TAG.variable),
      END,
      times(SIZE / 2, uleb(name, DW_FORM.flag_present)),
      END,
      END,
      END,
    ]),
  })),
  dwarf('nested entries', () => ({
    info: unit(Buffer.concat([Buffer.from([1]), times(SIZE, Buffer.from([2]))])),
    abbrev: table(abbrev(2, 0x0b, true)),
  })),
  dwarf('nested namespaces', () => ({
    info: unit(Buffer.concat([Buffer.from([1]), times(SIZE, Buffer.from([2]))])),
    abbrev: table(abbrev(2, DW_TAG.namespace, true)),
  })),
  dwarf('names that are one text', () => {
    const bytes = Buffer.alloc((SIZE / 2 / 5) * 5);
    for (let i = 0; i + 5 <= bytes.length; i += 5) {
      bytes[i] = 2;
      bytes.writeUInt32LE(i / 5, i + 1);
    }
    return {
      info: unit(Buffer.concat([Buffer.from([1]), bytes, END])),
      abbrev: table(abbrev(2, DW_TAG.structure_type, false, name, strp)),
      str: Buffer.concat([Buffer.alloc(SIZE / 2, 'x'), END]),
    };
  }),
  ...(
    [DW_TAG.typedef, DW_TAG.const_type, DW_TAG.pointer_type, DW_TAG.array_type, DW_TAG.subprogram] as const
  ).map((tag) =>
    dwarf(`types nested two million deep (${tag})`, () => ({
      info: unit(
        Buffer.concat([
          Buffer.from([1]),
          chain(SIZE / 5, 2),
          Buffer.from([3]),
          Buffer.from('foo\0'),
          Buffer.from([0, 0x10, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0]),
          END,
        ]),
      ),
      abbrev: table(
        abbrev(2, tag, false, type, ref4),
        abbrev(3, DW_TAG.subprogram, false, name, string, low_pc, addr, type, ref4),
      ),
    })),
  ),
  dwarf('.debug_names of huge counts', () => {
    const names = Buffer.alloc(SIZE, 0xff);
    names.writeUInt32LE(SIZE - 4, 0);
    names.writeUInt16LE(5, 4);
    names.writeUInt32LE(0, 32);
    return {
      info: unit(Buffer.concat([Buffer.from([1]), FOO, END])),
      abbrev: table(FUNCTION),
      str: Buffer.from('foo\0'),
      names,
    };
  }),
  dwarf('.debug_names whose units are the file', () => {
    const names = Buffer.alloc(SIZE);
    names.writeUInt32LE(SIZE - 4, 0);
    names.writeUInt16LE(5, 4);
    names.writeUInt32LE((SIZE - 100) / 4, 8);
    return {
      info: unit(Buffer.concat([Buffer.from([1]), FOO, END])),
      abbrev: table(FUNCTION),
      str: Buffer.from('foo\0'),
      names,
    };
  }),
  dwarf('address ranges', () => {
    const ranges = Buffer.alloc(SIZE);
    ranges.writeUInt32LE(SIZE - 4, 0);
    ranges.writeUInt16LE(2, 4);
    ranges[10] = 8;
    for (let at = 16; at + 16 <= SIZE; at += 16) {
      ranges.writeBigUInt64LE(BigInt(SIZE - at), at);
      ranges.writeBigUInt64LE(0x100000n, at + 8);
    }
    return {
      info: unit(Buffer.concat([Buffer.from([1]), FOO, END])),
      abbrev: table(FUNCTION),
      aranges: ranges,
    };
  }),
];

/** Ten to a hundred times as many entries, units and names as a compiler writes in as many bytes. */
export const DENSE: readonly Enormous[] = [
  dwarf('abbreviations', () => ({
    info: unit(Buffer.concat([Buffer.from([1]), FOO, END])),
    abbrev: Buffer.concat([
      ROOT,
      FUNCTION,
      numbered(Buffer.from([0, 0, 0, DW_TAG.variable, 0, 0, 0]), 0, leb3),
      END,
    ]),
  })),
  dwarf('abbreviations of one number', () => ({
    info: unit(Buffer.concat([Buffer.from([1]), FOO, END])),
    abbrev: Buffer.concat([ROOT, FUNCTION, times(SIZE / 5, abbrev(7, 0x34, false)), END]),
  })),
  dwarf('nested structs', () => ({
    info: unit(Buffer.concat([Buffer.from([1]), times(SIZE / 3, Buffer.from([2, 0x61, 0]))])),
    abbrev: table(abbrev(2, DW_TAG.structure_type, true, name, string)),
  })),
  dwarf('entries of a byte', () => ({
    info: unit(Buffer.concat([Buffer.from([1]), times(SIZE, Buffer.from([2])), END])),
    abbrev: table(abbrev(2, DW_TAG.variable, false)),
  })),
  dwarf('structs of three bytes', () => ({
    info: unit(Buffer.concat([Buffer.from([1]), times(SIZE / 3, Buffer.from([2, 0x61, 0])), END])),
    abbrev: table(abbrev(2, DW_TAG.structure_type, false, name, string)),
  })),
  dwarf('structs of different names', () => ({
    info: unit(
      Buffer.concat([
        Buffer.from([1]),
        Buffer.from(
          Array.from({ length: SIZE / 10 }, (_, i) => `\x02s${i.toString(36)}\0`).join(''),
          'latin1',
        ),
        END,
      ]),
    ),
    abbrev: table(abbrev(2, DW_TAG.structure_type, false, name, string)),
  })),
  dwarf('enumerators', () => ({
    info: unit(
      Buffer.concat([
        Buffer.from([1, 2]),
        Buffer.from(
          Array.from({ length: SIZE / 11 }, (_, i) => `\x03e${i.toString(36)}\0\x05`).join(''),
          'latin1',
        ),
        END,
        END,
      ]),
    ),
    abbrev: table(
      abbrev(2, DW_TAG.enumeration_type, true),
      abbrev(3, DW_TAG.enumerator, false, name, string, const_value, data1),
    ),
  })),
  dwarf('units', () => ({ info: times(SIZE / 13, unit(Buffer.from([1, 0]))), abbrev: table() })),
  dwarf('padding', () => ({ info: Buffer.alloc(SIZE), abbrev: table() })),
  dwarf('units of tables that have no end', () => ({
    info: numbered(unit(Buffer.from([9, 0])), 6, (i) => (i % 400_000) * 5),
    abbrev: times(SIZE / 10, abbrev(7, 0x34, false)),
  })),
  dwarf('a function of a million parameters', () => ({
    info: unit(
      Buffer.concat([
        Buffer.from([1, 4]),
        Buffer.from('foo\0'),
        Buffer.from([0, 0x10, 0, 0, 0, 0, 0, 0]),
        chain(SIZE / 5, 2),
        END,
        END,
      ]),
    ),
    abbrev: table(
      abbrev(2, DW_TAG.formal_parameter, false, type, ref4),
      abbrev(4, DW_TAG.subprogram, true, name, string, low_pc, addr),
    ),
  })),
  dwarf('units that import each other', () => ({
    info: numbered(
      unit(Buffer.from([1, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0])),
      13,
      (i) => ((i * 7) % 1000) * 23 + 11,
    ),
    abbrev: Buffer.concat([
      abbrev(1, DW_TAG.partial_unit, true),
      abbrev(2, DW_TAG.imported_unit, false, imported, DW_FORM.ref_addr),
      END,
    ]),
  })),
  dwarf('functions at one address', () => ({
    info: unit(
      Buffer.concat([
        Buffer.from([1]),
        times(SIZE / 11, Buffer.from([2, 0x62, 0, 0, 0x10, 0, 0, 0, 0, 0, 0])),
        FOO,
        END,
      ]),
    ),
    abbrev: table(FUNCTION),
  })),
  dwarf('variables at one address', () => ({
    info: unit(
      Buffer.concat([
        Buffer.from([1]),
        times(SIZE / 13, Buffer.from([2, 0x62, 0, 9, 3, 0, 0x20, 0, 0, 0, 0, 0, 0])),
        END,
      ]),
    ),
    abbrev: table(abbrev(2, DW_TAG.variable, false, name, string, location, exprloc)),
  })),
  dwarf('a struct of a million members', () => ({
    info: unit(
      Buffer.concat([ofStruct(), times(SIZE / 8, Buffer.from([3, 0x61, 0, 11, 0, 0, 0, 0])), END, END]),
    ),
    abbrev: table(
      FUNCTION_OF,
      abbrev(2, DW_TAG.structure_type, true, byte_size, data1),
      abbrev(3, DW_TAG.member, false, name, string, type, ref4, data_member_location, data1),
    ),
  })),
  dwarf('an array of a million dimensions', () => ({
    info: unit(Buffer.concat([ofStruct(), times(SIZE / 2, Buffer.from([3, 1])), END, END])),
    abbrev: table(
      FUNCTION_OF,
      abbrev(2, DW_TAG.array_type, true, byte_size, data1),
      abbrev(3, DW_TAG.subrange_type, false, upper_bound, data1),
    ),
  })),
  dwarf('an enum of a million enumerators', () => ({
    info: unit(Buffer.concat([ofStruct(), times(SIZE / 4, Buffer.from([3, 0x61, 0, 5])), END, END])),
    abbrev: table(
      FUNCTION_OF,
      abbrev(2, DW_TAG.enumeration_type, true, byte_size, data1),
      abbrev(3, DW_TAG.enumerator, false, name, string, const_value, data1),
    ),
  })),
  dwarf('structs that are declared', () => ({
    info: unit(
      Buffer.concat([
        ofStruct(0),
        Buffer.from(Array.from({ length: 250 }, () => `\x05m\0${'\0'.repeat(4)}`).join(''), 'latin1'),
        END,
        times(SIZE / 4, Buffer.from([3, 0x61, 0x62, 0])),
        END,
      ]),
    ),
    abbrev: table(
      FUNCTION_OF,
      abbrev(2, DW_TAG.structure_type, true, byte_size, data1),
      abbrev(3, DW_TAG.structure_type, false, name, string, declaration, flag_present),
      abbrev(5, DW_TAG.member, false, name, string, type, ref4),
    ),
  })),
  dwarf('units of one list of ranges', () => ({
    info: times(SIZE / 2 / 64, unit(Buffer.concat([Buffer.from([2, 0, 0, 0, 0]), Buffer.alloc(48, 'x')]))),
    abbrev: table(abbrev(2, DW_TAG.compile_unit, false, ranges, sec_offset)),
    ranges: RANGES,
  })),
  dwarf('functions of one list of ranges', () => ({
    info: unit(
      Buffer.concat([
        Buffer.from([1]),
        times(SIZE / 2 / 20, Buffer.concat([Buffer.from([2]), Buffer.from('a function\0'), Buffer.alloc(4)])),
        END,
      ]),
    ),
    abbrev: table(abbrev(2, DW_TAG.subprogram, false, name, string, ranges, sec_offset)),
    ranges: RANGES,
  })),
  dwarf('addresses that are one', () => ({
    info: times(SIZE / 2 / 75, unit(Buffer.concat([Buffer.from([2, 0, 0, 0, 0]), Buffer.alloc(59, 'x')]))),
    abbrev: table(abbrev(2, DW_TAG.compile_unit, false, addr_base, sec_offset)),
    addr: times(SIZE / 16, Buffer.from([0, 0x10, 0, 0, 0, 0, 0, 0])),
  })),
];

import { BufferSource } from '../bytes/source.js';
import { ByteWriter } from '../testing/dwarf-writer.js';
import { DebugPackage } from './package.js';
import type { DwarfSections } from './sections.js';

interface IndexSpec {
  readonly version?: 2 | 5;
  readonly columns?: readonly number[];
  /** Signature and row of each slot; row 0 for none. */
  readonly slots?: readonly (readonly [signature: bigint, row: number])[];
  /** Per unit, offset and size of each column. */
  readonly rows?: readonly (readonly (readonly [offset: number, size: number])[])[];
}

/** DWARF v5 §7.3.5.3 */
function index(
  littleEndian: boolean,
  { version = 5, columns = [1, 3], slots = [], rows = [] }: IndexSpec,
): Uint8Array {
  const out = new ByteWriter(littleEndian);
  if (version === 5) out.uint(5, 2).uint(0, 2);
  else out.uint(version, 4);
  out.uint(columns.length, 4).uint(rows.length, 4).uint(slots.length, 4);
  for (const [signature] of slots) out.uint(signature, 8);
  for (const [, row] of slots) out.uint(row, 4);
  for (const column of columns) out.uint(column, 4);
  for (const row of rows) for (const [offset] of row) out.uint(offset, 4);
  for (const row of rows) for (const [, size] of row) out.uint(size, 4);
  return out.toBytes();
}

function sections(bytes: Record<string, Uint8Array>, littleEndian = true): DwarfSections {
  return {
    littleEndian,
    addressSize: 8,
    section: (name) => bytes[name] && new BufferSource(name, bytes[name]),
  };
}

const CONTENT = {
  '.debug_info.dwo': Buffer.from('0123456789'),
  '.debug_types.dwo': Buffer.from('TYPES'),
  '.debug_abbrev.dwo': Buffer.from('abcdefghij'),
  '.debug_str.dwo': Buffer.from('strings'),
};

function text(found: DwarfSections | undefined, name: string): string | undefined {
  const section = found?.section(name);
  return section && Buffer.from(section.read(0, section.size)).toString();
}

describe.each([true, false])('an index, little-endian %s', (littleEndian) => {
  it.each([2, 5] as const)('of version %i tells the parts of a unit', (version) => {
    const cuIndex = index(littleEndian, {
      version,
      slots: [
        [0n, 0],
        [0xfedcba9876543210n, 2],
        [0n, 0],
        [7n, 1],
      ],
      rows: [
        [
          [0, 4],
          [0, 3],
        ],
        [
          [4, 6],
          [3, 7],
        ],
      ],
    });
    const whole = new DebugPackage(sections({ ...CONTENT, '.debug_cu_index': cuIndex }, littleEndian));
    const found = whole.unit(0xfedcba9876543210n);
    expect(text(found, '.debug_info.dwo')).toBe('456789');
    expect(text(found, '.debug_abbrev.dwo')).toBe('defghij');
    // Everybody's, and nobody's.
    expect(text(found, '.debug_str.dwo')).toBe('strings');
    expect(text(found, '.debug_types.dwo')).toBeUndefined();
    expect(text(whole.unit(7n), '.debug_info.dwo')).toBe('0123');
    expect(whole.unit(0n)).toBeUndefined();
    expect([...whole.typeSignatures]).toEqual([]);
  });
});

it('a type unit of version 2 has a part of .debug_types.dwo', () => {
  const tuIndex = index(true, { version: 2, columns: [2], slots: [[9n, 1]], rows: [[[1, 3]]] });
  const whole = new DebugPackage(sections({ ...CONTENT, '.debug_tu_index': tuIndex }));
  expect([...whole.typeSignatures]).toEqual([9n]);
  expect(text(whole.typeUnit(9n), '.debug_types.dwo')).toBe('YPE');
});

it('a part that the section does not have is an error when it is read', () => {
  const cuIndex = index(true, { columns: [1], slots: [[9n, 1]], rows: [[[8, 99]]] });
  const whole = new DebugPackage(sections({ ...CONTENT, '.debug_cu_index': cuIndex }));
  expect(() => text(whole.unit(9n), '.debug_info.dwo')).toThrow('.debug_info.dwo');
});

it.each([
  ['another version', Uint8Array.of(3, 0, 0, 0, 0, 0), 'index of version 3'],
  ['no header', Uint8Array.of(5, 0), '4 bytes wanted'],
  [
    'more than there is',
    new ByteWriter(true).uint(5, 4).uint(2, 4).uint(0xffffffff, 4).uint(0xffffffff, 4).toBytes(),
    'the index ends before',
  ],
  [
    'more sections than there are kinds of',
    index(true, { columns: Array<number>(65).fill(1) }),
    '65 sections',
  ],
  [
    'a row that is not there',
    index(true, {
      slots: [[9n, 2]],
      rows: [
        [
          [0, 0],
          [0, 0],
        ],
      ],
    }),
    'row 2 of 1',
  ],
])('an index of %s is refused', (_, bytes, message) => {
  expect(() => new DebugPackage(sections({ '.debug_cu_index': bytes }))).toThrow(message);
});

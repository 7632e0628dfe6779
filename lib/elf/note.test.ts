import { BufferSource } from '../bytes/source.js';
import { FormatError } from '../errors.js';
import { note, writeElf, type ElfSpec } from '../testing/elf-writer.js';
import { ElfFile } from './file.js';
import { buildId, fileNotes, findBuildId, iterNotes } from './note.js';

const ID = Buffer.from('0123456789abcdef', 'hex');

function elf(spec: ElfSpec): ElfFile {
  return new ElfFile(new BufferSource('test.so', writeElf(spec)));
}

describe.each([
  ['4 bytes', { align: 4, littleEndian: true }],
  ['8 bytes', { align: 8, littleEndian: true }],
  ['4 bytes, big-endian', { align: 4, littleEndian: false }],
])('notes aligned to %s', (_, how) => {
  const notes = Buffer.concat([
    note('stapsdt', 3, Buffer.from('abc'), how),
    note('GNU', 3, ID, how),
    note('', 9, Buffer.alloc(0), how),
  ]);
  const expected = [
    { owner: 'stapsdt', type: 3, data: 'abc' },
    { owner: 'GNU', type: 3, data: ID.toString('latin1') },
    { owner: '', type: 9, data: '' },
  ];
  const decoded = (file: ElfFile): unknown =>
    [...fileNotes(file)].map((n) => ({ ...n, data: Buffer.from(n.data).toString('latin1') }));

  it('are found in memory', () => {
    expect([...iterNotes(notes, how.littleEndian, how.align)].map((n) => n.owner)).toEqual([
      'stapsdt',
      'GNU',
      '',
    ]);
    expect(findBuildId(iterNotes(notes, how.littleEndian, how.align))).toBe('0123456789abcdef');
  });

  it('are found by segments', () => {
    const { align, littleEndian } = how;
    const file = elf({ notes, noteAlign: align, littleEndian, sectionHeaders: false });
    expect(decoded(file)).toEqual(expected);
    expect(buildId(file)).toBe('0123456789abcdef');
  });

  it('are found by sections', () => {
    const { align, littleEndian } = how;
    const file = elf({ notes, noteAlign: align, littleEndian, segments: (s) => s.slice(0, 2) });
    expect(decoded(file)).toEqual(expected);
  });
});

it('has no build-id without a note', () => {
  expect(buildId(elf({}))).toBeUndefined();
  expect(buildId(elf({ notes: note('GNU', 1, ID) }))).toBeUndefined();
});

it('refuses a note that is longer than its segment', () => {
  const bytes = note('GNU', 3, ID).slice();
  bytes[4] = 200;
  expect(() => findBuildId(iterNotes(bytes, true))).toThrow(FormatError);
});

it('ends at padding that is too short for a note', () => {
  expect([...iterNotes(Buffer.concat([note('GNU', 3, ID), Buffer.alloc(8)]), true)]).toHaveLength(1);
});

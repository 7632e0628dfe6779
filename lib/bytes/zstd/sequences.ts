import type { ByteCursor } from '../cursor.js';
import { BackwardBits } from './bits.js';
import { FseState, fseTable, readFseTable, rleTable, type FseTable } from './fse.js';

/** Literal lengths, offsets and match lengths: a table for each. */
export type Tables = readonly [FseTable, FseTable, FseTable];

/** One kind of the numbers in a sequence. */
interface Field {
  /** For each code the smallest value, and how many bits are added to it. */
  readonly bases: readonly number[];
  readonly bits: readonly number[];
  readonly maxAccuracy: number;
  readonly standard: FseTable;
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);
const ones = (count: number): number[] => Array.from({ length: count }, () => 1);

/** RFC 8878 §3.1.1.3.2.1.1 (the codes) and §3.1.1.3.2.2 (the default distributions). */
const LITERAL_LENGTHS: Field = {
  bases: [...range(0, 16), 16, 18, 20, 22, 24, 28, 32, 40, 48, 64, ...range(7, 10).map((n) => 2 ** n)],
  bits: [...range(0, 16).fill(0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, ...range(7, 10)],
  maxAccuracy: 9,
  standard: fseTable(
    [4, 3, ...range(0, 11).fill(2), 1, 1, 1, ...range(0, 9).fill(2), 3, 2, ...ones(5), -1, -1, -1, -1],
    6,
  ),
};
const OFFSETS: Field = {
  bases: range(0, 32).map((n) => 2 ** n),
  bits: range(0, 32),
  maxAccuracy: 8,
  standard: fseTable([...ones(6), 2, 2, 2, ...ones(15), -1, -1, -1, -1, -1], 5),
};
const MATCH_LENGTHS: Field = {
  bases: [
    ...range(3, 32),
    35,
    37,
    39,
    41,
    43,
    47,
    51,
    59,
    67,
    83,
    99,
    ...range(7, 10).map((n) => 2 ** n + 3),
  ],
  bits: [...range(0, 32).fill(0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, ...range(7, 10)],
  maxAccuracy: 9,
  standard: fseTable([1, 4, 3, 2, 2, 2, 2, 2, 2, ...ones(37), -1, -1, -1, -1, -1, -1, -1], 6),
};

/** Copies `literals` literals, then `match` bytes from `offset` back; `offset` is as it is written, before repeated ones are resolved. */
export type Execute = (literals: number, match: number, offset: number) => void;

/** Reads the sequences section at the cursor, up to `end` (RFC 8878 §3.1.1.3.2). Gives the tables, which the next block may use again. */
export function readSequences(
  cursor: ByteCursor,
  end: number,
  before: Tables | undefined,
  execute: Execute,
): Tables | undefined {
  const count = sequenceCount(cursor);
  if (count === 0) return before;
  const modes = cursor.u8();
  if ((modes & 3) !== 0) cursor.fail('unknown modes of sequences');
  const tables: Tables = [
    readTable(cursor, LITERAL_LENGTHS, modes >> 6, before?.[0]),
    readTable(cursor, OFFSETS, (modes >> 4) & 3, before?.[1]),
    readTable(cursor, MATCH_LENGTHS, (modes >> 2) & 3, before?.[2]),
  ];
  const stream = new BackwardBits(cursor.bytes(end - cursor.pos), cursor.subject);
  const [literals, offsets, matches] = tables.map((table) => new FseState(table, stream)) as [
    FseState,
    FseState,
    FseState,
  ];
  for (let i = 0; i < count; i++) {
    if (i > 0) {
      literals.next();
      matches.next();
      offsets.next();
    }
    const offset = valueOf(OFFSETS, offsets.symbol, stream);
    const match = valueOf(MATCH_LENGTHS, matches.symbol, stream);
    execute(valueOf(LITERAL_LENGTHS, literals.symbol, stream), match, offset);
  }
  if (stream.left !== 0) cursor.fail('sequences that do not end where they say');
  return tables;
}

function sequenceCount(cursor: ByteCursor): number {
  const first = cursor.u8();
  if (first < 128) return first;
  return first < 255 ? (first - 128) * 256 + cursor.u8() : cursor.u16() + 0x7f00;
}

function readTable(cursor: ByteCursor, field: Field, mode: number, before: FseTable | undefined): FseTable {
  const { bases, maxAccuracy, standard } = field;
  if (mode === 0) return standard;
  if (mode === 2) return readFseTable(cursor, maxAccuracy, bases.length - 1);
  if (mode === 3) return before ?? cursor.fail('a table that no block before has');
  const symbol = cursor.u8();
  return symbol < bases.length ? rleTable(symbol) : cursor.fail('an unknown code in a sequence');
}

function valueOf({ bases, bits }: Field, code: number, stream: BackwardBits): number {
  return (bases[code] ?? 0) + stream.read(bits[code] ?? 0);
}

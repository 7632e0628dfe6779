import { DW_AT, DW_FORM, DW_TAG } from '../../../lib/dwarf/constants.js';
import { inspect } from '../../../lib/library/inspect.js';
import { writeElf, type SymbolSpec } from '../../../lib/testing/elf-writer.js';
import { attempt } from '../oracle.js';
import { abbrev, END, table, times, unit } from './dwarf-bytes.js';
import { SIZE, type Enormous } from './enormous.js';

const { name, low_pc, ranges, location } = DW_AT;
const { string, addr, sec_offset, exprloc } = DW_FORM;

const SYMBOLS = 60_000;
const FUNCTION = abbrev(2, DW_TAG.subprogram, false, name, string, low_pc, addr);
const VARIABLE = abbrev(3, DW_TAG.variable, false, name, string, location, exprloc);

/** The types of all symbols. */
const list: readonly ((path: string) => void)[] = [
  (path) => {
    const info = attempt(() => inspect(path));
    attempt(() => info?.symbols);
  },
];

/** A library of many symbols, number `i` of which is `symbol(i)`, with these debug sections. */
function listing(
  what: string,
  symbol: (i: number) => Partial<SymbolSpec>,
  sections: () => Readonly<Record<string, Uint8Array>>,
): Enormous {
  const make = (): Buffer =>
    writeElf({
      symbols: Array.from({ length: SYMBOLS }, (_, i) => ({ name: `f${i}`, type: 2, size: 4, ...symbol(i) })),
      hash: ['sysv'],
      sections: Object.entries(sections()).map(([section, data]) => ({
        name: `.debug_${section}`,
        data,
        flags: 0,
        type: 1,
      })),
    });
  return [`all symbols: ${what}`, make, list];
}

function address(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value);
  return bytes;
}

const functions = (count: number, each: (i: number) => readonly [called: string, at: number]): Buffer =>
  Buffer.concat(
    Array.from({ length: count }, (_, i) => {
      const [called, at] = each(i);
      return Buffer.concat([Buffer.from(`\x02${called}\0`), address(at)]);
    }),
  );

/** The sections of a unit of functions that fill it, wherever they are. */
const ofFunctions = (each: Parameters<typeof functions>[1]) => (): Readonly<Record<string, Uint8Array>> => ({
  info: unit(Buffer.concat([Buffer.from([1]), functions(SIZE / 2 / 16, each), END])),
  abbrev: table(FUNCTION),
});

const place = (i: number): number => 0x1000 + 16 * i;
const value = (i: number): bigint => BigInt(place(i));

export const LISTING: readonly Enormous[] = [
  listing(
    'in a unit in front of one that is broken',
    (i) => ({ value: value(i) }),
    () => ({
      info: Buffer.concat([
        unit(Buffer.concat([Buffer.from([1]), functions(SYMBOLS, (i) => [`f${i}`, place(i)]), END])),
        Buffer.alloc(SIZE / 2, 0x77),
      ]),
      abbrev: table(FUNCTION),
    }),
  ),
  listing(
    'at one address',
    () => ({ value: 0x1000n }),
    ofFunctions((i) => [`f${i}`, 0x1000]),
  ),
  listing(
    'at one address, of others',
    () => ({ value: 0x1000n }),
    ofFunctions((i) => [`g${i}`, 0x1000]),
  ),
  listing(
    'of one name',
    (i) => ({ name: 'foo', value: value(i) }),
    ofFunctions((i) => ['foo', 0x7000000 + i]),
  ),
  listing(
    'variables that no unit has',
    (i) => ({ type: 1, value: value(i) }),
    () => ({
      info: times(SIZE / 2 / 64, unit(Buffer.concat([Buffer.from([1, 3, 0x61, 0, 0]), Buffer.alloc(48)]))),
      abbrev: table(VARIABLE),
    }),
  ),
  listing(
    'functions that no unit has',
    (i) => ({ value: value(i) }),
    () => ({
      info: times(SIZE / 4 / 64, unit(Buffer.concat([Buffer.from([1, 3, 0x61, 0, 0]), Buffer.alloc(48)]))),
      abbrev: table(VARIABLE),
      addr: Buffer.alloc(SIZE / 4, 0xfe),
    }),
  ),
  listing(
    'functions of one list of ranges',
    (i) => ({ value: value(i) }),
    () => {
      const list = Buffer.concat([Buffer.alloc(SIZE / 4, 1), Buffer.alloc(16)]);
      for (let at = 0; at + 16 < list.length; at += 16) list[at + 8] = 9;
      return {
        info: unit(
          Buffer.concat([Buffer.from([1]), times(SIZE / 4 / 12, Buffer.from('\x02function\0\0\0\0')), END]),
        ),
        abbrev: table(abbrev(2, DW_TAG.subprogram, false, name, string, ranges, sec_offset)),
        ranges: list,
      };
    },
  ),
  listing(
    'address ranges of all',
    (i) => ({ value: value(i) }),
    () => {
      const sets = Buffer.alloc(SIZE / 4);
      for (let at = 0; at + 48 <= sets.length; at += 48) {
        sets.writeUInt32LE(44, at);
        sets.writeUInt16LE(2, at + 4);
        sets.writeUInt32LE(((at / 48) % 1000) * 64, at + 6);
        sets[at + 10] = 8;
        sets.writeBigUInt64LE(1n, at + 16);
        sets.writeBigUInt64LE(0x100000000n, at + 24);
      }
      return {
        info: times(SIZE / 4 / 64, unit(Buffer.concat([Buffer.from([1, 3, 0x61, 0, 0]), Buffer.alloc(48)]))),
        abbrev: table(VARIABLE),
        aranges: sets,
      };
    },
  ),
];

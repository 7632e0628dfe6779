import { FormatError } from '../errors.js';
import { ByteCursor } from './cursor.js';

const cursor = (bytes: number[], littleEndian = true): ByteCursor =>
  new ByteCursor(Uint8Array.from(bytes), littleEndian, '.test', 0x10);

it.each([
  ['u8', [0xfe], 0xfe, 0xfe],
  ['u16', [1, 2], 0x0201, 0x0102],
  ['u24', [1, 2, 0x83], 0x830201, 0x010283],
  ['u32', [1, 2, 3, 0x84], 0x84030201, 0x01020384],
  ['u64', [1, 0, 0, 0, 0, 0, 0, 0x80], 0x8000000000000001n, 0x0100000000000080n],
  ['offset64', [1, 2, 0, 0, 0, 0, 0, 0], 0x201, undefined],
] as const)('reads %s', (method, bytes, little, big) => {
  expect(cursor([...bytes])[method]()).toBe(little);
  if (big !== undefined) expect(cursor([...bytes], false)[method]()).toBe(big);
  expect(() => cursor([...bytes.slice(1)])[method]()).toThrow(FormatError);
});

it.each([true, false])('reads many numbers at once, little-endian %s', (littleEndian) => {
  const bytes = [9, 1, 2, 3, 0x84, 5, 6, 7, 8, 9];
  const [one, many] = [cursor(bytes, littleEndian), cursor(bytes, littleEndian)];
  one.pos = many.pos = 1;
  expect([...many.u32s(2)]).toEqual([one.u32(), one.u32()]);
  expect(many.pos).toBe(9);
  expect(() => many.u32s(1)).toThrow(FormatError);
  expect(() => many.u32s(2 ** 40)).toThrow(FormatError);
});

it.each([
  [[0, 0, 0, 0, 0, 0, 0x20, 0], 'offset 0x20000000000000 is too large'],
  [[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0], Number.MAX_SAFE_INTEGER],
])('knows where offsets end: %j', (bytes, expected) => {
  for (const littleEndian of [true, false]) {
    const read = () => cursor(littleEndian ? bytes : [...bytes].reverse(), littleEndian).offset64();
    if (typeof expected === 'number') expect(read()).toBe(expected);
    else expect(read).toThrow(expected);
  }
});

// The examples of DWARF v5 §7.6, Tables 7.7 and 7.8, and the ends of the ranges.
it.each([
  [[2], 2n, 2n],
  [[127], 127n, -1n],
  [[0x80, 1], 128n, 128n],
  [[0x81, 1], 129n, 129n],
  [[0x80, 0x7f], 16256n, -128n],
  [[0xff, 0x7e], 16255n, -129n],
  [[0x80, 0x80, 0x80, 0x00], 0n, 0n],
  [[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], 0xffffffffffffffffn, 0xffffffffffffffffn],
])('reads LEB128 %j', (bytes, unsigned, signed) => {
  expect(cursor(bytes).ulebBig()).toBe(unsigned);
  expect(cursor(bytes).uleb()).toBe(Number(unsigned));
  expect(cursor(bytes).sleb()).toBe(signed);
});

it.each(['uleb', 'sleb', 'ulebBig'] as const)('refuses an endless %s', (method) => {
  expect(() => cursor(Array<number>(40).fill(0x80))[method]()).toThrow('LEB128 number longer than 11 bytes');
  expect(() => cursor([0x80])[method]()).toThrow('1 bytes wanted, 0 are left');
});

it('reads strings and bytes', () => {
  const c = cursor([0x68, 0xc3, 0xa9, 0, 0x78, 0, 1, 2, 3]);
  expect(c.cstring()).toBe('hé');
  c.skipCString();
  expect([...c.bytes(2)]).toEqual([1, 2]);
  expect(c.atEnd).toBe(false);
  expect(() => c.cstring()).toThrow('string without an end');
  c.skip(1);
  expect(c.atEnd).toBe(true);
  expect(() => {
    c.skip(-1);
  }).toThrow(FormatError);
});

it('names the subject, and the place in it', () => {
  expect(() => cursor([1]).u32()).toThrow('decoding .test at offset 0x10: 4 bytes wanted, 1 are left');
  expect(() => cursor([0, 0, 0, 0, 0, 0, 0, 1]).offset64()).toThrow('offset 0x100000000000000 is too large');
});

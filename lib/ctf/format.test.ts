import { BufferSource } from '../bytes/source.js';
import { print, printDefinition } from '../ctypes/print.js';
import { CtfWriter, ctfArchive, type CtfOptions } from '../testing/ctf-writer.js';
import { CTF_F, CTF_FP, CTF_INT, CTF_K } from './constants.js';
import { CtfInfo } from './ctf-info.js';
import type { CtfSymbol } from './symbol-slots.js';

function infoOf(bytes: Uint8Array, symbols: readonly CtfSymbol[] = [], comment = ''): CtfInfo {
  const sections = new Map([
    ['.ctf', new BufferSource('.ctf', bytes)],
    ['.dynstr', new BufferSource('.dynstr', Buffer.from('\0outside\0'))],
    ['.comment', new BufferSource('.comment', Buffer.from(comment))],
  ]);
  return new CtfInfo({
    addressSize: 8,
    longDouble: 'x87',
    section: (name) => sections.get(name),
    symbols: () => symbols,
  });
}

const variable = (name: string, size = 0): CtfSymbol => ({ name, kind: 'variable', address: 16n, size });
const func = (name: string, address = 16n): CtfSymbol => ({ name, kind: 'function', address, size: 1 });

/** The symbol as C declares it; where there is no type, why. */
function show(info: CtfInfo, { name, kind, address }: CtfSymbol): string {
  const found = info.symbol({ name, kind, address });
  return 'reason' in found ? `no type: ${found.reason}` : print(found.type, name);
}

/** A dictionary with one variable, whose type `make` writes. */
function one(make: (ctf: CtfWriter, int: number) => number, options?: CtfOptions, comment?: string): string {
  const ctf = new CtfWriter(options);
  const int = ctf.type(CTF_K.INTEGER, 'int', 4, [integer(CTF_INT.SIGNED, 32)]);
  ctf.objects.push(['v', make(ctf, int)]);
  return show(infoOf(ctf.bytes(), [variable('v')], comment), variable('v'));
}

const integer = (format: number, bits: number): number => format * 2 ** 24 + bits;

describe('every kind of type', () => {
  it.each<[string, (ctf: CtfWriter, int: number) => number]>([
    ['int v', (_, int) => int],
    ['_Bool v', (ctf) => ctf.type(CTF_K.INTEGER, '_Bool', 1, [integer(CTF_INT.BOOL, 8)])],
    ['char v', (ctf) => ctf.type(CTF_K.INTEGER, 'char', 1, [integer(CTF_INT.CHAR, 8)])],
    ['float v', (ctf) => ctf.type(CTF_K.FLOAT, 'float', 4, [integer(CTF_FP.SINGLE, 32)])],
    ['double _Complex v', (ctf) => ctf.type(CTF_K.FLOAT, 'complex double', 16, [integer(CTF_FP.DCPLX, 128)])],
    ['int *v', (ctf, int) => ctf.type(CTF_K.POINTER, '', int)],
    ['int v[3]', (ctf, int) => ctf.type(CTF_K.ARRAY, '', 0, [int, int, 3])],
    ['int v[]', (ctf, int) => ctf.type(CTF_K.ARRAY, '', 0, [int, int, 0])],
    ['const volatile int v', (ctf, int) => ctf.type(CTF_K.CONST, '', ctf.type(CTF_K.VOLATILE, '', int))],
    ['int *restrict v', (ctf, int) => ctf.type(CTF_K.RESTRICT, '', ctf.type(CTF_K.POINTER, '', int))],
    ['number v', (ctf, int) => ctf.type(CTF_K.TYPEDEF, 'number', int)],
    ['union u v', (ctf) => ctf.type(CTF_K.UNION, 'u', 0)],
    ['struct s v', (ctf) => ctf.type(CTF_K.FORWARD, 's', CTF_K.STRUCT)],
    ['union s v', (ctf) => ctf.type(CTF_K.FORWARD, 's', CTF_K.UNION)],
    ['enum e v', (ctf) => ctf.type(CTF_K.FORWARD, 'e', CTF_K.ENUM)],
    ['enum e v', (ctf) => ctf.type(CTF_K.ENUM, 'e', 4, [ctf.string('A'), 1], { count: 1 })],
    ['outside v', (ctf, int) => ctf.type(CTF_K.TYPEDEF, '', int, [], { nameOffset: 0x80000001 })],
    [
      'int (*v)(int, ...)',
      (ctf, int) => ctf.type(CTF_K.POINTER, '', ctf.type(CTF_K.FUNCTION, '', int, [int, 0], { count: 2 })),
    ],
    [
      'int (*v)(int, int, int)',
      (ctf, int) =>
        ctf.type(CTF_K.POINTER, '', ctf.type(CTF_K.FUNCTION, '', int, [int, int, int, 0], { count: 3 })),
    ],
    [
      'int (*v)()',
      (ctf, int) => ctf.type(CTF_K.POINTER, '', ctf.type(CTF_K.FUNCTION, '', int, [0, 0], { count: 1 })),
    ],
    [
      'no type: unknown v: CTF has no such type: a vector, _Float16, _Decimal64 and the like',
      (ctf) => ctf.type(CTF_K.UNKNOWN, '', 0),
    ],
    [
      'no type: float v: a floating-point format of CTF, 10, that is not known',
      (ctf) => ctf.type(CTF_K.FLOAT, 'float', 4, [integer(10, 32)]),
    ],
    [
      'no type: int v: an integer of 7 bits in 4 bytes',
      (ctf) => ctf.type(CTF_K.INTEGER, 'int', 4, [integer(CTF_INT.SIGNED, 7)]),
    ],
    [
      'no type: long double v: a floating-point format of CTF, 6, that is not known',
      (ctf) => ctf.type(CTF_K.FLOAT, 'long double', 12, [integer(CTF_FP.LDOUBLE, 96)]),
    ],
    [
      'no type: bit-field v: a bit-field outside of a struct',
      (ctf, int) => ctf.type(CTF_K.SLICE, '', 1, [int], { halves: [0, 3] }),
    ],
    [
      'no type: its CTF has int v(void), and it is a variable',
      (ctf, int) => ctf.type(CTF_K.FUNCTION, '', int),
    ],
  ])('%s', (text, make) => {
    expect(one(make)).toBe(text);
    expect(one(make, { littleEndian: false })).toBe(text);
    expect(one(make, { flags: CTF_F.NEWFUNCINFO | CTF_F.COMPRESS })).toBe(text);
  });

  it('has members at 64-bit offsets in structs from 512 MiB on', () => {
    const ctf = new CtfWriter();
    const int = ctf.type(CTF_K.INTEGER, 'int', 4, [integer(CTF_INT.SIGNED, 32)]);
    const bits = ctf.type(CTF_K.SLICE, '', 1, [int], { halves: [4, 3] });
    const size = 5 * 2 ** 32;
    ctf.type(
      CTF_K.STRUCT,
      'large',
      size,
      [ctf.string('a'), 0, int, 0, ctf.string('b'), 32, int, 64, ctf.string('c'), 32, bits, 96],
      { count: 3 },
    );
    const type = infoOf(ctf.bytes()).typeNamed('struct', 'large');
    expect(type).toMatchObject({
      size,
      members: [
        { name: 'a', offset: 0 },
        { name: 'b', offset: 2 ** 34 + 8 },
        { name: 'c', offset: 2 ** 34 + 12, bitOffset: 2 ** 37 + 100, bitSize: 3 },
      ],
    });
  });
});

describe('dimensions', () => {
  const matrix = (ctf: CtfWriter, int: number): number =>
    ctf.type(CTF_K.ARRAY, '', 0, [ctf.type(CTF_K.ARRAY, '', 0, [int, int, 4]), int, 3]);
  const unknown =
    'no type: array v: gcc 12 and 13 reversed its dimensions, and .comment does not tell which gcc it was';

  it.each([
    ['GCC: (Debian 12.2.0-14+deb12u1) 12.2.0\0', 'int v[4][3]'],
    ['GCC: (GNU) 13.2.0\0GCC: (GNU) 12.1.0\0', 'int v[4][3]'],
    ['GCC: (GNU) 14.1.0\0', 'int v[3][4]'],
    ['GCC: (GNU) 15.1.1 20250521 (Red Hat 15.1.1-2)\0clang version 14.0.6\0', 'int v[3][4]'],
    ['GCC: (GNU) 14.0.1 20240127 (Red Hat 14.0.1-0)\0', unknown],
    ['GCC: (GNU) 13.3.0\0', unknown],
    ['GCC: (GNU) 12.2.1 20230214\0', unknown],
    ['GCC: (GNU) 12.2.0\0GCC: (GNU) 14.1.0\0', unknown],
    ['', unknown],
  ])('are in the order of the compiler: %s', (comment, text) => {
    expect(one(matrix, {}, comment)).toBe(text);
  });

  it('need no order where they are the same', () => {
    expect(
      one((ctf, int) => ctf.type(CTF_K.ARRAY, '', 0, [ctf.type(CTF_K.ARRAY, '', 0, [int, int, 3]), int, 3])),
    ).toBe('int v[3][3]');
  });
});

describe('tables without names', () => {
  const typesOf = (
    ids: (ctf: CtfWriter) => number[],
    flags: number = CTF_F.NEWFUNCINFO | CTF_F.DYNSTR,
  ): Buffer => {
    const ctf = new CtfWriter({ flags });
    for (const id of ids(ctf)) ctf.functions.push(['', id]);
    return withoutNames(ctf.bytes());
  };
  const distinct = (count: number) => (ctf: CtfWriter) => {
    const int = ctf.type(CTF_K.INTEGER, 'int', 4, [integer(CTF_INT.SIGNED, 32)]);
    let target = int;
    return Array.from({ length: count }, () => {
      target = ctf.type(CTF_K.POINTER, '', target);
      return ctf.type(CTF_K.FUNCTION, '', target);
    });
  };

  it('count one symbol for all versions of a name', () => {
    const symbols = [
      func('a', 1n),
      func('b', 2n),
      func('c', 3n),
      func('b', 4n),
      func('d', 5n),
      func('e', 2n),
    ];
    const info = infoOf(typesOf(distinct(5)), symbols);
    const versions = 'CTF has one type for all versions of a symbol, and does not tell of which';
    expect(symbols.map((symbol) => show(info, symbol))).toEqual([
      'int *a(void)',
      'int *****b(void)', // at the address of e
      'no type: it has no type in the CTF', // the second or the third
      `no type: ${versions}`,
      'int ****d(void)',
      'int *****e(void)',
    ]);
  });

  it('are not read if they count symbols that strip removes', () => {
    const info = infoOf(typesOf(distinct(1), CTF_F.NEWFUNCINFO), [func('a')]);
    expect(show(info, func('a'))).toBe('no type: its CTF counts the symbols of .symtab, which strip removes');
  });

  it('are not read if they are of the older kind', () => {
    const info = infoOf(typesOf(distinct(1), CTF_F.DYNSTR), [func('a')]);
    expect(show(info, func('a'))).toBe('no type: it has no type in the CTF');
  });
});

/** Takes the names of functions away, by moving the border behind them; what they were seems to be a part of the variables. */
function withoutNames(bytes: Buffer): Buffer {
  const out = Buffer.from(bytes);
  const FUNCTION_NAMES = 4 + 4 * 7;
  out.writeUInt32LE(out.readUInt32LE(FUNCTION_NAMES), FUNCTION_NAMES + 4);
  out.writeUInt32LE(out.readUInt32LE(FUNCTION_NAMES), FUNCTION_NAMES + 4);
  return out;
}

describe('archives', () => {
  const shared = (): CtfWriter => {
    const ctf = new CtfWriter();
    ctf.type(CTF_K.INTEGER, 'int', 4, [integer(CTF_INT.SIGNED, 32)]);
    return ctf;
  };
  const child = (type: number): Buffer => {
    const ctf = new CtfWriter({ parent: '.ctf' });
    const pointer = ctf.type(CTF_K.POINTER, '', type);
    ctf.objects.push(['v', pointer]);
    return ctf.bytes();
  };

  it('have types in the shared dictionary and in its children', () => {
    const archive = ctfArchive({ '.ctf': shared().bytes(), 'a.c': child(1) });
    expect(show(infoOf(archive, [variable('v')]), variable('v'))).toBe('int *v');
  });

  it.each<[string, () => Buffer]>([
    ['decoding .ctf at offset 0x0: an archive without .ctf', () => ctfArchive({ 'a.c': child(1) })],
    [
      'decoding .ctf at offset 0x10: an archive of 4096 dictionaries',
      () => {
        const archive = ctfArchive({ '.ctf': shared().bytes() });
        archive.writeUInt16LE(4096, 16);
        return archive;
      },
    ],
    ['there is no type 0x7', () => ctfArchive({ '.ctf': shared().bytes(), 'a.c': child(7) })],
    ['there is no type 0x80000007', () => ctfArchive({ '.ctf': shared().bytes(), 'a.c': child(0x80000007) })],
    // What would be void, were it the shared dictionary's.
    ['there is no type 0x80000000', () => ctfArchive({ '.ctf': shared().bytes(), 'a.c': child(0x80000000) })],
  ])('%s', (reason, make) => {
    const info = infoOf(make(), [variable('v')]);
    const found = info.symbol(variable('v'));
    expect(() => ('reason' in found ? found.reason : print(found.type))).not.toThrow(TypeError);
    const text = (() => {
      try {
        return show(info, variable('v'));
      } catch (error) {
        return (error as Error).message;
      }
    })();
    expect(text).toContain(reason);
  });
});

describe('damage', () => {
  const valid = (): Buffer => {
    const ctf = new CtfWriter();
    ctf.objects.push(['v', ctf.type(CTF_K.INTEGER, 'int', 4, [integer(CTF_INT.SIGNED, 32)])]);
    return ctf.bytes();
  };
  const patched = (at: number, value: number): Buffer => {
    const bytes = valid();
    bytes.writeUInt8(value, at);
    return bytes;
  };

  it.each<[string, () => Buffer]>([
    ['at offset 0x0: no CTF dictionary', () => Buffer.from('\x7fELF')],
    ['at offset 0x0: 2 bytes wanted, 0 are left', () => Buffer.alloc(0)],
    ['at offset 0x2: CTF of format number 3, which is not read', () => patched(2, 3)],
    ['the sections of the dictionary do not follow each other', () => patched(4 + 4 * 4, 200)],
    ["can't be decompressed: incorrect header check", () => patched(3, CTF_F.COMPRESS)],
    ['bytes wanted,', () => valid().subarray(0, 60)],
    ['no CTF dictionary', () => Buffer.concat([valid(), Buffer.from('more')])],
    ['there is no type 0x9', () => patched(52, 9)],
    ['there is no type 0x80000001', () => patched(55, 0x80)],
    ['a type of kind 63, which is not known', () => patched(52 + 8 + 7, 63 << 2)],
    ['a type that is cut off', () => patched(52 + 8 + 7, CTF_K.ARRAY << 2)],
  ])('%s', (reason, make) => {
    expect(show(infoOf(make(), [variable('v')]), variable('v'))).toContain(reason);
  });

  it.each<[string, (ctf: CtfWriter) => void]>([
    ['a struct in itself', (ctf) => ctf.type(CTF_K.STRUCT, 's', 8, [ctf.string('m'), 0, 1], { count: 1 })],
    [
      'a struct in an array in itself',
      (ctf) => {
        ctf.type(CTF_K.STRUCT, 's', 8, [ctf.string('m'), 0, 2], { count: 1 });
        ctf.type(CTF_K.ARRAY, '', 0, [1, 1, 2]);
      },
    ],
  ])('%s is an error', (_, make) => {
    const ctf = new CtfWriter();
    make(ctf);
    const type = infoOf(ctf.bytes()).typeNamed('struct', 's');
    expect(() => type && printDefinition(type)).toThrow(/a type that contains itself/);
  });

  it('a pointer to itself is an error, and so is a const of itself', () => {
    for (const kind of [CTF_K.POINTER, CTF_K.CONST, CTF_K.FUNCTION]) {
      const ctf = new CtfWriter();
      ctf.type(kind, '', 1);
      ctf.type(CTF_K.TYPEDEF, 't', 1);
      const type = infoOf(ctf.bytes()).typeNamed('typedef', 't');
      expect(() => type?.kind === 'typedef' && print(type.target)).toThrow(/a type that contains itself/);
    }
  });

  it('typedefs of each other end', () => {
    const ctf = new CtfWriter();
    ctf.type(CTF_K.TYPEDEF, 'a', 2);
    ctf.type(CTF_K.TYPEDEF, 'b', 1);
    const type = infoOf(ctf.bytes()).typeNamed('typedef', 'a');
    expect(type && print(type)).toBe('a');
  });
});

it('a struct of structs, each of which has eight of the one before, is read in time', () => {
  const ctf = new CtfWriter();
  let inner = ctf.type(CTF_K.INTEGER, 'int', 4, [integer(CTF_INT.SIGNED, 32)]);
  for (let level = 1; level < 20; level++) {
    const members = Array.from({ length: 8 }, (_, i) => [ctf.string(`m${i}`), i * 64, inner]);
    inner = ctf.type(CTF_K.STRUCT, `s${level}`, 64, members.flat(), { count: 8 });
  }
  ctf.objects.push(['v', inner]);
  const found = infoOf(ctf.bytes(), [variable('v')]).symbol({ name: 'v', kind: 'variable', address: 16n });
  if ('reason' in found) throw new Error(found.reason);
  expect(() => printDefinition(found.type)).not.toThrow(RangeError);
});

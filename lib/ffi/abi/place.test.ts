import type { CType } from '../../ctypes/model.js';
import { parseType } from '../../ctypes/parse.js';
import { place } from './place.js';

/* psABI x86-64 §3.2.3 "Passing", and its example in Figures 3.5 and 3.6. */

const member = (
  name: string,
  type: CType,
  offset: number,
): { name: string; type: CType; offset: number } => ({
  name,
  type,
  offset,
});
const c = (text: string): CType => parseType(text, () => undefined);
const record = (tag: string, size: number, members: [string, string, number][]): CType => ({
  kind: 'struct',
  tag,
  size,
  members: members.map(([name, type, offset]) => member(name, c(type), offset)),
});
const NAMED: Record<string, CType> = {
  // struct { int a, b; double d; }
  structparm: record('structparm', 16, [
    ['a', 'int', 0],
    ['b', 'int', 4],
    ['d', 'double', 8],
  ]),
  longs: record('longs', 16, [
    ['a', 'long', 0],
    ['b', 'long', 8],
  ]),
  doubles: record('doubles', 16, [
    ['a', 'double', 0],
    ['b', 'double', 8],
  ]),
  mixed: record('mixed', 16, [
    ['a', 'double', 0],
    ['b', 'long', 8],
  ]),
  big: record('big', 24, [
    ['a', 'long', 0],
    ['b', 'long', 8],
    ['c', 'long', 16],
  ]),
  wide: {
    ...record('wide', 32, [
      ['a', 'long', 0],
      ['b', 'long', 8],
      ['c', 'long', 16],
    ]),
    alignment: 16,
  } as CType,
  // CTF has no place for an alignment.
  unsaid: {
    ...record('unsaid', 32, [
      ['a', 'double', 0],
      ['b', 'double', 8],
      ['c', 'double', 16],
      ['d', 'double', 24],
    ]),
    alignmentInDoubt: true,
  } as CType,
  sparse: { ...record('sparse', 16, [['a', 'long', 0]]), alignment: 16 } as CType,
  ldouble: record('ldouble', 16, [['a', 'long double', 0]]),
  empty: record('empty', 0, []),
  floats: record('floats', 12, [
    ['a', 'float', 0],
    ['b', 'float', 4],
    ['c', 'float', 8],
  ]),
  ref: { kind: 'pointer', target: c('int'), size: 8, reference: '&' },
  cacheline: { ...record('cacheline', 64, [['a', 'long', 0]]), alignment: 64 } as CType,
  abig: {
    kind: 'typedef',
    name: 'abig',
    alignment: 16,
    target: record('big', 24, [
      ['a', 'long', 0],
      ['b', 'long', 8],
      ['c', 'long', 16],
    ]),
  },
  along: { kind: 'typedef', name: 'along', alignment: 16, target: c('long') },
};
/** Parameters as they are written here: `int`, `3 long`, `big`. */
const types = (text: string): CType[] =>
  text === ''
    ? []
    : text.split(', ').flatMap((part) => {
        const [, count = '1', name = ''] = /^(\d+)? ?(.*)$/.exec(part) ?? [];
        return Array<CType>(Number(count)).fill(NAMED[name] ?? c(name));
      });

/** Where each goes: parameters by number, with an offset where it is not 0; `-` where the stack is padded. */
const placed = (text: string, hidden = false): object | string => {
  const placement = place(types(text), hidden);
  if ('refused' in placement) return `refused: ${placement.refused}`;
  const piece = (p: (typeof placement.stack)[number]): string =>
    typeof p === 'string' ? '-' : `${p.parameter + 1}${p.offset === 0 ? '' : `+${p.offset}`}`;
  return {
    integer: placement.integer.map(piece).join(' '),
    sse: placement.sse.map(piece).join(' '),
    stack: placement.stack.map(piece).join(' '),
  };
};

it.each<[parameters: string, integer: string, sse: string, stack: string, why: string]>([
  // func(e, f, s, g, h, ld, m, n, i, j, k), without the vectors: rdi e, rsi f, rdx s.a and s.b, rcx g, r8 h, r9 i; xmm0 s.d, xmm1 m, xmm2 n; stack ld, j, k.
  [
    'int, int, structparm, int, int, long double, double, double, int, int, int',
    '1 2 3 4 5 9',
    '3+8 7 8',
    '6 10 11',
    'Figure 3.6',
  ],
  ['', '', '', '', 'nothing'],
  ['8 int', '1 2 3 4 5 6', '', '7 8', '2: the next available of six'],
  ['10 double', '', '1 2 3 4 5 6 7 8', '9 10', '3: the next available of eight'],
  ['6 int, double, int', '1 2 3 4 5 6', '7', '8', 'the kinds are counted apart'],
  ['8 double, int, double', '9', '1 2 3 4 5 6 7 8', '10', 'the kinds are counted apart'],
  ['int, big, int', '1 3', '', '2', '1: MEMORY takes no register'],
  [
    '5 long, longs, long',
    '1 2 3 4 5 7',
    '',
    '6',
    'no registers for all of it: on the stack as a whole, and what was assigned is given back',
  ],
  ['4 long, longs, long', '1 2 3 4 5 5+8', '', '6', 'both fit'],
  ['6 long, mixed, double', '1 2 3 4 5 6', '8', '7', 'the SSE half is given back, too'],
  ['8 double, mixed, long', '10', '1 2 3 4 5 6 7 8', '9', 'the INTEGER half is given back, too'],
  ['7 double, doubles, double', '', '1 2 3 4 5 6 7 9', '8', 'as a whole'],
  ['floats, float', '', '1 1+8 2', '', 'two registers for 12 bytes'],
  ['empty, int, empty', '2', '', '', 'nothing to pass'],
  ['sparse, int', '1 2', '', '', 'NO_CLASS takes no register'],
  ['ref, int', '1 2', '', '', 'a reference is a pointer'],
  ['__int128, int', '1 1+8 2', '', '', 'two INTEGER eightbytes, no pair needed'],
  ['4 long, __int128, long', '1 2 3 4 5 5+8', '', '6', 'the last two'],
  ['6 long, __int128, long', '1 2 3 4 5 6', '', '7 8', 'in memory at a multiple of 16'],
  ['long double, int, ldouble', '2', '', '1 3', '1: X87 is passed in memory'],
  ['big, long double', '', '', '1 - 2', 'its alignment is 16, the 24 bytes before it are not'],
  ['big, big, long double', '', '', '1 2 3', '48 bytes are'],
  ['big, wide, big, wide', '', '', '1 - 2 3 - 4', 'an alignment of 16 that the struct itself has'],
  ['6 long, long, sparse, long', '1 2 3 4 5 6', '', '7 - 8 9', 'also of what was for registers'],
  [
    '6 int, char, big, 8 double, float, char',
    '1 2 3 4 5 6',
    '9 10 11 12 13 14 15 16',
    '7 8 17 18',
    'each at its own eightbyte',
  ],
])('%s', (parameters, integer, sse, stack, why) => {
  expect([why, placed(parameters)]).toEqual([why, { integer, sse, stack }]);
});

it('the address of a result in memory takes the first register', () => {
  expect(placed('6 long, double', true)).toEqual({ integer: '1 2 3 4 5', sse: '7', stack: '6' });
  expect(placed('4 long, longs, long', true)).toEqual({ integer: '1 2 3 4 6', sse: '', stack: '5' });
  expect(placed('3 long, longs, long', true)).toEqual({ integer: '1 2 3 4 4+8', sse: '', stack: '5' });
});

describe('an alignment that a typedef asks for', () => {
  // gcc's ix86_function_arg_boundary goes by the main variant of the type, clang by the canonical type.
  it('is no part of how an argument is passed', () => {
    expect(placed('big, abig')).toEqual({ integer: '', sse: '', stack: '1 2' });
    expect(placed('big, 6 long, along')).toEqual({ integer: '2 3 4 5 6 7', sse: '', stack: '1 8' });
  });
});

it('an alignment that is not known does not matter where both are the same', () => {
  expect(placed('unsaid, int')).toEqual({ integer: '2', sse: '', stack: '1' });
  expect(placed('big, int, long, big, unsaid')).toEqual({ integer: '2 3', sse: '', stack: '1 4 5' });
});

describe('is refused, with the number of the parameter', () => {
  it.each([
    ['int, cacheline', 'parameter 2: an alignment of 64'],
    ['7 long, __int128', 'parameter 8: compilers do not agree'],
    ['5 long, __int128', 'parameter 6: compilers do not agree'],
    ['big, unsaid', 'parameter 2: what struct unsaid is aligned to'],
  ])('%s', (parameters, reason) => {
    expect(placed(parameters)).toEqual(expect.stringContaining(`refused: ${reason}`));
  });

  it('where one register is left behind the address of a result', () => {
    // Clang before 18 splits 128 bits between the last register and the stack (LLVM D86310); there are five here.
    expect(placed('4 long, __int128', true)).toEqual(
      expect.stringContaining('parameter 5: compilers do not agree'),
    );
    expect(placed('5 long, __int128, long', true)).toEqual({ integer: '1 2 3 4 5', sse: '', stack: '6 7' });
  });
});
